/** What is common to the implementations of file watching. */
import type { WatchLostReason } from './errors.js';
import type { FileEvent } from './file-event.js';
import type { WatchRoot } from './watch-roots.js';

/** Watches the directories of a watcher. */
export interface ChangeSource {
  /** The number of watched directories. */
  readonly directories: number;
  /**
   * Watches the roots before it returns, and the directories below them later.
   * @throws FileWatchError, WatchLimitError; nothing is open then
   */
  start(): void;
  pause(): void;
  resume(): void;
  close(): void;
}

/** Its functions may close, pause or resume the source. */
export interface ChangeReceiver {
  changed(event: FileEvent): void;
  /** All existing directories are watched. */
  started(): void;
  rootLost(root: WatchRoot, why: WatchLostReason): void;
  /** The source has to be closed. */
  failed(error: Error): void;
}
