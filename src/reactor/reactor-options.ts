/** What the reactors have in common that is set when they are made. */

import type { ErrorReporter } from '../core/error-reporter.js';
import type { Reactor } from '../core/reactor.js';

/** Default of {@link ReactorOptions.shutdownTimeoutMs}. */
export const DEFAULT_SHUTDOWN_TIMEOUT_MS = 5_000;

/** Options that every reactor takes. */
export interface ReactorOptions {
  /**
   * Is told exceptions of application code and troubles that no call can report. Default: publishes them to the diagnostics
   * channel `ropewalk.error` and prints them to standard error.
   * What it throws, or rejects with, is printed.
   */
  readonly reportError?: ErrorReporter;
  /**
   * Overwrites lent bytes (`acceptsLentBytes`) as soon as `dataReceived` or `datagramReceived` has returned, so that a
   * protocol that keeps them all the same is found out at once. For debugging: it costs a copy. Default false.
   */
  readonly poisonLentBytes?: boolean;
  /**
   * How long a stop waits for connections with unsent bytes or a producer. Those that are left then are reset. 0 does not
   * wait. Default {@link DEFAULT_SHUTDOWN_TIMEOUT_MS}.
   */
  readonly shutdownTimeoutMs?: number;
  /** Measures the length of turns for {@link Reactor.statistics}. Default false. */
  readonly measureTurns?: boolean;
}
