/**
 * Captures, for tests, the errors that no call can throw: those that Ropewalk reports to the diagnostics channel
 * `ropewalk.error`, and those that loggers log with `failure`. Captures nest; the innermost receives the errors. Reports are not
 * printed meanwhile.
 */
import type { ErrorKind } from '../defer/failure.js';
import { type ErrorReport, errorChannel } from '../internal/error-report.js';
import { logChannel } from '../logger/channel.js';
import type { LogEvent } from '../logger/event.js';
import { formatEvent } from '../logger/format.js';

/** One error that was reported while a capture was open. */
export interface LoggedError {
  readonly error: unknown;
  /** The callback or operation that failed: `dataReceived`, `callLater`, `stopProducing`... The namespace of a logger. */
  readonly where: string;
  /** The work in progress, such as the request `GET /index.html`. The message of a logger. */
  readonly about?: string | undefined;
}

/** Captures reported errors from its creation until it is disposed of. */
export interface LoggedErrorCapture extends Disposable {
  /**
   * Returns the errors caught so far, oldest first, and forgets them.
   * @param kinds Only those of these classes or codes. Default: all.
   */
  flush(...kinds: ErrorKind[]): LoggedError[];
}

class Capture implements LoggedErrorCapture {
  #caught: LoggedError[] = [];

  add({ error, where, about }: LoggedError): void {
    this.#caught.push(about === undefined ? { error, where } : { error, where, about });
  }

  flush(...kinds: ErrorKind[]): LoggedError[] {
    const flushed: LoggedError[] = [];
    const kept: LoggedError[] = [];
    for (const logged of this.#caught) {
      const wanted = kinds.length === 0 || kinds.some((kind) => isOfKind(logged.error, kind));
      (wanted ? flushed : kept).push(logged);
    }
    this.#caught = kept;
    return flushed;
  }

  [Symbol.dispose](): void {
    const at = captures.indexOf(this);
    if (at < 0) return;
    captures.splice(at, 1);
    if (captures.length > 0) return;
    errorChannel.unsubscribe(catchReport);
    logChannel.unsubscribe(catchEvent);
  }
}

/** Open captures, the innermost last. */
const captures: Capture[] = [];

const catchReport = (message: unknown): void => {
  const report = message as ErrorReport;
  report.silenced = true;
  captures.at(-1)?.add(report);
};

const catchEvent = (message: unknown): void => {
  const event = message as LogEvent;
  const { error, namespace } = event;
  if (error !== undefined)
    captures.at(-1)?.add({ error, where: namespace, about: formatEvent(event) });
};

/**
 * Begins to capture the errors that are reported in this thread.
 *
 * @example
 * using errors = captureLoggedErrors();
 * transport.receive('nonsense');
 * assert.equal(errors.flush(LineTooLongError).length, 1);
 */
export function captureLoggedErrors(): LoggedErrorCapture {
  const capture = new Capture();
  if (captures.length === 0) {
    errorChannel.subscribe(catchReport);
    logChannel.subscribe(catchEvent);
  }
  captures.push(capture);
  return capture;
}

/**
 * Returns the errors that the innermost open capture has caught, and forgets them: the test expected them. In a test that is
 * checked by {@link checkEachTest} a capture is always open; without one, nothing was caught.
 * @param kinds Only those of these classes or codes. Default: all.
 */
export function flushLoggedErrors(...kinds: ErrorKind[]): LoggedError[] {
  return captures.at(-1)?.flush(...kinds) ?? [];
}

function isOfKind(error: unknown, kind: ErrorKind): boolean {
  if (typeof kind !== 'string') return error instanceof kind;
  return (error as { code?: unknown } | null | undefined)?.code === kind;
}
