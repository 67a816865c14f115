/** A queue in an array. Adding and taking cost constant time on average, and taken values are not kept. */

/** Taken places are removed when there are so many, and at least as many as values. */
const MIN_TAKEN = 1_024;

/** One exists for each connection or subscription, so private fields are TypeScript's. */
export class Fifo<T> {
  /** From `taken` on. */
  private values: (T | undefined)[] = [];
  private taken = 0;

  get length(): number {
    return this.values.length - this.taken;
  }

  get first(): T | undefined {
    return this.values[this.taken];
  }

  get last(): T | undefined {
    return this.length === 0 ? undefined : this.values[this.values.length - 1];
  }

  push(value: T): void {
    this.values.push(value);
  }

  /** Takes the first value; undefined if there is none. */
  shift(): T | undefined {
    const { values } = this;
    if (this.taken === values.length) return undefined;
    const first = values[this.taken];
    values[this.taken] = undefined;
    this.taken += 1;
    if (this.taken === values.length) {
      this.values = [];
      this.taken = 0;
    } else if (this.taken >= MIN_TAKEN && this.taken * 2 >= values.length) {
      this.values = values.slice(this.taken);
      this.taken = 0;
    }
    return first;
  }

  /** Takes all values, in order. */
  takeAll(): T[] {
    const all = this.values.slice(this.taken) as T[];
    this.values = [];
    this.taken = 0;
    return all;
  }
}
