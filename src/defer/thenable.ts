/** Tells promises, Deferreds among them, from other values, and listens to them. */
import type { Deferred } from './deferred.js';

/** Whether `value` can be waited for. Throws what a getter named `then` throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
  );
}

/** A promise that settles after its Deferred was cancelled is not listened to any more. Never throws. */
export function settleFrom<T>(deferred: Deferred<T>, thenable: PromiseLike<T>): void {
  const reject = (reason: unknown): void => {
    if (!deferred.fired) deferred.errback(reason);
  };
  try {
    thenable.then((value) => {
      if (!deferred.fired) deferred.callback(value);
    }, reject);
  } catch (error) {
    reject(error);
  }
}
