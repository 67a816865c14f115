/**
 * Changes of files from inotify(7).
 *
 * Each directory has a watch, which follows it when it is moved. Records are handled in order, one by one. A new directory gets its
 * watch when its IN_CREATE is handled, and is then listed, because files may have been created in it before; the IN_CREATE of those
 * created in between is ignored (`found`). After IN_Q_OVERFLOW all directories are listed again, to watch those that are there now.
 */
import { lstatSync } from 'node:fs';

import type { Clock, DelayedCall } from '../core/clock.js';
import type { ReadDescriptor } from '../core/descriptor.js';
import { ConnectionLost } from '../core/errors/connection.js';
import type { ReactorDescriptors } from '../core/reactor-descriptors.js';
import { toError } from '../core/text-of.js';
import { systemError } from '../internal/system-error.js';
import { loadAddon, type NativeInotify } from '../native.js';
import type { ChangeReceiver, ChangeSource } from './change-source.js';
import { WatchLimitError, type WatchLostReason } from './errors.js';
import { FileEvent, type FileEventKind } from './file-event.js';
import { type FileName, pathOf } from './file-names.js';
import { InotifyDirectories } from './inotify-directories.js';
import type { InotifyRecord } from './inotify-records.js';
import * as inotify from './inotify-records.js';
import { RecordQueue } from './record-queue.js';
import { SlicedWork, type Steps } from './sliced-work.js';
import { pathsOf, type WatchFilter, type WatchRoot } from './watch-roots.js';
import { below, type WatchedDirectory } from './watched-tree.js';

/** How long the second record of a move may take. The system writes both in one call, but not at once. */
const MOVE_MS = 10;
/** Read but not handled. The system keeps as many again, and then reports an overflow. */
const MAX_RECORDS = 65_536;
const READ_BYTES = 65_536;
const READS_PER_TURN = 8;

const PLAIN_KINDS: readonly (readonly [number, FileEventKind])[] = [
  [inotify.IN_MODIFY, 'modified'],
  [inotify.IN_ATTRIB, 'attributes'],
  [inotify.IN_CLOSE_WRITE, 'closed'],
];

/** The reactor that reads the records. */
export type InotifyReactor = Clock & Pick<ReactorDescriptors, 'addReader' | 'removeReader'>;

/** A record, and the path that it is about. */
interface Change {
  readonly directory: WatchedDirectory;
  readonly name: FileName;
  readonly path: FileName;
  readonly isDirectory: boolean;
  readonly wanted: boolean;
}

export class InotifySource implements ChangeSource, ReadDescriptor {
  readonly #reactor: InotifyReactor;
  readonly #roots: readonly WatchRoot[];
  readonly #receiver: ChangeReceiver;
  readonly #filter: WatchFilter;
  readonly #addon: NativeInotify = loadAddon();
  readonly #instance: number;
  readonly #parser = new inotify.InotifyParser();
  readonly #memory = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #records = new RecordQueue();
  readonly #directories: InotifyDirectories;
  readonly #work: SlicedWork;
  #started = false;
  #moveTimer: DelayedCall | undefined = undefined;
  #reading = false;
  /** Whether records were handled since directories were repaired. */
  #changed = false;
  #state: 'open' | 'paused' | 'closed' = 'open';

  /** @throws WatchLimitError */
  constructor(
    reactor: InotifyReactor,
    roots: readonly WatchRoot[],
    filter: WatchFilter,
    maxDirectories: number,
    receiver: ChangeReceiver,
  ) {
    this.#reactor = reactor;
    this.#roots = roots;
    this.#receiver = receiver;
    this.#filter = filter;
    this.#instance = openInstance(this.#addon);
    this.#directories = new InotifyDirectories(
      this.#addon,
      this.#instance,
      filter,
      maxDirectories,
      (event) => receiver.changed(event),
    );
    this.#work = new SlicedWork(
      reactor,
      () => this.#next(),
      (error) => receiver.failed(toError(error)),
    );
  }

  get directories(): number {
    return this.#directories.tree.size;
  }

  start(): void {
    try {
      for (const root of this.#roots) this.#directories.addRoot(root);
      this.#read(true);
    } catch (error) {
      this.close();
      throw error;
    }
    this.#work.schedule();
  }

  pause(): void {
    if (this.#state !== 'open') return;
    this.#state = 'paused';
    this.#read(false);
    this.#work.pause();
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'open';
    this.#read(true);
    this.#work.resume();
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#work.end();
    if (this.#moveTimer?.active() === true) this.#moveTimer.cancel();
    this.#read(false);
    this.#addon.closeInotify(this.#instance);
  }

  fileno(): number {
    return this.#instance;
  }

  doRead(): void {
    this.#receive();
    this.#work.wake();
  }

  /** `doRead` has thrown: the records could not be read. A stopped reactor ends the watcher itself. */
  connectionLost(reason: Error): void {
    this.#reading = false;
    if (!(reason instanceof ConnectionLost)) this.#receiver.failed(reason);
  }

  #read(enabled: boolean): void {
    if (this.#reading === enabled) return;
    this.#reading = enabled;
    if (enabled) this.#reactor.addReader(this);
    else this.#reactor.removeReader(this);
  }

  /** @returns Whether there were any records. */
  #receive(): boolean {
    for (let reads = 0; reads < READS_PER_TURN; reads++) {
      const count = this.#addon.readInotify(this.#instance, this.#memory);
      if (count === 0) return reads > 0;
      this.#parser.receive(this.#memory.subarray(0, count), this.#push);
      if (this.#records.size > MAX_RECORDS) this.#read(false);
    }
    return true;
  }

  readonly #push = (record: InotifyRecord): void => this.#records.push(record);

  #next(): Steps | boolean {
    const removals = this.#directories.removals();
    if (removals !== undefined) return removals;
    if (!this.#started) {
      this.#started = true;
      return this.#begin();
    }
    const record = this.#records.first();
    if (record === undefined) return this.#rest();
    if (this.#records.waits) {
      this.#awaitArrival();
      return false;
    }
    this.#records.shift();
    this.#changed = true;
    if (!this.#reading && this.#records.size < MAX_RECORDS / 2) this.#read(true);
    return this.#handle(record) ?? true;
  }

  *#begin(): Steps {
    for (const root of [...this.#directories.tree.roots()]) {
      if (root.root.names === undefined) yield* this.#directories.list(root, false);
    }
    this.#receiver.started();
  }

  /** All records have been handled. */
  #rest(): Steps | boolean {
    const { hasFound, hasPostponed } = this.#directories;
    if (!hasFound && !hasPostponed) return false;
    if (this.#receive()) return true;
    this.#directories.forgetFound();
    if (!hasPostponed || !this.#changed) return false;
    this.#changed = false;
    return this.#directories.repair();
  }

  #awaitArrival(): void {
    if (this.#moveTimer !== undefined) return;
    const { end } = this.#records;
    this.#moveTimer = this.#reactor.callLater(MOVE_MS, () => {
      this.#moveTimer = undefined;
      this.#records.decide(end);
      this.#work.wake();
    });
  }

  #handle(record: InotifyRecord): Steps | undefined {
    const { mask } = record;
    if ((mask & inotify.IN_Q_OVERFLOW) !== 0) return this.#relistAll();
    const change = this.#changeOf(record);
    if (change === undefined) return undefined;
    if (record.name === '') return this.#handleSelf(change, mask);
    if ((mask & inotify.IN_CREATE) !== 0) {
      if (this.#directories.takeFound(change.directory, change.name)) return undefined;
      return this.#appeared(change);
    }
    if ((mask & inotify.IN_MOVED_TO) !== 0) return this.#appeared(change);
    if ((mask & inotify.IN_DELETE) !== 0) this.#disappeared(change);
    else if ((mask & inotify.IN_MOVED_FROM) !== 0) return this.#moved(change, record);
    else if (change.wanted) this.#emitPlain(mask, change);
    return undefined;
  }

  #changeOf({ watch, name, mask }: InotifyRecord): Change | undefined {
    const directory = this.#directories.tree.get(watch);
    if (directory === undefined) return undefined;
    const path = name === '' ? directory.path : below(directory.path, name);
    const isDirectory = name === '' || (mask & inotify.IN_ISDIR) !== 0;
    const wanted = this.#filter.wants(directory.root, path, name, isDirectory);
    return { directory, name, path, isDirectory, wanted };
  }

  #emit(kind: FileEventKind, { path, isDirectory }: Change, from?: FileName): void {
    this.#receiver.changed(new FileEvent(kind, path, isDirectory, from));
  }

  #emitPlain(mask: number, change: Change): void {
    for (const [bit, kind] of PLAIN_KINDS) {
      if ((mask & bit) !== 0) this.#emit(kind, change);
    }
  }

  /** A record about a watched directory itself. */
  #handleSelf({ directory, path }: Change, mask: number): Steps | undefined {
    const isRoot = directory.parent === undefined;
    if ((mask & inotify.IN_UNMOUNT) !== 0) {
      if (isRoot) this.#lose(directory, 'unmounted');
      else return this.#unmounted(directory, path);
    } else if ((mask & inotify.IN_IGNORED) !== 0) {
      if (isRoot) this.#lose(directory, 'removed');
      else this.#removed(directory);
    } else if (isRoot && (mask & inotify.IN_DELETE_SELF) !== 0) this.#lose(directory, 'removed');
    else if (isRoot && (mask & inotify.IN_MOVE_SELF) !== 0) this.#lose(directory, 'moved');
    else if (isRoot && directory.root.names === undefined && (mask & inotify.IN_ATTRIB) !== 0) {
      this.#receiver.changed(new FileEvent('attributes', path, true));
    }
    return undefined;
  }

  /** Another directory may have its name. */
  #removed(directory: WatchedDirectory): void {
    const { parent, name } = directory;
    this.#directories.leave(directory);
    if (parent !== undefined) this.#directories.postpone(parent, name);
  }

  #lose(directory: WatchedDirectory, why: WatchLostReason): void {
    this.#directories.leave(directory);
    this.#receiver.rootLost(directory.root, why);
  }

  /** The directory below the mount point is watched instead. */
  *#unmounted(directory: WatchedDirectory, path: FileName): Steps {
    const { parent, name } = directory;
    this.#directories.leave(directory);
    const instead = parent && this.#directories.enter(parent, name);
    if (instead !== undefined) yield* this.#directories.list(instead, false);
    this.#receiver.changed(new FileEvent('overflow', path, true));
  }

  #appeared(change: Change): Steps | undefined {
    if (!change.wanted) return undefined;
    this.#emit('created', change);
    if (!change.isDirectory) return undefined;
    const directory = this.#directories.enter(change.directory, change.name);
    return directory === undefined ? undefined : this.#directories.list(directory, true);
  }

  #disappeared(change: Change): void {
    const { directory, name } = change;
    this.#directories.takeFound(directory, name);
    const child = directory.children?.get(name);
    if (child !== undefined) this.#directories.leave(child);
    if (change.wanted) this.#emit('removed', change);
  }

  #moved(source: Change, record: InotifyRecord): Steps | undefined {
    const arrival = this.#records.arrivalOf(record);
    const target = arrival && this.#changeOf(arrival);
    if (arrival === undefined || target === undefined) {
      this.#disappeared(source);
      return undefined;
    }
    this.#records.take(arrival);
    const back = this.#exchanged(source, target);
    if (back !== undefined) return this.#exchange(source, target, back);
    if (!source.wanted || !target.wanted) {
      this.#disappeared(source);
      return this.#appeared(target);
    }
    this.#directories.takeFound(source.directory, source.name);
    this.#emit('moved', target, source.path);
    return source.isDirectory ? this.#moveDirectory(source, target) : undefined;
  }

  #moveDirectory(source: Change, target: Change): Steps | undefined {
    const { directory, name } = target;
    const child = source.directory.children?.get(source.name);
    const replaced = directory.children?.get(name);
    if (replaced !== undefined && replaced !== child) this.#directories.leave(replaced);
    if (child === undefined) {
      // It was not listed under its former name, and perhaps early under this one.
      const entered = this.#directories.enter(directory, name);
      return entered && this.#directories.list(entered, true);
    }
    if (!this.#filter.enters(directory.root, directory.depth + 1)) {
      this.#directories.leave(child);
      return undefined;
    }
    this.#directories.tree.move(child, directory, name);
    return this.#filter.dependsOnPath ? this.#relistMoved(child) : undefined;
  }

  *#relistMoved(directory: WatchedDirectory): Steps {
    yield* this.#directories.relist(directory);
    this.#receiver.changed(new FileEvent('overflow', directory.path, true));
  }

  /**
   * renameat2(2) with RENAME_EXCHANGE writes the records of two moves, there and back.
   * @returns The second record of the move back.
   */
  #exchanged(source: Change, target: Change): InotifyRecord | undefined {
    const departure = this.#records.first();
    if (departure === undefined || (departure.mask & inotify.IN_MOVED_FROM) === 0) return undefined;
    if (!isAt(departure, target)) return undefined;
    const back = this.#records.arrivalOf(departure);
    if (back === undefined || !isAt(back, source)) return undefined;
    return lstatSync(pathOf(target.path), { throwIfNoEntry: false }) && back;
  }

  *#exchange(source: Change, target: Change, back: InotifyRecord): Steps {
    this.#records.take(back);
    this.#records.shift();
    const isDirectory = (back.mask & inotify.IN_ISDIR) !== 0;
    const replaced: Change = { ...target, isDirectory };
    this.#disappeared(source);
    this.#disappeared(replaced);
    for (const arrived of [target, { ...source, isDirectory }]) {
      const list = this.#appeared(arrived);
      if (list !== undefined) yield* list;
    }
  }

  /** Records were lost. */
  *#relistAll(): Steps {
    this.#directories.forgetFound();
    for (const root of [...this.#directories.tree.roots()]) {
      if (!this.#directories.isInPlace(root)) {
        this.#lose(root, 'moved');
        continue;
      }
      if (root.root.names === undefined) yield* this.#directories.relist(root);
      for (const path of pathsOf(root.root)) {
        this.#receiver.changed(new FileEvent('overflow', path, root.root.names === undefined));
      }
    }
  }
}

function isAt({ watch, name }: InotifyRecord, at: Change): boolean {
  return watch === at.directory.watch && name === at.name;
}

function openInstance(addon: NativeInotify): number {
  try {
    return addon.openInotify();
  } catch (error) {
    const { errno, syscall } = error as { errno: number; syscall: string };
    const cause = systemError(syscall, errno);
    throw new WatchLimitError('fs.inotify.max_user_instances', undefined, { cause });
  }
}
