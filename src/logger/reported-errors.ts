/** Errors that Ropewalk reports, such as exceptions of callbacks, as events. */

import { Failure } from '../defer/failure.js';
import { checkFunction } from '../internal/check.js';
import { type ErrorReport, errorChannel, placeOf } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { LogEvent } from './event.js';
import { globalLogPublisher } from './global.js';
import { type LogPublisher, OBSERVER_FAILED } from './publisher.js';

export interface LogReportedErrorsOptions {
  /** The receiver of the events. Default: the global one. */
  readonly publisher?: LogPublisher;
  /** The time in milliseconds since 1970. Default `Date.now`. */
  readonly wallClock?: () => number;
}

const NAMES: OptionNames<LogReportedErrorsOptions> = { publisher: true, wallClock: true };

/**
 * Logs the errors that no call can throw, and which Ropewalk otherwise prints to standard error, until it is disposed of: exceptions
 * of callbacks, unhandled failures of Deferreds, `logError`. Their level is `critical`, their namespace `ropewalk`. They are also printed
 * while the publisher has no observer.
 *
 * @throws InvalidArgumentTypeError, UnknownOptionError
 */
export function logReportedErrors(options: LogReportedErrorsOptions = {}): Disposable {
  checkOptions('logReportedErrors', options, NAMES);
  const { publisher = globalLogPublisher, wallClock = Date.now } = options;
  checkFunction('wallClock', wallClock);
  const log = (message: unknown): void => {
    const report = message as ErrorReport;
    // Observers that fail would receive their own errors.
    if (report.where === OBSERVER_FAILED) return;
    if (publisher.observers.length === 0) return;
    publisher.publish(eventOfReport(report, wallClock()));
    report.silenced = true;
  };
  errorChannel.subscribe(log);
  return {
    [Symbol.dispose](): void {
      errorChannel.unsubscribe(log);
    },
  };
}

/** The event of a reported error. */
export function eventOfReport(report: ErrorReport, time: number): LogEvent {
  const { error, where, peer, about } = report;
  return {
    time,
    level: 'critical',
    namespace: 'ropewalk',
    format: '{place}: {error}',
    fields: {
      place: placeOf(where, peer, about),
      error: Failure.from(error).message,
      where,
      ...(peer !== undefined && { peer: String(peer) }),
      ...(about !== undefined && { about }),
    },
    error: Failure.from(error).value,
  };
}
