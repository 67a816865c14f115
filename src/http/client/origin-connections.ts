/** The connections of a pool to one origin, and the requests that wait for them. */
import type { Deferred } from '../../defer/deferred.js';
import { Entry, LinkedList } from '../../defer/linked-list.js';
import type { TimeoutEntry } from '../../policies/idle-timeouts.js';
import type { HTTPClientConnection } from './client-connection.js';
import type { ConnectionWaiter, HTTPOrigin } from './connection-source.js';
import type { HTTP2ClientConnection } from './http2-connection.js';
import type { HTTP2Exchange } from './http2-exchange.js';

/** The version that an origin has chosen; undefined as long as no connection was made. */
export type ChosenVersion = '1.1' | '2.0' | undefined;

/** The requests that a connection of HTTP/2 is expected to take before its server has announced a number. */
const USUAL_STREAMS = 100;

export class OriginConnections {
  readonly origin: HTTPOrigin;
  /** The number of connections of HTTP/1.1. */
  connections = 0;
  /** The one that was used last is the last. */
  readonly idle: HTTPClientConnection[] = [];
  /** Those of HTTP/2, in the order in which they were made. */
  readonly shared: HTTP2ClientConnection[] = [];
  readonly attempts: Set<Deferred<unknown>> = new Set();
  readonly queue: LinkedList<QueuedWaiter> = new LinkedList();
  version: ChosenVersion;

  constructor(origin: HTTPOrigin, version: ChosenVersion) {
    this.origin = origin;
    this.version = origin.http2 === undefined ? '1.1' : version;
  }

  get size(): number {
    return this.connections + this.shared.length + this.attempts.size;
  }

  /** The waiting requests that need no further connection. The first one decides about the version, so all wait for it. */
  get expected(): number {
    const { version } = this;
    if (version === '1.1') return this.attempts.size;
    let room = this.attempts.size * USUAL_STREAMS;
    for (const connection of this.shared) if (connection.isChecking) room += USUAL_STREAMS;
    return version === undefined && room > 0 ? Number.POSITIVE_INFINITY : room;
  }

  get idleCount(): number {
    let count = this.idle.length;
    for (const connection of this.shared) if (connection.isIdle) count += 1;
    return count;
  }

  /** An idle connection that may make room for another origin. */
  get oldestIdle(): HTTPClientConnection | HTTP2ClientConnection | undefined {
    const [oldest] = this.idle;
    if (oldest !== undefined) return oldest;
    for (const connection of this.shared) if (connection.isIdle) return connection;
    return undefined;
  }

  /** A stream for a request; undefined if no connection has room for it now. */
  openStream(): HTTP2Exchange | undefined {
    for (const connection of this.shared)
      if (connection.hasRoom()) return connection.openExchange();
    return undefined;
  }
}

/** A place in the queue of an origin, with its time limit. */
export class QueuedWaiter implements TimeoutEntry {
  previous: TimeoutEntry = this;
  next: TimeoutEntry = this;
  stamp = 0;
  ticks = 0;
  readonly entry: Entry<QueuedWaiter> = new Entry<QueuedWaiter>(this);
  readonly waiter: ConnectionWaiter;
  readonly #expired: (queued: QueuedWaiter) => void;

  constructor(waiter: ConnectionWaiter, expired: (queued: QueuedWaiter) => void) {
    this.waiter = waiter;
    this.#expired = expired;
  }

  expired(): void {
    this.#expired(this);
  }
}
