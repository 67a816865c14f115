/** A clock that stands still until it is told to go on: time as an argument of tests. */
import type { Clock, DelayedCall } from '../core/clock.js';
import type { ErrorReporter } from '../core/error-reporter.js';
import { checkFunction, checkMilliseconds } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { DelayedCalls } from '../reactor/time/delayed-calls.js';

/**
 * Keeps the contract of {@link Clock}, beginning at 0. Time passes in {@link advance} only, where calls that fall due run
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

  /** @param report Is told what a delayed call throws. Default: as all of Ropewalk's errors are reported. */
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

  /** When the next call falls due; undefined where none waits. */
  get nextTime(): number | undefined {
    return this.#delayedCalls.nextTime;
  }

  /**
   * Lets `ms` pass. Calls made meanwhile run too, where they fall due within that time. Inside a call, it runs what falls
   * due in its own `ms` before it returns.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  advance(ms: number): void {
    const end = this.#now + checkMilliseconds('ms', ms);
    for (let next = this.nextTime; next !== undefined && next <= end; next = this.nextTime) {
      // A call that was moved into the past is late: time does not run backwards for it.
      this.#now = Math.max(this.#now, next);
      this.#delayedCalls.runDue();
    }
    this.#now = Math.max(this.#now, end);
  }

  /**
   * Goes on to the time of the next call and runs those that are due then. Calls that they make wait for another step, even
   * when they are due at the same time.
   * @returns False where no call is pending.
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
