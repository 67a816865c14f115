/** Deferreds that have fired already, and calls whose result may or may not be available yet. */
import { checkFunction } from '../internal/check.js';
import { type CallbackResult, Deferred } from './deferred.js';

/** A Deferred that has fired with `result`. */
export function succeed(): Deferred<void>;
export function succeed<T>(result: CallbackResult<T>): Deferred<T>;
export function succeed<T>(result?: CallbackResult<T>): Deferred<T> {
  const deferred = new Deferred<T>();
  deferred.callback(result as CallbackResult<T>);
  return deferred;
}

/**
 * A Deferred that has failed.
 * @param reason Like the argument of {@link Deferred.errback}.
 */
export function fail<T = never>(reason: unknown): Deferred<T> {
  const deferred = new Deferred<T>();
  deferred.errback(reason);
  return deferred;
}

/**
 * Calls `callable(...args)` and returns a Deferred for any outcome: the one it returns; one for the promise it
 * returns; one that has fired with the value it returns; one that has failed with the error it throws.
 * @throws InvalidArgumentTypeError `callable` is not a function.
 */
export function maybeDeferred<Args extends unknown[], T>(
  callable: (...args: Args) => CallbackResult<T>,
  ...args: Args
): Deferred<T> {
  checkFunction('callable', callable);
  let result: CallbackResult<T>;
  try {
    result = callable(...args);
  } catch (error) {
    return fail(error);
  }
  return result instanceof Deferred ? (result as Deferred<T>) : succeed(result);
}
