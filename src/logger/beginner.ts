/** The beginning of logging. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { checkBoolean, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { LogEvent, LogObserver } from './event.js';
import { LimitedHistory } from './limited-history.js';
import type { LogPublisher } from './publisher.js';
import { type LogSink, writerOf } from './sink.js';
import { classicLogText } from './text.js';

export interface LogBeginnerOptions {
  /** The most early events that are kept, the latest ones. Default 200. */
  readonly bufferSize?: number;
  /** The destination of early events of level `critical`. Default standard error. */
  readonly sink?: LogSink;
}

export interface BeginLoggingOptions {
  /** Whether events from before the call are dropped. Default false: the observers receive them. */
  readonly discardBuffer?: boolean;
}

const BEGINNER_NAMES: OptionNames<LogBeginnerOptions> = { bufferSize: true, sink: true };
const BEGIN_NAMES: OptionNames<BeginLoggingOptions> = { discardBuffer: true };

/**
 * Keeps the latest events of a publisher until the program has chosen its observers, so that no event of the start is lost. Until then,
 * events of level `critical` are also printed: a program that fails early says why.
 */
export class LogBeginner {
  readonly #publisher: LogPublisher;
  readonly #early: LimitedHistory;
  readonly #write: (text: string) => void;
  #began = false;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(publisher: LogPublisher, options: LogBeginnerOptions = {}) {
    checkOptions('LogBeginner', options, BEGINNER_NAMES);
    const { bufferSize = 200, sink } = options;
    this.#publisher = publisher;
    this.#early = new LimitedHistory(checkInteger('bufferSize', bufferSize, 1, 65_536));
    // Reading process.stderr opens the stream: it costs time, so it waits for a critical event.
    this.#write = sink === undefined ? (text) => writerOf(process.stderr)(text) : writerOf(sink);
    publisher.addObserver(this.#keep);
  }

  /** Whether {@link beginLoggingTo} was called. */
  get began(): boolean {
    return this.#began;
  }

  /**
   * Adds observers to the publisher, which receive the early events first. Later calls add further observers, without early events.
   * @throws InvalidArgumentTypeError, UnknownOptionError
   */
  beginLoggingTo(observers: readonly LogObserver[], options: BeginLoggingOptions = {}): void {
    checkOptions('beginLoggingTo', options, BEGIN_NAMES);
    const { discardBuffer = false } = options;
    checkBoolean('discardBuffer', discardBuffer);
    if (!Array.isArray(observers)) {
      throw new InvalidArgumentTypeError('observers', 'an array of observers', observers);
    }
    for (const observer of observers) this.#publisher.addObserver(observer);
    if (this.#began) return;
    this.#began = true;
    this.#publisher.removeObserver(this.#keep);
    if (!discardBuffer) this.#early.replayTo((event) => this.#publisher.publish(event));
    this.#early.clear();
  }

  readonly #keep: LogObserver = (event: LogEvent) => {
    this.#early.observe(event);
    if (event.level === 'critical') this.#write(classicLogText(event, { includeTime: false }));
  };
}
