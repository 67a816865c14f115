/** A forward proxy: requests in absolute form, and tunnels by CONNECT (RFC 9110 sections 3.7 and 9.3.6). */
import type { Clock } from '../core/clock.js';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { checkRealm, quotedParam } from '../cred/exchanges/auth-params.js';
import { basicCredentials } from '../cred/exchanges/basic-credentials.js';
import { callReported } from '../defer/callback-result.js';
import type { Deferred } from '../defer/deferred.js';
import { HTTPConnectionPool } from '../http/client/connection-pool.js';
import type { HTTPOrigin } from '../http/client/connection-source.js';
import { HTTPPoolClosedError, NoHTTPResponseError } from '../http/client/errors.js';
import type { RequestFacts } from '../http/client/response-receiver.js';
import type { HTTPRequest } from '../http/http-request.js';
import type { HTTPResponse } from '../http/http-response.js';
import type { HTTPHandler } from '../http/http-service.js';
import { checkFunction, checkInteger, checkNameResolver, checkReactor } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { Logger } from '../logger/logger.js';
import { RelayEnd } from '../policies/relay.js';
import type { ResponseHead } from '../protocols/http/heads.js';
import { SocksAccessRules } from '../protocols/socks/access-rules.js';
import {
  Destinations,
  type ForwardProxyReactor,
  PermittedEndpoint,
  type RequestedServer,
  requestedServer,
} from './destination.js';
import { DestinationRefusedError } from './errors.js';
import { Exchange, type ExchangeOwner, statusOf } from './exchange.js';
import { type ForwardedFields, ForwardingFacts } from './forwarding-facts.js';
import type { ProxyAuthenticate } from './proxy-authentication.js';
import {
  FactsByMethod,
  PROXY_OPTION_NAMES,
  type ProxyOptions,
  proxySettings,
} from './proxy-options.js';
import { framingLines, isUpgrade, refuseLoop, upgradeLines } from './request-lines.js';
import { openTunnel } from './tunnel.js';

/** A request to a forward proxy. */
export interface ProxyAccess {
  readonly request: HTTPRequest;
  /** A name in lower case or an IP address. */
  readonly host: string;
  readonly port: number;
  /** Whether it is a CONNECT: the proxy does not see the bytes. */
  readonly isTunnel: boolean;
  /** The name that the client has proved with a password. */
  readonly username: string | undefined;
}

export interface ForwardProxyOptions extends ProxyOptions {
  /**
   * Networks that clients may reach although they are refused by default: loopback, private, link-local, multicast and reserved
   * addresses, addresses of this machine, and metadata services. Elements are IP addresses or networks such as `10.1.0.0/16`.
   * Default: none.
   */
  readonly allow?: readonly string[];
  /** Networks that clients may not reach, also if `allow` has them. Default: none. */
  readonly deny?: readonly string[];
  /** The ports of requests. Default 80 and 443. */
  readonly ports?: readonly number[] | 'any';
  /** The ports of tunnels. Default 443. */
  readonly tunnelPorts?: readonly number[] | 'any';
  /** Decides about a request that the other rules permit, by its host, method or user for example. Default: all are permitted. */
  readonly permit?: (access: ProxyAccess) => boolean | PromiseLike<boolean>;
  /**
   * Requires a user name and a password, which cross the network in clear unless the proxy is served by TLS, and decides about them: see
   * `proxyAuthentication`. Clients without them are answered with 407. Default: no authentication.
   */
  readonly authenticate?: ProxyAuthenticate;
  /** The realm that clients show to their users: visible ASCII and spaces. Default `proxy`. */
  readonly realm?: string;
  /** The fields that name the client to servers. Default `none`; those that the client sends are removed. */
  readonly forwarded?: ForwardedFields;
  /** Answers requests that are not for a proxy. Default: 400. */
  readonly otherwise?: HTTPHandler;
}

const NAMES: OptionNames<ForwardProxyOptions> = {
  ...PROXY_OPTION_NAMES,
  allow: true,
  deny: true,
  ports: true,
  tunnelPorts: true,
  permit: true,
  authenticate: true,
  realm: true,
  forwarded: true,
  otherwise: true,
};

/**
 * Passes requests on to the servers that they name, and tunnels connections. Without `authenticate`, everybody who reaches the port uses
 * it: listen on a loopback address then. It refuses private addresses, and the ports of other services than the Web, unless they are
 * permitted.
 *
 * @example const proxy = new ForwardProxy(reactor);
 * await serveHttp(reactor, serverFromString(reactor, 'tcp:3128:interface=127.0.0.1'), proxy.handler);
 */
export class ForwardProxy implements ExchangeOwner, AsyncDisposable {
  /** @internal */
  readonly clock: Clock;
  /** @internal */
  readonly pool: HTTPConnectionPool;
  /** @internal A connection that its server has closed is replaced once. */
  readonly maxAttempts = 2;
  /** @internal */
  readonly continueTimeoutMs: number;
  /** @internal */
  readonly tunnelIdleTimeoutMs: number;
  readonly #logger: Logger;
  readonly #facts: FactsByMethod;
  readonly #forwarding: ForwardingFacts;
  readonly #destinations: Destinations;
  readonly #authenticate: ProxyAuthenticate | undefined;
  readonly #permit: ForwardProxyOptions['permit'];
  readonly #otherwise: HTTPHandler | undefined;
  readonly #challenge: string;
  readonly #ports: ReadonlySet<number> | 'any';
  readonly #tunnelPorts: ReadonlySet<number> | 'any';
  #isClosed = false;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(reactor: ForwardProxyReactor, options: ForwardProxyOptions = {}) {
    checkReactor('reactor', reactor);
    checkNameResolver('nameResolver', reactor.nameResolver);
    checkOptions('ForwardProxy', options, NAMES);
    const { allow = [], deny = [], ports = [80, 443], tunnelPorts = [443] } = options;
    const { permit, authenticate, otherwise, realm = 'proxy', forwarded = 'none' } = options;
    for (const [name, value] of Object.entries({ permit, authenticate, otherwise })) {
      if (value !== undefined) checkFunction(name, value);
    }
    const settings = proxySettings(options);
    const rules = new SocksAccessRules({ allow, deny });
    this.clock = reactor;
    this.continueTimeoutMs = settings.continueTimeoutMs;
    this.tunnelIdleTimeoutMs = settings.tunnelIdleTimeoutMs;
    this.#logger = settings.logger;
    this.#authenticate = authenticate;
    this.#permit = permit;
    this.#otherwise = otherwise;
    this.#challenge = `Basic realm=${quotedParam(checkRealm(realm))}, charset="UTF-8"`;
    this.#ports = checkPorts('ports', ports);
    this.#tunnelPorts = checkPorts('tunnelPorts', tunnelPorts);
    this.#forwarding = new ForwardingFacts(forwarded, [], settings);
    this.pool = new HTTPConnectionPool(reactor, settings.poolOptions);
    this.#facts = new FactsByMethod(this.pool.settings);
    const { connectTimeoutMs } = this.pool.settings;
    this.#destinations = new Destinations(
      (server) => new PermittedEndpoint(reactor, rules, server, connectTimeoutMs),
    );
  }

  /** For `serveHttp` and `HTTPFactory`. */
  readonly handler: HTTPHandler = (request, response) => this.#handle(request, response);

  /**
   * Ends the connections to servers when the requests on them are complete. Further requests are answered with 503. Close the server
   * before.
   */
  close(): Deferred<void> {
    this.#isClosed = true;
    return this.pool.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  headFor({ request, target }: Exchange): string {
    const { head, method } = request;
    const host = head.authority ?? '';
    const upgrade = isUpgrade(request) ? upgradeLines(head) : '';
    const lines = this.#forwarding.linesFor(request, host);
    return `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${lines}${framingLines(request)}${upgrade}\r\n`;
  }

  /** @internal */
  factsFor(request: HTTPRequest): RequestFacts {
    return this.#facts.of(request.method, isUpgrade(request));
  }

  /** @internal */
  responseLines(head: ResponseHead): string {
    return this.#forwarding.viaLine(head);
  }

  /** @internal */
  began(): void {}

  /** @internal */
  ended(): void {}

  /** @internal */
  answered(): void {}

  /** @internal */
  next([tried]: readonly HTTPOrigin[], error: unknown): HTTPOrigin | undefined {
    return error instanceof NoHTTPResponseError && error.wasReused ? tried : undefined;
  }

  /** @internal */
  failed(
    { request }: Exchange,
    _origin: HTTPOrigin,
    error: unknown,
    status: number | undefined,
  ): void {
    if (status !== undefined) this.#logFailure(request, error, status);
  }

  #handle(request: HTTPRequest, response: HTTPResponse): unknown {
    const otherwise = this.#otherwise;
    const server = requestedServer(request);
    if (server === undefined) {
      const isForProxy = request.method === 'CONNECT' || request.head.targetForm === 'absolute';
      if (otherwise !== undefined && !isForProxy) return otherwise(request, response);
      response.sendError(400);
      return undefined;
    }
    if (this.#authenticate === undefined && this.#permit === undefined) {
      this.#forward(request, response, server);
      return undefined;
    }
    return this.#checked(request, response, server);
  }

  async #checked(
    request: HTTPRequest,
    response: HTTPResponse,
    server: RequestedServer,
  ): Promise<void> {
    request.keep();
    const authenticate = this.#authenticate;
    const permit = this.#permit;
    let username: string | undefined;
    if (authenticate !== undefined) {
      const field = request.field('proxy-authorization');
      const credentials = field === undefined ? undefined : basicCredentials(field);
      const user =
        credentials !== undefined && (await authenticate(...credentials, request.remoteAddress));
      if (user !== true && (typeof user !== 'object' || user === null)) {
        response.setField('Proxy-Authenticate', this.#challenge).sendStatus(407);
        return;
      }
      if (typeof user === 'object') {
        response.whenEnded(() => callReported('logout of a proxy user', () => user.logout?.()));
      }
      username = credentials?.[0];
    }
    if (permit !== undefined && this.#permitsPort(request, server)) {
      const { host, port } = server;
      const isTunnel = request.method === 'CONNECT';
      const access: ProxyAccess = { request, host, port, isTunnel, username };
      if ((await permit(access)) !== true) {
        this.#refuse(request, response, server, '`permit` has refused it');
        return;
      }
    }
    const ended = new Promise<void>((resolve) => response.whenEnded(resolve));
    this.#forward(request, response, server);
    await ended;
  }

  #forward(request: HTTPRequest, response: HTTPResponse, server: RequestedServer): void {
    // The client has gone while a rule was waited for.
    if (response.ended) return;
    const isTunnel = request.method === 'CONNECT';
    if (this.#forwarding.isLoop(request.head)) refuseLoop(request, response, this.#logger);
    else if (!this.#permitsPort(request, server)) {
      this.#refuse(request, response, server, 'the port is not permitted');
    } else if (request.method === 'TRACE') {
      response.setField('Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, CONNECT');
      response.sendStatus(405);
    } else if (isTunnel) this.#tunnel(request, response, server);
    else {
      const origin = this.#destinations.of(server);
      new Exchange(this, request, response, origin, request.head.originForm).start();
    }
  }

  #permitsPort({ method }: HTTPRequest, { port }: RequestedServer): boolean {
    const ports = method === 'CONNECT' ? this.#tunnelPorts : this.#ports;
    return ports === 'any' || ports.has(port);
  }

  #tunnel(request: HTTPRequest, response: HTTPResponse, server: RequestedServer): void {
    if (this.#isClosed) {
      this.#answerFailure(request, response, new HTTPPoolClosedError());
      return;
    }
    request.keep();
    const { endpoint } = this.#destinations.of(server);
    const end = new RelayEnd();
    const attempt = endpoint.connect(() => end);
    attempt
      .addCallbacks(
        () => {
          if (response.ended) end.transport.abortConnection();
          else openTunnel(request, end, undefined, this.pool.timeouts, this.tunnelIdleTimeoutMs);
        },
        ({ value }) => this.#answerFailure(request, response, value),
      )
      .addErrback(({ value }) => {
        // The client has gone meanwhile.
        end.transport.abortConnection();
        this.#answerFailure(request, response, value);
      });
    response.whenEnded(() => attempt.cancel());
  }

  #refuse(
    request: HTTPRequest,
    response: HTTPResponse,
    server: RequestedServer,
    why: string,
  ): void {
    const error = new DestinationRefusedError(server.host, server.port, why);
    this.#answerFailure(request, response, error);
  }

  #answerFailure(request: HTTPRequest, response: HTTPResponse, error: unknown): void {
    if (response.ended) return;
    const status = statusOf(error);
    this.#logFailure(request, error, status);
    response.sendError(status);
  }

  #logFailure(request: HTTPRequest, error: unknown, status: number): void {
    const { method, host } = request;
    const fields = { method, host, status, error };
    if (status === 403) this.#logger.info('refused {method} for {host}: {error}', fields);
    else this.#logger.warn('{method} for {host} failed, answered with {status}: {error}', fields);
  }
}

function checkPorts(what: string, ports: readonly number[] | 'any'): ReadonlySet<number> | 'any' {
  if (ports === 'any') return ports;
  if (!Array.isArray(ports)) throw new InvalidArgumentTypeError(what, "an array, or 'any'", ports);
  return new Set(ports.map((port) => checkInteger(`an element of ${what}`, port, 1, 65_535)));
}
