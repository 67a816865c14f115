/** Expiry times of values. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { checkInteger } from '../../internal/check.js';

/** memcached reads later times as negative: such values would expire at once. */
const MAX_INT32 = 2 ** 31 - 1;

/** Larger numbers are times since 1970 (protocol.txt, "Expiration times"). */
export const MAX_RELATIVE_SECONDS: number = 60 * 60 * 24 * 30;

/** When a value expires. Neither: never. */
export interface MemcacheExpiry {
  /** Seconds from now, a whole number from 1 to 2,592,000 (30 days). */
  readonly expiresInSeconds?: number;
  /**
   * A point in time, in milliseconds since 1970, or a Date; rounded down to seconds. Values in the past expire at once. At the
   * latest 2038-01-19T03:14:07Z.
   */
  readonly expiresAt?: number | Date;
}

/**
 * The protocol has one number for both, with a change of meaning at 30 days.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function exptimeOf({ expiresInSeconds, expiresAt }: MemcacheExpiry): number {
  if (expiresAt === undefined) {
    if (expiresInSeconds === undefined) return 0;
    if (typeof expiresInSeconds === 'number' && expiresInSeconds > MAX_RELATIVE_SECONDS) {
      const expected = `${MAX_RELATIVE_SECONDS} (30 days) or less`;
      const hint = 'use expiresAt for later times';
      throw new InvalidArgumentValueError('expiresInSeconds', expected, expiresInSeconds, hint);
    }
    return checkInteger('expiresInSeconds', expiresInSeconds, 1, MAX_RELATIVE_SECONDS);
  }
  if (expiresInSeconds !== undefined) {
    throw new InvalidArgumentValueError('expiresAt', 'omitted beside expiresInSeconds', expiresAt);
  }
  const ms = typeof expiresAt === 'number' ? expiresAt : expiresAt?.getTime?.();
  if (typeof ms !== 'number') {
    throw new InvalidArgumentTypeError('expiresAt', 'a Date or a number', expiresAt);
  }
  const seconds = Math.floor(ms / 1_000);
  if (!(seconds >= 0 && seconds <= MAX_INT32)) {
    throw new InvalidArgumentValueError('expiresAt', 'a time from 1970 to January 2038', expiresAt);
  }
  return seconds > MAX_RELATIVE_SECONDS ? seconds : -1;
}
