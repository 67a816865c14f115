/**
 * Files responses in a store. Under a URL is the list of request fields on which its responses depend; the responses are under keys made of the
 * URL, the id of that list, and the values of the fields. Deleting the list makes all responses of the URL unreachable.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../core/clock.js';
import { Deferred } from '../../../defer/deferred.js';
import { CancelledError } from '../../../defer/errors.js';
import { succeed } from '../../../defer/succeed.js';
import type { CacheRequest } from './cache-request.js';
import type { HTTPCacheStore, MaybeLater } from './cache-store.js';
import type { CacheEntry, StoredHead, StoredResponse, StoredVariants } from './stored-response.js';

export interface Found {
  readonly variants: StoredVariants | undefined;
  readonly response: StoredResponse | undefined;
}

const NOTHING: Found = { variants: undefined, response: undefined };
const NO_CONTENT: Buffer = Buffer.alloc(0);

/** URLs whose invalidation is remembered. Responses that were requested before it must not be stored after it. */
const MAX_INVALIDATED = 1_024;

export class ResponseStore {
  readonly #store: HTTPCacheStore;
  readonly #timeoutMs: number;
  readonly #failed: (error: unknown) => void;
  #epoch = 0;
  /** The epochs of invalidations by URL, the oldest first. */
  readonly #invalidated: Map<string, number> = new Map();
  /** The epoch of the last one that was forgotten. */
  #forgotten = 0;

  /** @param failed Called for each error of the store. */
  constructor(store: HTTPCacheStore, timeoutMs: number, failed: (error: unknown) => void) {
    this.#store = store;
    this.#timeoutMs = timeoutMs;
    this.#failed = failed;
  }

  /** Grows with each invalidation. */
  get epoch(): number {
    return this.#epoch;
  }

  find(clock: Clock, asked: CacheRequest): Deferred<Found> {
    return this.#get(clock, asked.key).addCallback((entry) => {
      if (entry?.head.kind !== 'variants') return NOTHING;
      const variants = entry.head;
      return this.#get(clock, keyOf(asked, variants)).addCallback((found): Found => {
        const isResponse = found?.head.kind === 'response';
        return { variants, response: isResponse ? (found as StoredResponse) : undefined };
      });
    }) as Deferred<Found>;
  }

  /**
   * @param vary The names of the fields on which the response depends. @param since The epoch when it was requested.
   * @returns Fires with whether it was stored.
   */
  put(
    clock: Clock,
    asked: CacheRequest,
    vary: readonly string[],
    response: { readonly head: StoredHead; readonly content: Buffer },
    since: number,
  ): Deferred<boolean> {
    return this.#get(clock, asked.key).addCallback((known) => {
      if (!this.#isCurrent(asked.key, since)) return false;
      const isSame = known?.head.kind === 'variants' && isEqual(known.head.vary, vary);
      const variants = isSame ? (known.head as StoredVariants) : newVariants(vary);
      const filed = isSame
        ? succeed<unknown>(undefined)
        : this.#call(clock, () =>
            this.#store.set(asked.key, { head: variants, content: NO_CONTENT }),
          );
      return filed
        .addCallback(() =>
          this.#call(clock, () => this.#store.set(keyOf(asked, variants), response)),
        )
        .addCallback(() => true);
    }) as Deferred<boolean>;
  }

  /** Removes one response. */
  drop(clock: Clock, asked: CacheRequest, variants: StoredVariants): Deferred<unknown> {
    return this.#call(clock, () => this.#store.delete(keyOf(asked, variants)));
  }

  /** Removes all responses of a URL, also those that are on their way. */
  invalidate(clock: Clock, key: string): Deferred<unknown> {
    this.#epoch += 1;
    this.#invalidated.delete(key);
    this.#invalidated.set(key, this.#epoch);
    for (const [oldest, epoch] of this.#invalidated) {
      if (this.#invalidated.size <= MAX_INVALIDATED) break;
      this.#invalidated.delete(oldest);
      this.#forgotten = epoch;
    }
    return this.#call(clock, () => this.#store.delete(key));
  }

  #isCurrent(key: string, since: number): boolean {
    return since >= this.#forgotten && since >= (this.#invalidated.get(key) ?? 0);
  }

  #get(clock: Clock, key: string): Deferred<CacheEntry | undefined> {
    return this.#call(clock, () => this.#store.get(key));
  }

  /** A store that fails is as good as an empty one. */
  #call<T>(clock: Clock, action: () => MaybeLater<T>): Deferred<T | undefined> {
    let result: MaybeLater<T>;
    try {
      result = action();
    } catch (error) {
      this.#failed(error);
      return succeed(undefined);
    }
    if (!isLater(result)) return succeed(result) as Deferred<T | undefined>;
    return Deferred.fromPromise(result)
      .addTimeout(this.#timeoutMs, clock)
      .addErrback((failure) => {
        if (failure.value instanceof CancelledError) return failure;
        this.#failed(failure.value);
        return undefined;
      }) as Deferred<T | undefined>;
  }
}

/** URLs and the id have no spaces. */
function keyOf(asked: CacheRequest, { vary, id }: StoredVariants): string {
  return `${asked.key} ${id} ${asked.variantKey(vary)}`;
}

/** The id may be shared by several processes. */
function newVariants(vary: readonly string[]): StoredVariants {
  return { kind: 'variants', vary, id: randomUUID() };
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

function isLater<T>(result: MaybeLater<T>): result is PromiseLike<T> {
  return typeof (result as { then?: unknown } | undefined)?.then === 'function';
}
