/** The errors of loggers. They are reported, never thrown into the code that logs. */
import { RopewalkError } from '../core/errors/base.js';
import { messageOf } from '../core/text-of.js';

/** Observers of a publisher log so many events for each event that some are dropped. Reported once for each publisher. */
export class LogLoopError extends RopewalkError {
  override readonly name = 'LogLoopError';
  override readonly code = 'ERR_LOG_LOOP';
  /** The most events that observers may log for one event. */
  readonly limit: number;

  constructor(limit: number) {
    super(`log observers log more than ${limit} events for one event: any further are dropped`);
    this.limit = limit;
  }
}

/** A log cannot be written: `cause` is the reason. Events are kept up to a limit, and writing is tried again. */
export class LogNotWrittenError extends RopewalkError {
  override readonly name = 'LogNotWrittenError';
  override readonly code = 'ERR_LOG_NOT_WRITTEN';
  /** The path of the file or the address of the service. */
  readonly destination: string;

  constructor(destination: string, options: ErrorOptions) {
    super(`the log ${destination} cannot be written: ${messageOf(options.cause)}`, options);
    this.destination = destination;
  }
}

/** Events were lost, because a log could not be written fast enough, or at all. Reported when it is written again, or closed. */
export class LogEventsDroppedError extends RopewalkError {
  override readonly name = 'LogEventsDroppedError';
  override readonly code = 'ERR_LOG_EVENTS_DROPPED';
  readonly destination: string;
  /** Since the last report. */
  readonly count: number;

  constructor(destination: string, count: number) {
    super(`${count} events were not written to the log ${destination}`);
    this.destination = destination;
    this.count = count;
  }
}
