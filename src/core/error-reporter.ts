/** What reports an exception that has nowhere else to go. `where` says what was being done. */
export type ErrorReporter = (error: unknown, where: string) => void;
