/** The built-in types of checker strings, apart from their code: commands that only need the names start faster. */
export const CHECKER_TYPE_NAMES = ['anonymous', 'file', 'memory', 'sshkey', 'unix'] as const;

export type CheckerTypeName = (typeof CHECKER_TYPE_NAMES)[number];
