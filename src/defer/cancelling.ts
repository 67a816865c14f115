/** Cancels a Deferred from outside: when a signal aborts, or when time has passed. */
import type { Clock } from '../core/clock.js';
import { checkClock, checkFunction, checkMilliseconds } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { CancelledError, TimeoutError } from './errors.js';
import { Failure } from './failure.js';
import type { CallbackResult } from './result.js';

/** The part of a Deferred needed to cancel it. */
interface Cancellable {
  cancel(reason?: unknown): void;
}

/** Calls a canceller. Its exception is reported. */
export function callCanceller<D>(canceller: (deferred: D) => void, deferred: D): void {
  try {
    canceller(deferred);
  } catch (error) {
    reportError(error, 'a canceller');
  }
}

/**
 * `Deferred.cancelOn`, for a Deferred whose result is not final.
 * @returns A callback for its result, which stops listening to the signal.
 */
export function cancelOnAbort(
  deferred: Cancellable,
  signal: AbortSignal,
): (<R>(result: R) => R) | undefined {
  if (signal.aborted) {
    deferred.cancel(signal.reason);
    return undefined;
  }
  const onAbort = (): void => deferred.cancel(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return (result) => {
    signal.removeEventListener('abort', onAbort);
    return result;
  };
}

/**
 * `Deferred.addTimeout`.
 * @returns A callback for the result of `deferred`, which stops the clock.
 */
export function cancelAfter<T, U>(
  deferred: Cancellable,
  timeoutMs: number,
  clock: Clock,
  onTimeoutCancel: (result: T | Failure, timeoutMs: number) => CallbackResult<T | U> = timedOut,
): (result: T | Failure) => CallbackResult<T | U> {
  checkMilliseconds('timeoutMs', timeoutMs);
  checkClock('clock', clock);
  checkFunction('onTimeoutCancel', onTimeoutCancel);
  let late = false;
  const call = clock.callLater(timeoutMs, () => {
    late = true;
    deferred.cancel();
  });
  return (result) => {
    if (late) return onTimeoutCancel(result, timeoutMs);
    // A stopped reactor has dropped it, so the timeout no longer exists.
    if (call.active()) call.cancel();
    return result;
  };
}

function timedOut<T>(result: T | Failure, timeoutMs: number): T | Failure {
  if (result instanceof Failure && result.check(CancelledError)) {
    return new Failure(new TimeoutError(timeoutMs));
  }
  return result;
}
