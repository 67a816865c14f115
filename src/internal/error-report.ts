/**
 * Reports errors that no call can return. Each is published to the diagnostics channel `ropewalk.error` as an
 * {@link ErrorReport} and then printed to standard error, unless a subscriber set `silenced`: a logger that has recorded
 * it, or a test that will check it. Of many equal errors only some are printed, and the number of the others
 * (report-limit.ts).
 */
import { type Channel, channel } from 'node:diagnostics_channel';

import type { Address } from '../core/address.js';
import type { ErrorReporter } from '../core/error-reporter.js';
import { ROOT_CONTEXT } from './async-context.js';
import { inspected } from './inspected.js';
import { ReportLimit } from './report-limit.js';

/** The message of channel `ropewalk.error`. */
export interface ErrorReport {
  readonly error: unknown;
  /** The callback or operation that failed. */
  readonly where: string;
  /** The other end of the connection, or the sender of the datagram, if the error belongs to one. */
  readonly peer: Address | undefined;
  /** The work in progress, such as `GET /index.html`. It may contain text of the peer, of limited length. */
  readonly about: string | undefined;
  /** Set it to keep the error off standard error. */
  silenced: boolean;
}

export const errorChannel: Channel = channel('ropewalk.error');

/** Reports an error. Never throws, whatever `error` is. */
export const reportError: ErrorReporter = (error, where, peer, about) => {
  if (!publishError(error, where, peer, about)) printError(error, where, peer, about);
};

/** Publishes an error without printing it. Returns whether a subscriber has silenced it. */
export function publishError(
  error: unknown,
  where: string,
  peer?: Address,
  about?: string,
): boolean {
  if (!errorChannel.hasSubscribers) return false;
  const report: ErrorReport = { error, where, peer, about, silenced: false };
  errorChannel.publish(report);
  return report.silenced;
}

/** `where`, with the work in progress and the peer, if these are known. */
export function placeOf(where: string, peer: Address | undefined, about?: string): string {
  const place = about === undefined ? where : `${where}, ${about}`;
  return peer === undefined ? place : `${place}, peer ${peer}`;
}

// Node's own, even if a test replaces them later.
const { performance, setTimeout } = globalThis;

const limit: ReportLimit = new ReportLimit(
  {
    now: () => performance.now(),
    callLater: (delayMs, callback) => {
      // The timer serves all errors, so it runs in no caller's context.
      ROOT_CONTEXT.runInAsyncScope(() => setTimeout(callback, delayMs).unref());
    },
  },
  (line) => console.error(line),
);
let countsAtExit = false;

/** Prints the number of errors that were not printed in full. The process does it once more when it exits. */
export function printCounts(): void {
  limit.printCounts();
}

export function printError(error: unknown, where: string, peer?: Address, about?: string): void {
  if (!limit.admits(error, where)) {
    if (!countsAtExit) process.once('exit', printCounts);
    countsAtExit = true;
    return;
  }
  const title = `ropewalk: ${placeOf(where, peer, about)}:`;
  try {
    console.error(title, error);
  } catch {
    console.error(`${title} ${inspected(error)}`);
  }
}
