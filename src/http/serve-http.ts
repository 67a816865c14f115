/** An HTTP server on an endpoint. */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { StreamServerEndpoint } from '../core/stream-endpoint.js';
import type { SystemEvents, SystemEventTrigger } from '../core/system-event.js';
import type { Deferred } from '../defer/deferred.js';
import { checkReactor } from '../internal/check.js';
import { checkServerEndpoint } from '../internal/check-endpoint.js';
import { type DrainOptions, HTTPFactory } from './http-factory.js';
import type { HTTPHandler } from './http-service.js';
import type { HTTPServerOptions } from './server-settings.js';

/** A server that listens. */
export class HTTPServer implements AsyncDisposable {
  readonly port: ListeningPort<Address>;
  readonly #factory: HTTPFactory;
  readonly #reactor: SystemEvents;
  #trigger: SystemEventTrigger | undefined;

  /** @internal */
  constructor(reactor: SystemEvents, port: ListeningPort<Address>, factory: HTTPFactory) {
    this.port = port;
    this.#factory = factory;
    this.#reactor = reactor;
    this.#trigger = reactor.addSystemEventTrigger('before', 'shutdown', () => {
      this.#trigger = undefined;
      return this.close();
    });
  }

  /** The address that it listens on. */
  getHost(): Address {
    return this.port.getHost();
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#factory.connections;
  }

  /**
   * Stops listening and ends all connections: see {@link HTTPFactory.drain}. A reactor that stops does this itself, and waits.
   * @returns Fires when all connections have ended.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  close(options: DrainOptions = {}): Deferred<void> {
    const drained = this.#factory.drain(options);
    if (this.#trigger !== undefined) this.#reactor.removeSystemEventTrigger(this.#trigger);
    this.#trigger = undefined;
    return this.port.stopListening().addCallback(() => drained);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Serves HTTP/2, HTTP/1.1 and HTTP/1.0. Over TLS, the version is negotiated by ALPN; in clear, clients of HTTP/2 have to know that the
 * server accepts it.
 *
 * @example const server = await serveHttp(reactor, serverFromString(reactor, 'tcp:8080'), (_request, response) => {
 *   response.setField('Content-Type', 'text/plain').send('Hello, World!');
 * });
 * @returns Fires when it listens. Fails with a CannotListenError.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function serveHttp(
  reactor: Clock & SystemEvents,
  endpoint: StreamServerEndpoint,
  handler: HTTPHandler,
  options: HTTPServerOptions = {},
): Deferred<HTTPServer> {
  checkReactor('reactor', reactor);
  checkServerEndpoint(endpoint);
  const factory = new HTTPFactory(reactor, handler, options);
  return endpoint.listen(factory).addCallback((port) => new HTTPServer(reactor, port, factory));
}
