/** The errback for the end of a chain whose failure can only be reported. */
import { reportError } from '../internal/error-report.js';
import type { Failure } from './failure.js';

/**
 * An errback that reports the error and ends the failure: the result is undefined afterwards, while Twisted's passes
 * the failure on.
 *
 * @example sendStatistics().addErrback(logError);
 */
export function logError(failure: Failure): void {
  reportError(failure.value, 'logError');
}
