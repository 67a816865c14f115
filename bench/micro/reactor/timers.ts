// The two ways to have timers that the bench of delayed calls compares.

import { BenchClock } from '../../harness/micro/bench-clock.js';

/** A way to have timers; `T` is its handle. All call the same function, with the index where one was given. */
export interface Timers<T> {
  set(delayMs: number, index?: number): T;
  /** `sameDelay` says that the delay is that which the timer had. */
  reset(timer: T, delayMs: number, sameDelay: boolean, index?: number): T;
  cancel(timer: T): void;
  /** Runs what is due, in a turn of the event loop. */
  turn(): Promise<void>;
  /** Runs all the pending ones, none of which is more than 1,000 ms away; from the first to the last, in ms. */
  runAll(): Promise<number>;
  /** How many are pending. */
  pending(): number;
}

export type Callback = (index?: number) => void;
export type MakeTimers<T> = (callback: Callback) => Timers<T>;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const delayedCalls: MakeTimers<ReturnType<BenchClock['callLater']>> = (callback) => {
  const clock = new BenchClock(() => performance.now());
  return {
    set: (delayMs, index) =>
      index === undefined
        ? clock.callLater(delayMs, callback)
        : clock.callLater(delayMs, callback, index),
    reset: (call, delayMs) => {
      call.reset(delayMs);
      return call;
    },
    cancel: (call) => call.cancel(),
    turn: async () => {
      await nextTurn();
      clock.advance(0);
    },
    runAll: async () => {
      const start = performance.now();
      clock.advance(2_000);
      return performance.now() - start;
    },
    pending: () => clock.size,
  };
};

export const nodeTimers: MakeTimers<NodeJS.Timeout> = (callback) => {
  let first: number | undefined;
  const timed = (index?: number): void => {
    first ??= performance.now();
    callback(index);
  };
  const set = (delayMs: number, index: number | undefined): NodeJS.Timeout =>
    index === undefined ? setTimeout(timed, delayMs) : setTimeout(timed, delayMs, index);
  return {
    set,
    reset: (timer, delayMs, sameDelay, index) => {
      if (sameDelay) return timer.refresh();
      clearTimeout(timer);
      return set(delayMs, index);
    },
    cancel: (timer) => clearTimeout(timer),
    turn: nextTurn,
    runAll: async () => {
      // While this blocks, all fall due.
      const until = performance.now() + 1_100;
      while (performance.now() < until);
      first = undefined;
      // Between two of the loop's checks Node runs all that is due.
      await nextTurn();
      await nextTurn();
      return performance.now() - (first ?? Number.NaN);
    },
    pending: () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  };
};
