/** Values of flags. */
import { UsageError } from './usage-error.js';

const MAX_SECONDS = 86_400;
/** For times that cannot be 0. */
export const MIN_SECONDS = 0.001;

/** @param preset The value if the flag is not given. @throws UsageError */
export function wholeNumber<P extends number | undefined>(
  flag: string,
  text: string | undefined,
  preset: P,
  max: number,
  min = 0,
): number | P {
  if (text === undefined) return preset;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${flag} takes a whole number from ${min} to ${max}, not "${text}"`);
}

/**
 * A number of seconds, fractions included.
 * @param min The least number of seconds.
 * @returns Milliseconds, or `preset` without the flag.
 * @throws UsageError
 */
export function milliseconds<P extends number | undefined>(
  flag: string,
  text: string | undefined,
  preset: P,
  min = 0,
): number | P {
  if (text === undefined) return preset;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= MAX_SECONDS) return value * 1_000;
  throw new UsageError(
    `--${flag} takes a number of seconds from ${min} to ${MAX_SECONDS}, not "${text}"`,
  );
}
