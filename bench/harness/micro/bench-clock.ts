// The clock of the benches: the delayed calls of a reactor, run when the bench says so.

import type { Clock, DelayedCall } from '../../../src/core/clock.js';
import { DelayedCalls } from '../../../src/reactor/time/delayed-calls.js';

/** Its time is that of `base`, or stands still without one, and what was skipped besides. */
export class BenchClock implements Clock {
  readonly #base: () => number;
  readonly #calls: DelayedCalls;
  #skippedMs = 0;

  constructor(base: () => number = () => 0) {
    this.#base = base;
    this.#calls = new DelayedCalls({
      now: () => this.now(),
      report: (error) => {
        throw error;
      },
      arm: () => {},
    });
  }

  now(): number {
    return this.#base() + this.#skippedMs;
  }

  /** How many calls are pending. */
  get size(): number {
    return this.#calls.size;
  }

  callLater<Args extends unknown[]>(
    delayMs: number,
    callback: (...args: Args) => void,
    ...args: Args
  ): DelayedCall {
    return this.#calls.callLater(delayMs, callback, args);
  }

  getDelayedCalls(): DelayedCall[] {
    return this.#calls.getDelayedCalls();
  }

  /** Skips `ms`, and runs what is due then. */
  advance(ms: number): void {
    this.#skippedMs += ms;
    this.#calls.runDue();
  }
}
