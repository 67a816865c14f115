/** Options of the native reactor alone. */

import type { PollerChoice } from '../poller-choice.js';

/**
 * Default of {@link NativeReactorOptions.collectAfterBytes}: 8 MiB, which fits into the caches of servers while V8's collections
 * are still rare.
 */
export const DEFAULT_COLLECT_AFTER_BYTES: number = 8 * 1_024 * 1_024;

export interface NativeReactorOptions {
  /** The source of readiness. Default `auto`: the best that the platform has. */
  readonly poller?: PollerChoice;
  /**
   * Polls again for this many microseconds after each turn before Node's loop continues. Trades a busy core for
   * latency: a ping-pong over one connection takes a fifth of the time with 50. Default 0.
   */
  readonly busyPollUs?: number;
  /**
   * V8's young objects are collected between two turns when this many bytes were given to protocols since the last time, so
   * that their memory is used again while it is in the processor's caches. Takes a fraction of a millisecond, more if the
   * program keeps many young objects alive. 0 leaves it to V8. Default {@link DEFAULT_COLLECT_AFTER_BYTES}.
   */
  readonly collectAfterBytes?: number;
}
