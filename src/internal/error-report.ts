/**
 * Where errors go that no call can tell. Each is published to the diagnostics channel `ropewalk.error` as an
 * {@link ErrorReport} and then printed to standard error, unless a subscriber set `silenced`: a logger that has written it
 * down, or a test that will look at it.
 */
import { type Channel, channel } from 'node:diagnostics_channel';

import type { ErrorReporter } from '../core/error-reporter.js';

/** The message of channel `ropewalk.error`. */
export interface ErrorReport {
  readonly error: unknown;
  /** What was being done. */
  readonly where: string;
  /** Set it where nothing is to be printed any more. */
  silenced: boolean;
}

export const errorChannel: Channel = channel('ropewalk.error');

/** Reports an error to whom it may concern. Never throws. */
export const reportError: ErrorReporter = (error, where) => {
  if (errorChannel.hasSubscribers) {
    const report: ErrorReport = { error, where, silenced: false };
    errorChannel.publish(report);
    if (report.silenced) return;
  }
  printError(error, where);
};

export function printError(error: unknown, where: string): void {
  console.error(`ropewalk: ${where}:`, error);
}
