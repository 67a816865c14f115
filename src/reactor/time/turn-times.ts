/**
 * The length of turns, for a reactor that measures them: a histogram with 16 buckets to each doubling, so that its
 * results are at most 1/16 too long. Recording allocates nothing.
 */

/** Whole microseconds below this have a bucket each. */
const LINEAR = 16;
const LINEAR_BITS = 4;
/** Up to 2^32 microseconds: 71 minutes. */
const BUCKETS = (32 - LINEAR_BITS + 1) * LINEAR;
const MAX_MICROSECONDS = 2 ** 32 - 1;

export class TurnTimes {
  readonly #counts: Uint32Array = new Uint32Array(BUCKETS);
  #recorded = 0;

  record(ms: number): void {
    const bucket = bucketOf(Math.min(ms * 1000, MAX_MICROSECONDS) >>> 0);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#recorded += 1;
  }

  /** The median and the 99th percentile of the turns recorded since the last call; 0 if there are none. */
  take(): { p50Ms: number; p99Ms: number } {
    const times = { p50Ms: this.#percentile(0.5), p99Ms: this.#percentile(0.99) };
    this.#counts.fill(0);
    this.#recorded = 0;
    return times;
  }

  #percentile(fraction: number): number {
    let left = Math.ceil(this.#recorded * fraction);
    if (left === 0) return 0;
    const bucket = this.#counts.findIndex((count) => {
      left -= count;
      return left <= 0;
    });
    return endOf(bucket) / 1000;
  }
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
