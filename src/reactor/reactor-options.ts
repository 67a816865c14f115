/** Options common to all reactors, set when they are made. */

import type { ErrorReporter } from '../core/error-reporter.js';
import type { Reactor } from '../core/reactor.js';
import type { ThreadPoolOptions } from '../threads/pool-settings.js';

/** Default of {@link ReactorOptions.shutdownTimeoutMs}. */
export const DEFAULT_SHUTDOWN_TIMEOUT_MS = 5_000;

/**
 * Default of {@link ReactorOptions.collectAfterBytes}: 8 MiB, which fits into the caches of servers while collections are still
 * rare.
 */
export const DEFAULT_COLLECT_AFTER_BYTES: number = 8 * 1_024 * 1_024;

/** Options that every reactor takes. */
export interface ReactorOptions {
  /**
   * Receives exceptions of application code and errors that no call can throw. Default: publishes them to the diagnostics
   * channel `ropewalk.error` and prints them to standard error.
   * Errors that it throws, or rejects with, are printed.
   */
  readonly reportError?: ErrorReporter;
  /**
   * Overwrites lent bytes (`acceptsLentBytes`) as soon as `dataReceived` or `datagramReceived` has returned, so that a
   * protocol that keeps them is detected at once. For debugging: it costs a copy. Default false.
   */
  readonly poisonLentBytes?: boolean;
  /**
   * How long a stop waits for connections with unsent bytes, a pull producer or a paused push producer. It then resets those
   * that are left. Until then it also waits for peers that are sending to closed connections. 0 does not wait.
   * Default {@link DEFAULT_SHUTDOWN_TIMEOUT_MS}.
   */
  readonly shutdownTimeoutMs?: number;
  /**
   * V8's young objects are collected between two turns when this many bytes were given to protocols since the last time, so
   * that their memory is used again while it is in the processor's caches. Takes a fraction of a millisecond, more if the
   * program keeps many young objects alive. 0 leaves it to V8. Default {@link DEFAULT_COLLECT_AFTER_BYTES}.
   */
  readonly collectAfterBytes?: number;
  /** Measures the length of turns for {@link Reactor.statistics}. Default false. */
  readonly measureTurns?: boolean;
  /** Options of the pool in which `deferToThread` calls functions. */
  readonly threadPool?: ThreadPoolOptions;
}
