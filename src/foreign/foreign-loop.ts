/** What an event loop of another library says and is told, so that a reactor can wait for it. */

/** A descriptor that a foreign loop waits for. */
export interface ForeignDescriptor {
  readonly fd: number;
  /** Wait until it is readable. Default false. */
  readonly read?: boolean;
  /** Wait until it is writable. Default false. A hang-up is always waited for. */
  readonly write?: boolean;
}

/** What a foreign loop waits for. */
export interface ForeignWait {
  /**
   * The descriptors, in any order. Return the same array as long as nothing has changed: it is then not looked at again.
   * A descriptor that is watched must not be closed without being left out here, unless that happens inside `dispatch`.
   */
  readonly descriptors: readonly ForeignDescriptor[];
  /** When `dispatch` is due even if no descriptor is ready: a time of the reactor's `now()`. `Infinity` for never. */
  readonly until: number;
}

/** A descriptor that is ready. */
export interface ForeignReady {
  readonly fd: number;
  readonly readable: boolean;
  readonly writable: boolean;
  /** An error or a hang-up: the next read or write returns it. */
  readonly failed: boolean;
  /** It is not open: its owner has closed it. */
  readonly invalid: boolean;
}

/**
 * An event loop of another library: sources of events with descriptors and deadlines. Attach it to a reactor with
 * `attachForeignLoop`.
 *
 * An exception out of either method is reported, and detaches the loop: it would be thrown again and again otherwise. Exceptions
 * out of the callbacks that the loop calls are its own to catch; pass them to {@link ForeignAttachment.report}.
 */
export interface ForeignLoop {
  /** For messages, such as `X11`. */
  readonly name: string;
  /**
   * Says what the loop waits for. Called before each sleep of Node's loop, so it should be quick; must not block.
   * See {@link ForeignAttachment.changed} for reactors that are not hosted in Node's loop.
   */
  prepare(): ForeignWait;
  /**
   * Handles the events of the loop, without blocking. Called when a descriptor is ready or `until` has passed.
   * @param ready The ready descriptors; none if only the time has come.
   */
  dispatch(ready: readonly ForeignReady[]): void;
}
