// The clock of the benches: a reactor's delayed calls, run when the bench advances it.

import type { Clock, DelayedCall } from '../../../src/core/clock.js';
import { DelayedCalls } from '../../../src/reactor/time/delayed-calls.js';

/** Its time is that of `base` (constant without one) plus the skipped time. */
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
