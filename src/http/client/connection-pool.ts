/** Connections to HTTP servers, kept for further requests, with limits per origin and in all. */
import type { Clock } from '../../core/clock.js';
import type { Deferred } from '../../defer/deferred.js';
import { Failure } from '../../defer/failure.js';
import { succeed } from '../../defer/succeed.js';
import { Waiters } from '../../defer/waiters.js';
import { checkChoice, checkClock, checkObject, checkString } from '../../internal/check.js';
import { checkClientEndpoint } from '../../internal/check-endpoint.js';
import { IdleTimeouts } from '../../policies/idle-timeouts.js';
import { HTTP2Intervals } from '../http2/intervals.js';
import { ClientCall } from './client-call.js';
import { type ConnectionOwner, HTTPClientConnection } from './client-connection.js';
import type { HTTPClientRequest } from './client-request.js';
import type { HTTPClientResponse } from './client-response.js';
import {
  type ConnectionSource,
  type ConnectionWaiter,
  HTTP2_CHOICES,
  type HTTPOrigin,
} from './connection-source.js';
import {
  HTTPPoolClosedError,
  HTTPPoolFullError,
  HTTPResponseTimeoutError,
  NoHTTPResponseError,
} from './errors.js';
import type { HTTP2ClientConnection, HTTP2ConnectionOwner } from './http2-connection.js';
import type { HTTP2Exchange } from './http2-exchange.js';
import { type ChosenVersion, OriginConnections, QueuedWaiter } from './origin-connections.js';
import { connectTo, type PooledConnection } from './pool-attempt.js';
import { type PoolCounts, poolCounts } from './pool-counts.js';
import { type HTTPConnectionPoolOptions, type PoolSettings, poolSettings } from './settings.js';

const ALL_IN_USE =
  'all maxConnectionsPerOrigin are in use; read or discard the content of each response';

/**
 * A pool of connections to any number of HTTP servers. It sends requests as they are: no redirection, cookie or content coding is handled
 * here.
 *
 * A connection that its server has closed is not used. If the server closes a used one at the moment at which a request is sent, the
 * request is sent once more on a new connection, if its method is idempotent and its content can be repeated (RFC 9110 section 9.2.2).
 *
 * @example const pool = new HTTPConnectionPool(reactor);
 * const origin = { endpoint: clientFromString(reactor, 'tcp:example.com:80'), authority: 'example.com' };
 * const response = await pool.request(origin, { target: '/' });
 * console.log(response.status, await response.text());
 */
export class HTTPConnectionPool
  implements ConnectionOwner, HTTP2ConnectionOwner, ConnectionSource, AsyncDisposable
{
  /** @internal */
  readonly settings: PoolSettings;
  /** @internal */
  readonly timeouts: IdleTimeouts;
  /** @internal */
  readonly clock: Clock;
  /** @internal */
  readonly intervals: HTTP2Intervals;
  readonly #origins: Map<HTTPOrigin, OriginConnections> = new Map();
  readonly #origin: Map<PooledConnection, OriginConnections> = new Map();
  /** The versions that origins have chosen, also of those that have no connection now. */
  readonly #versions: WeakMap<HTTPOrigin, ChosenVersion> = new WeakMap();
  /** Origins whose requests wait for a place in the pool, in the order in which they get one. */
  readonly #starving: Set<OriginConnections> = new Set();
  readonly #closing: Waiters<void> = new Waiters();
  #connecting = 0;
  #queued = 0;
  #isClosed = false;

  /**
   * @param clock The reactor, or the manual clock of a test.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(clock: Clock, options: HTTPConnectionPoolOptions = {}) {
    checkClock('clock', clock);
    this.clock = clock;
    this.settings = poolSettings(options);
    this.intervals = new HTTP2Intervals(clock, this.settings.http2.settingsTimeoutMs);
    this.timeouts = new IdleTimeouts(clock, { tickMs: this.settings.tickMs });
  }

  get counts(): PoolCounts {
    return poolCounts(this.#origins.values(), this.#connecting, this.#queued);
  }

  /**
   * Sends a request.
   *
   * @returns Fires with the response when its head has arrived. Fails with a ConnectError; an HTTPPoolFullError or HTTPPoolClosedError;
   * an HTTPResponseTimeoutError; a NoHTTPResponseError; an HTTPMessageError; the reason why the connection ended; the error of
   * the iterable that gives the content. Cancelling it takes the request back if it waits, and otherwise aborts its connection.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError; InvalidHTTPOutputError, HTTPContentLengthError,
   * HTTPSequenceError: the request cannot be sent as it is.
   */
  request(origin: HTTPOrigin, request: HTTPClientRequest = {}): Deferred<HTTPClientResponse> {
    checkOrigin(origin);
    return new ClientCall(this, origin, request).start();
  }

  /**
   * @internal A connection that can be used at once.
   * @returns Undefined if there is none: call {@link wait}.
   */
  take(origin: HTTPOrigin): HTTPClientConnection | undefined {
    const found = this.#origins.get(origin);
    if (found === undefined) return undefined;
    for (let last = found.idle.pop(); last !== undefined; last = found.idle.pop()) {
      if (last.isUsable) return last;
    }
    return undefined;
  }

  /** @internal A stream of a connection of HTTP/2; undefined if none has room: call {@link take}, and then {@link wait}. */
  takeStream(origin: HTTPOrigin): HTTP2Exchange | undefined {
    return this.#isClosed ? undefined : this.#origins.get(origin)?.openStream();
  }

  /**
   * @internal Waits for a connection, behind the earlier requests of the origin. May call back before it returns.
   * @returns Leaves the queue. Does nothing after the waiter was called.
   * @throws HTTPPoolClosedError, HTTPPoolFullError
   */
  wait(origin: HTTPOrigin, waiter: ConnectionWaiter, connectTimeoutMs: number): () => void {
    if (this.#isClosed) throw new HTTPPoolClosedError();
    const { maxQueuedRequests } = this.settings;
    const found = this.#connectionsTo(origin);
    const isHopeless = found.size >= this.settings.maxConnectionsPerOrigin || this.#isFull;
    if (isHopeless && this.#queued >= maxQueuedRequests) {
      this.#forgetUnused(found);
      throw new HTTPPoolFullError(maxQueuedRequests);
    }
    const queued = new QueuedWaiter(waiter, (late) => {
      const hint =
        found.connections >= this.settings.maxConnectionsPerOrigin ? ALL_IN_USE : undefined;
      this.#leave(found, late);
      const error = new HTTPResponseTimeoutError('connectTimeoutMs', connectTimeoutMs, hint);
      waiter.connectFailed(error);
    });
    this.#queued += 1;
    found.queue.push(queued.entry);
    this.timeouts.add(queued, connectTimeoutMs);
    this.#grow(found);
    return () => this.#leave(found, queued);
  }

  /** @internal Closes the idle connections of an origin: one of them has turned out to be closed by the server. */
  closeIdle(origin: HTTPOrigin): void {
    for (const connection of [...(this.#origins.get(origin)?.idle ?? [])]) connection.close();
  }

  /** @internal */
  released(connection: HTTPClientConnection): void {
    const found = this.#origin.get(connection);
    if (found === undefined) return;
    if (this.#isClosed) connection.close();
    else {
      const waiter = this.#shift(found);
      if (waiter !== undefined) waiter.connected(connection);
      else {
        found.idle.push(connection);
        this.#makeRoom();
      }
    }
  }

  /** @internal */
  roomMade(connection: HTTP2ClientConnection): void {
    const found = this.#origin.get(connection);
    if (found === undefined) return;
    while (found.queue.size > 0 && connection.hasRoom())
      this.#shift(found)?.streamOpened?.(connection.openExchange());
    // It is idle, or takes no further requests.
    this.#grow(found);
    this.#makeRoom();
  }

  /** @internal */
  retired(connection: HTTPClientConnection): void {
    const found = this.#origin.get(connection);
    const index = found?.idle.indexOf(connection) ?? -1;
    if (index !== -1) found?.idle.splice(index, 1);
  }

  /** @internal */
  gone(connection: PooledConnection): void {
    const found = this.#origin.get(connection);
    if (found === undefined) return;
    this.#origin.delete(connection);
    if (connection instanceof HTTPClientConnection) found.connections -= 1;
    else found.shared.splice(found.shared.indexOf(connection), 1);
    this.#freed(found);
  }

  /**
   * Refuses further requests, fails those that wait, and closes each connection when the request on it is complete.
   * @returns Fires when no connection is left. Cancelling it stops nothing.
   */
  close(): Deferred<void> {
    this.#isClosed = true;
    const origins = [...this.#origins.values()];
    // First: an attempt that fails would fail a waiter with its error, and begin another for the next one.
    for (const found of origins) {
      for (let one = this.#shift(found); one !== undefined; one = this.#shift(found)) {
        one.connectFailed(new HTTPPoolClosedError());
      }
    }
    for (const found of origins) {
      for (const attempt of [...found.attempts]) attempt.cancel();
      for (const connection of [...found.idle]) connection.close();
      for (const connection of [...found.shared]) connection.retire();
    }
    if (this.#isEmpty) return succeed(undefined);
    return this.#closing.add();
  }

  /** As {@link close}, but requests in progress are cut off. */
  abort(): Deferred<void> {
    const closed = this.close();
    for (const connection of [...this.#origin.keys()]) connection.abort();
    return closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #isFull(): boolean {
    return this.#origin.size + this.#connecting >= this.settings.maxConnections;
  }

  get #isEmpty(): boolean {
    return this.#origin.size + this.#connecting === 0;
  }

  #connectionsTo(origin: HTTPOrigin): OriginConnections {
    let found = this.#origins.get(origin);
    if (found === undefined) {
      found = new OriginConnections(origin, this.#versions.get(origin));
      this.#origins.set(origin, found);
    }
    return found;
  }

  /** Connects if requests wait without an attempt for each, and the limits permit it. */
  #grow(found: OriginConnections): void {
    const { maxConnectionsPerOrigin } = this.settings;
    while (found.queue.size > found.expected && found.size < maxConnectionsPerOrigin) {
      if (this.#isFull) {
        this.#starving.add(found);
        this.#makeRoom();
        return;
      }
      this.#connect(found);
    }
    this.#starving.delete(found);
  }

  /** An idle connection of another origin is closed for an origin that starves. */
  #makeRoom(): void {
    if (this.#starving.size === 0) return;
    for (const found of this.#origins.values()) {
      const oldest = found.oldestIdle;
      if (oldest !== undefined) {
        oldest.close();
        return;
      }
    }
  }

  #connect(found: OriginConnections): void {
    this.#connecting += 1;
    const { connecting: attempt, made } = connectTo(found.origin, this);
    found.attempts.add(attempt);
    attempt.addBoth((result): undefined => {
      this.#connecting -= 1;
      // An attempt that was given up has been removed, and nobody waits for it.
      const isWanted = found.attempts.delete(attempt);
      const connection = made();
      if (connection?.isUsable === true) this.#made(found, connection);
      else {
        const error = result instanceof Failure ? result.value : new NoHTTPResponseError(false);
        if (isWanted) this.#failed(found, error);
        this.#freed(found);
      }
    });
  }

  #made(found: OriginConnections, connection: PooledConnection): void {
    this.#origin.set(connection, found);
    const isHTTP1 = connection instanceof HTTPClientConnection;
    found.version = isHTTP1 ? '1.1' : '2.0';
    if (found.origin.http2 !== undefined) this.#versions.set(found.origin, found.version);
    if (isHTTP1) {
      found.connections += 1;
      connection.watch();
      this.released(connection);
      this.#grow(found);
    } else {
      found.shared.push(connection);
      connection.watch();
      if (this.#isClosed) connection.retire();
      else this.roomMade(connection);
    }
  }

  /** Fails the requests for which an attempt to connect was made: one, or all that would have shared the connection. */
  #failed(found: OriginConnections, error: unknown): void {
    const count = found.version === '1.1' || found.attempts.size > 0 ? 1 : found.queue.size;
    for (let i = 0; i < count; i++) this.#shift(found)?.connectFailed(error);
  }

  /** A connection or an attempt has ended. */
  #freed(found: OriginConnections): void {
    this.#grow(found);
    this.#forgetUnused(found);
    const [next] = this.#starving;
    if (next !== undefined && !this.#isFull) {
      this.#starving.delete(next);
      this.#grow(next);
    }
    if (this.#isClosed && this.#isEmpty) {
      this.#closing.fireAll((closed) => closed.callback(undefined));
    }
  }

  #forgetUnused(found: OriginConnections): void {
    if (found.size === 0 && found.queue.size === 0) this.#origins.delete(found.origin);
  }

  #shift(found: OriginConnections): ConnectionWaiter | undefined {
    const first = found.queue.shift();
    if (first === undefined) return undefined;
    this.#queued -= 1;
    this.timeouts.remove(first);
    return first.waiter;
  }

  /** A waiter gives up, and with it an attempt that no other waits for. */
  #leave(found: OriginConnections, queued: QueuedWaiter): void {
    if (!queued.entry.linked) return;
    found.queue.remove(queued.entry);
    this.#queued -= 1;
    this.timeouts.remove(queued);
    if (found.queue.size === 0) this.#starving.delete(found);
    const [oldest] = found.attempts;
    if (oldest !== undefined && found.attempts.size > found.queue.size) {
      found.attempts.delete(oldest);
      oldest.cancel();
    }
    this.#forgetUnused(found);
  }
}

/** @throws InvalidArgumentTypeError */
export function checkOrigin(origin: HTTPOrigin): void {
  checkObject('origin', origin);
  checkClientEndpoint(origin.endpoint);
  checkString('authority of the origin', origin.authority);
  if (origin.http2 !== undefined) checkChoice('http2', origin.http2, HTTP2_CHOICES);
}
