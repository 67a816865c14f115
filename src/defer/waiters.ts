/** Deferreds that wait for their turn, first come, first served. A cancelled one leaves the line. */
import { Deferred } from './deferred.js';
import { Entry, LinkedList } from './linked-list.js';

export class Waiters<T> {
  readonly #line = new LinkedList<Deferred<T>>();

  get size(): number {
    return this.#line.size;
  }

  /** A Deferred at the end of the line. */
  add(): Deferred<T> {
    const deferred = new Deferred<T>(() => this.#line.remove(entry));
    const entry = new Entry(deferred);
    this.#line.push(entry);
    return deferred;
  }

  /** Removes the first from the line, to be fired. Those that their owners have fired are skipped. */
  shift(): Deferred<T> | undefined {
    let first = this.#line.shift();
    while (first?.fired === true) first = this.#line.shift();
    return first;
  }

  /** Fires all in the line, also those that are added meanwhile. */
  fireAll(fire: (waiter: Deferred<T>) => void): void {
    for (let first = this.shift(); first !== undefined; first = this.shift()) fire(first);
  }
}
