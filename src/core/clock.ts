/** Time as an argument: a reactor is a clock, and so is the manual one for tests. */

export interface Clock {
  /** Monotonic time in milliseconds, with fractions; its zero has no meaning. */
  now(): number;
  /**
   * Calls `callback(...args)` once, `delayMs` from now or later, never before this returns. Calls are made in the order of their
   * times; those with equal times in the order of creation. Errors that the callback throws are reported and not passed on.
   *
   * @param delayMs Milliseconds, 0 or more; fractions allowed; at most 2^53.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  callLater<Args extends unknown[]>(
    delayMs: number,
    callback: (...args: Args) => void,
    ...args: Args
  ): DelayedCall;
  /** The pending calls, in no particular order. */
  getDelayedCalls(): DelayedCall[];
}

/**
 * One pending `callLater`. It ends in one of three ways: it runs, it is cancelled, or the clock drops it. A reactor drops
 * its pending calls at the end of its shutdown and when it is disposed of; `crash` leaves them as they are.
 */
export interface DelayedCall {
  /** The time at which it is due, on the clock's scale. */
  getTime(): number;
  /** False as soon as the call begins, and after it was cancelled or dropped. */
  active(): boolean;
  /**
   * Calls `callback` if the clock drops this call. A reactor does so before `run` settles, after it has dropped all of its
   * calls, in the order of their times, each in the async context of its `callLater`. An error that `callback` throws is
   * reported. A second callback replaces the first. Does nothing if the call is no longer active. A clock that never drops
   * calls has nothing to do here.
   */
  whenDropped(callback: () => void): void;
  /** Does nothing if the clock has dropped the call. @throws AlreadyCalledError, AlreadyCancelledError */
  cancel(): void;
  /**
   * Sets the time to `delayMs` from now.
   * @throws AlreadyCalledError, AlreadyCancelledError
   */
  reset(delayMs: number): void;
  /**
   * Moves the time by `ms`, later or (negative) earlier.
   * @throws AlreadyCalledError, AlreadyCancelledError
   */
  delay(ms: number): void;
}
