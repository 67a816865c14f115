/** A reverse proxy: an HTTPHandler, and a resource of a site, that answers by the responses of other servers. */
import type { Clock } from '../core/clock.js';
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { Deferred } from '../defer/deferred.js';
import { HTTPConnectionPool } from '../http/client/connection-pool.js';
import type { HTTPOrigin } from '../http/client/connection-source.js';
import { NoHTTPResponseError } from '../http/client/errors.js';
import type { RequestFacts } from '../http/client/response-receiver.js';
import type { HTTPRequest } from '../http/http-request.js';
import type { HTTPResponse } from '../http/http-response.js';
import type { HTTPHandler } from '../http/http-service.js';
import {
  checkBoolean,
  checkChoice,
  checkClock,
  checkFunction,
  checkInteger,
  checkMilliseconds,
} from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { Logger } from '../logger/logger.js';
import type { ResponseHead } from '../protocols/http/heads.js';
import type { Resource, WebContext } from '../web/web-context.js';
import { Backend, type BackendOptions, type BackendStatus } from './backend.js';
import { BALANCES, type Balance, choose } from './balancer.js';
import { Exchange, type ExchangeOwner } from './exchange.js';
import { type ForwardedFields, ForwardingFacts } from './forwarding-facts.js';
import { type BackendCheckOptions, type HealthChange, HealthChecks } from './health-checks.js';
import {
  FactsByMethod,
  PROXY_OPTION_NAMES,
  type ProxyOptions,
  proxySettings,
} from './proxy-options.js';
import {
  framingLines,
  isUpgrade,
  refuseLoop,
  refuseMethod,
  upgradeLines,
} from './request-lines.js';

export interface ReverseProxyOptions extends ProxyOptions {
  /** Default `round-robin`. */
  readonly balance?: Balance;
  /** Most attempts for one request, the first one included, if it is safe to repeat it: 1 to 100. Default 2. */
  readonly maxAttempts?: number;
  /**
   * Failures in a row after which a backend gets no requests for `restMs`, unless all others rest too: 1 to 1,000. Failures are connections
   * that cannot be made, responses that are missing, malformed or late. Default 3.
   */
  readonly maxFailures?: number;
  /** See {@link maxFailures}: in milliseconds. Default 10,000. */
  readonly restMs?: number;
  /** Requests that find out which backends are down. Default: none are sent. */
  readonly healthCheck?: BackendCheckOptions;
  /** Host of the requests to backends: that of the client, or the `authority` of the backend. Default `client`. */
  readonly host?: 'client' | 'backend';
  /**
   * The fields that name the client to backends: X-Forwarded-For, -Proto and -Host, or Forwarded (RFC 7239). Default `both`. Those that a
   * client sends are removed: see {@link trustedPeers}.
   */
  readonly forwarded?: ForwardedFields;
  /**
   * Peers whose Forwarded and X-Forwarded-* are passed on and continued: addresses or networks of other proxies, such as `10.0.0.0/8`, or
   * `unix`. Default: none.
   */
  readonly trustedPeers?: readonly string[];
  /** Whether Upgrade is passed on, for WebSocket and other protocols; `h2c` never is. Default true. */
  readonly upgrades?: boolean;
  /**
   * The target of the request to the backend: path and query, beginning with a slash. Default: that of the
   * client.
   */
  readonly target?: (request: HTTPRequest) => string;
}

const NAMES: OptionNames<ReverseProxyOptions> = {
  ...PROXY_OPTION_NAMES,
  balance: true,
  maxAttempts: true,
  maxFailures: true,
  restMs: true,
  healthCheck: true,
  host: true,
  forwarded: true,
  trustedPeers: true,
  upgrades: true,
  target: true,
};

/**
 * Passes requests on to backends, and their responses back, as they arrive: contents are streamed with backpressure in both directions.
 * Upgraded connections become tunnels. If a backend fails, the client gets 502, 503 (no backend, or the queue is full) or 504 (it was too
 * slow), and the cause is logged; a response that breaks off breaks off for the client too.
 *
 * @example const proxy = new ReverseProxy(reactor, [{ endpoint: clientFromString(reactor, 'tcp:10.0.0.7:8081') }]);
 * await serveHttp(reactor, serverFromString(reactor, 'tcp:8080'), proxy.handler);
 */
export class ReverseProxy implements Resource, ExchangeOwner, AsyncDisposable {
  readonly isLeaf = true;
  /** @internal */
  readonly clock: Clock;
  /** @internal */
  readonly pool: HTTPConnectionPool;
  /** @internal */
  readonly maxAttempts: number;
  /** @internal */
  readonly continueTimeoutMs: number;
  /** @internal */
  readonly tunnelIdleTimeoutMs: number;
  readonly #backends: readonly Backend[];
  readonly #settings: Required<
    Pick<ReverseProxyOptions, 'balance' | 'host' | 'maxFailures' | 'restMs' | 'upgrades'>
  >;
  readonly #target: ((request: HTTPRequest) => string) | undefined;
  readonly #logger: Logger;
  readonly #facts: FactsByMethod;
  readonly #forwarding: ForwardingFacts;
  readonly #checks: HealthChecks | undefined;

  /**
   * @param clock The reactor, or the manual clock of a test.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(
    clock: Clock,
    backends: readonly BackendOptions[],
    options: ReverseProxyOptions = {},
  ) {
    checkClock('clock', clock);
    checkOptions('ReverseProxy', options, NAMES);
    const { balance = 'round-robin', maxAttempts = 2, maxFailures = 3, restMs = 10_000 } = options;
    const { host = 'client', forwarded = 'both', trustedPeers = [], upgrades = true } = options;
    const { healthCheck, target } = options;
    checkChoice('balance', balance, BALANCES);
    checkChoice('host', host, ['client', 'backend']);
    checkInteger('maxFailures', maxFailures, 1, 1_000);
    checkMilliseconds('restMs', restMs);
    checkBoolean('upgrades', upgrades);
    if (target !== undefined) checkFunction('target', target);
    const settings = proxySettings(options);
    this.clock = clock;
    this.maxAttempts = checkInteger('maxAttempts', maxAttempts, 1, 100);
    this.continueTimeoutMs = settings.continueTimeoutMs;
    this.tunnelIdleTimeoutMs = settings.tunnelIdleTimeoutMs;
    this.#backends = checkBackends(backends);
    this.#settings = { balance, host, maxFailures, restMs, upgrades };
    this.#target = target;
    this.#logger = settings.logger;
    this.#forwarding = new ForwardingFacts(forwarded, trustedPeers, settings);
    this.pool = new HTTPConnectionPool(clock, settings.poolOptions);
    this.#facts = new FactsByMethod(this.pool.settings);
    this.#checks =
      healthCheck === undefined
        ? undefined
        : new HealthChecks(clock, this.pool, this.#backends, healthCheck, this.#healthChanged);
  }

  /** The backends in their order. */
  get backends(): BackendStatus[] {
    const now = this.clock.now();
    return this.#backends.map((backend) => backend.status(now));
  }

  /** For `serveHttp` and `HTTPFactory`. */
  readonly handler: HTTPHandler = (request, response) => this.#handle(request, response);

  /** As a resource it answers for all paths below it. The target of the request is passed on whole. */
  render({ request, response }: WebContext): Promise<void> {
    return new Promise((resolve) => {
      response.whenEnded(resolve);
      this.#handle(request, response);
    });
  }

  /**
   * Ends the health checks and the connections to backends when the requests on them are complete. Further requests are answered with 503.
   * Close the server before.
   */
  close(): Deferred<void> {
    this.#checks?.stop();
    return this.pool.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  headFor({ request, target }: Exchange, origin: HTTPOrigin): string {
    const { head, method } = request;
    const authority = head.authority ?? '';
    const host =
      this.#settings.host === 'client' && authority !== '' ? authority : origin.authority;
    const upgrade = this.#settings.upgrades && isUpgrade(request) ? upgradeLines(head) : '';
    const lines = this.#forwarding.linesFor(request, authority === '' ? host : authority);
    return `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${lines}${framingLines(request)}${upgrade}\r\n`;
  }

  /** @internal */
  factsFor(request: HTTPRequest): RequestFacts {
    return this.#facts.of(request.method, this.#settings.upgrades && isUpgrade(request));
  }

  /** @internal */
  responseLines(head: ResponseHead): string {
    return this.#forwarding.viaLine(head);
  }

  /** @internal */
  began(origin: HTTPOrigin): void {
    const backend = origin as Backend;
    backend.active += 1;
    backend.requests += 1;
  }

  /** @internal */
  ended(origin: HTTPOrigin): void {
    (origin as Backend).active -= 1;
  }

  /** @internal */
  answered(origin: HTTPOrigin): void {
    const backend = origin as Backend;
    if (backend.failuresInARow > 0) backend.succeeded();
  }

  /** @internal */
  next(tried: readonly HTTPOrigin[]): HTTPOrigin | undefined {
    const { balance } = this.#settings;
    return choose(this.#backends, balance, this.clock.now(), tried as readonly Backend[]);
  }

  /** @internal */
  failed(exchange: Exchange, origin: HTTPOrigin, error: unknown, status: number | undefined): void {
    const { maxFailures, restMs } = this.#settings;
    const backend = origin as Backend;
    // A connection that was closed while it was idle says nothing about the health of the server.
    const isStale = error instanceof NoHTTPResponseError && error.wasReused;
    if (!isStale) backend.failed(this.clock.now(), maxFailures, restMs);
    const { request, attempts } = exchange;
    const { method, path } = request;
    const fields = { backend: backend.name, method, path, attempts, status, error };
    if (status === undefined && !isStale) {
      this.#logger.warn('backend {backend} failed for {method} {path}: {error}', fields);
    } else if (status !== undefined) {
      const format =
        'backend {backend} failed for {method} {path}, answered with {status}: {error}';
      this.#logger.error(format, fields);
    }
  }

  readonly #healthChanged: HealthChange = ({ name: backend }, isDown, error) => {
    if (isDown) this.#logger.error('backend {backend} is down: {error}', { backend, error });
    else this.#logger.info('backend {backend} is up', { backend });
  };

  #handle(request: HTTPRequest, response: HTTPResponse): void {
    if (response.ended || refuseMethod(request, response)) return;
    if (this.#forwarding.isLoop(request.head)) {
      refuseLoop(request, response, this.#logger);
      return;
    }
    const { balance } = this.#settings;
    const backends = this.#backends;
    const now = backends.length === 1 ? 0 : this.clock.now();
    const backend = choose(backends, balance, now);
    if (backend === undefined) {
      const { method, path } = request;
      this.#logger.error('no backend is up for {method} {path}', { method, path, status: 503 });
      response.sendError(503);
      return;
    }
    const target = this.#target === undefined ? request.head.originForm : this.#targetOf(request);
    new Exchange(this, request, response, backend, target).start();
  }

  #targetOf(request: HTTPRequest): string {
    const target = this.#target?.(request);
    if (typeof target !== 'string') {
      throw new InvalidArgumentTypeError('the result of target', 'a string', target);
    }
    if (!/^\/[\x21\x22\x24-\x7e]*$/.test(target)) {
      const expected = 'a path with an optional query, percent-encoded, beginning with a slash';
      throw new InvalidArgumentValueError('the result of target', expected, target);
    }
    return target;
  }
}

function checkBackends(backends: readonly BackendOptions[]): readonly Backend[] {
  if (!Array.isArray(backends) || backends.length === 0) {
    throw new InvalidArgumentTypeError('backends', 'an array of at least one backend', backends);
  }
  return backends.map((backend, index) => new Backend(backend as BackendOptions, index));
}
