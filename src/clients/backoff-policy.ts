/** Delays between attempts to connect. Pure: randomness is an argument. */
import { checkMilliseconds, checkNumber } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

/**
 * The delay in milliseconds before the next attempt.
 * @param failures The number of consecutive failures, 1 or more.
 * @param random Like `Math.random`.
 */
export type RetryPolicy = (failures: number, random: () => number) => number;

export interface BackoffOptions {
  /** Delay after the first failure. Default 1,000. */
  readonly initialDelayMs?: number;
  /** Longest delay. Default 60,000. */
  readonly maxDelayMs?: number;
  /** The factor by which each delay exceeds the previous one, 1 or more. Default 1.5. */
  readonly factor?: number;
  /**
   * The fraction, 0 to 1, by which a delay is shortened at random, so that the clients of a server that was away do not return
   * together. Default 0.2.
   */
  readonly jitter?: number;
}

const OPTIONS: OptionNames<BackoffOptions> = {
  initialDelayMs: true,
  maxDelayMs: true,
  factor: true,
  jitter: true,
};

/**
 * Delays that grow with each failure.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function backoffPolicy(options: BackoffOptions = {}): RetryPolicy {
  checkOptions('backoffPolicy', options, OPTIONS);
  const { initialDelayMs = 1_000, maxDelayMs = 60_000, factor = 1.5, jitter = 0.2 } = options;
  checkMilliseconds('initialDelayMs', initialDelayMs);
  checkMilliseconds('maxDelayMs', maxDelayMs);
  checkNumber('factor', factor, 1);
  checkNumber('jitter', jitter, 0, 1);
  return (failures, random) => {
    // 0 x Infinity is not a number.
    const growth = Math.min(factor ** (failures - 1), Number.MAX_VALUE);
    return Math.min(initialDelayMs * growth, maxDelayMs) * (1 - jitter * random());
  };
}
