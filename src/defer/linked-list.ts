/** A queue that removes any of its members as fast as the first. A Map does not: V8 steps over all deleted entries. */

/** A place in a list; in one list at a time. */
export class Entry<T> {
  readonly value: T;
  /** Whether it is in a list. */
  linked = false;
  /** @internal */
  previous: Entry<T> | undefined = undefined;
  /** @internal */
  next: Entry<T> | undefined = undefined;

  constructor(value: T) {
    this.value = value;
  }
}

export class LinkedList<T> {
  #first: Entry<T> | undefined;
  #last: Entry<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Entry<T> | undefined {
    return this.#first;
  }

  /** Appends an entry that is in no list. */
  push(entry: Entry<T>): void {
    entry.linked = true;
    entry.previous = this.#last;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.#size += 1;
  }

  /** Removes the first. */
  shift(): T | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    this.remove(first);
    return first.value;
  }

  /** Removes an entry of this list; one that is in no list is left alone. */
  remove(entry: Entry<T>): void {
    if (!entry.linked) return;
    const { previous, next } = entry;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    entry.linked = false;
    entry.previous = undefined;
    entry.next = undefined;
    this.#size -= 1;
  }
}
