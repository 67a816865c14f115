/**
 * The arithmetic of repeating work: tick number n is due at `start + n * interval`, whatever happened to earlier ticks, so
 * that delays do not accumulate.
 *
 * Sums of fractions that should be equal rarely are: ten times 0.1 is slightly less than 1. Times less than a millionth of a
 * millisecond apart therefore count as equal, and a tick counts as reached when its timer fires, even if the clock is early
 * by that much.
 */

/** Smaller than the resolution of any clock. */
const SAME_TIME_MS = 1e-6;
/** The relative rounding error of times so far from zero that they lack such digits. */
const SAME_TIME_SHARE = 2 ** -50;

export class Intervals {
  #intervalMs: number;
  #startMs: number;
  /** The last tick that was taken. */
  #taken: number;
  /** The pending tick. */
  #next: number;

  /** @param first 0 if a tick is due at `startMs`, 1 if the first one is due an interval later. */
  constructor(intervalMs: number, startMs: number, first: 0 | 1) {
    this.#intervalMs = intervalMs;
    this.#startMs = startMs;
    this.#taken = first - 1;
    this.#next = first;
  }

  /** 0: in every turn. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** The time from `nowMs` to the next tick. Ticks that were missed meanwhile are skipped. */
  wait(nowMs: number): number {
    const { intervalMs } = this;
    if (intervalMs === 0) return 0;
    this.#next = Math.max(this.#taken, this.#tickAt(nowMs)) + 1;
    const wait = this.#startMs + this.#next * intervalMs - nowMs;
    // A clock that is advanced by exactly the interval must reach the tick.
    if (Math.abs(wait - intervalMs) <= this.#sameTime(nowMs)) return intervalMs;
    return Math.min(Math.max(0, wait), Number.MAX_SAFE_INTEGER);
  }

  /** The number of ticks since the last call of this method, skipped ones included: 1 or more. */
  take(nowMs: number): number {
    if (this.intervalMs === 0) return 1;
    const tick = Math.max(this.#next, this.#tickAt(nowMs));
    const count = tick - this.#taken;
    this.#taken = tick;
    return count;
  }

  /** Puts the next tick an interval after `nowMs`. Ticks skipped so far still count. */
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
