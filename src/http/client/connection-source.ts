/** The part of a pool that requests use. */
import type { Clock } from '../../core/clock.js';
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { IdleTimeouts } from '../../policies/idle-timeouts.js';
import type { HTTPClientConnection } from './client-connection.js';
import type { PoolSettings } from './settings.js';

/** A server. Connections are shared by requests that name the same object, not an equal one: keep it. */
export interface HTTPOrigin {
  readonly endpoint: StreamClientEndpoint;
  /** The value of Host unless a request has it: a host, with the port unless it is that of the scheme. */
  readonly authority: string;
}

/** Waits for a connection. */
export interface ConnectionWaiter {
  connected(connection: HTTPClientConnection): void;
  connectFailed(error: unknown): void;
}

export interface ConnectionSource {
  readonly settings: PoolSettings;
  readonly timeouts: IdleTimeouts;
  readonly clock: Clock;
  /**
   * A connection that can be used at once.
   * @returns Undefined if there is none: call {@link wait}.
   */
  take(origin: HTTPOrigin): HTTPClientConnection | undefined;
  /**
   * Waits for a connection, behind the earlier requests of the origin. May call back before it returns, if the endpoint connects at once.
   * @returns Leaves the queue. Does nothing after the waiter was called.
   * @throws HTTPPoolClosedError, HTTPPoolFullError
   */
  wait(origin: HTTPOrigin, waiter: ConnectionWaiter, connectTimeoutMs: number): () => void;
  /** Closes the idle connections of an origin: one of them has turned out to be closed by the server. */
  closeIdle(origin: HTTPOrigin): void;
}
