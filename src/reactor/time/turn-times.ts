/**
 * The length of turns, for a reactor that measures them: a histogram with 16 buckets to each doubling, so that its
 * results are at most 1/16 too long. Recording allocates nothing.
 */

import type { TurnHistogram } from '../../core/reactor-introspection.js';

/** Whole microseconds below this have a bucket each. */
const LINEAR = 16;
const LINEAR_BITS = 4;
/** Up to 2^32 microseconds: 71 minutes. */
const BUCKETS = (32 - LINEAR_BITS + 1) * LINEAR;
const MAX_MICROSECONDS = 2 ** 32 - 1;

export class TurnTimes {
  readonly #counts: Float64Array = new Float64Array(BUCKETS);
  /** The counts at the last call of {@link take}. */
  readonly #taken: Float64Array = new Float64Array(BUCKETS);

  record(ms: number): void {
    const bucket = bucketOf(Math.min(ms * 1000, MAX_MICROSECONDS) >>> 0);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  /** The median and the 99th percentile of the turns recorded since the last call; 0 if there are none. */
  take(): { p50Ms: number; p99Ms: number } {
    const counts = this.#counts.map((count, bucket) => count - (this.#taken[bucket] ?? 0));
    this.#taken.set(this.#counts);
    return { p50Ms: percentileMs(counts, 0.5), p99Ms: percentileMs(counts, 0.99) };
  }

  histogram(): TurnHistogram {
    return { limitsMs: LIMITS_MS, counts: [...this.#counts] };
  }
}

function percentileMs(counts: Float64Array, fraction: number): number {
  const recorded = counts.reduce((sum, count) => sum + count, 0);
  let left = Math.ceil(recorded * fraction);
  if (left === 0) return 0;
  const bucket = counts.findIndex((count) => {
    left -= count;
    return left <= 0;
  });
  return endOf(bucket) / 1000;
}

function bucketOf(microseconds: number): number {
  if (microseconds < LINEAR) return microseconds;
  const doublings = 31 - Math.clz32(microseconds) - LINEAR_BITS;
  return doublings * LINEAR + (microseconds >>> doublings);
}

/** The first number of microseconds after a bucket. */
function endOf(bucket: number): number {
  if (bucket < LINEAR) return bucket + 1;
  const doublings = Math.floor(bucket / LINEAR) - 1;
  return ((bucket % LINEAR) + LINEAR + 1) * 2 ** doublings;
}

const LIMITS_MS: readonly number[] = Array.from(
  { length: BUCKETS },
  (_, bucket) => endOf(bucket) / 1000,
);

/** The histogram of a reactor that does not measure its turns. */
export const NO_TURN_TIMES: TurnHistogram = {
  limitsMs: LIMITS_MS,
  counts: LIMITS_MS.map(() => 0),
};
