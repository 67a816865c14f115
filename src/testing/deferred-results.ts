/** Assertions about a Deferred that must, or must not, have its result by now. */
import { AssertionError } from 'node:assert';

import type { Deferred } from '../defer/deferred.js';
import { type ErrorKind, type ErrorOf, Failure } from '../defer/failure.js';

const NO_RESULT: unique symbol = Symbol('no result');

/**
 * The result of a Deferred that has one. It is removed: callbacks added later receive `undefined`.
 * @throws AssertionError it has no result yet, or it failed; then the error is the `cause`.
 */
export function successResultOf<T>(deferred: Deferred<T>): T {
  const result = take(deferred);
  if (result === NO_RESULT) fail('a result was expected, and there is none yet', successResultOf);
  if (result instanceof Failure) {
    const { value } = result;
    fail(`a result was expected, and it failed: ${value}`, successResultOf, value);
  }
  return result;
}

/**
 * The error of a Deferred that has failed. It counts as handled.
 * @param kinds Classes or codes, one of which the error must match. Default: any.
 * @throws AssertionError it has not failed, or failed with an error of another kind, which is the `cause`.
 */
export function failureResultOf(deferred: Deferred<unknown>): Error;
export function failureResultOf<const K extends readonly ErrorKind[]>(
  deferred: Deferred<unknown>,
  ...kinds: K
): ErrorOf<K[number]>;
export function failureResultOf(deferred: Deferred<unknown>, ...kinds: ErrorKind[]): Error {
  const result = take(deferred);
  if (result === NO_RESULT) fail('a failure was expected, and there is no result', failureResultOf);
  if (!(result instanceof Failure)) {
    fail('a failure was expected, and there is a result', failureResultOf, result);
  }
  const { value } = result;
  if (kinds.length > 0 && !result.check(...kinds)) {
    fail(`another failure was expected: ${value}`, failureResultOf, value);
  }
  return value;
}

/**
 * Leaves a Deferred without a result unchanged. One that has a result, or is waiting for another Deferred, keeps it.
 * @throws AssertionError it has a result, or it failed; then the error, which counts as handled, is the `cause`.
 */
export function assertNoResult(deferred: Deferred<unknown>): void {
  let found: unknown = NO_RESULT;
  let looking = true;
  deferred.addBoth((result) => {
    if (looking) found = result;
    // The assertion below reports a failure.
    return looking && result instanceof Failure ? undefined : result;
  });
  looking = false;
  if (found === NO_RESULT) return;
  if (found instanceof Failure) {
    fail(`no result was expected yet, and it failed: ${found.value}`, assertNoResult, found.value);
  }
  fail('no result was expected yet, and there is one', assertNoResult, found);
}

function take<T>(deferred: Deferred<T>): T | Failure | typeof NO_RESULT {
  let taken: T | Failure | typeof NO_RESULT = NO_RESULT;
  let looking = true;
  deferred.addBoth((result) => {
    if (!looking) return result;
    taken = result;
    return undefined;
  });
  looking = false;
  return taken;
}

function fail(
  message: string,
  stackStartFn: (...args: never[]) => unknown,
  cause?: unknown,
): never {
  const error = new AssertionError({ message, stackStartFn });
  if (cause !== undefined) error.cause = cause;
  throw error;
}
