/** Time as an argument: a reactor is a clock, and so is the manual one of tests. */

export interface Clock {
  /** Monotonic time in milliseconds, with fractions; its zero has no meaning. */
  now(): number;
  /**
   * Calls `callback(...args)` once, `delayMs` from now or later, never before this returns. Calls fall due in the order
   * of their times; equal times in the order they were made. What it throws is reported and goes no further.
   *
   * @param delayMs Milliseconds, 0 or more; fractions allowed; at most 2^53.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  callLater<Args extends unknown[]>(
    delayMs: number,
    callback: (...args: Args) => void,
    ...args: Args
  ): DelayedCall;
  /** The pending calls, in no order. */
  getDelayedCalls(): DelayedCall[];
}

/**
 * One pending `callLater`. It ends in one of three ways: it runs, it is cancelled, or the clock drops it. A reactor drops
 * its pending calls at the end of its shutdown and when it is disposed of; `crash` leaves them as they are.
 */
export interface DelayedCall {
  /** When it falls due, on the clock's scale. */
  getTime(): number;
  /** False from the moment the call begins, and once it was cancelled or dropped. */
  active(): boolean;
  /**
   * Calls `callback` if the clock drops this call. A reactor does so before `run` settles, once it has dropped all of its
   * calls, in the order of their times, each in the async context of its `callLater`. What `callback` throws is reported. A
   * second callback replaces the first. Does nothing once the call is not active. A clock that never drops calls has
   * nothing to do here.
   */
  whenDropped(callback: () => void): void;
  /** Does nothing where the clock has dropped the call. @throws AlreadyCalledError, AlreadyCancelledError */
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
