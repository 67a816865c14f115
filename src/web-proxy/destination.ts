/** The servers that clients of a forward proxy ask for, and connections to their permitted addresses. */
import type { Clock } from '../core/clock.js';
import { hostPortText } from '../core/destination.js';
import type { FactoryLike } from '../core/factory.js';
import type { ReactorNames } from '../core/reactor-names.js';
import type { ReactorTCP } from '../core/reactor-tcp.js';
import type { ProtocolOf, StreamClientEndpoint } from '../core/stream-endpoint.js';
import type { Deferred } from '../defer/deferred.js';
import { HostnameEndpoint } from '../endpoints/tcp.js';
import type { HTTPOrigin } from '../http/client/connection-source.js';
import type { HTTPRequest } from '../http/http-request.js';
import { hostAdvice } from '../internal/host.js';
import { splitAbsolute } from '../protocols/http/target.js';
import type { SocksAccessRules } from '../protocols/socks/access-rules.js';
import { DestinationRefusedError } from './errors.js';

/** The facets of a reactor that a forward proxy uses. */
export type ForwardProxyReactor = Clock & ReactorTCP & ReactorNames;

/** More addresses of a name are not tried. */
const MAX_ADDRESSES = 8;

/** The host and the port of a request. */
export interface RequestedServer {
  /** A name in lower case or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** The value of Host. */
  readonly authority: string;
}

/**
 * The server that a request to a proxy names.
 * @returns Undefined if it names none by http, or no valid one.
 */
export function requestedServer({ head, method }: HTTPRequest): RequestedServer | undefined {
  if (method === 'CONNECT') return serverOf(head.target, undefined);
  if (head.targetForm !== 'absolute') return undefined;
  const [scheme, authority] = splitAbsolute(head.target);
  return scheme === 'http' ? serverOf(authority, 80) : undefined;
}

function serverOf(authority: string, defaultPort: number | undefined): RequestedServer | undefined {
  const [, bracketed, plain = '', digits = ''] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(authority) ?? [];
  const host = (bracketed ?? plain).toLowerCase();
  const port = digits === '' ? defaultPort : Number(digits);
  if (port === undefined || port < 1 || port > 65_535) return undefined;
  const isValid =
    bracketed === undefined ? hostAdvice(host) === undefined : /^[0-9a-f:.]+$/.test(host);
  return isValid ? { host, port, authority } : undefined;
}

/**
 * Connects to a host by those of its addresses that the rules permit. It connects to exactly these, without asking for the name again, so
 * a name that resolves differently the next time (DNS rebinding) gains nothing.
 */
export class PermittedEndpoint implements StreamClientEndpoint {
  readonly host: string;
  readonly port: number;
  readonly #reactor: ForwardProxyReactor;
  readonly #rules: SocksAccessRules;
  readonly #timeoutMs: number;

  /** @param timeoutMs To resolve the name, and again to connect. */
  constructor(
    reactor: ForwardProxyReactor,
    rules: SocksAccessRules,
    { host, port }: RequestedServer,
    timeoutMs: number,
  ) {
    this.host = host;
    this.port = port;
    this.#reactor = reactor;
    this.#rules = rules;
    this.#timeoutMs = timeoutMs;
  }

  /** Fails also with a NameResolutionError, and with a DestinationRefusedError if no address is permitted. */
  connect<F extends FactoryLike>(factory: F): Deferred<ProtocolOf<F>> {
    const { host, port } = this;
    const timeoutMs = this.#timeoutMs;
    const { nameResolver } = this.#reactor;
    return nameResolver.resolveHostName(host, { timeoutMs }).addCallback((found) => {
      const addresses = found
        .slice(0, MAX_ADDRESSES)
        .map(({ address }) => address)
        .filter((address) => this.#rules.permits(address));
      if (addresses.length === 0) {
        throw new DestinationRefusedError(host, port, 'the address is not permitted');
      }
      const options = { addresses, timeoutMs };
      return new HostnameEndpoint(this.#reactor, host, port, options).connect(factory) as never;
    });
  }

  toString(): string {
    return `<permitted TCP client endpoint ${hostPortText(this.host, this.port)}>`;
  }
}

/** Most origins that are remembered, so that their connections are used again. */
const MAX_ORIGINS = 1_024;

/** The origins of a proxy by host and port. */
export class Destinations {
  readonly #origins: Map<string, HTTPOrigin> = new Map();
  readonly #connect: (server: RequestedServer) => StreamClientEndpoint;

  constructor(connect: (server: RequestedServer) => StreamClientEndpoint) {
    this.#connect = connect;
  }

  of(server: RequestedServer): HTTPOrigin {
    const key = hostPortText(server.host, server.port);
    let origin = this.#origins.get(key);
    if (origin === undefined) {
      origin = { endpoint: this.#connect(server), authority: server.authority };
    } else this.#origins.delete(key);
    this.#origins.set(key, origin);
    const [oldest] = this.#origins.keys();
    if (this.#origins.size > MAX_ORIGINS && oldest !== undefined) this.#origins.delete(oldest);
    return origin;
  }
}
