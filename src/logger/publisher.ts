/** Distributes events to observers. */

import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { isInstance } from '../core/text-of.js';
import { Failure } from '../defer/failure.js';
import { checkFunction } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { LogLoopError } from './errors.js';
import type { LogEvent, LogObserver } from './event.js';
import { LogLevels } from './log-levels.js';

export interface LogPublisherOptions {
  readonly observers?: readonly LogObserver[];
  /** The thresholds of the loggers that have none of their own. Default: `info` and above. */
  readonly levels?: LogLevels;
}

const NAMES: OptionNames<LogPublisherOptions> = { observers: true, levels: true };

/** The most events that observers log while one event is delivered; any further are dropped. */
const MAX_NESTED = 100;

/** `where` of the reports of errors that no other observer could receive. */
export const OBSERVER_FAILED = 'log observer';

/**
 * Passes each event to all observers, in the order in which they were added. An error of one observer becomes an event for the others:
 * the first, second, fourth, eighth... of each observer. Events that observers log are delivered after the present one.
 */
export class LogPublisher {
  readonly levels: LogLevels;
  #observers: readonly LogObserver[] = [];
  /** The number of errors of each observer that failed. */
  readonly #failures = new WeakMap<LogObserver, number>();
  #nested: LogEvent[] = [];
  #publishing = false;
  #dropped = 0;

  /** @throws InvalidArgumentTypeError, UnknownOptionError */
  constructor(options: LogPublisherOptions = {}) {
    checkOptions('LogPublisher', options, NAMES);
    const { observers = [], levels = new LogLevels() } = options;
    if (!isInstance(levels, LogLevels)) {
      throw new InvalidArgumentTypeError('levels', 'LogLevels', levels);
    }
    this.levels = levels;
    for (const observer of observers) this.addObserver(observer);
  }

  get observers(): readonly LogObserver[] {
    return this.#observers;
  }

  /** The number of events that were dropped because observers logged too many. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Does nothing if it was added already. @throws InvalidArgumentTypeError */
  addObserver(observer: LogObserver): void {
    checkFunction('observer', observer);
    if (!this.#observers.includes(observer)) this.#observers = [...this.#observers, observer];
  }

  removeObserver(observer: LogObserver): void {
    this.#observers = this.#observers.filter((other) => other !== observer);
  }

  /** Never throws. */
  publish(event: LogEvent): void {
    if (this.#publishing) {
      this.#nest(event);
      return;
    }
    this.#publishing = true;
    this.#deliver(event, undefined);
    if (this.#nested.length > 0) this.#deliverNested();
    this.#publishing = false;
  }

  #nest(event: LogEvent): void {
    if (this.#nested.length < MAX_NESTED) {
      this.#nested.push(event);
      return;
    }
    this.#dropped += 1;
    if (this.#dropped === 1) reportError(new LogLoopError(MAX_NESTED), OBSERVER_FAILED);
  }

  /** The list keeps its length until its end, so it also limits events that were logged by nested ones. */
  #deliverNested(): void {
    for (let i = 0; i < this.#nested.length; i++) {
      const event = this.#nested[i];
      if (event !== undefined) this.#deliver(event, undefined);
    }
    this.#nested = [];
  }

  #deliver(event: LogEvent, failed: LogObserver | undefined): void {
    const observers = this.#observers;
    for (let i = 0; i < observers.length; i++) {
      const observer = observers[i];
      if (observer === undefined || observer === failed) continue;
      try {
        const result = observer(event);
        if (typeof result === 'object' && result !== null) this.#watch(observer, result, event);
      } catch (error) {
        this.#failed(observer, error, event, failed !== undefined);
      }
    }
  }

  /** An observer may be asynchronous. */
  #watch(observer: LogObserver, result: object, event: LogEvent): void {
    const { then } = result as { then?: unknown };
    if (typeof then !== 'function') return;
    then.call(result, undefined, (error: unknown) => {
      this.#failed(observer, error, event, false);
    });
  }

  /** @param final Whether the event was itself the report of another observer's error. */
  #failed(observer: LogObserver, thrown: unknown, event: LogEvent, final: boolean): void {
    const count = (this.#failures.get(observer) ?? 0) + 1;
    this.#failures.set(observer, count);
    // A power of two.
    if ((count & (count - 1)) !== 0) return;
    if (final || this.#observers.every((other) => other === observer)) {
      reportError(thrown, OBSERVER_FAILED);
      return;
    }
    const report: LogEvent = {
      time: event.time,
      level: 'critical',
      namespace: 'ropewalk.logger',
      format: 'the log observer {observer} failed, {count} times so far',
      fields: { observer: observer.name === '' ? 'without a name' : observer.name, count },
      error: Failure.from(thrown).value,
    };
    this.#deliver(report, observer);
  }
}
