/** The connections of a server, and the events that they cause. Not methods of the server, whose properties belong to programs. */
import type { Server as NodeServer } from 'node:http';
import type { Clock, DelayedCall } from '../core/clock.js';
import type { Connection, ConnectionServer } from './connection.js';
import type { CodedError } from './node-errors.js';
import type { ServerResponse } from './server-response.js';
import type { Socket } from './socket.js';

export class ServerConnections implements ConnectionServer, Iterable<Connection> {
  readonly clock: Clock;
  readonly #server: NodeServer;
  readonly #checkingMs: number;
  readonly #whenEmpty: () => void;
  /** Those that were accepted and have not ended. */
  readonly #all: Set<Connection> = new Set();
  #check: DelayedCall | undefined = undefined;

  /**
   * @param checkingMs The time between checks of `requestTimeout`.
   * @param whenEmpty Called when the last connection has ended.
   */
  constructor(clock: Clock, server: NodeServer, checkingMs: number, whenEmpty: () => void) {
    this.clock = clock;
    this.#server = server;
    this.#checkingMs = checkingMs;
    this.#whenEmpty = whenEmpty;
  }

  get size(): number {
    return this.#all.size;
  }

  get timeout(): number {
    return this.#server.timeout;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#all[Symbol.iterator]();
  }

  accepted(connection: Connection): boolean {
    const server = this.#server;
    const { maxConnections } = server;
    if (typeof maxConnections === 'number' && this.#all.size >= maxConnections) {
      if (server.listenerCount('drop') > 0) server.emit('drop', addressesOf(connection.socket));
      return false;
    }
    this.#all.add(connection);
    this.#check ??= this.#nextCheck();
    if (server.listenerCount('connection') > 0) {
      server.emit('connection', connection.socket as never);
    }
    return true;
  }

  closed(connection: Connection): void {
    this.#all.delete(connection);
    if (this.#all.size > 0) return;
    if (this.#check?.active() === true) this.#check.cancel();
    this.#check = undefined;
    this.#whenEmpty();
  }

  clientError(error: CodedError, socket: Socket): boolean {
    return this.#server.emit('clientError', error, socket as never);
  }

  timedOut(connection: Connection, socket: Socket): boolean {
    const response = socket._httpMessage as ServerResponse | null;
    const request = response?.req;
    const byRequest = request?.complete === false && request.emit('timeout', socket);
    const byResponse = response?.emit('timeout', socket) === true;
    const byServer = this.#server.emit('timeout', socket as never);
    return byRequest || byResponse || byServer || connection.isSwitched;
  }

  /** As `node:http`, checks from time to time which requests take longer than `requestTimeout`. */
  #nextCheck(): DelayedCall {
    return this.clock.callLater(this.#checkingMs, () => {
      this.#check = undefined;
      const { requestTimeout } = this.#server;
      if (requestTimeout > 0) {
        for (const connection of this.#all) connection.checkRequest(requestTimeout);
      }
      if (this.#all.size > 0) this.#check = this.#nextCheck();
    });
  }
}

function addressesOf(socket: Socket): Record<string, unknown> {
  const { localAddress, localPort, localFamily, remoteAddress, remotePort, remoteFamily } = socket;
  return { localAddress, localPort, localFamily, remoteAddress, remotePort, remoteFamily };
}
