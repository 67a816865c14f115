/** Events that wait for the iteration of a watcher. */
import type { FileEvent } from './file-event.js';

type Result = IteratorResult<FileEvent, undefined>;

interface Waiting {
  resolve(result: Result): void;
  reject(reason: Error): void;
}

export class EventQueue {
  readonly #limit: number;
  readonly #overflow: () => FileEvent[];
  #events: FileEvent[] = [];
  #head = 0;
  readonly #waiting: Waiting[] = [];
  #end: 'open' | 'done' | Error = 'open';

  /** @param overflow The events that replace all when there are more than `limit`. */
  constructor(limit: number, overflow: () => FileEvent[]) {
    this.#limit = limit;
    this.#overflow = overflow;
  }

  push(event: FileEvent): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting.resolve({ done: false, value: event });
      return;
    }
    this.#events.push(event);
    if (this.#events.length - this.#head <= this.#limit) return;
    this.#events = this.#overflow();
    this.#head = 0;
  }

  /** @param reason Rejects the iteration once, behind the events. */
  end(reason: Error | undefined): void {
    this.#end = reason ?? 'done';
    for (const waiting of this.#waiting.splice(0)) this.#settle(waiting);
  }

  /** Drops the events: nobody iterates. */
  clear(): void {
    this.#events = [];
    this.#head = 0;
  }

  next(): Promise<Result> {
    return new Promise((resolve, reject) => this.#settle({ resolve, reject }));
  }

  #settle(waiting: Waiting): void {
    const value = this.#events[this.#head];
    if (value !== undefined) {
      this.#advance();
      waiting.resolve({ done: false, value });
    } else if (this.#end === 'open') {
      this.#waiting.push(waiting);
    } else if (this.#end === 'done') {
      waiting.resolve({ done: true, value: undefined });
    } else {
      waiting.reject(this.#end);
      this.#end = 'done';
    }
  }

  #advance(): void {
    this.#head += 1;
    if (this.#head < this.#events.length && this.#head < 1024) return;
    this.#events = this.#events.slice(this.#head);
    this.#head = 0;
  }
}
