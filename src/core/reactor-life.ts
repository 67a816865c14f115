/** How a reactor runs and stops. */
import type { Deferred } from '../defer/deferred.js';
import type { SystemEvents } from './system-event.js';

export interface RunOptions {
  /** Whether SIGINT and SIGTERM stop the reactor while it runs. Default true on the main thread. */
  readonly installSignalHandlers?: boolean;
}

/** `run` and `stop` frame the life of a program: startup, signals, orderly shutdown. */
export interface ReactorLife extends SystemEvents, AsyncDisposable {
  readonly running: boolean;
  /**
   * Fires `startup` and keeps the process alive. The answer comes when a `stop` has been carried out; the reactor may then
   * be run again. It fails with ReactorAlreadyRunningError where it runs already. Cancelling it does not stop the reactor.
   */
  run(options?: RunOptions): Deferred<void>;
  /**
   * Fires `shutdown` at the end of the turn. In its `during` phase the ports are closed, connection attempts are ended
   * and connections are lost (`ConnectionLost`); after its last phase pending delayed calls are dropped and `run` settles.
   * @throws ReactorNotRunningError also where it is stopping already.
   */
  stop(): void;
  /**
   * Ends `run` now, without `shutdown`: sockets and delayed calls stay as they are.
   * @throws ReactorNotRunningError
   */
  crash(): void;
  /** Calls `callback` at once if the reactor runs, else after its next `startup`. */
  callWhenRunning<Args extends unknown[]>(callback: (...args: Args) => void, ...args: Args): void;
}
