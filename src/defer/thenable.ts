/** Distinguishes promises, including Deferreds, from other values, and listens to them. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';

/** The part of a Deferred that a promise settles. */
interface Settled<T> {
  readonly fired: boolean;
  callback(result: T): void;
  errback(reason: unknown): void;
}

/** Whether `value` can be waited for. Throws the error of a getter named `then`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
  );
}

/** A promise that settles after its Deferred was cancelled is ignored. Never throws. */
export function settleFrom<T, D extends Settled<T>>(deferred: D, thenable: PromiseLike<T>): D {
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
  return deferred;
}

/** Settles as the promise that `source` returns. Fails if it throws or returns no promise. Never throws. */
export function settleFromCall<T, D extends Settled<T>>(
  deferred: D,
  source: () => PromiseLike<T>,
): D {
  try {
    const promise = source();
    if (!isThenable(promise)) {
      throw new InvalidArgumentTypeError('the result of source', 'a promise', promise);
    }
    return settleFrom(deferred, promise);
  } catch (error) {
    deferred.errback(error);
    return deferred;
  }
}
