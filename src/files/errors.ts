/** Errors of file watching, and the reasons for its end. */
import { RopewalkError, type SystemError, withoutStack } from '../core/errors/base.js';

/** A path cannot be watched. `cause` is the error of the system. */
export class FileWatchError extends RopewalkError {
  override readonly name = 'FileWatchError';
  override readonly code = 'ERR_FILE_WATCH';
  readonly path: string;

  constructor(path: string, cause: SystemError) {
    super(`${JSON.stringify(path)} cannot be watched: ${cause.message}`, { cause });
    this.path = path;
  }
}

/** What limits watching: a sysctl of Linux, the number of open files, or the option `maxDirectories`. */
export type WatchLimit =
  | 'fs.inotify.max_user_watches'
  | 'fs.inotify.max_user_instances'
  | 'RLIMIT_NOFILE'
  | 'maxDirectories';

const LIMITS: Readonly<Record<WatchLimit, string>> = {
  'fs.inotify.max_user_watches':
    'this user watches as many files as the sysctl fs.inotify.max_user_watches permits: raise it, or ignore directories',
  'fs.inotify.max_user_instances':
    'this user has as many watchers as the sysctl fs.inotify.max_user_instances permits, or this process as many open files as RLIMIT_NOFILE permits: raise the limit, or watch several paths with one watcher',
  RLIMIT_NOFILE:
    'this process has as many open files as RLIMIT_NOFILE (ulimit -n) permits: raise it',
  maxDirectories:
    'there are more directories than the option maxDirectories permits: raise it, or ignore some',
};

/** Too many watches. Thrown by `watchFiles`; later it ends the watcher. */
export class WatchLimitError extends RopewalkError {
  override readonly name = 'WatchLimitError';
  override readonly code = 'ERR_WATCH_LIMIT';
  /** The option, or the limit of the system, that was exceeded. */
  readonly option: WatchLimit;
  /** The value of the option; undefined for a limit of the system. */
  readonly limit: number | undefined;

  constructor(option: WatchLimit, limit?: number, options?: ErrorOptions) {
    super(LIMITS[option], options);
    this.option = option;
    this.limit = limit;
  }
}

/** The watcher was closed by this side. */
export class WatchDone extends RopewalkError {
  override readonly name = 'WatchDone';
  override readonly code = 'ERR_WATCH_DONE';

  constructor() {
    super('the watcher was closed');
  }
}

/** Why a path is no longer watched. */
export type WatchLostReason = 'removed' | 'moved' | 'unmounted' | 'stopped';

const REASONS: Readonly<Record<WatchLostReason, string>> = {
  removed: 'it was removed',
  moved: 'it was moved, or is another file now',
  unmounted: 'its file system was unmounted',
  stopped: 'the reactor was stopped',
};

/** A path is no longer watched. The watcher ends with the last one. */
export class WatchLostError extends RopewalkError {
  override readonly name = 'WatchLostError';
  override readonly code = 'ERR_WATCH_LOST';
  readonly path: string;
  readonly why: WatchLostReason;

  constructor(path: string, why: WatchLostReason) {
    super(`${JSON.stringify(path)} is no longer watched: ${REASONS[why]}`);
    this.path = path;
    this.why = why;
  }
}

/** The only one: see `CONNECTION_DONE`. */
export const WATCH_DONE: WatchDone = Object.freeze(withoutStack(() => new WatchDone()));
