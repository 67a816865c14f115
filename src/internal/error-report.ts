/**
 * Reports errors that no call can return. Each is published to the diagnostics channel `ropewalk.error` as an
 * {@link ErrorReport} and then printed to standard error, unless a subscriber set `silenced`: a logger that has written it
 * down, or a test that will check it.
 */
import { type Channel, channel } from 'node:diagnostics_channel';

import type { ErrorReporter } from '../core/error-reporter.js';
import { inspected } from './inspected.js';

/** The message of channel `ropewalk.error`. */
export interface ErrorReport {
  readonly error: unknown;
  /** What was being done. */
  readonly where: string;
  /** Set it to keep the error off standard error. */
  silenced: boolean;
}

export const errorChannel: Channel = channel('ropewalk.error');

/** Reports an error. Never throws, whatever `error` is. */
export const reportError: ErrorReporter = (error, where) => {
  if (!publishError(error, where)) printError(error, where);
};

/** Publishes an error without printing it. Gives whether a subscriber has dealt with it. */
export function publishError(error: unknown, where: string): boolean {
  if (!errorChannel.hasSubscribers) return false;
  const report: ErrorReport = { error, where, silenced: false };
  errorChannel.publish(report);
  return report.silenced;
}

export function printError(error: unknown, where: string): void {
  try {
    console.error(`ropewalk: ${where}:`, error);
  } catch {
    console.error(`ropewalk: ${where}: ${inspected(error)}`);
  }
}
