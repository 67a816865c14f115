/** The receiver of exceptions that no caller can catch. */
import type { Address } from './address.js';

/**
 * Reports an exception.
 * @param where The callback or operation that failed.
 * @param peer The other end of the connection, if the error belongs to one.
 */
export type ErrorReporter = (error: unknown, where: string, peer?: Address) => void;
