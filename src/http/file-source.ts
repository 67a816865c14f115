/** The files of a folder, opened or in memory. */
import type { BigIntStats } from 'node:fs';
import { ownBytes } from '../internal/lent-bytes.js';
import { FileCache, isUnchanged } from './file-cache.js';
import { type FileValidators, isSettled, validatorsOf } from './file-validators.js';
import type { StaticSettings } from './static-options.js';
import { type FolderListing, type NotOpened, StaticRoot } from './static-root.js';

/** A file: open, or its content in memory. */
export interface FoundFile {
  readonly stats: BigIntStats;
  readonly validators: FileValidators;
  readonly fd: number | undefined;
  readonly content: Buffer | undefined;
}

export class FileSource {
  readonly #root: StaticRoot;
  readonly #cache: FileCache<FoundFile>;
  readonly #settings: StaticSettings;

  constructor(root: string, settings: StaticSettings) {
    this.#settings = settings;
    this.#root = new StaticRoot(root, settings.linksAnywhere, settings.calls);
    this.#cache = new FileCache(settings.cacheBytes);
  }

  /** A file in memory that has not changed. Undefined if it must be opened, also if the system is not asked in this thread. */
  kept(segments: readonly string[]): FoundFile | undefined {
    if (!this.#settings.isBlocking) return undefined;
    const path = this.#root.pathOf(segments);
    return this.#cache.has(path) ? this.#cache.get(path, this.#findNow(path)) : undefined;
  }

  /** Whether there is no such file, if the system is asked in this thread. */
  isMissing(segments: readonly string[]): boolean {
    return this.#settings.isBlocking && this.#findNow(this.#root.pathOf(segments)) === undefined;
  }

  /** Takes a file from the cache, opens it, or reads it into the cache. */
  async open(segments: readonly string[], nowMs: number): Promise<FoundFile | NotOpened> {
    const path = this.#root.pathOf(segments);
    const kept = this.#cache.has(path) ? this.#cache.get(path, await this.#find(path)) : undefined;
    if (kept !== undefined) return kept;
    const opened = await this.#root.open(segments);
    if (typeof opened !== 'object') return opened;
    const { fd, stats } = opened;
    const validators = validatorsOf(stats, nowMs);
    const file: FoundFile = { stats, validators, fd, content: undefined };
    if (!this.#cache.accepts(stats.size) || !isSettled(stats, nowMs)) return file;
    const content = await this.closingOnError(file, () => this.#read(fd, stats));
    if (content === undefined) return file;
    await this.close(file);
    const read: FoundFile = { stats, validators, fd: undefined, content };
    this.#cache.set(path, read, content.length);
    return read;
  }

  /** See {@link StaticRoot.list}. */
  list(
    segments: readonly string[],
    isServed: (name: string) => boolean,
    max: number,
  ): Promise<FolderListing | undefined> {
    return this.#root.list(segments, isServed, max);
  }

  async close({ fd }: FoundFile): Promise<void> {
    if (fd !== undefined) await this.#settings.calls.close(fd);
  }

  async closingOnError<T>(file: FoundFile, use: () => T | Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      await this.close(file);
      throw error;
    }
  }

  /** Undefined also if the path cannot be examined: opening it finds the reason. */
  async #find(path: string): Promise<BigIntStats | undefined> {
    try {
      return await this.#settings.calls.find(path);
    } catch {
      return undefined;
    }
  }

  #findNow(path: string): BigIntStats | undefined {
    try {
      return this.#settings.calls.find(path) as BigIntStats | undefined;
    } catch {
      return undefined;
    }
  }

  /** The whole content; undefined if it changed meanwhile. */
  async #read(fd: number, stats: BigIntStats): Promise<Buffer | undefined> {
    const { calls } = this.#settings;
    const content = ownBytes(Number(stats.size));
    if (content.length > 0 && (await calls.read(fd, content, 0)) < content.length) return undefined;
    return isUnchanged(stats, await calls.fstat(fd)) ? content : undefined;
  }
}
