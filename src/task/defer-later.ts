/** A Deferred that fires after a delay. */
import type { Clock } from '../core/clock.js';
import { type CallbackResult, Deferred } from '../defer/deferred.js';
import { ReactorStoppedError } from '../defer/errors.js';
import { checkClock, checkFunction } from '../internal/check.js';

/**
 * Fires after `delayMs` with the result of `f(...args)`, or with undefined if there is no `f`. If it is cancelled earlier, `f`
 * is not called. Fails with a {@link ReactorStoppedError} if the reactor is stopped first.
 *
 * @example await deferLater(reactor, 500);
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function deferLater(clock: Clock, delayMs: number): Deferred<void>;
export function deferLater<Args extends unknown[], T>(
  clock: Clock,
  delayMs: number,
  f: (...args: Args) => CallbackResult<T>,
  ...args: Args
): Deferred<T>;
export function deferLater<Args extends unknown[], T>(
  clock: Clock,
  delayMs: number,
  f?: (...args: Args) => CallbackResult<T>,
  ...args: Args
): Deferred<T | undefined> {
  checkClock('clock', clock);
  if (f !== undefined) checkFunction('f', f);
  const later = new Deferred<undefined>(() => call.cancel());
  const call = clock.callLater(delayMs, () => later.callback(undefined));
  call.whenDropped(() => later.errback(new ReactorStoppedError()));
  return f === undefined ? later : later.addCallback(() => f(...args));
}
