/** Watches files and directories for changes. */
import type { Clock } from '../core/clock.js';
import type { Owned, Ownership } from '../core/descriptor.js';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { ReactorDescriptors } from '../core/reactor-descriptors.js';
import type { ReactorIntrospection } from '../core/reactor-introspection.js';
import { toError } from '../core/text-of.js';
import { onRejection } from '../defer/callback-result.js';
import { Deferred } from '../defer/deferred.js';
import { fail, succeed } from '../defer/succeed.js';
import { checkClock, checkString } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import type { ChangeReceiver, ChangeSource } from './change-source.js';
import { WATCH_DONE, WatchLostError, type WatchLostReason } from './errors.js';
import { EventQueue } from './event-queue.js';
import { FileEvent } from './file-event.js';
import { textOf, toFileName } from './file-names.js';
import { InotifySource } from './inotify-source.js';
import { SettledEvents } from './settled-events.js';
import { SnapshotSource } from './snapshot-source.js';
import { type WatchFilesOptions, type WatchSettings, watchSettings } from './watch-options.js';
import { pathsOf, WatchFilter, type WatchRoot, watchRoots } from './watch-roots.js';

/** The reactor of a watcher: see `Reactor`. */
export type WatchReactor = Clock &
  Pick<ReactorDescriptors, 'addReader' | 'removeReader'> &
  Pick<ReactorIntrospection, 'kind'>;

/**
 * Watches files and directories until it is closed, the reactor is stopped, or nothing is left to watch.
 *
 * The events go to the listener of the options, or wait for an iteration:
 *
 * @example
 * for await (const { kind, path } of watchFiles(reactor, 'src')) console.log(kind, path);
 *
 * A directory is watched with everything below it (`maxDepth`), directories created later included. Symbolic links are not followed,
 * except the paths given. A file, which need not exist, is watched by its name in its directory, so it may be replaced by moving
 * another one over it. Changes are reported if they are made after this function has returned; in directories below a
 * given one, after {@link FileWatcher.ready} has fired.
 *
 * inotify(7) is used on Linux by the native reactor; `fs.watch` otherwise, which reports less: see docs/pure-js-reactor.md.
 *
 * @param paths Bytes name files whose names are not UTF-8.
 * @throws FileWatchError, WatchLimitError, ReactorStoppingError, ReactorDisposedError, InvalidArgumentTypeError,
 * InvalidArgumentValueError, UnknownOptionError
 */
export function watchFiles(
  reactor: WatchReactor,
  paths: string | Uint8Array | readonly (string | Uint8Array)[],
  options: WatchFilesOptions = {},
): FileWatcher {
  checkClock('reactor', reactor);
  const settings = watchSettings(options);
  const list = typeof paths === 'string' || paths instanceof Uint8Array ? [paths] : paths;
  checkPaths(list);
  return new FileWatcher(reactor, watchRoots(list), settings);
}

function checkPaths(paths: readonly (string | Uint8Array)[]): void {
  if (!Array.isArray(paths)) checkString('paths', paths);
  if (paths.length === 0) throw new InvalidArgumentValueError('paths', 'one or more paths', paths);
  for (const path of paths) {
    if (!(path instanceof Uint8Array)) checkString('path', path);
    const name = toFileName(path);
    if (name === '' || name.includes('\0')) {
      throw new InvalidArgumentValueError('path', 'a path', path);
    }
  }
}

/** All reactors of this package have this, which is not part of their interface. */
interface OwningReactor {
  own?(owned: Owned): Ownership;
}

export class FileWatcher implements AsyncIterable<FileEvent, undefined> {
  readonly #settings: WatchSettings;
  readonly #roots: Set<WatchRoot>;
  readonly #source: ChangeSource;
  readonly #queue: EventQueue;
  readonly #settled: SettledEvents | undefined;
  readonly #ownership: Ownership | undefined;
  readonly #waiting = new Set<Deferred<void>>();
  #state: 'starting' | 'watching' | Error = 'starting';

  /** @internal */
  constructor(reactor: WatchReactor, roots: readonly WatchRoot[], settings: WatchSettings) {
    this.#settings = settings;
    this.#roots = new Set(roots);
    const { maxQueuedEvents, settleMs, signal } = settings;
    this.#queue = new EventQueue(maxQueuedEvents, () => this.#overflows());
    if (settleMs > 0) {
      this.#settled = new SettledEvents(reactor, settleMs, (event) => this.#deliver(event));
    }
    this.#ownership = (reactor as OwningReactor).own?.({ connectionLost: () => this.#stopped() });
    try {
      this.#source = makeSource(reactor, roots, settings, this.#receiver);
      this.#source.start();
    } catch (error) {
      this.#ownership?.release();
      throw error;
    }
    if (signal?.aborted === true) this.close();
    else signal?.addEventListener('abort', this.#close);
  }

  /** The number of watched directories. */
  get directories(): number {
    return this.#source.directories;
  }

  /** Undefined while it watches; then the reason for its end. */
  get endReason(): Error | undefined {
    return this.#state instanceof Error ? this.#state : undefined;
  }

  /** Fires when all existing directories are watched; fails with the reason if the watcher ends before. */
  ready(): Deferred<void> {
    if (this.#state === 'watching') return succeed(undefined);
    if (this.#state instanceof Error) return fail(this.#state);
    const ready = new Deferred<void>(() => this.#waiting.delete(ready));
    this.#waiting.add(ready);
    return ready;
  }

  /** Reports nothing until `resumeProducing`. Changes are kept by the system: too many become `overflow`. */
  pauseProducing(): void {
    if (this.endReason !== undefined) return;
    this.#source.pause();
    this.#settled?.pause();
  }

  resumeProducing(): void {
    if (this.endReason !== undefined) return;
    this.#source.resume();
    this.#settled?.resume();
  }

  /** Ends the watcher. Kept and unread events are dropped. Does nothing if it has ended. */
  close(): void {
    this.#end(WATCH_DONE);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * The events, one after the other; several iterations share them. Ends when the watcher is closed; throws the reason if it ended
   * otherwise. Leaving the loop closes the watcher.
   */
  [Symbol.asyncIterator](): AsyncIterator<FileEvent, undefined> {
    return {
      next: () => this.#queue.next(),
      return: async () => {
        this.close();
        return { done: true, value: undefined };
      },
    };
  }

  readonly #close = (): void => this.close();

  readonly #receiver: ChangeReceiver = {
    changed: (event) => this.#add(event),
    started: () => this.#started(),
    rootLost: (root, why) => this.#rootLost(root, why),
    failed: (error) => {
      if (this.endReason === undefined) this.#end(error);
    },
  };

  #started(): void {
    if (this.#state !== 'starting') return;
    this.#state = 'watching';
    for (const ready of this.#takeWaiting()) ready.callback();
    this.#call('watchStarted', () => this.#settings.listener?.watchStarted?.());
  }

  #add(event: FileEvent): void {
    if (this.#settled === undefined) this.#deliver(event);
    else this.#settled.add(event);
  }

  #deliver(event: FileEvent): void {
    const { listener } = this.#settings;
    if (this.endReason !== undefined) return;
    if (listener === undefined) {
      this.#queue.push(event);
      return;
    }
    try {
      this.#watchResult(listener.fileChanged(event), 'fileChanged');
    } catch (error) {
      this.#threw(error, 'fileChanged');
    }
  }

  #overflows(): FileEvent[] {
    return [...this.#roots].flatMap((root) =>
      pathsOf(root).map((path) => new FileEvent('overflow', path, root.names === undefined)),
    );
  }

  #rootLost(root: WatchRoot, why: WatchLostReason): void {
    this.#roots.delete(root);
    let last: WatchLostError | undefined;
    for (const path of pathsOf(root)) {
      last = new WatchLostError(textOf(path), why);
      this.#add(new FileEvent('lost', path, root.names === undefined, undefined, last));
    }
    if (this.#roots.size === 0 && last !== undefined) this.#end(last);
  }

  #stopped(): void {
    const [path = ''] = this.#overflows().map((event) => event.path);
    this.#end(new WatchLostError(path, 'stopped'));
  }

  #end(reason: Error): void {
    if (this.endReason !== undefined) return;
    const done = reason === WATCH_DONE;
    if (!done) this.#settled?.flush();
    // An event may have closed the watcher.
    if (this.endReason !== undefined) return;
    this.#state = reason;
    this.#source.close();
    this.#settled?.cancel();
    this.#ownership?.release();
    this.#settings.signal?.removeEventListener('abort', this.#close);
    if (done) this.#queue.clear();
    this.#queue.end(done ? undefined : reason);
    for (const ready of this.#takeWaiting()) ready.errback(reason);
    this.#call('watchLost', () => this.#settings.listener?.watchLost?.(reason));
  }

  #takeWaiting(): Deferred<void>[] {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    return waiting;
  }

  #call(where: string, callback: () => unknown): void {
    try {
      this.#watchResult(callback(), where);
    } catch (error) {
      this.#threw(error, where);
    }
  }

  #watchResult(result: unknown, where: string): void {
    if (result !== undefined) onRejection(result, (error) => this.#threw(error, where));
  }

  #threw(error: unknown, where: string): void {
    (this.#ownership?.report ?? reportError)(error, where);
    this.#end(toError(error));
  }
}

function makeSource(
  reactor: WatchReactor,
  roots: readonly WatchRoot[],
  settings: WatchSettings,
  receiver: ChangeReceiver,
): ChangeSource {
  const filter = new WatchFilter(settings);
  const isNative = reactor.kind === 'native' && process.platform === 'linux';
  const Source = isNative ? InotifySource : SnapshotSource;
  return new Source(reactor, roots, filter, settings.maxDirectories, receiver);
}
