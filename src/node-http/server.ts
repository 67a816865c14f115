/** The server of the facade. It extends the class of `node:http`, of which only events and properties are used. */

import { Server as NodeServer, type ServerOptions as NodeServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isIP } from 'node:net';
import type { Address } from '../core/address.js';
import { Factory, type FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { Reactor } from '../core/reactor.js';
import type { SystemEventTrigger } from '../core/system-event.js';
import { HTTPService } from '../http/http-service.js';
import { serverSettings } from '../http/server-settings.js';
import { getReactor } from '../reactor/create-reactor.js';
import { TLSServerFactory } from '../tls/factories.js';
import { Connection } from './connection.js';
import { Dispatcher, type DispatchingServer } from './dispatch.js';
import { Exchange } from './exchange.js';
import { IncomingMessage } from './incoming-message.js';
import { type ListenRequest, listenError, listenRequest } from './listen-arguments.js';
import { openPort } from './listen-port.js';
import { LiveSettings } from './live-settings.js';
import { serverAlreadyListening, serverNotRunning } from './node-errors.js';
import { ServerConnections } from './server-connections.js';
import { checkServerOptions, type ServerOptions, type ShouldUpgrade } from './server-options.js';
import { ServerResponse } from './server-response.js';

/** Called for each request: the listener of the event `request`. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

class ConnectionFactory extends Factory {
  readonly #build: () => Connection;

  constructor(build: () => Connection) {
    super();
    this.#build = build;
  }

  get acceptableProtocols(): readonly string[] {
    return ['http/1.1'];
  }

  override buildProtocol(): Connection {
    return this.#build();
  }
}

/**
 * A server with the interface of `node:http`'s, over a reactor. `instanceof` Node's class is true, but nothing of its networking is
 * used.
 */
export class Server extends NodeServer {
  /** As in Node 24, which programs may change: see {@link ServerOptions.keepAliveTimeoutBuffer}. */
  keepAliveTimeoutBuffer: number;
  /** As in Node 24, which programs may change: see {@link ServerOptions.shouldUpgradeCallback}. */
  shouldUpgradeCallback: ShouldUpgrade;
  readonly #reactor: Reactor;
  readonly #options: ServerOptions;
  readonly #service: HTTPService;
  readonly #factory: FactoryLike;
  readonly #connections: ServerConnections;
  #port: ListeningPort<Address> | undefined = undefined;
  #state: 'closed' | 'starting' | 'listening' | 'closing' = 'closed';
  #trigger: SystemEventTrigger | undefined = undefined;

  /**
   * @param listener Called for each request.
   * @throws UnsupportedError, UnknownOptionError, and TypeErrors as those of `node:http`.
   */
  constructor(options: ServerOptions = {}, listener?: RequestListener) {
    checkServerOptions(options);
    super(nodeOptions(options));
    this.removeAllListeners('connection');
    this.removeAllListeners('listening');
    this.#options = options;
    this.keepAliveTimeoutBuffer = options.keepAliveTimeoutBuffer ?? 1_000;
    this.shouldUpgradeCallback =
      options.shouldUpgradeCallback ?? (() => this.listenerCount('upgrade') > 0);
    this.#reactor = options.reactor ?? getReactor();
    const dispatcher = new Dispatcher(
      this as unknown as DispatchingServer,
      (options.IncomingMessage ?? IncomingMessage) as never,
      (options.ServerResponse ?? ServerResponse) as never,
      options.uniqueHeaders as readonly string[] | undefined,
    );
    this.#service = new HTTPService(
      this.#reactor,
      (request, response) => dispatcher.begin(request, response),
      this.#settings(),
      (connection, request) => new Exchange(connection, request),
    );
    this.#connections = new ServerConnections(
      this.#reactor,
      this,
      options.connectionsCheckingInterval ?? 30_000,
      () => this.#closedIfEmpty(),
    );
    const factory = new ConnectionFactory(
      () => new Connection(this.#service, this.#connections, this),
    );
    this.#factory =
      options.tls === undefined ? factory : new TLSServerFactory(options.tls, factory);
    // Node's types declare a property.
    Object.defineProperty(this, 'listening', { get: () => this.#state === 'listening' });
    if (listener !== undefined) this.on('request', listener as never);
  }

  /** The address that it listens on: a path for UNIX sockets; null if it does not listen. */
  override address(): AddressInfo | string | null {
    const host = this.#port?.getHost();
    if (host === undefined || this.#state === 'starting') return null;
    if (!('port' in host)) return 'path' in host ? String(host.path) : String(host);
    return { address: host.host, family: host.family, port: host.port };
  }

  /**
   * As Node's, in all its forms except that for handles. The event `listening` follows, or `error` with the error of the system.
   * `fd` is closed with the server. `exclusive` changes nothing: ports are never shared with other workers of `node:cluster`.
   * @throws TypeErrors and RangeErrors as those of Node, UnsupportedError: a handle of Node.
   */
  override listen(...args: unknown[]): this {
    const request = listenRequest(args);
    if (this.#state !== 'closed' && this.#state !== 'closing') throw serverAlreadyListening();
    if (request.callback !== undefined) this.once('listening', request.callback);
    this.#state = 'starting';
    if (request.signal !== undefined) this.#closeOn(request.signal);
    const { host } = request;
    if (host === undefined || isIP(host) !== 0) this.#begin(request, host);
    else this.#resolve(request, host);
    return this;
  }

  /**
   * Stops accepting, ends idle connections, and emits `close` when the last connection has ended. As with `node:http`, those with a request in
   * progress stay open for further requests, until they are idle for `keepAliveTimeout`.
   */
  override close(callback?: (error?: Error) => void): this {
    if (this.#state === 'closed' || this.#state === 'closing') {
      if (callback !== undefined) process.nextTick(callback, serverNotRunning());
      return this;
    }
    if (callback !== undefined) this.once('close', callback);
    const port = this.#port;
    this.#state = 'closing';
    this.#port = undefined;
    this.closeIdleConnections();
    if (port === undefined) this.#closedIfEmpty();
    else port.stopListening().addCallback(() => this.#closedIfEmpty());
    return this;
  }

  /** Ends the connections without a request in progress. */
  override closeIdleConnections(): void {
    for (const connection of this.#connections) {
      if (connection.isIdle) connection.closeConnection();
    }
  }

  /** Ends all connections, except upgraded ones, which belong to the program. */
  override closeAllConnections(): void {
    for (const connection of this.#connections) {
      if (!connection.isSwitched) connection.socket.destroy();
    }
  }

  override getConnections(callback: (error: Error | null, count: number) => void): this {
    process.nextTick(callback, null, this.#connections.size);
    return this;
  }

  /** Does nothing: an open port of a reactor keeps the process alive. */
  override ref(): this {
    return this;
  }

  /** Does nothing: see {@link ref}. */
  override unref(): this {
    return this;
  }

  #settings(): LiveSettings {
    const { maxHeaderSize, requireHostHeader = true, engine = {} } = this.#options;
    const base = serverSettings({
      maxContentBytes: Number.MAX_SAFE_INTEGER,
      ...engine,
      http2: false,
      maxFields: 2_000,
      ...(maxHeaderSize !== undefined && maxHeaderSize > 0 && { maxHeadBytes: maxHeaderSize }),
    });
    const parserOptions = { ...base.parserOptions, requireHost: requireHostHeader };
    return new LiveSettings({ ...base, parserOptions }, this);
  }

  #closeOn(signal: AbortSignal): void {
    const close = (): void => {
      this.close();
    };
    if (signal.aborted) process.nextTick(close);
    else {
      signal.addEventListener('abort', close, { once: true });
      this.once('close', () => signal.removeEventListener('abort', close));
    }
  }

  #resolve(request: ListenRequest, host: string): void {
    this.#reactor.nameResolver.resolveHostName(host).addCallbacks(
      ([found]) => this.#begin(request, found?.address),
      ({ value }) => this.#failed(value),
    );
  }

  #begin(request: ListenRequest, address: string | undefined): void {
    // Closed while the name was resolved.
    if (this.#state !== 'starting') return;
    try {
      this.#service.forgetParsers();
      this.#service.draining = false;
      this.#port = openPort(this.#reactor, this.#factory, request, address, this.#options);
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#removeTrigger();
    this.#trigger = this.#reactor.addSystemEventTrigger('before', 'shutdown', () => this.#stop());
    process.nextTick(() => {
      if (this.#state !== 'starting') return;
      this.#state = 'listening';
      this.emit('listening');
    });
  }

  /** The reactor stops: waits for requests in progress, whose responses end their connections, up to `drainDeadlineMs` of the engine. */
  #stop(): Promise<void> {
    this.#trigger = undefined;
    this.#service.draining = true;
    return new Promise((resolve) => {
      const deadline = this.#reactor.callLater(this.#service.settings.drainDeadlineMs, () => {
        for (const connection of this.#service.connections) connection.abort();
      });
      this.once('close', () => {
        if (deadline.active()) deadline.cancel();
        resolve();
      });
      if (this.#state === 'closing') this.closeIdleConnections();
      else this.close();
    });
  }

  #removeTrigger(): void {
    if (this.#trigger !== undefined) this.#reactor.removeSystemEventTrigger(this.#trigger);
    this.#trigger = undefined;
  }

  #failed(error: unknown): void {
    if (this.#state !== 'starting') return;
    this.#state = 'closed';
    process.nextTick(() => this.emit('error', listenError(error)));
  }

  #closedIfEmpty(): void {
    if (this.#state !== 'closing' || this.#connections.size > 0) return;
    this.#state = 'closed';
    this.#removeTrigger();
    process.nextTick(() => this.emit('close'));
  }
}

/** The options without those that Node's class would check or use. */
function nodeOptions(options: ServerOptions): NodeServerOptions {
  const {
    reactor: _r,
    tls: _t,
    engine: _e,
    IncomingMessage: _i,
    ServerResponse: _s,
    ...rest
  } = options;
  return rest;
}

/**
 * Makes a server that frameworks for `node:http` run on unchanged.
 *
 * @param options See {@link ServerOptions}: those of `node:http`, and `reactor`.
 * @example createServer({ reactor }, (request, response) => response.end('Hello, World!')).listen(8080);
 * @throws UnsupportedError, UnknownOptionError, and TypeErrors as those of `node:http`.
 */
export function createServer(listener?: RequestListener): Server;
export function createServer(options: ServerOptions, listener?: RequestListener): Server;
export function createServer(
  options: ServerOptions | RequestListener = {},
  listener?: RequestListener,
): Server {
  if (typeof options === 'function') return new Server({}, options);
  return new Server(options, listener);
}
