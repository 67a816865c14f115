/** Captures, for tests, the events of loggers, and reported errors as events: see reported-errors.ts of the logger. */
import { type ErrorReport, errorChannel } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { logChannel } from '../logger/channel.js';
import type { LogEvent } from '../logger/event.js';
import { formatEvent } from '../logger/format.js';
import { eventOfReport } from '../logger/reported-errors.js';

export interface CaptureLogsOptions {
  /** Only the events of this namespace and of those below it. Default: all. */
  readonly namespace?: string;
}

const NAMES: OptionNames<CaptureLogsOptions> = { namespace: true };

/** Captures events from its creation until it is disposed of. */
export interface LogCapture extends Disposable {
  /** Oldest first. */
  readonly events: readonly LogEvent[];
  /** The messages of {@link events}. */
  readonly messages: readonly string[];
  /** Returns the events so far, and forgets them. */
  flush(): LogEvent[];
}

/**
 * Captures the events of all loggers in this thread, whatever their publishers, which receive them too. Thresholds count. Errors still
 * have to be flushed in a test that is checked by {@link checkEachTest}: see {@link flushLoggedErrors}.
 *
 * @throws UnknownOptionError
 * @example
 * using logs = captureLogs();
 * room.join('ann');
 * assert.deepEqual(logs.messages, ['ann joined']);
 */
export function captureLogs(options: CaptureLogsOptions = {}): LogCapture {
  checkOptions('captureLogs', options, NAMES);
  const { namespace } = options;
  let events: LogEvent[] = [];
  const add = (message: unknown): void => {
    const event = message as LogEvent;
    if (namespace === undefined || `${event.namespace}.`.startsWith(`${namespace}.`)) {
      events.push(event);
    }
  };
  const addReport = (message: unknown): void => {
    add(eventOfReport(message as ErrorReport, Date.now()));
  };
  logChannel.subscribe(add);
  errorChannel.subscribe(addReport);
  return {
    get events() {
      return events;
    },
    get messages() {
      return events.map((event) => formatEvent(event));
    },
    flush() {
      const flushed = events;
      events = [];
      return flushed;
    },
    [Symbol.dispose]() {
      logChannel.unsubscribe(add);
      errorChannel.unsubscribe(addReport);
    },
  };
}
