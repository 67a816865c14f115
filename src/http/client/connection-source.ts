/** The part of a pool that requests use. */
import type { Clock } from '../../core/clock.js';
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { IdleTimeouts } from '../../policies/idle-timeouts.js';
import type { HTTPClientConnection } from './client-connection.js';
import type { HTTP2Exchange } from './http2-exchange.js';
import type { PoolSettings } from './settings.js';

/** A server. Connections are shared by requests that name the same object, not an equal one: keep it. */
export interface HTTPOrigin {
  readonly endpoint: StreamClientEndpoint;
  /** The value of Host unless a request has it: a host, with the port unless it is that of the scheme. */
  readonly authority: string;
  /**
   * Whether HTTP/2 is used: `alpn`, if the server chooses it in the TLS handshake, in place of the protocols of the endpoint's context; or
   * `prior-knowledge`, without asking. Default: HTTP/1.1.
   */
  readonly http2?: HTTP2Choice | undefined;
}

/** How HTTP/2 is chosen for an origin. */
export type HTTP2Choice = 'alpn' | 'prior-knowledge';
export const HTTP2_CHOICES: readonly HTTP2Choice[] = ['alpn', 'prior-knowledge'];

/** Waits for a connection. */
export interface ConnectionWaiter {
  connected(connection: HTTPClientConnection): void;
  /** Instead of `connected`, if the connection is one of HTTP/2. Only for origins with `http2`. */
  streamOpened?(exchange: HTTP2Exchange): void;
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
  /** A stream of a connection of HTTP/2, if one has room. */
  takeStream(origin: HTTPOrigin): HTTP2Exchange | undefined;
  /**
   * Waits for a connection, behind the earlier requests of the origin. May call back before it returns, if the endpoint connects at once.
   * @returns Leaves the queue. Does nothing after the waiter was called.
   * @throws HTTPPoolClosedError, HTTPPoolFullError
   */
  wait(origin: HTTPOrigin, waiter: ConnectionWaiter, connectTimeoutMs: number): () => void;
  /** Closes the idle connections of an origin: one of them has turned out to be closed by the server. */
  closeIdle(origin: HTTPOrigin): void;
}

const withoutHTTP2 = new WeakMap<HTTPOrigin, HTTPOrigin>();

/** The same server for requests that need HTTP/1.1. */
export function http1Origin(origin: HTTPOrigin): HTTPOrigin {
  if (origin.http2 === undefined) return origin;
  let plain = withoutHTTP2.get(origin);
  if (plain === undefined) {
    plain = { endpoint: origin.endpoint, authority: origin.authority };
    withoutHTTP2.set(origin, plain);
  }
  return plain;
}
