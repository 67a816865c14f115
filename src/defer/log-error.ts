/** The errback for the end of a chain whose failure nobody can do anything about. */
import { reportError } from '../internal/error-report.js';
import type { Failure } from './failure.js';

/**
 * An errback that reports the error and ends the failure: the result is undefined from there on, where Twisted's passes
 * the failure on.
 *
 * @example sendStatistics().addErrback(logError);
 */
export function logError(failure: Failure): void {
  reportError(failure.value, 'logError');
}
