/** Functions for modules that run in threads: they concern the call that is running. */
import type { Transferable } from 'node:worker_threads';
import { checkString } from '../internal/check.js';
import type { Callee } from './callee.js';
import { NotInThreadError } from './errors.js';
import { TRANSFERS } from './transfers.js';

let callee: Callee | undefined;

/** @internal Called once, by the program of the thread. */
export function enterThread(thread: Callee): void {
  callee = thread;
}

/**
 * Whether the caller has cancelled the call that is running. Works while the function computes without returning to the
 * loop of its thread. It costs some nanoseconds.
 * @throws NotInThreadError
 */
export function isCallCancelled(): boolean {
  return here('isCallCancelled').isCancelled();
}

/**
 * Aborts when the caller cancels the call that is running. For functions that wait; one that computes without returning to the
 * loop of its thread calls {@link isCallCancelled} instead, which also updates this signal.
 * @throws NotInThreadError
 */
export function callSignal(): AbortSignal {
  return here('callSignal').signal();
}

/**
 * Marks objects that are moved to the caller, not copied, when the running call returns `value`. They cannot be used in this
 * thread afterwards.
 * @returns `value`
 * @example return withTransfer(pixels, [pixels.buffer]);
 */
export function withTransfer<T extends object>(value: T, transfer: readonly Transferable[]): T {
  TRANSFERS.set(value, transfer);
  return value;
}

/**
 * Calls a function that the caller of the running call offers in `functions`, in the thread of the caller, and waits for its
 * result, promises and Deferreds included. This thread is blocked until then. Cancelling the call ends the wait.
 * @throws NotInThreadError also on the main thread, which must not be blocked.
 * @throws ThreadFunctionError, ThreadMessageError, CancelledError; the error of the function.
 */
export function blockingCallFromThread<Result = unknown>(
  name: string,
  ...args: readonly unknown[]
): Result {
  checkString('name', name);
  return here('blockingCallFromThread').block(name, args) as Result;
}

/**
 * Like {@link blockingCallFromThread}, without blocking this thread.
 * @throws NotInThreadError The other errors reject the promise.
 */
export function callFromThread<Result = unknown>(
  name: string,
  ...args: readonly unknown[]
): Promise<Result> {
  checkString('name', name);
  return here('callFromThread').request(name, args) as Promise<Result>;
}

function here(name: string): Callee {
  if (callee === undefined || !callee.running) throw new NotInThreadError(name);
  return callee;
}
