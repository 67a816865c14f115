/** The loop of a hosted reactor: Node's own, or one whose time a test controls. */
import { performance } from 'node:perf_hooks';

/** Time and turns. Callbacks are never called before the method that received them returns. */
export interface LoopHost {
  /** Monotonic time in milliseconds, with fractions. */
  now(): number;
  /** Calls `callback` in the loop's next pass. */
  queueTurn(callback: () => void): void;
  /**
   * Calls `callback` after `ms` milliseconds, or earlier if the loop can't wait that long.
   * @returns A function that cancels it; after the call it does nothing.
   */
  setTimer(ms: number, callback: () => void): () => void;
  /**
   * Keeps the program from ending by itself.
   * @returns A function that lets it end again.
   */
  keepAlive(): () => void;
}

/** Node's timers can't wait longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const NODE_LOOP: LoopHost = {
  now: () => performance.now(),
  queueTurn: (callback) => void setImmediate(callback),
  setTimer: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(Math.ceil(ms), MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
  keepAlive: () => {
    const timer = setInterval(() => {}, MAX_TIMER_MS);
    return () => clearInterval(timer);
  },
};
