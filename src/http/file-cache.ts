/** The contents of small files that were served last, so that a file that is often asked for is not opened and read each time. */
import type { BigIntStats } from 'node:fs';

/** A file may use this part of the memory. */
const LARGEST_PART = 16;
/** About what an entry uses besides the content. Links between folders give a small file any number of paths. */
const ENTRY_BYTES = 1_024;

interface Entry<F> {
  readonly file: F;
  readonly bytes: number;
}

/** Files by path. If there are too many bytes, those that were used least recently are dropped. */
export class FileCache<F extends { readonly stats: BigIntStats }> {
  readonly #maxBytes: number;
  /** In the order of their last use. */
  readonly #files = new Map<string, Entry<F>>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a file of this size can be kept. */
  accepts(size: bigint): boolean {
    return size * BigInt(LARGEST_PART) <= this.#maxBytes;
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  /**
   * A file that has changed since it was read is dropped.
   * @param stats Those that the path has now; undefined if it does not exist.
   */
  get(path: string, stats: BigIntStats | undefined): F | undefined {
    const entry = this.#files.get(path);
    if (entry === undefined) return undefined;
    this.#remove(path, entry);
    if (stats === undefined || !isUnchanged(entry.file.stats, stats)) return undefined;
    this.#add(path, entry);
    return entry.file;
  }

  /** @param bytes Length of its content. */
  set(path: string, file: F, bytes: number): void {
    const old = this.#files.get(path);
    if (old !== undefined) this.#remove(path, old);
    this.#add(path, { file, bytes: bytes + 2 * path.length + ENTRY_BYTES });
    for (const [oldest, entry] of this.#files) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#remove(oldest, entry);
    }
  }

  #add(path: string, entry: Entry<F>): void {
    this.#files.set(path, entry);
    this.#bytes += entry.bytes;
  }

  #remove(path: string, { bytes }: Entry<F>): void {
    this.#files.delete(path);
    this.#bytes -= bytes;
  }
}

/** Whether it is the same file with the same content. Permissions and links change ctime. */
export function isUnchanged(before: BigIntStats, now: BigIntStats): boolean {
  return (
    before.ino === now.ino &&
    before.mtimeNs === now.mtimeNs &&
    before.ctimeNs === now.ctimeNs &&
    before.size === now.size &&
    before.dev === now.dev
  );
}
