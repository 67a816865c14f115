/** A queue of values between the code that makes them and the code that waits for them. */
import { checkAbortSignal, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { Deferred } from './deferred.js';
import {
  CancelledError,
  QueueClosedError,
  QueueOverflowError,
  QueueUnderflowError,
} from './errors.js';
import { Entry, LinkedList } from './linked-list.js';
import { fail, succeed } from './succeed.js';
import { Waiters } from './waiters.js';

export interface DeferredQueueOptions {
  /** How many values may wait. Default: any number. */
  readonly size?: number;
  /** How many takers may wait. Default: any number. */
  readonly backlog?: number;
}

const OPTIONS: OptionNames<DeferredQueueOptions> = { size: true, backlog: true };
const VALUES_OPTIONS: OptionNames<{ signal?: AbortSignal }> = { signal: true };

/**
 * First in, first out, for both values and takers.
 *
 * @example
 * const queue = new DeferredQueue<string>({ size: 100 });
 * queue.get().addCallback(console.log);
 * queue.put('hello'); // hello
 */
export class DeferredQueue<T> implements AsyncIterable<T, void> {
  /** The maximum number of waiting values. */
  readonly size: number;
  /** The maximum number of waiting takers. */
  readonly backlog: number;
  readonly #values = new LinkedList<T>();
  readonly #takers = new Waiters<T>();
  #closed = false;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: DeferredQueueOptions = {}) {
    checkOptions('DeferredQueue', options, OPTIONS);
    this.size = checkLimit('size', options.size);
    this.backlog = checkLimit('backlog', options.backlog);
  }

  /** The number of waiting values. */
  get pending(): number {
    return this.#values.size;
  }

  /** The number of waiting takers. */
  get waiting(): number {
    return this.#takers.size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Gives `value` to the taker that has waited longest, whose callbacks run before this returns, or keeps it. As with
   * `callback`, a {@link Failure} fails its taker and a promise is waited for.
   * @throws QueueOverflowError the maximum number of values is waiting.
   * @throws QueueClosedError
   */
  put(value: T): void {
    if (this.#closed) throw new QueueClosedError();
    const taker = this.#takers.shift();
    if (taker !== undefined) taker.callback(value);
    else if (this.#values.size < this.size) this.#values.push(new Entry(value));
    else throw new QueueOverflowError(this.size);
  }

  /**
   * Fires with the value that has waited longest, or the next one put. Cancelling leaves the line. Fails
   * with a {@link QueueClosedError} once the queue is closed and empty.
   * @throws QueueUnderflowError the maximum number of takers is waiting.
   */
  get(): Deferred<T> {
    if (this.#values.size > 0) return succeed<T>(this.#values.shift() as T);
    if (this.#closed) return fail(new QueueClosedError());
    if (this.#takers.size >= this.backlog) throw new QueueUnderflowError(this.backlog);
    return this.#takers.add();
  }

  /** No more values: waiting takers fail with {@link QueueClosedError}. Values in the queue can still be taken. */
  close(): void {
    this.#closed = true;
    for (let taker = this.#takers.shift(); taker !== undefined; taker = this.#takers.shift()) {
      taker.errback(new QueueClosedError());
    }
  }

  /**
   * The values as they come. Ends when the queue is closed and empty, or `signal` aborts; that loses no value. Several
   * may iterate: each value goes to one of them.
   * @throws InvalidArgumentTypeError
   */
  values(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<T, void, void> {
    checkOptions('values', options, VALUES_OPTIONS);
    const { signal } = options;
    if (signal !== undefined) checkAbortSignal('signal', signal);
    return this.#iterate(signal);
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    return this.values();
  }

  async *#iterate(signal: AbortSignal | undefined): AsyncGenerator<T, void, void> {
    const aborted = (): boolean => signal?.aborted === true;
    while (!aborted()) {
      const next = this.get();
      if (signal !== undefined) next.cancelOn(signal);
      let value: T;
      try {
        value = await next;
      } catch (error) {
        if (error instanceof QueueClosedError) return;
        if (error instanceof CancelledError && aborted()) return;
        throw error;
      }
      yield value;
    }
  }
}

function checkLimit(what: string, limit: number = Number.POSITIVE_INFINITY): number {
  if (limit === Number.POSITIVE_INFINITY) return limit;
  return checkInteger(what, limit, 0, Number.MAX_SAFE_INTEGER);
}
