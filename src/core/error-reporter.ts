/** The receiver of exceptions that no caller can catch. */
import type { Address } from './address.js';

/**
 * Reports an exception.
 * @param where The callback or operation that failed.
 * @param peer The other end of the connection, if the error belongs to one.
 * @param about The work in progress, such as a request. It may contain text of the peer.
 */
export type ErrorReporter = (error: unknown, where: string, peer?: Address, about?: string) => void;
