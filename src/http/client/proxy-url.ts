/** Proxies by URL. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { withoutUserText } from './origin.js';

/** A proxy as its URL describes it. */
export interface ProxyAddress {
  /** Without user and password. */
  readonly url: URL;
  readonly kind: 'http' | 'socks';
  /** Whether TLS protects the connection to the proxy. */
  readonly isSecure: boolean;
  readonly socksVersion: 4 | 5;
  /** Whether this machine resolves the names of hosts, and the proxy gets addresses. */
  readonly resolvesHere: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

type Scheme = Pick<ProxyAddress, 'kind' | 'isSecure' | 'socksVersion' | 'resolvesHere'> & {
  readonly defaultPort: number;
};

const HTTP = { kind: 'http', isSecure: false, socksVersion: 5, resolvesHere: false } as const;
const SOCKS = { ...HTTP, kind: 'socks', defaultPort: 1080 } as const;

const SCHEMES: Readonly<Record<string, Scheme>> = {
  'http:': { ...HTTP, defaultPort: 80 },
  'https:': { ...HTTP, isSecure: true, defaultPort: 443 },
  'socks4:': { ...SOCKS, socksVersion: 4, resolvesHere: true },
  'socks4a:': { ...SOCKS, socksVersion: 4 },
  'socks5:': { ...SOCKS, resolvesHere: true },
  'socks5h:': SOCKS,
};

const EXPECTED =
  'a URL with the scheme http, https, socks4, socks4a, socks5 or socks5h, a host, and no path';

/**
 * @param what Where the URL comes from: `proxy`.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError. They do not show the user and password.
 */
export function parseProxyURL(what: string, url: string | URL): ProxyAddress {
  if (typeof url !== 'string' && !(url instanceof URL)) {
    throw new InvalidArgumentTypeError(what, 'a string or a URL', url);
  }
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined;
  const scheme = SCHEMES[parsed?.protocol ?? ''];
  if (parsed === undefined || scheme === undefined || !isBare(parsed)) {
    throw new InvalidArgumentValueError(what, EXPECTED, withoutUserText(url));
  }
  const { hostname, port } = parsed;
  const { defaultPort, ...facts } = scheme;
  const [username, password] = userOf(what, parsed);
  parsed.username = '';
  parsed.password = '';
  return {
    ...facts,
    url: parsed,
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: Number(port || defaultPort),
    username,
    password,
  };
}

function isBare({ hostname, port, pathname, search, hash }: URL): boolean {
  const isWhole = hostname !== '' && port !== '0';
  return isWhole && (pathname === '' || pathname === '/') && search === '' && hash === '';
}

function userOf(
  what: string,
  { username, password, host }: URL,
): [username: string | undefined, password: string | undefined] {
  if (username === '' && password === '') return [undefined, undefined];
  try {
    return [decodeURIComponent(username), decodeURIComponent(password)];
  } catch {
    const expected = 'a URL whose user and password are encoded in UTF-8';
    throw new InvalidArgumentValueError(what, expected, `...@${host}`);
  }
}
