/** The errors of threads and of pools of threads. */
import { RopewalkError } from '../core/errors/base.js';
import { messageOf } from '../core/text-of.js';
import { CancelledError, TimeoutError } from '../defer/errors.js';
import type { ErrorType } from '../internal/remote-error.js';

/** How a thread ended. */
export interface ThreadEnd {
  /** Whether `stop` or `terminate` was called. */
  readonly asked: boolean;
  /** Null if it could not be started. */
  readonly exitCode: number | null;
  /** The exception that ended it, or the reason why it could not be started. */
  readonly error: Error | undefined;
}

/**
 * The thread of a call ended before the call did: it was terminated, called `process.exit()`, or an exception that no call
 * caught ended it, which is the `cause`. Also the error of calls to a thread that has ended.
 */
export class ThreadExitedError extends RopewalkError {
  override readonly name = 'ThreadExitedError';
  override readonly code = 'ERR_THREAD_EXITED';
  /** The name of the thread. */
  readonly thread: string;
  /** Whether this program ended it with `stop` or `terminate`, or by cancelling a call. */
  readonly asked: boolean;
  /** Null if it could not be started, or has not ended yet. */
  readonly exitCode: number | null;

  constructor(thread: string, end: ThreadEnd) {
    const { asked, exitCode, error } = end;
    const failed = exitCode === null ? 'could not be started' : `ended with exit code ${exitCode}`;
    const how = asked ? 'was ended' : failed;
    const why = error === undefined ? '' : `: ${messageOf(error)}`;
    super(`the thread ${thread} ${how}${why}`, error && { cause: error });
    this.thread = thread;
    this.asked = asked;
    this.exitCode = exitCode;
  }
}

/** The module of a call could not be loaded, then `cause` is the reason, or it does not export that function. */
export class ThreadFunctionError extends RopewalkError {
  override readonly name = 'ThreadFunctionError';
  override readonly code = 'ERR_THREAD_FUNCTION';
  /** The module's URL; undefined for a function that the thread called in its caller's thread. */
  readonly module: string | undefined;
  readonly function: string;

  constructor(module: string | undefined, name: string, options?: ErrorOptions) {
    super(problem(module, name, options?.cause), options);
    this.module = module;
    this.function = name;
  }
}

function problem(module: string | undefined, name: string, cause: unknown): string {
  if (module === undefined) return `the call has no function ${name} in its option functions`;
  if (cause === undefined) return `${module} exports no function ${name}`;
  const isUnknown = (cause as { code?: unknown } | null)?.code === 'ERR_UNKNOWN_FILE_EXTENSION';
  const remedy = isUnknown
    ? '. A thread loads TypeScript if a loader is registered there by execArgv of the pool or --import; tsx needs a file for that: see docs/howto/workers.md'
    : '';
  return `${module} could not be loaded to call ${name}: ${messageOf(cause)}${remedy}`;
}

/** A value cannot be sent to another thread: `cause` is the error of structured clone. */
export class ThreadMessageError extends RopewalkError {
  override readonly name = 'ThreadMessageError';
  override readonly code = 'ERR_THREAD_MESSAGE';
  readonly part: 'arguments' | 'result';
  readonly function: string;

  constructor(part: 'arguments' | 'result', name: string, options: ErrorOptions) {
    super(`the ${part} of ${name} cannot be sent: ${messageOf(options.cause)}`, options);
    this.part = part;
    this.function = name;
  }
}

/** A function that only works in a thread, during a call, was called elsewhere. */
export class NotInThreadError extends RopewalkError {
  override readonly name = 'NotInThreadError';
  override readonly code = 'ERR_NOT_IN_THREAD';

  constructor(name: string) {
    super(`${name} works only in a thread, while a call runs there`);
  }
}

/** The queue of a pool is full. */
export class ThreadPoolFullError extends RopewalkError {
  override readonly name = 'ThreadPoolFullError';
  override readonly code = 'ERR_THREAD_POOL_FULL';
  /** The option that was exceeded. */
  readonly option = 'maxQueued';
  /** Its value. */
  readonly limit: number;

  constructor(limit: number) {
    super(`${limit} calls wait for a thread already`);
    this.limit = limit;
  }
}

/** The pool was stopped before the call, or terminated while the call waited for a thread. */
export class ThreadPoolStoppedError extends RopewalkError {
  override readonly name = 'ThreadPoolStoppedError';
  override readonly code = 'ERR_THREAD_POOL_STOPPED';

  constructor() {
    super('the pool of threads was stopped');
  }
}

/** The errors of this package that keep their class between threads. */
export const SENT_ERRORS: readonly ErrorType[] = [
  ThreadFunctionError,
  ThreadMessageError,
  NotInThreadError,
  CancelledError,
  TimeoutError,
];
