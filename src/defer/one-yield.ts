/** How a Deferred takes part in `yield*`. */

/** The iterator of `yield*`, and its own IteratorResult: no other object is allocated for it. */
export class OneYield<Yielded, T> implements Iterator<Yielded, T, unknown> {
  done = false;
  value: unknown;
  private begun = false;

  constructor(deferred: Yielded) {
    this.value = deferred;
  }

  next(sent: unknown): IteratorResult<Yielded, T> {
    if (this.begun) {
      this.done = true;
      this.value = sent;
    }
    this.begun = true;
    return this as unknown as IteratorResult<Yielded, T>;
  }

  throw(error: unknown): never {
    throw error;
  }
}
