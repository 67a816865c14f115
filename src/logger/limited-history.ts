/** The latest events. */
import { checkInteger } from '../internal/check.js';
import type { LogEvent, LogObserver } from './event.js';

/** Keeps the latest events, to show them later: `publisher.addObserver(history.observe)`. */
export class LimitedHistory {
  readonly #size: number;
  /** A ring: the oldest is at `#start` once it is full. */
  readonly #events: LogEvent[] = [];
  #start = 0;

  /** @param size The most events that are kept. Default 65,536. */
  constructor(size = 65_536) {
    this.#size = checkInteger('size', size, 1, 2 ** 24);
  }

  /** The observer that fills it. */
  readonly observe: LogObserver = (event) => {
    if (this.#events.length < this.#size) {
      this.#events.push(event);
      return;
    }
    this.#events[this.#start] = event;
    this.#start = (this.#start + 1) % this.#size;
  };

  /** Oldest first. */
  get events(): LogEvent[] {
    return [...this.#events.slice(this.#start), ...this.#events.slice(0, this.#start)];
  }

  /** Passes the events to an observer, oldest first. */
  replayTo(observer: LogObserver): void {
    for (const event of this.events) observer(event);
  }

  clear(): void {
    this.#events.length = 0;
    this.#start = 0;
  }
}
