/** Origins by URL. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import type { ReactorTCP } from '../../core/reactor-tcp.js';
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import { HostnameEndpoint } from '../../endpoints/tcp.js';
import { wrapClientTLS } from '../../endpoints/tls.js';
import { checkChoice, checkPlainObject } from '../../internal/check.js';
import { checkClientEndpoint } from '../../internal/check-endpoint.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { TLSClientContext, type TLSClientOptions } from '../../tls/client-context.js';
import { HTTP2_CHOICES, type HTTP2Choice, type HTTPOrigin } from './connection-source.js';

export interface HTTPOriginOptions {
  /** The context, or the options, of TLS for `https:`. Default: certificates are verified with the roots of the system. */
  readonly tls?: TLSClientContext | TLSClientOptions;
  /** Where to connect, in place of the host and port of the URL: a UNIX socket, for example. TLS is added to it for `https:`. */
  readonly endpoint?: StreamClientEndpoint;
  /** See {@link HTTPOrigin.http2}. `alpn` has no effect for `http:`. Default: HTTP/1.1. */
  readonly http2?: HTTP2Choice;
}

const OPTIONS: OptionNames<HTTPOriginOptions> = { tls: true, endpoint: true, http2: true };
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };
const ALPN: readonly string[] = ['http/1.1'];

/** Made when it is needed first: reading the system's roots takes time. */
let defaultContext: TLSClientContext | undefined;

/**
 * The server that a URL names. Keep it: connections of a pool belong to the object.
 *
 * @param url `http:` or `https:`. Its path and query are not used.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError, and the errors of {@link TLSClientContext}.
 * @example const origin = httpOrigin(reactor, 'https://example.com');
 */
export function httpOrigin(
  reactor: ReactorTCP,
  url: string | URL,
  options: HTTPOriginOptions = {},
): HTTPOrigin {
  checkOptions('httpOrigin', options, OPTIONS);
  if (typeof url !== 'string' && !(url instanceof URL)) {
    throw new InvalidArgumentTypeError('url', 'a string or a URL', url);
  }
  const { tls, endpoint, http2 } = options;
  if (http2 !== undefined) checkChoice('http2', http2, HTTP2_CHOICES);
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined;
  const standardPort = PORTS[parsed?.protocol ?? ''];
  if (parsed === undefined || standardPort === undefined || hasUser(parsed)) {
    const expected = 'a URL with the scheme http or https and without a user';
    throw new InvalidArgumentValueError(
      'url',
      expected,
      parsed === undefined ? withoutUserText(url) : shown(parsed),
    );
  }
  const { hostname, port, host, protocol } = parsed;
  const name = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  if (endpoint !== undefined) checkClientEndpoint(endpoint);
  const plain = endpoint ?? new HostnameEndpoint(reactor, name, Number(port || standardPort));
  if (protocol === 'http:') {
    if (tls === undefined) {
      return { endpoint: plain, authority: host, http2: http2 === 'alpn' ? undefined : http2 };
    }
    throw new InvalidArgumentValueError('tls', 'left out for a URL with http:', tls);
  }
  return {
    endpoint: wrapClientTLS(contextOf(tls), plain, { hostname: name }),
    authority: host,
    http2,
  };
}

function hasUser({ username, password }: URL): boolean {
  return username + password !== '';
}

/** The text of a URL that cannot be used, without what may be a user and password. */
export function withoutUserText(url: string | URL): string {
  const text = String(url);
  const at = text.lastIndexOf('@');
  if (at === -1) return text;
  const [scheme = ''] = /^[a-z][a-z\d+.-]*:\/\//i.exec(text) ?? [];
  return `${scheme}...${text.slice(at)}`;
}

/** A password is not shown. */
function shown(url: URL): string {
  const copy = new URL(url);
  if (copy.password !== '') copy.password = '...';
  return copy.href;
}

function contextOf(
  tls: TLSClientContext | TLSClientOptions | undefined,
): TLSClientContext | TLSClientOptions {
  if (tls instanceof TLSClientContext) return tls;
  if (tls !== undefined) {
    checkPlainObject('tls', tls);
    return new TLSClientContext({ alpnProtocols: ALPN, ...tls });
  }
  defaultContext ??= new TLSClientContext({ alpnProtocols: ALPN });
  return defaultContext;
}
