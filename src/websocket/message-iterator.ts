/** Iterates over the messages of a connection. */
import type { Deferred } from '../defer/deferred.js';
import { WebSocketClosedError } from './errors.js';

interface Source<T> {
  receive(): Deferred<T>;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

export class MessageIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #source: Source<T>;
  #left = false;

  constructor(source: Source<T>) {
    this.#source = source;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#left) return DONE;
    try {
      return { done: false, value: await this.#source.receive() };
    } catch (error) {
      this.#left = true;
      if (error instanceof WebSocketClosedError && error.wasClean) return DONE;
      throw error;
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#left = true;
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
