/** A number of tokens, handed out in the order of requests. */
import { checkFunction, checkInteger } from '../internal/check.js';
import type { CallbackResult, Deferred } from './deferred.js';
import { NotAcquiredError } from './errors.js';
import { maybeDeferred, succeed } from './succeed.js';
import { Waiters } from './waiters.js';

/**
 * Lets at most `limit` callers hold a token at a time.
 *
 * @example
 * const downloads = new DeferredSemaphore(4);
 * for (const url of urls) downloads.run(getPage, url).addCallback(store);
 */
export class DeferredSemaphore {
  /** The number of tokens. */
  readonly limit: number;
  #available: number;
  readonly #waiters = new Waiters<this>();
  #handingOut = false;

  /**
   * @param tokens 1 or more.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(tokens: number) {
    this.limit = checkInteger('tokens', tokens, 1, Number.MAX_SAFE_INTEGER);
    this.#available = tokens;
  }

  /** The number of free tokens. */
  get available(): number {
    return this.#available;
  }

  /** The number of callers that wait for a token. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Fires with this when the caller holds a token, which {@link release} returns. Cancelling while it waits
   * leaves the line.
   */
  acquire(): Deferred<this> {
    return this.#take() ? succeed<this>(this) : this.#waiters.add();
  }

  /**
   * Returns a token; the first in the line gets it. Called from the callback of one that just got its token, it returns
   * before the next callback runs: a line of any length is served without recursion.
   * @throws NotAcquiredError no token is held.
   */
  release(): void {
    if (this.#available === this.limit)
      throw new NotAcquiredError('nothing to release: no token is held');
    this.#available += 1;
    if (this.#handingOut) return;
    this.#handingOut = true;
    while (this.#available > 0) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) break;
      this.#available -= 1;
      waiter.callback(this);
    }
    this.#handingOut = false;
  }

  /**
   * Calls `f(...args)` with a token held until it returns or throws, or its result is available; returns that result.
   * Cancelling leaves the line, or cancels the Deferred that `f` returned.
   */
  run<Args extends unknown[], T>(
    f: (...args: Args) => CallbackResult<T>,
    ...args: Args
  ): Deferred<T> {
    checkFunction('f', f);
    if (this.#take()) return this.#callAndRelease(f, args);
    return this.#waiters.add().addCallback(() => this.#callAndRelease(f, args));
  }

  /**
   * Like {@link acquire}, with a disposable that releases the token; disposing twice has no further effect.
   * @example using held = await lock.hold();
   */
  hold(): Deferred<Disposable> {
    return this.acquire().addCallback(() => {
      let held = true;
      return {
        [Symbol.dispose]: () => {
          if (held) this.release();
          held = false;
        },
      };
    });
  }

  #take(): boolean {
    // Callers that wait while tokens are handed out come first.
    if (this.#available === 0 || this.#waiters.size > 0) return false;
    this.#available -= 1;
    return true;
  }

  #callAndRelease<Args extends unknown[], T>(
    f: (...args: Args) => CallbackResult<T>,
    args: Args,
  ): Deferred<T> {
    return maybeDeferred(f, ...args).addBoth<T>((result) => {
      this.release();
      return result;
    });
  }
}
