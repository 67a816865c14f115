/** Endpoints through proxies that are given by URL. */
import type { Clock } from '../../core/clock.js';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import type { FactoryLike } from '../../core/factory.js';
import type { NameResolver } from '../../core/name-resolver.js';
import type { ReactorNames } from '../../core/reactor-names.js';
import type { ReactorTCP } from '../../core/reactor-tcp.js';
import type { ProtocolOf, StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { Deferred } from '../../defer/deferred.js';
import type { Failure } from '../../defer/failure.js';
import { HostnameEndpoint } from '../../endpoints/tcp.js';
import { wrapClientTLS } from '../../endpoints/tls.js';
import { checkClientEndpoint } from '../../internal/check-endpoint.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { showAsText } from '../../internal/shown-as-text.js';
import { SocksClientEndpoint } from '../../protocols/socks/client.js';
import { SocksConnectError } from '../../protocols/socks/errors.js';
import { TLSClientContext, type TLSClientOptions } from '../../tls/client-context.js';
import { type ProxyAddress, parseProxyURL } from './proxy-url.js';
import { HTTPTunnelEndpoint } from './tunnel-endpoint.js';

export interface ProxyEndpointOptions {
  /** Where the proxy is, in place of the host and port of its URL: behind another proxy, for example. TLS is added for `https:`. */
  readonly endpoint?: StreamClientEndpoint;
  /** The context, or the options, of TLS to a proxy with `https:`. Default: certificates are verified with the roots of the system. */
  readonly tls?: TLSClientContext | TLSClientOptions;
  /** Time for the proxy's answer, its connection to the host included. Default 60,000. */
  readonly timeoutMs?: number;
}

const ALPN: readonly string[] = ['http/1.1'];

/** Made when it is needed first: reading the system's roots takes time. */
let defaultContext: TLSClientContext | undefined;

const OPTIONS: OptionNames<ProxyEndpointOptions> = { endpoint: true, tls: true, timeoutMs: true };

/**
 * A host and port through a proxy. Chains of proxies are nested: the endpoint of one is the option `endpoint` of the next.
 *
 * @param proxy A URL such as `http://user:password@proxy.example:3128`, with `http:` or `https:` (CONNECT), `socks4:` or `socks5:` (this
 * machine resolves the host), `socks4a:` or `socks5h:` (the proxy resolves it). Default ports: 80, 443, 1080.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError, and the errors of {@link TLSClientContext}. None of them shows
 * the password.
 * @example
 * const first = proxyEndpoint(reactor, 'socks5h://127.0.0.1:1080', 'proxy.example', 3128);
 * const chained = proxyEndpoint(reactor, 'http://proxy.example:3128', 'example.com', 443, { endpoint: first });
 */
export function proxyEndpoint(
  reactor: Clock & ReactorTCP,
  proxy: string | URL,
  host: string,
  port: number,
  options: ProxyEndpointOptions = {},
): StreamClientEndpoint {
  checkOptions('proxyEndpoint', options, OPTIONS);
  const { endpoint, tls, timeoutMs } = options;
  if (endpoint !== undefined) checkClientEndpoint(endpoint);
  const address = parseProxyURL('proxy', proxy);
  const to = endpointOfProxy(reactor, address, endpoint, tls);
  return endpointThrough(reactor, address, to, host, port, timeoutMs);
}

/** The proxy itself. */
export function endpointOfProxy(
  reactor: ReactorTCP,
  { host, port, isSecure }: ProxyAddress,
  endpoint: StreamClientEndpoint | undefined,
  tls: TLSClientContext | TLSClientOptions | undefined,
): StreamClientEndpoint {
  const plain = endpoint ?? new HostnameEndpoint(reactor, host, port);
  return isSecure ? wrapClientTLS(proxyContext(tls), plain, { hostname: host }) : plain;
}

/** The context of TLS to a proxy, which is used by HTTP/1.1. */
export function proxyContext(
  tls: TLSClientContext | TLSClientOptions | undefined,
): TLSClientContext {
  if (tls instanceof TLSClientContext) return tls;
  if (tls !== undefined) return new TLSClientContext({ alpnProtocols: ALPN, ...tls });
  defaultContext ??= new TLSClientContext({ alpnProtocols: ALPN });
  return defaultContext;
}

/** A host behind the proxy that `to` connects to. */
export function endpointThrough(
  reactor: Clock & Partial<ReactorNames>,
  proxy: ProxyAddress,
  to: StreamClientEndpoint,
  host: string,
  port: number,
  timeoutMs: number | undefined,
): StreamClientEndpoint {
  const { kind, socksVersion: version, resolvesHere, username, password = '' } = proxy;
  const options = { clock: reactor, ...(timeoutMs !== undefined && { timeoutMs }) };
  const user = username === undefined ? {} : { username };
  if (kind === 'http') {
    const login = username === undefined ? {} : { username, password };
    return new HTTPTunnelEndpoint(to, host, port, { ...options, ...login });
  }
  // An empty password cannot be sent, and version 4 has none.
  const login = password === '' || version === 4 ? user : { ...user, password };
  const socks = (name: string): SocksClientEndpoint =>
    new SocksClientEndpoint(to, name, port, { ...options, ...login, version });
  const through = socks(host);
  if (!resolvesHere) return through;
  if (reactor.nameResolver !== undefined) {
    return new ResolvedEndpoint(reactor.nameResolver, through, version, socks);
  }
  const why = 'without one, use socks4a: or socks5h:, whose proxies resolve names';
  throw new InvalidArgumentTypeError('reactor', 'a reactor with nameResolver', reactor, why);
}

/** Resolves the name of a host here, and tries its addresses through the proxy until one is connected. */
class ResolvedEndpoint implements StreamClientEndpoint {
  readonly host: string;
  readonly #resolver: NameResolver;
  readonly #named: SocksClientEndpoint;
  readonly #version: 4 | 5;
  readonly #endpointTo: (address: string) => SocksClientEndpoint;

  constructor(
    resolver: NameResolver,
    named: SocksClientEndpoint,
    version: 4 | 5,
    endpointTo: (address: string) => SocksClientEndpoint,
  ) {
    this.host = named.host;
    this.#resolver = resolver;
    this.#named = named;
    this.#version = version;
    this.#endpointTo = endpointTo;
  }

  connect<F extends FactoryLike>(factory: F): Deferred<ProtocolOf<F>> {
    const families = this.#version === 4 ? { families: ['IPv4'] as const } : {};
    return this.#resolver.resolveHostName(this.host, families).addCallback((found) => {
      const addresses = found.map(({ address }) => address);
      return this.#try(factory, addresses) as Deferred<unknown>;
    }) as Deferred<unknown> as Deferred<ProtocolOf<F>>;
  }

  toString(): string {
    return String(this.#named);
  }

  #try<F extends FactoryLike>(factory: F, addresses: readonly string[]): Deferred<ProtocolOf<F>> {
    const [first = this.host, ...others] = addresses;
    const attempt = this.#endpointTo(first).connect(factory);
    if (others.length === 0) return attempt;
    return attempt.addErrback((failure: Failure) => {
      if (!(failure.value instanceof SocksConnectError)) return failure as never;
      return this.#try(factory, others) as never;
    }) as Deferred<unknown> as Deferred<ProtocolOf<F>>;
  }
}

showAsText(ResolvedEndpoint);
