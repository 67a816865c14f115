/** Options of the native reactor alone. */

import type { PollerChoice } from '../poller-choice.js';

export interface NativeReactorOptions {
  /** The source of readiness. Default `auto`: the best that the platform has. */
  readonly poller?: PollerChoice;
  /**
   * Polls again for this many microseconds after each turn before Node's loop continues. Trades a busy core for
   * latency: a ping-pong over one connection takes a fifth of the time with 50. Default 0.
   */
  readonly busyPollUs?: number;
}
