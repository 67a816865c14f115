/**
 * Changes of files from Node's `fs.watch`, one for each directory. It says that something happened to a name, not what: each
 * directory is kept as it was last seen, and the name is looked up and compared. The names of one turn are looked up together.
 */
import { type FSWatcher, lstatSync, opendirSync, type Stats, statSync, watch } from 'node:fs';
import { basename } from 'node:path';

import type { Clock } from '../core/clock.js';
import type { SystemError } from '../core/errors/base.js';
import { toError } from '../core/text-of.js';
import type { ChangeReceiver, ChangeSource } from './change-source.js';
import { FileWatchError, WatchLimitError } from './errors.js';
import { FileEvent, type FileEventKind } from './file-event.js';
import { type FileName, NAME_ENCODING, pathOf, textOf } from './file-names.js';
import { SlicedWork, type Steps } from './sliced-work.js';
import type { WatchFilter, WatchRoot } from './watch-roots.js';
import { below } from './watched-tree.js';

/** A write within this time of another one may leave size and time as they were. */
const SAME_TIME_MS = 100;
const GONE: readonly (string | undefined)[] = ['ENOENT', 'ENOTDIR'];

/** Instead of a name in a directory: the directory may be another one. */
const ITSELF = '';
const RENAMED = 1;
const CHANGED = 2;

/** A file, as it was last seen. */
interface Snapshot {
  readonly isDirectory: boolean;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

class Directory {
  readonly path: FileName;
  readonly root: WatchRoot;
  readonly depth: number;
  readonly entries = new Map<FileName, Snapshot>();
  readonly children = new Map<FileName, Directory>();
  watcher: FSWatcher | undefined = undefined;
  /** Names to look up, and what `fs.watch` reported of them: RENAMED, CHANGED or both. */
  readonly dirty = new Map<FileName, number>();

  constructor(path: FileName, root: WatchRoot, depth: number) {
    this.path = path;
    this.root = root;
    this.depth = depth;
  }
}

export class SnapshotSource implements ChangeSource {
  readonly #roots: readonly WatchRoot[];
  readonly #filter: WatchFilter;
  readonly #maxDirectories: number;
  readonly #receiver: ChangeReceiver;
  readonly #work: SlicedWork;
  readonly #open = new Set<Directory>();
  /** The number of each root's directory: a path may be reused. */
  readonly #rootNumbers = new Map<Directory, number>();
  readonly #dirty = new Set<Directory>();
  #begun = false;

  constructor(
    clock: Clock,
    roots: readonly WatchRoot[],
    filter: WatchFilter,
    maxDirectories: number,
    receiver: ChangeReceiver,
  ) {
    this.#roots = roots;
    this.#filter = filter;
    this.#maxDirectories = maxDirectories;
    this.#receiver = receiver;
    this.#work = new SlicedWork(
      clock,
      () => this.#next(),
      (error) => receiver.failed(toError(error)),
    );
  }

  get directories(): number {
    return this.#open.size;
  }

  start(): void {
    try {
      for (const root of this.#roots) {
        const directory = new Directory(root.path, root, 0);
        this.#rootNumbers.set(directory, statSync(pathOf(root.path)).ino);
        this.#watch(directory);
        for (const name of root.names ?? []) this.#remember(directory, name);
      }
    } catch (cause) {
      this.close();
      if (cause instanceof WatchLimitError) throw cause;
      const { path = '' } = cause as { path?: string };
      throw new FileWatchError(String(path), cause as SystemError);
    }
    this.#work.schedule();
  }

  pause(): void {
    this.#work.pause();
  }

  resume(): void {
    this.#work.resume();
  }

  close(): void {
    this.#work.end();
    for (const directory of this.#open) directory.watcher?.close();
    this.#open.clear();
  }

  #next(): Steps | boolean {
    if (!this.#begun) {
      this.#begun = true;
      return this.#begin();
    }
    for (const directory of this.#dirty) return this.#compare(directory);
    return false;
  }

  *#begin(): Steps {
    for (const directory of [...this.#rootNumbers.keys()]) {
      if (directory.root.names === undefined) yield* this.#list(directory, false);
    }
    this.#receiver.started();
  }

  /** @throws WatchLimitError, SystemError */
  #watch(directory: Directory): void {
    if (this.#open.size >= this.#maxDirectories) {
      throw new WatchLimitError('maxDirectories', this.#maxDirectories);
    }
    let watcher: FSWatcher;
    try {
      watcher = watch(
        pathOf(directory.path),
        { encoding: 'buffer' },
        (type: string, name: Buffer | null) => this.#noticed(directory, type, name),
      );
    } catch (cause) {
      const { code } = cause as SystemError;
      if (code === 'ENOSPC')
        throw new WatchLimitError('fs.inotify.max_user_watches', undefined, { cause });
      if (code === 'EMFILE')
        throw new WatchLimitError('fs.inotify.max_user_instances', undefined, { cause });
      throw cause;
    }
    // The directory was removed: what removed it is noticed too.
    watcher.on('error', () => this.#noticed(directory, 'rename', null));
    directory.watcher = watcher;
    this.#open.add(directory);
  }

  #noticed(directory: Directory, type: string, name: Buffer | null): void {
    if (!this.#open.has(directory)) return;
    const key = name === null ? ITSELF : name.toString(NAME_ENCODING);
    // libuv reports the end of a directory with its own name.
    if (type === 'rename' && key === basename(directory.path)) directory.dirty.set(ITSELF, RENAMED);
    if (key === ITSELF) directory.dirty.set(ITSELF, RENAMED);
    else {
      const noticed = type === 'change' ? CHANGED : RENAMED;
      directory.dirty.set(key, (directory.dirty.get(key) ?? 0) | noticed);
    }
    this.#dirty.add(directory);
    try {
      this.#work.schedule();
    } catch (error) {
      this.#receiver.failed(toError(error));
    }
  }

  *#compare(directory: Directory): Steps {
    this.#dirty.delete(directory);
    const names = [...directory.dirty];
    directory.dirty.clear();
    if (this.#rootNumbers.has(directory) && !this.#isInPlace(directory, names)) return;
    for (const [name, noticed] of names) {
      if (!this.#open.has(directory)) return;
      if (name === ITSELF) yield* this.#renew(directory);
      else yield* this.#look(directory, name, (noticed & CHANGED) !== 0);
      yield;
    }
  }

  #isInPlace(directory: Directory, names: readonly (readonly [FileName, number])[]): boolean {
    if (!names.some(([name]) => name === ITSELF)) return true;
    const now = statOf(() => statSync(pathOf(directory.path)));
    if (now !== undefined && now.ino === this.#rootNumbers.get(directory)) return true;
    this.#leave(directory);
    this.#rootNumbers.delete(directory);
    this.#receiver.rootLost(directory.root, now === undefined ? 'removed' : 'moved');
    return false;
  }

  /** Directories that replace others often have the same number. */
  *#renew(directory: Directory): Steps {
    directory.watcher?.close();
    this.#open.delete(directory);
    try {
      this.#watch(directory);
    } catch (error) {
      if (error instanceof WatchLimitError) throw error;
      this.#unwatched(directory.path, error as SystemError);
      return;
    }
    for (const name of [...directory.entries.keys()]) yield* this.#look(directory, name, false);
    yield* this.#list(directory, true);
  }

  *#look(directory: Directory, name: FileName, changed: boolean): Steps {
    const path = below(directory.path, name);
    const before = directory.entries.get(name);
    const now = this.#remember(directory, name);
    if (now === undefined) {
      if (before !== undefined) this.#removed(directory, name, before);
      return;
    }
    if (!this.#filter.wants(directory.root, path, name, now.isDirectory)) return;
    const isNew =
      before === undefined || before.isDirectory !== now.isDirectory || before.ino !== now.ino;
    if (!isNew) {
      const kind = kindOf(before, now, changed);
      if (kind !== undefined) this.#report(kind, path, now);
      return;
    }
    if (before?.isDirectory) this.#removed(directory, name, before);
    yield* this.#appeared(directory, name, now);
  }

  *#appeared(directory: Directory, name: FileName, now: Snapshot): Steps {
    const path = below(directory.path, name);
    this.#report('created', path, now);
    const child = now.isDirectory ? this.#enter(directory, name) : undefined;
    if (child !== undefined) yield* this.#list(child, true);
  }

  #removed(directory: Directory, name: FileName, before: Snapshot): void {
    const path = below(directory.path, name);
    const child = directory.children.get(name);
    if (child !== undefined) this.#leave(child);
    directory.children.delete(name);
    if (!this.#filter.wants(directory.root, path, name, before.isDirectory)) return;
    this.#report('removed', path, before);
  }

  #report(kind: FileEventKind, path: FileName, { isDirectory }: Snapshot): void {
    this.#receiver.changed(new FileEvent(kind, path, isDirectory));
  }

  /** Watches everything below, and reports what has changed meanwhile; with `report`, everything as created. */
  *#list(top: Directory, report: boolean): Steps {
    const pending = [top];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const name of this.#names(next)) {
        if (!next.entries.has(name)) {
          const path = below(next.path, name);
          const now = statOf(() => lstatSync(pathOf(path)));
          if (now !== undefined && this.#filter.wants(next.root, path, name, now.isDirectory())) {
            const snapshot = snapshotOf(now);
            next.entries.set(name, snapshot);
            const noticed = next.dirty.get(name);
            if (report || noticed !== undefined) {
              this.#report(noticed === CHANGED ? 'modified' : 'created', path, snapshot);
            }
            const child = snapshot.isDirectory ? this.#enter(next, name) : undefined;
            if (child !== undefined) pending.push(child);
          }
        }
        yield;
      }
    }
  }

  *#names({ path }: Directory): Generator<FileName, void, undefined> {
    let entries: ReturnType<typeof opendirSync>;
    try {
      entries = opendirSync(pathOf(path) as string, { encoding: NAME_ENCODING });
    } catch (error) {
      this.#unwatched(path, error as SystemError);
      return;
    }
    try {
      for (let entry = entries.readSync(); entry !== null; entry = entries.readSync())
        yield entry.name;
    } finally {
      entries.closeSync();
    }
  }

  #enter(parent: Directory, name: FileName): Directory | undefined {
    const { root, depth, path } = parent;
    if (!this.#filter.enters(root, depth + 1)) return undefined;
    const child = new Directory(below(path, name), root, depth + 1);
    try {
      this.#watch(child);
    } catch (error) {
      if (error instanceof WatchLimitError) throw error;
      this.#unwatched(child.path, error as SystemError);
      return undefined;
    }
    parent.children.set(name, child);
    return child;
  }

  #unwatched(path: FileName, cause: SystemError): void {
    if (GONE.includes(cause.code)) return;
    const error = new FileWatchError(textOf(path), cause);
    this.#receiver.changed(new FileEvent('unwatched', path, true, undefined, error));
  }

  #leave(top: Directory): void {
    const pending = [top];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      next.watcher?.close();
      this.#open.delete(next);
      this.#dirty.delete(next);
      for (const child of next.children.values()) pending.push(child);
    }
  }

  /** Looks a name up, and keeps what it finds. */
  #remember(directory: Directory, name: FileName): Snapshot | undefined {
    const now = statOf(() => lstatSync(pathOf(below(directory.path, name))));
    if (now === undefined) directory.entries.delete(name);
    else directory.entries.set(name, snapshotOf(now));
    return directory.entries.get(name);
  }
}

function statOf(stat: () => Stats): Stats | undefined {
  try {
    return stat();
  } catch {
    return undefined;
  }
}

function snapshotOf(stats: Stats): Snapshot {
  const { ino, size, mtimeMs, ctimeMs } = stats;
  return { isDirectory: stats.isDirectory(), ino, size, mtimeMs, ctimeMs };
}

/** What happened to a file that is the same as before. The contents of directories are watched for themselves. */
function kindOf(before: Snapshot, now: Snapshot, changed: boolean): FileEventKind | undefined {
  if (now.isDirectory) {
    const touched = now.ctimeMs !== before.ctimeMs && now.mtimeMs === before.mtimeMs;
    return touched ? 'attributes' : undefined;
  }
  if (now.size !== before.size || now.mtimeMs !== before.mtimeMs) return 'modified';
  if (now.ctimeMs !== before.ctimeMs) return 'attributes';
  return changed && Date.now() - now.mtimeMs < SAME_TIME_MS ? 'modified' : undefined;
}
