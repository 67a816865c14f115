/**
 * The arithmetic of something that is due every so often: tick number n falls due at `start + n * interval`, whatever
 * happened to those before, so that nothing adds up.
 *
 * Two sums that should be equal seldom are, with fractions: ten times 0.1 is a bit less than 1. Hence times that are less
 * than a millionth of a millisecond apart count as one time, and a tick that was waited for counts as come, though the
 * clock may be that much early.
 */

/** Less than any clock can tell. */
const SAME_TIME_MS = 1e-6;
/** The rounding error of times so far from zero that they have no such digits. */
const SAME_TIME_SHARE = 2 ** -50;

export class Intervals {
  #intervalMs: number;
  #startMs: number;
  /** The tick that was taken last. */
  #taken: number;
  /** The tick that is waited for. */
  #next: number;

  /** @param first 0 where a tick is due at `startMs`, 1 where the first comes an interval later. */
  constructor(intervalMs: number, startMs: number, first: 0 | 1) {
    this.#intervalMs = intervalMs;
    this.#startMs = startMs;
    this.#taken = first - 1;
    this.#next = first;
  }

  /** 0: every turn. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** How long it takes from `nowMs` to the next tick. Those that should have come meanwhile are left out. */
  wait(nowMs: number): number {
    const { intervalMs } = this;
    if (intervalMs === 0) return 0;
    this.#next = Math.max(this.#taken, this.#tickAt(nowMs)) + 1;
    const wait = this.#startMs + this.#next * intervalMs - nowMs;
    // A clock that is advanced by just the interval is to come to the tick.
    if (Math.abs(wait - intervalMs) <= this.#sameTime(nowMs)) return intervalMs;
    return Math.min(Math.max(0, wait), Number.MAX_SAFE_INTEGER);
  }

  /** How many ticks there were since this was asked last, those left out included: 1 or more. */
  take(nowMs: number): number {
    if (this.intervalMs === 0) return 1;
    const tick = Math.max(this.#next, this.#tickAt(nowMs));
    const count = tick - this.#taken;
    this.#taken = tick;
    return count;
  }

  /** The next tick comes an interval after `nowMs`. Those left out so far are still counted. */
  restart(nowMs: number): void {
    if (this.intervalMs > 0) this.#taken = Math.min(0, this.#taken - this.#tickAt(nowMs));
    this.#startMs = nowMs;
    this.#next = 1;
  }

  /**
   * Changes the interval from one tick on: the pending tick, which keeps its time, if `waiting`; otherwise the last tick.
   */
  change(intervalMs: number, nowMs: number, waiting: boolean): void {
    const from = waiting ? this.#next : this.#taken;
    this.#startMs = this.intervalMs === 0 ? nowMs : this.#startMs + from * this.intervalMs;
    this.#taken -= from;
    this.#next -= from;
    this.#intervalMs = intervalMs;
  }

  #tickAt(nowMs: number): number {
    const elapsed = nowMs - this.#startMs + this.#sameTime(nowMs);
    return Math.min(Math.floor(elapsed / this.intervalMs), Number.MAX_SAFE_INTEGER);
  }

  #sameTime(nowMs: number): number {
    const far = Math.max(Math.abs(this.#startMs), Math.abs(nowMs)) * SAME_TIME_SHARE;
    return Math.min(this.intervalMs / 2, Math.max(SAME_TIME_MS, far));
  }
}
