import type { Clock, DelayedCall } from '../../src/core/clock.js';
import { DelayedCalls } from '../../src/reactor/time/delayed-calls.js';

/**
 * A clock as busy as a reactor: calls may come late. What is due runs when the test says `turn`, once each; what is asked
 * for meanwhile runs in the next turn at the earliest.
 */
export class TurnClock implements Clock {
  time = 0;
  readonly #calls = new DelayedCalls({
    now: () => this.time,
    report: (error) => {
      throw error;
    },
    arm: () => {},
  });

  now(): number {
    return this.time;
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

  /** Drops all calls, as a reactor does that is stopped. */
  clear(): void {
    this.#calls.drop();
  }

  /** Lets `ms` pass, and then runs what is due. */
  turn(ms = 0): void {
    this.time += ms;
    this.#calls.runDue();
  }
}
