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
  /** The calls that wait, in no order. */
  getDelayedCalls(): DelayedCall[];
}

/** One pending `callLater`. */
export interface DelayedCall {
  /** When it falls due, on the clock's scale. */
  getTime(): number;
  /** False from the moment the call begins, or once it is cancelled. */
  active(): boolean;
  /** @throws AlreadyCalledError, AlreadyCancelledError */
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
