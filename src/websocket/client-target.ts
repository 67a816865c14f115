/** The place that a URL of a WebSocket names (RFC 6455 section 3). */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';

export interface WebSocketTarget {
  readonly secure: boolean;
  /** A name or an IP address, without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** The value of the Host field. */
  readonly host: string;
  /** The path and the query. */
  readonly target: string;
}

const PORTS: Readonly<Record<string, number>> = { 'ws:': 80, 'wss:': 443 };

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function targetOf(url: string | URL): WebSocketTarget {
  if (typeof url !== 'string' && !(url instanceof URL)) {
    throw new InvalidArgumentTypeError('url', 'a string or a URL', url);
  }
  const expected =
    'a URL with the scheme ws or wss, such as wss://example.com/chat, without a user and a fragment (for UNIX sockets, set the option endpoint)';
  if (!URL.canParse(String(url))) throw new InvalidArgumentValueError('url', expected, url);
  const { protocol, username, password, hash, hostname, host, port, pathname, search } = new URL(
    url,
  );
  const standardPort = PORTS[protocol];
  if (standardPort === undefined || username + password + hash !== '') {
    throw new InvalidArgumentValueError('url', expected, withoutUser(url));
  }
  return {
    secure: protocol === 'wss:',
    hostname: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? standardPort : Number(port),
    host,
    target: pathname + search,
  };
}

/** A password is not shown. */
function withoutUser(url: string | URL): string {
  const shown = new URL(url);
  if (shown.password !== '') shown.password = '...';
  return shown.href;
}
