/** The directories of a watcher in inotify: adds and removes their watches, and lists them in steps. */
import { type Dir, type Dirent, opendirSync } from 'node:fs';

import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { SystemError } from '../core/errors/base.js';
import { systemError } from '../internal/system-error.js';
import type { NativeInotify } from '../native.js';
import { FileWatchError, WatchLimitError } from './errors.js';
import { FileEvent } from './file-event.js';
import { bytesOf, type FileName, NAME_ENCODING, pathOf, textOf } from './file-names.js';
import * as inotify from './inotify-records.js';
import type { Steps } from './sliced-work.js';
import type { WatchFilter, WatchRoot } from './watch-roots.js';
import { below, WatchedDirectory, WatchedTree } from './watched-tree.js';

const MASK =
  inotify.IN_ATTRIB |
  inotify.IN_CLOSE_WRITE |
  inotify.IN_CREATE |
  inotify.IN_DELETE |
  inotify.IN_EXCL_UNLINK |
  inotify.IN_MODIFY |
  inotify.IN_MOVED_FROM |
  inotify.IN_MOVED_TO |
  inotify.IN_ONLYDIR;
const ROOT_MASK = MASK | inotify.IN_DELETE_SELF | inotify.IN_MOVE_SELF;
/** IN_MASK_ADD: the directory may be a root. */
const CHILD_MASK = MASK | inotify.IN_DONT_FOLLOW | inotify.IN_MASK_ADD;

/** The directory was removed or replaced meanwhile, which another record reports. */
const GONE: readonly string[] = ['ENOENT', 'ENOTDIR', 'ELOOP'];
const REMOVALS_PER_STEP = 16;

export class InotifyDirectories {
  readonly tree: WatchedTree = new WatchedTree();
  readonly #addon: NativeInotify;
  readonly #instance: number;
  readonly #filter: WatchFilter;
  readonly #maxDirectories: number;
  readonly #report: (event: FileEvent) => void;
  /** Watches to remove. */
  readonly #removed: number[] = [];
  /** Directories with `found`. */
  readonly #listed = new Set<WatchedDirectory>();
  /** Work that needs records which are still to come: see {@link repair}. Names to enter in a directory, or all. */
  readonly #postponed = new Map<WatchedDirectory, Set<FileName> | 'list'>();

  constructor(
    addon: NativeInotify,
    instance: number,
    filter: WatchFilter,
    maxDirectories: number,
    report: (event: FileEvent) => void,
  ) {
    this.#addon = addon;
    this.#instance = instance;
    this.#filter = filter;
    this.#maxDirectories = maxDirectories;
    this.#report = report;
  }

  /** @throws FileWatchError, WatchLimitError, InvalidArgumentValueError it is a root already, under another name */
  addRoot(root: WatchRoot): void {
    const watch = this.#rootWatch(root);
    if (this.tree.get(watch) !== undefined) {
      const text = textOf(root.path);
      throw new InvalidArgumentValueError('paths', 'paths of different directories', text);
    }
    this.tree.add(new WatchedDirectory(watch, root, undefined, ''));
  }

  /** Whether the root is still the directory at its path. */
  isInPlace({ root, watch }: WatchedDirectory): boolean {
    try {
      const now = this.#rootWatch(root);
      if (now !== watch && this.tree.get(now) === undefined) this.#removed.push(now);
      return now === watch;
    } catch (error) {
      if (error instanceof WatchLimitError) throw error;
      return false;
    }
  }

  /**
   * Watches a directory, if it is to be watched. Records tell where it was, and paths where something is now: if that is another
   * directory, which other records are about, it is postponed.
   * @param records What is known of the records: some are still to `come`, none are (`handled`), or some were `lost`.
   * @returns The directory, unless it was watched here before.
   * @throws WatchLimitError
   */
  enter(
    parent: WatchedDirectory,
    name: FileName,
    records: 'come' | 'handled' | 'lost' = 'come',
  ): WatchedDirectory | undefined {
    if (!this.#filter.enters(parent.root, parent.depth + 1)) return undefined;
    const path = below(parent.path, name);
    const former = parent.children?.get(name);
    const watch = this.#childWatch(path);
    const known = watch === undefined ? undefined : this.tree.get(watch);
    if (known !== undefined && known === former) return undefined;
    if (!this.#isAtPath(parent)) {
      if (watch !== undefined && known === undefined) this.#removed.push(watch);
      this.postpone(parent, name);
      return undefined;
    }
    if (watch === undefined) return undefined;
    if (known !== undefined) {
      if (this.#isElsewhere(known, parent, watch)) return undefined;
      if (records === 'come') {
        this.postpone(parent, name);
        return undefined;
      }
      this.#leaveWrongPlace(known, records === 'handled');
    }
    if (former !== undefined) this.leave(former);
    if (this.tree.size >= this.#maxDirectories) {
      throw new WatchLimitError('maxDirectories', this.#maxDirectories);
    }
    // That of a directory that was left is removed.
    const own = known === undefined ? watch : this.#childWatch(path);
    if (own === undefined || this.tree.get(own) !== undefined) return undefined;
    const directory = new WatchedDirectory(own, parent.root, parent, name);
    this.tree.add(directory);
    return directory;
  }

  /** A directory had taken the place of another one when it was entered. Some of its events were reported with a wrong path. */
  #leaveWrongPlace(directory: WatchedDirectory, report: boolean): void {
    const { parent, name, path } = directory;
    this.leave(directory);
    if (parent !== undefined) this.postpone(parent, name);
    if (report) this.#report(new FileEvent('overflow', path, true));
  }

  /** Enters a directory again when all records have been handled. */
  postpone(parent: WatchedDirectory, name: FileName): void {
    const names = this.#postponed.get(parent) ?? new Set();
    if (names !== 'list') this.#postponed.set(parent, names.add(name));
  }

  /** Stops watching a directory and those below it. */
  leave(directory: WatchedDirectory): void {
    for (const watch of this.tree.remove(directory)) this.#removed.push(watch);
  }

  /** Removes the watches of directories that were left; undefined if there are none. */
  removals(): Steps | undefined {
    return this.#removed.length === 0 ? undefined : this.#removals();
  }

  *#removals(): Steps {
    while (this.#removed.length > 0) {
      for (const watch of this.#removed.splice(-REMOVALS_PER_STEP)) this.#remove(watch);
      yield;
    }
  }

  /** Watches all directories below, and with `report` reports everything in them as created. */
  *list(directory: WatchedDirectory, report: boolean): Steps {
    const pending = [directory];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const { name, isDirectory, path } of this.#entries(next)) {
        if (report) {
          this.#rememberFound(next, name);
          this.#report(new FileEvent('created', path, isDirectory));
        }
        const child = isDirectory ? this.enter(next, name) : undefined;
        if (child !== undefined) pending.push(child);
        yield;
      }
    }
  }

  /** Whether there is anything to {@link repair}. */
  get hasPostponed(): boolean {
    return this.#postponed.size > 0;
  }

  /** Enters and lists what was postponed, if the directories are at their paths now: all records have been handled. */
  *repair(): Steps {
    for (const [directory, names] of [...this.#postponed]) {
      if (!this.tree.has(directory)) this.#postponed.delete(directory);
      else if (this.#isAtPath(directory)) {
        this.#postponed.delete(directory);
        if (names === 'list') yield* this.list(directory, true);
        else yield* this.#enterAll(directory, names);
      }
      yield;
    }
  }

  *#enterAll(directory: WatchedDirectory, names: ReadonlySet<FileName>): Steps {
    for (const name of names) {
      const child = this.enter(directory, name, 'handled');
      if (child !== undefined) yield* this.list(child, true);
      yield;
    }
  }

  /** Watches the directories that are there now, and no others. */
  *relist(directory: WatchedDirectory): Steps {
    const pending = [directory];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const names = new Set<FileName>();
      for (const { name, isDirectory } of this.#entries(next)) {
        if (isDirectory && this.#filter.enters(next.root, next.depth + 1)) {
          names.add(name);
          this.enter(next, name, 'lost');
        }
        yield;
      }
      for (const [name, child] of [...(next.children ?? [])]) {
        if (names.has(name)) pending.push(child);
        else this.leave(child);
      }
    }
  }

  /** Whether the IN_CREATE of `name` is to be ignored, because listing the directory has reported it. */
  takeFound({ found }: WatchedDirectory, name: FileName): boolean {
    return found?.delete(name) ?? false;
  }

  /** Whether any directory has found names. */
  get hasFound(): boolean {
    return this.#listed.size > 0;
  }

  /** All records about them have been handled. */
  forgetFound(): void {
    for (const directory of this.#listed) directory.found = undefined;
    this.#listed.clear();
  }

  #rememberFound(directory: WatchedDirectory, name: FileName): void {
    directory.found ??= new Set();
    directory.found.add(name);
    this.#listed.add(directory);
  }

  /** The wanted entries. The directory may disappear meanwhile. */
  *#entries(
    directory: WatchedDirectory,
  ): Generator<{ name: FileName; isDirectory: boolean; path: FileName }, void, undefined> {
    const { path, root } = directory;
    const entries = this.#open(path);
    if (!this.#isAtPath(directory)) {
      this.#postponed.set(directory, 'list');
      entries?.closeSync();
      return;
    }
    if (entries === undefined) return;
    try {
      for (let entry = read(entries); entry !== null; entry = read(entries)) {
        const name = entry.name;
        const isDirectory = entry.isDirectory();
        const entryPath = below(path, name);
        if (this.#filter.wants(root, entryPath, name, isDirectory)) {
          yield { name, isDirectory, path: entryPath };
        }
      }
    } finally {
      entries.closeSync();
    }
  }

  #open(path: FileName): Dir | undefined {
    try {
      return opendirSync(pathOf(path) as string, { encoding: NAME_ENCODING as BufferEncoding });
    } catch (error) {
      this.#unwatched(path, error as SystemError);
      return undefined;
    }
  }

  #unwatched(path: FileName, cause: SystemError): void {
    if (GONE.includes(cause.code)) return;
    const error = new FileWatchError(textOf(path), cause);
    this.#report(new FileEvent('unwatched', path, true, undefined, error));
  }

  /**
   * A directory has one watch. If it is known under another path, the record of a move is still to come, unless records were lost; or it
   * is a root, or mounted at both paths, and is reported once.
   */
  #isElsewhere(known: WatchedDirectory, parent: WatchedDirectory, watch: number): boolean {
    if (known.parent === undefined || parent.isIn(known)) return true;
    return this.#isWatchOf(known.path, watch);
  }

  /** False if another directory is there, or none. A moved root is reported by itself. */
  #isAtPath({ parent, path, watch }: WatchedDirectory): boolean {
    return parent === undefined || this.#isWatchOf(path, watch);
  }

  #isWatchOf(path: FileName, watch: number): boolean {
    try {
      const now = this.#add(path, CHILD_MASK);
      if (this.tree.get(now) === undefined) this.#removed.push(now);
      return now === watch;
    } catch (error) {
      if (error instanceof WatchLimitError) throw error;
      return false;
    }
  }

  #rootWatch({ path }: WatchRoot): number {
    try {
      return this.#add(path, ROOT_MASK);
    } catch (error) {
      if (error instanceof WatchLimitError) throw error;
      throw new FileWatchError(textOf(path), error as SystemError);
    }
  }

  /** @throws WatchLimitError */
  #childWatch(path: FileName): number | undefined {
    try {
      return this.#add(path, CHILD_MASK);
    } catch (error) {
      if (error instanceof WatchLimitError) throw error;
      this.#unwatched(path, error as SystemError);
      return undefined;
    }
  }

  #add(path: FileName, mask: number): number {
    // A watch to be removed may be that of this directory.
    for (const watch of this.#removed.splice(0)) this.#remove(watch);
    try {
      return this.#addon.addInotifyWatch(this.#instance, bytesOf(path), mask);
    } catch (error) {
      const { errno, syscall } = error as { errno: number; syscall: string };
      const cause = systemError(syscall, errno);
      if (cause.code !== 'ENOSPC') throw cause;
      throw new WatchLimitError('fs.inotify.max_user_watches', undefined, { cause });
    }
  }

  #remove(watch: number): void {
    this.#addon.removeInotifyWatch(this.#instance, watch);
  }
}

function read(entries: Dir): Dirent | null {
  return entries.readSync();
}
