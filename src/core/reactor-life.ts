/** How a reactor runs and stops. */
import type { Deferred } from '../defer/deferred.js';
import type { SystemEvents } from './system-event.js';

export interface RunOptions {
  /**
   * Whether SIGINT and SIGTERM (and SIGBREAK on Windows) stop the reactor. Signals that the program already handles when `run`
   * is called do not. Default true on the main thread.
   */
  readonly installSignalHandlers?: boolean;
}

/**
 * `run` and `stop` frame the life of a program: startup, signals, orderly shutdown. The contract of stopping is in
 * docs/stopping.md.
 */
export interface ReactorLife extends SystemEvents, AsyncDisposable {
  readonly running: boolean;
  /**
   * The signal that stopped the current or last run; undefined if none did. To end like a program without a handler, send the
   * signal again after `run`: `process.kill(process.pid, reactor.exitSignal)`.
   */
  readonly exitSignal: NodeJS.Signals | undefined;
  /**
   * Fires `startup` and keeps the process alive. Fires when a `stop` has been carried out: nothing is called afterwards on
   * account of this run, and the reactor may be run again. Fails with ReactorAlreadyRunningError if it runs already.
   * Cancelling the Deferred does not stop the reactor.
   */
  run(options?: RunOptions): Deferred<void>;
  /**
   * Stops the reactor, from the end of the turn on:
   *
   * 1. The `before shutdown` triggers run, and are waited for. Everything still works.
   * 2. Everything ends: ports, attempts to connect, connections, descriptors. From here until `run` settles, listening and
   *    connecting throw ReactorStoppingError. Bytes that were written are sent, for `shutdownTimeoutMs` at most; connections
   *    that are left then are reset. The `during` triggers run at the beginning of this phase.
   * 3. The `after` triggers run.
   * 4. Pending delayed calls are dropped.
   * 5. `run` settles.
   *
   * @throws ReactorNotRunningError also if it is stopping already.
   */
  stop(): void;
  /**
   * Ends `run` now, without `shutdown`: sockets and delayed calls stay as they are. Triggers that have not run are kept
   * for the next run.
   * @throws ReactorNotRunningError
   */
  crash(): void;
  /** Calls `callback` immediately if the reactor is running, otherwise after its next `startup`. */
  callWhenRunning<Args extends unknown[]>(callback: (...args: Args) => void, ...args: Args): void;
  /**
   * Stops the reactor if it runs, then ends everything it has open, in the order of {@link stop}. Settles when that is
   * done; the reactor cannot be used afterwards.
   */
  [Symbol.asyncDispose](): Promise<void>;
}
