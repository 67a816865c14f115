/** A steady pace as an async iterable. */
import type { Clock } from '../core/clock.js';
import {
  checkAbortSignal,
  checkBoolean,
  checkClock,
  checkMilliseconds,
} from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { deferLater } from './defer-later.js';
import { Intervals } from './intervals.js';

export interface TicksOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
  /** Whether the first tick comes immediately, rather than an interval later. Default true. */
  readonly now?: boolean;
}

const OPTIONS: OptionNames<TicksOptions> = { signal: true, now: true };

/**
 * Ticks every `intervalMs`, counted from the first `next()`; the loop's body decides when it is ready for another tick. Yields
 * the number of ticks since the previous one that it received, this one included: 1, unless the body took longer than the
 * interval. Ticks are not queued. Interval 0 is once in each turn of the reactor. The iteration ends if the reactor is stopped
 * while it waits for a tick.
 *
 * @example
 * for await (const count of ticks(reactor, 40, { signal })) advanceFrames(count);
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function ticks(
  clock: Clock,
  intervalMs: number,
  options: TicksOptions = {},
): AsyncGenerator<number, void, void> {
  checkClock('clock', clock);
  checkMilliseconds('intervalMs', intervalMs);
  checkOptions('ticks', options, OPTIONS);
  if (options.signal !== undefined) checkAbortSignal('signal', options.signal);
  checkBoolean('now', options.now ?? true);
  return generate(clock, intervalMs, options);
}

async function* generate(
  clock: Clock,
  intervalMs: number,
  { signal, now = true }: TicksOptions,
): AsyncGenerator<number, void, void> {
  const aborted = (): boolean => signal?.aborted === true;
  const intervals = new Intervals(intervalMs, clock.now(), now ? 0 : 1);
  if (now && !aborted()) yield intervals.take(clock.now());
  while (!aborted()) {
    const wait = deferLater(clock, intervals.wait(clock.now()));
    if (signal !== undefined) wait.cancelOn(signal);
    try {
      await wait;
    } catch {
      return; // The signal was aborted, or the reactor was stopped.
    }
    if (!aborted()) yield intervals.take(clock.now());
  }
}
