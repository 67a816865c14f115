/** A clock whose time advances only on request: time as an argument of tests. */
import type { Clock, DelayedCall } from '../core/clock.js';
import type { ErrorReporter } from '../core/error-reporter.js';
import { checkFunction, checkMilliseconds } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { DelayedCalls } from '../reactor/time/delayed-calls.js';

/**
 * Keeps the contract of {@link Clock}, beginning at 0. Time passes in {@link advance} only, which runs the calls that fall due
 * in order, each at its own time.
 *
 * @example
 * const clock = new ManualClock();
 * clock.callLater(1_000, () => console.log('a second'));
 * clock.advance(999);
 * clock.advance(1); // a second
 */
export class ManualClock implements Clock {
  readonly #delayedCalls: DelayedCalls;
  #now = 0;

  /** @param report Receives exceptions of delayed calls. Default: they are reported like all errors of Ropewalk. */
  constructor(report: ErrorReporter = reportError) {
    this.#delayedCalls = new DelayedCalls({ now: () => this.#now, report, arm: () => {} });
  }

  now(): number {
    return this.#now;
  }

  callLater<Args extends unknown[]>(
    delayMs: number,
    callback: (...args: Args) => void,
    ...args: Args
  ): DelayedCall {
    checkFunction('callback', callback);
    return this.#delayedCalls.callLater(delayMs, callback, args);
  }

  getDelayedCalls(): DelayedCall[] {
    return this.#delayedCalls.getDelayedCalls();
  }

  /** When the next call falls due; undefined if none is pending. */
  get nextTime(): number | undefined {
    return this.#delayedCalls.nextTime;
  }

  /**
   * Advances the time by `ms`. Calls made meanwhile run too if they fall due within that time. Inside a call, it runs the calls
   * that are due in its own `ms` before it returns.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  advance(ms: number): void {
    const end = this.#now + checkMilliseconds('ms', ms);
    for (let next = this.nextTime; next !== undefined && next <= end; next = this.nextTime) {
      // A call that was moved into the past is late: the time does not go back for it.
      this.#now = Math.max(this.#now, next);
      this.#delayedCalls.runDue();
    }
    this.#now = Math.max(this.#now, end);
  }

  /**
   * Advances to the time of the next call and runs those that are due then. Calls that they make wait for another step, even
   * if they are due at the same time.
   * @returns False if no call is pending.
   */
  step(): boolean {
    const next = this.nextTime;
    if (next === undefined) return false;
    this.#now = Math.max(this.#now, next);
    this.#delayedCalls.runDue();
    return true;
  }

  /** Drops the pending calls, as a reactor does when it is stopped: see `DelayedCall.whenDropped`. */
  dropCalls(): void {
    this.#delayedCalls.drop();
  }

  /** Advances by each of `steps` in turn. */
  pump(steps: Iterable<number>): void {
    for (const ms of steps) this.advance(ms);
  }
}
