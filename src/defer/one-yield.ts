/** How a Deferred takes part in `yield*`. */
import type { Deferred } from './deferred.js';

/** What `yield*` runs through, and its own IteratorResult: no object more is made for it. */
export class OneYield<T> implements Iterator<Deferred<T>, T, unknown> {
  done = false;
  value: unknown;
  private begun = false;

  constructor(deferred: Deferred<T>) {
    this.value = deferred;
  }

  next(sent: unknown): IteratorResult<Deferred<T>, T> {
    if (this.begun) {
      this.done = true;
      this.value = sent;
    }
    this.begun = true;
    return this as unknown as IteratorResult<Deferred<T>, T>;
  }

  throw(error: unknown): never {
    throw error;
  }
}
