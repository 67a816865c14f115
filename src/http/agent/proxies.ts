/**
 * The proxies of an agent. Requests with `http:` are sent to HTTP proxies in absolute form (RFC 9112 section 3.2.2); all others go through a
 * tunnel, with TLS to the origin inside.
 */
import type { Clock } from '../../core/clock.js';
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import type { ReactorTCP } from '../../core/reactor-tcp.js';
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import { checkPlainObject } from '../../internal/check.js';
import { checkClientEndpoint } from '../../internal/check-endpoint.js';
import type { OptionNames } from '../../internal/options.js';
import { TLSClientContext, type TLSClientOptions } from '../../tls/client-context.js';
import { basicCredentials } from '../client/basic-credentials.js';
import { endpointOfProxy, endpointThrough, proxyContext } from '../client/proxy-endpoint.js';
import { type ProxyAddress, parseProxyURL } from '../client/proxy-url.js';
import { type FieldList, withField, withoutFields } from './field-list.js';
import type { ProxyChoice } from './proxy-environment.js';

export interface AgentProxyOptions {
  /**
   * The proxy: a URL with `http:`, `https:`, `socks4:` or `socks5:` (this machine resolves names), `socks4a:` or `socks5h:` (the proxy
   * resolves them), and perhaps a user and password; or a function that chooses one for each request and redirection, such as
   * {@link proxyFromEnvironment}. `endpointFor` is then called with the URL of the proxy. Default: none.
   */
  readonly proxy?: string | URL | ProxyChoice;
  /** The context, or the options, of TLS to proxies with `https:`. Default: certificates are verified with the roots of the system. */
  readonly proxyTLS?: TLSClientContext | TLSClientOptions;
}

export const PROXY_OPTION_NAMES: OptionNames<AgentProxyOptions> = { proxy: true, proxyTLS: true };

export interface ProxySettings {
  /** Undefined if there is no proxy for any request. */
  readonly proxy: ProxyChoice | undefined;
  readonly proxyTLS: TLSClientContext | undefined;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function proxySettings({ proxy, proxyTLS }: AgentProxyOptions): ProxySettings {
  if (proxy === undefined) {
    if (proxyTLS === undefined) return { proxy, proxyTLS };
    throw new InvalidArgumentValueError('proxyTLS', 'left out without proxy', proxyTLS);
  }
  if (typeof proxy !== 'function') parseProxyURL('proxy', proxy);
  return {
    proxy: typeof proxy === 'function' ? proxy : () => proxy,
    proxyTLS: proxyTLS === undefined ? undefined : contextOf(proxyTLS),
  };
}

function contextOf(tls: TLSClientContext | TLSClientOptions): TLSClientContext {
  if (!(tls instanceof TLSClientContext)) checkPlainObject('proxyTLS', tls);
  return proxyContext(tls);
}

interface RouteSettings extends ProxySettings {
  readonly proxy: ProxyChoice;
  readonly endpointFor: ((url: URL) => StreamClientEndpoint | undefined) | undefined;
  readonly maxOrigins: number;
}

/** The routes to the proxies that were chosen, by their URLs. */
export class ProxyRoutes {
  readonly #reactor: Clock & ReactorTCP;
  readonly #settings: RouteSettings;
  /** The one that was made first is the first. */
  readonly #routes: Map<string, ProxyRoute> = new Map();

  constructor(reactor: Clock & ReactorTCP, settings: RouteSettings) {
    this.#reactor = reactor;
    this.#settings = settings;
  }

  /**
   * @returns Undefined: without a proxy.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, and the errors of the function that chooses.
   */
  routeOf(url: URL): ProxyRoute | undefined {
    const { proxy, proxyTLS, endpointFor, maxOrigins } = this.#settings;
    const chosen = proxy(url);
    if (chosen === undefined) return undefined;
    const key = String(chosen);
    const known = this.#routes.get(key);
    if (known !== undefined) return known;
    const address = parseProxyURL('the result of proxy', chosen);
    const given = endpointFor?.(address.url);
    if (given !== undefined) checkClientEndpoint(given);
    const endpoint = endpointOfProxy(this.#reactor, address, given, proxyTLS);
    const route = new ProxyRoute(this.#reactor, key, address, endpoint);
    const [oldest] = this.#routes.keys();
    if (this.#routes.size >= maxOrigins && oldest !== undefined) this.#routes.delete(oldest);
    this.#routes.set(key, route);
    return route;
  }
}

/** The way to origins through one proxy. */
export class ProxyRoute {
  readonly #reactor: Clock & ReactorTCP;
  readonly #key: string;
  readonly #address: ProxyAddress;
  readonly #endpoint: StreamClientEndpoint;
  /** The value of Proxy-Authorization. */
  readonly #credentials: string | undefined;

  constructor(
    reactor: Clock & ReactorTCP,
    key: string,
    address: ProxyAddress,
    endpoint: StreamClientEndpoint,
  ) {
    this.#reactor = reactor;
    this.#key = key;
    this.#address = address;
    this.#endpoint = endpoint;
    const { username, password = '' } = address;
    this.#credentials = username === undefined ? undefined : basicCredentials(username, password);
  }

  /** Names the connections to an origin by this route. */
  keyOf({ origin }: URL): string {
    return `${origin} ${this.#key}`;
  }

  /** Where to connect for an origin. TLS is added for `https:`. */
  endpointFor(url: URL): StreamClientEndpoint {
    if (this.#forwards(url)) return this.#endpoint;
    const { hostname, port, protocol } = url;
    const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    const number = Number(port || (protocol === 'https:' ? 443 : 80));
    return endpointThrough(this.#reactor, this.#address, this.#endpoint, host, number, undefined);
  }

  /** The beginning of a target in absolute form; empty otherwise. */
  targetPrefixOf(url: URL): string {
    return this.#forwards(url) ? url.origin : '';
  }

  /** The fields of a request, with the credentials of the proxy if it reads them, and otherwise without any for a proxy. */
  fieldsOf(url: URL, fields: FieldList): FieldList {
    if (!this.#forwards(url)) return withoutFields(fields, ['Proxy-Authorization']);
    if (this.#credentials === undefined) return fields;
    return withField(fields, 'Proxy-Authorization', this.#credentials);
  }

  #forwards({ protocol }: URL): boolean {
    return this.#address.kind === 'http' && protocol === 'http:';
  }
}
