import type { Clock, DelayedCall } from '../core/clock.js';

/**
 * Calls a function after some time.
 * @param dropped Called instead, at once, if the reactor is disposed of before that or already was.
 */
export function callLaterOrNow(
  clock: Clock,
  delayMs: number,
  act: () => void,
  dropped: () => void = act,
): DelayedCall | undefined {
  try {
    const call = clock.callLater(delayMs, act);
    call.whenDropped(dropped);
    return call;
  } catch {
    dropped();
    return undefined;
  }
}
