/** The errors of Deferreds and of the tools built from them. */
import { RopewalkError } from '../core/errors/base.js';
import type { Failure } from './failure.js';

/** `callback` or `errback` of a Deferred that has fired already. */
export class AlreadyFiredError extends RopewalkError {
  override readonly name = 'AlreadyFiredError';
  override readonly code = 'ERR_ALREADY_FIRED';
  /** Where the Deferred was made and where it was fired first: with `setDebugging(true)` only. */
  readonly history: string | undefined;

  constructor(history?: string) {
    super(`the Deferred has fired already${history === undefined ? '' : `\n${history}`}`);
    this.history = history;
  }
}

/** The operation was cancelled. `cause` is the reason of the `AbortSignal` that requested it, if one did. */
export class CancelledError extends RopewalkError {
  override readonly name: string = 'CancelledError';
  override readonly code: string = 'ERR_CANCELLED';

  constructor(message = 'cancelled', options?: ErrorOptions) {
    super(message, options);
  }
}

/**
 * The reactor was stopped or disposed of, and dropped the delayed call that would have given the result. An unhandled
 * ReactorStoppedError is not reported, since the program asked for the stop.
 */
export class ReactorStoppedError extends CancelledError {
  override readonly name = 'ReactorStoppedError';
  override readonly code = 'ERR_REACTOR_STOPPED';

  constructor() {
    super('the reactor was stopped');
  }
}

/** `addTimeout`'s time passed before the result came. */
export class TimeoutError extends RopewalkError {
  override readonly name = 'TimeoutError';
  override readonly code = 'ERR_TIMEOUT';
  /** The time that was allowed. */
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`no result in ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}

/** `unpause`, or a task's `resume`, more often than it was paused. */
export class NotPausedError extends RopewalkError {
  override readonly name = 'NotPausedError';
  override readonly code = 'ERR_NOT_PAUSED';

  constructor() {
    super('not paused: resume or unpause was called more often than pause');
  }
}

/** The first failure in a list of Deferreds: its index and its error. */
export class FirstError extends RopewalkError {
  override readonly name = 'FirstError';
  override readonly code = 'ERR_FIRST_FAILED';
  readonly failure: Failure;
  /** Its place in the list, from 0. */
  readonly index: number;

  constructor(failure: Failure, index: number) {
    super(`list[${index}] failed: ${failure.message}`, { cause: failure.value });
    this.failure = failure;
    this.index = index;
  }
}

/** All members of a `race` failed. */
export class AllFailedError extends RopewalkError {
  override readonly name = 'AllFailedError';
  override readonly code = 'ERR_ALL_FAILED';
  /** In the order of the list. */
  readonly failures: readonly Failure[];

  constructor(failures: readonly Failure[]) {
    super(`all ${failures.length} failed: ${failures.map(({ message }) => message).join('; ')}`);
    this.failures = failures;
  }
}

/** A lock or semaphore was released that is not held. */
export class NotAcquiredError extends RopewalkError {
  override readonly name = 'NotAcquiredError';
  override readonly code = 'ERR_NOT_ACQUIRED';
}

/** `DeferredQueue.put`: the maximum of `size` values is waiting. */
export class QueueOverflowError extends RopewalkError {
  override readonly name = 'QueueOverflowError';
  override readonly code = 'ERR_QUEUE_OVERFLOW';
  /** The option that was exceeded. */
  readonly option = 'size';
  /** Its value. */
  readonly limit: number;

  constructor(limit: number) {
    super(`the queue is full: its size is ${limit} values`);
    this.limit = limit;
  }
}

/** `DeferredQueue.get`: the maximum of `backlog` takers is waiting. */
export class QueueUnderflowError extends RopewalkError {
  override readonly name = 'QueueUnderflowError';
  override readonly code = 'ERR_QUEUE_UNDERFLOW';
  /** The option that was exceeded. */
  readonly option = 'backlog';
  /** Its value. */
  readonly limit: number;

  constructor(limit: number) {
    super(`too many takers wait for the queue: its backlog is ${limit}`);
    this.limit = limit;
  }
}

/** The `DeferredQueue` was closed: it accepts no more values, and is empty. */
export class QueueClosedError extends RopewalkError {
  override readonly name = 'QueueClosedError';
  override readonly code = 'ERR_QUEUE_CLOSED';

  constructor() {
    super('the queue is closed');
  }
}

/** `deferUntilLocked` of a `DeferredFilesystemLock` that already holds the lock or waits for it. */
export class AlreadyLockingError extends RopewalkError {
  override readonly name = 'AlreadyLockingError';
  override readonly code = 'ERR_ALREADY_LOCKING';
  readonly path: string;

  constructor(path: string) {
    super(`this object already holds the lock or waits for it: ${path}`);
    this.path = path;
  }
}
