/** The factory of HTTP connections. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { Factory } from '../core/factory.js';
import { Deferred } from '../defer/deferred.js';
import { checkClock, checkFunction, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { HTTPConnection } from './http-connection.js';
import { type HTTPHandler, HTTPService } from './http-service.js';
import { type HTTPServerOptions, serverSettings } from './server-settings.js';

export interface DrainOptions {
  /** Time after which requests in progress are cut off, in milliseconds. Default: `drainDeadlineMs` of the server. */
  readonly deadlineMs?: number;
}

const DRAIN_OPTIONS: OptionNames<DrainOptions> = { deadlineMs: true };

interface Drain {
  readonly drained: Deferred<void>;
  readonly deadline: DelayedCall;
}

/**
 * Serves HTTP/2, HTTP/1.1 and HTTP/1.0 on any port: `reactor.listenTCP(8080, new HTTPFactory(reactor, handler))`. {@link serveHttp} also
 * closes the port.
 */
export class HTTPFactory extends Factory {
  readonly acceptableProtocols: readonly string[];
  readonly #clock: Clock;
  readonly #service: HTTPService;
  readonly #drains: Drain[] = [];

  /**
   * @param clock The reactor, or the manual clock of a test.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(clock: Clock, handler: HTTPHandler, options: HTTPServerOptions = {}) {
    super();
    checkClock('clock', clock);
    checkFunction('handler', handler);
    this.#clock = clock;
    this.#service = new HTTPService(clock, handler, serverSettings(options));
    const hasHTTP2 = this.#service.http2 !== undefined;
    this.acceptableProtocols = hasHTTP2 ? ['h2', 'http/1.1'] : ['http/1.1'];
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#service.connections.size;
  }

  override buildProtocol(): HTTPConnection {
    return new HTTPConnection(this.#service);
  }

  /**
   * Ends all connections (over HTTP/2, new requests are refused by GOAWAY, as soon as the client can know): idle ones at once, the others when the request in progress was answered, with `Connection: close`. Those
   * that are left at the deadline are reset. The factory can be used again afterwards.
   *
   * @returns Fires when all have ended. Cancelling it stops nothing.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  drain(options: DrainOptions = {}): Deferred<void> {
    checkOptions('drain', options, DRAIN_OPTIONS);
    const service = this.#service;
    const { deadlineMs = service.settings.drainDeadlineMs } = options;
    checkMilliseconds('deadlineMs', deadlineMs);
    const drained = new Deferred<void>();
    if (service.connections.size === 0) {
      drained.callback(undefined);
      return drained;
    }
    const deadline = this.#clock.callLater(deadlineMs, () => {
      for (const connection of service.connections) connection.abort();
    });
    this.#drains.push({ drained, deadline });
    service.draining = true;
    service.whenEmpty = () => this.#emptied();
    for (const callback of service.whenDraining) callback();
    for (const connection of service.connections) connection.drain();
    return drained;
  }

  #emptied(): void {
    const service = this.#service;
    service.whenEmpty = undefined;
    service.draining = false;
    for (const { drained, deadline } of this.#drains.splice(0)) {
      if (deadline.active()) deadline.cancel();
      drained.callback(undefined);
    }
  }
}
