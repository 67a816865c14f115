/** A queue that gives up any of its members as fast as the first. A Map is none: V8 steps over all that were deleted. */

/** A place in a list; in one list at a time. */
export class Entry<T> {
  readonly value: T;
  /** Whether it stands in a list. */
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

  /** Adds at the end what stands in no list. */
  push(entry: Entry<T>): void {
    entry.linked = true;
    entry.previous = this.#last;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.#size += 1;
  }

  /** Takes the first away. */
  shift(): T | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    this.remove(first);
    return first.value;
  }

  /** Takes away what stands in this list; one that stands in none is left alone. */
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
