/** The contents of small files that were served last, so that a file that is often asked for is not opened and read each time. */
import type { BigIntStats } from 'node:fs';
import type { FileValidators } from './file-validators.js';

/** A file may use this part of the memory. */
const LARGEST_PART = 16;

export interface CachedFile {
  readonly stats: BigIntStats;
  readonly validators: FileValidators;
  /** Immutable: transports refer to it while they send it. */
  readonly content: Buffer;
}

/** Files by path. If there are too many bytes, those that were used least recently are dropped. */
export class FileCache {
  readonly #maxBytes: number;
  /** In the order of their last use. */
  readonly #files = new Map<string, CachedFile>();
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
  get(path: string, stats: BigIntStats | undefined): CachedFile | undefined {
    const file = this.#files.get(path);
    if (file === undefined) return undefined;
    this.#remove(path, file);
    if (stats === undefined || !isUnchanged(file.stats, stats)) return undefined;
    this.#add(path, file);
    return file;
  }

  set(path: string, file: CachedFile): void {
    const old = this.#files.get(path);
    if (old !== undefined) this.#remove(path, old);
    this.#add(path, file);
    for (const [oldest, { content }] of this.#files) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#files.delete(oldest);
      this.#bytes -= content.length;
    }
  }

  #add(path: string, file: CachedFile): void {
    this.#files.set(path, file);
    this.#bytes += file.content.length;
  }

  #remove(path: string, { content }: CachedFile): void {
    this.#files.delete(path);
    this.#bytes -= content.length;
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
