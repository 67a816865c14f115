/** What cancels a Deferred from outside: a signal that aborts, and time that passes. */
import type { Clock } from '../core/clock.js';
import { checkClock, checkFunction, checkMilliseconds } from '../internal/check.js';
import type { CallbackResult, Deferred, Result } from './deferred.js';
import { CancelledError, TimeoutError } from './errors.js';
import { Failure } from './failure.js';

/** {@link Deferred.cancelOn}, of one that has not come to its end. */
export function cancelOnAbort<T>(deferred: Deferred<T>, signal: AbortSignal): void {
  if (signal.aborted) {
    deferred.cancel(signal.reason);
    return;
  }
  const onAbort = (): void => deferred.cancel(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  deferred.addBoth((result) => {
    signal.removeEventListener('abort', onAbort);
    return result;
  });
}

/** {@link Deferred.addTimeout}. */
export function cancelAfter<T, U>(
  deferred: Deferred<T>,
  timeoutMs: number,
  clock: Clock,
  onTimeoutCancel: (result: T | Failure, timeoutMs: number) => CallbackResult<T | U> = timedOut,
): Deferred<Result<T | U>> {
  checkMilliseconds('timeoutMs', timeoutMs);
  checkClock('clock', clock);
  checkFunction('onTimeoutCancel', onTimeoutCancel);
  let late = false;
  const call = clock.callLater(timeoutMs, () => {
    late = true;
    deferred.cancel();
  });
  return deferred.addBoth<T | U>((result) => {
    if (late) return onTimeoutCancel(result, timeoutMs);
    // Not active where a stopped reactor has dropped it: then there is no timeout any more.
    if (call.active()) call.cancel();
    return result;
  });
}

function timedOut<T>(result: T | Failure, timeoutMs: number): T | Failure {
  if (result instanceof Failure && result.check(CancelledError)) {
    return new Failure(new TimeoutError(timeoutMs));
  }
  return result;
}
