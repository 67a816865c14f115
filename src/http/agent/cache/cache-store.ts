/** Where a cache keeps responses. */
import type { CacheEntry } from './stored-response.js';

/** A result now, or later. */
export type MaybeLater<T> = T | PromiseLike<T>;

/**
 * Keeps entries by key; it may drop any entry at any time. A result may be a promise or a Deferred. If one fails, or takes longer than
 * `storeTimeoutMs`, the cache continues without it.
 *
 * Keys are ASCII, as long as URLs and request fields are. They contain hashes of credentials, not credentials. Heads of entries can be serialized
 * as JSON.
 */
export interface HTTPCacheStore {
  get(key: string): MaybeLater<CacheEntry | undefined>;
  set(key: string, entry: CacheEntry): MaybeLater<void>;
  delete(key: string): MaybeLater<void>;
}
