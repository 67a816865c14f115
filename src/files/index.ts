/** The entry point `ropewalk/files`: watches files and directories for changes. */
export {
  FileWatchError,
  WatchDone,
  type WatchLimit,
  WatchLimitError,
  WatchLostError,
  type WatchLostReason,
} from './errors.js';
export { FileEvent, type FileEventKind } from './file-event.js';
export { FileWatcher, type WatchReactor, watchFiles } from './file-watcher.js';
export type { FileListener, IgnoreRule, WatchFilesOptions } from './watch-options.js';
