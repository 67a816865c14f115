/** Stored responses in memory. */
import { checkInteger } from '../../../internal/check.js';
import { checkOptions, type OptionNames } from '../../../internal/options.js';
import type { HTTPCacheStore } from './cache-store.js';
import type { CacheEntry } from './stored-response.js';

export interface MemoryCacheStoreOptions {
  /** Most bytes of all entries, heads and keys included: 0 to 2^53 - 1. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Most entries: 1 to 16,777,216. Default 16,384. */
  readonly maxEntries?: number;
}

export const MEMORY_STORE_NAMES: OptionNames<MemoryCacheStoreOptions> = {
  maxBytes: true,
  maxEntries: true,
};

/** About what an entry uses besides its texts and content. */
const ENTRY_BYTES = 512;
/** About what a field uses besides its text. */
const FIELD_BYTES = 64;

interface Sized {
  readonly entry: CacheEntry;
  readonly bytes: number;
}

/** At a limit, entries that were used least recently are dropped. */
export class MemoryCacheStore implements HTTPCacheStore {
  readonly #maxBytes: number;
  readonly #maxEntries: number;
  /** In the order of their last use. */
  readonly #entries: Map<string, Sized> = new Map();
  #bytes = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: MemoryCacheStoreOptions = {}) {
    checkOptions('MemoryCacheStore', options, MEMORY_STORE_NAMES);
    const { maxBytes = 64 * 1024 * 1024, maxEntries = 16_384 } = options;
    this.#maxBytes = checkInteger('maxBytes', maxBytes, 0, Number.MAX_SAFE_INTEGER);
    this.#maxEntries = checkInteger('maxEntries', maxEntries, 1, 2 ** 24);
  }

  /** The number of entries. A response that depends on request fields is two. */
  get size(): number {
    return this.#entries.size;
  }

  /** About the memory that they use. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): CacheEntry | undefined {
    const sized = this.#entries.get(key);
    if (sized === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, sized);
    return sized.entry;
  }

  set(key: string, entry: CacheEntry): void {
    this.delete(key);
    const bytes = bytesOf(key, entry);
    if (bytes > this.#maxBytes) return;
    this.#entries.set(key, { entry, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes && this.#entries.size <= this.#maxEntries) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const sized = this.#entries.get(key);
    if (sized === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= sized.bytes;
  }

  /** Drops all entries. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}

function bytesOf(key: string, { head, content }: CacheEntry): number {
  let bytes = ENTRY_BYTES + 2 * key.length + content.length;
  if (head.kind === 'variants') return bytes + 2 * head.vary.join().length;
  for (const [name, value] of head.fields) bytes += FIELD_BYTES + name.length + value.length;
  return bytes;
}
