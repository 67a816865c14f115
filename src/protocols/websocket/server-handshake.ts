/** The server's half of the handshake (RFC 6455 section 4.2) as a function: it reads a request and returns the fields to answer. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { withoutStack } from '../../core/errors/base.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { WebSocketRequestError } from './errors.js';
import {
  acceptValueOf,
  type HandshakeFields,
  type HandshakeRequest,
  isHTTP11,
} from './handshake-heads.js';
import {
  extensionsOf,
  isToken,
  listsToken,
  MAX_FIELD_LENGTH,
  tokensOf,
} from './header-elements.js';
import {
  type AcceptedDeflate,
  acceptDeflate,
  checkDeflateOptions,
  type PermessageDeflateOptions,
  type PermessageDeflateParameters,
} from './permessage-deflate.js';

/**
 * The origins of pages that may connect. `same-host`: those whose host and port are the requested ones, over TLS if the request is. A list contains
 * serialized origins such as `https://example.com`; a function returns whether the origin is allowed. Requests without an Origin
 * field do not come from pages, and are not checked.
 */
export type AllowedOrigins =
  | 'any'
  | 'same-host'
  | readonly string[]
  | ((origin: string, request: HandshakeRequest) => boolean);

/**
 * The server's subprotocols in order of preference, or a function that chooses one of the offered, or none. A client may refuse a
 * connection without a subprotocol that it offered.
 */
export type SubprotocolChoice =
  | readonly string[]
  | ((offered: readonly string[], request: HandshakeRequest) => string | undefined);

export interface ServerHandshakeOptions {
  /** Default `same-host`. */
  readonly allowedOrigins?: AllowedOrigins;
  /** Default: none. */
  readonly subprotocols?: SubprotocolChoice;
  /** Accepts compression. Default: messages are not compressed. */
  readonly deflate?: PermessageDeflateOptions;
}

/** An accepted request: answer it with `fields`, and status 101; with 200 over HTTP/2. */
export interface ServerHandshake {
  readonly fields: HandshakeFields;
  readonly subprotocol: string | undefined;
  /** The agreed parameters of compression; undefined if there is none. */
  readonly deflate: PermessageDeflateParameters | undefined;
}

const OPTIONS: OptionNames<ServerHandshakeOptions> = {
  allowedOrigins: true,
  subprotocols: true,
  deflate: true,
};

const VERSION = '13';

const HTTP2_VERSION = '2.0';

/** 16 bytes in base64: 22 characters, of which the last has four bits of padding, and `==`. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** Whether a request asks for a WebSocket connection: a request that does, and is invalid, is refused by {@link acceptRequest}. */
export function isWebSocketRequest(request: HandshakeRequest): boolean {
  return listsToken(request.field('upgrade'), 'websocket');
}

/**
 * Checks a request and negotiates the subprotocol and compression.
 * @throws WebSocketRequestError The request is refused: answer with its `status` and `fields`.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function acceptRequest(
  request: HandshakeRequest,
  options: ServerHandshakeOptions = {},
): ServerHandshake {
  checkOptions('acceptRequest', options, OPTIONS);
  const { allowedOrigins = 'same-host', subprotocols = [], deflate } = options;
  const own = deflate === undefined ? undefined : checkDeflateOptions('deflate', deflate);
  const key = checkRequest(request);
  checkOrigin(request, allowedOrigins);
  const subprotocol = chooseSubprotocol(request, subprotocols);
  const accepted = own === undefined ? undefined : negotiate(request, own);
  return {
    fields: [
      ...(key === undefined ? [] : switchingFields(key)),
      ...(subprotocol === undefined ? [] : [['Sec-WebSocket-Protocol', subprotocol] as const]),
      ...(accepted === undefined ? [] : [['Sec-WebSocket-Extensions', accepted.answer] as const]),
    ],
    subprotocol,
    deflate: accepted?.parameters,
  };
}

function switchingFields(key: string): HandshakeFields {
  return [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', acceptValueOf(key)],
  ];
}

/** @returns The key; undefined over HTTP/2, which has none (RFC 8441 section 5). */
function checkRequest(request: HandshakeRequest): string | undefined {
  const isHTTP2 = request.version === HTTP2_VERSION;
  if (request.method !== 'GET') throw refused(405, 'its method is not GET', [['Allow', 'GET']]);
  if (!isHTTP2 && !isHTTP11(request.version)) throw refused(505, 'its version is not HTTP/1.1');
  if (!isWebSocketRequest(request)) {
    throw refused(426, 'no Upgrade to websocket', [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
    ]);
  }
  if (!listsToken(request.field('connection'), 'upgrade')) {
    throw refused(400, 'Connection does not contain Upgrade');
  }
  if (request.field('sec-websocket-version') !== VERSION) {
    throw refused(426, 'its version of WebSocket is not 13', [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Version', VERSION],
    ]);
  }
  if (isHTTP2) return undefined;
  const key = request.field('sec-websocket-key');
  if (key === undefined || !KEY.test(key)) {
    throw refused(400, 'Sec-WebSocket-Key is not 16 bytes of base64');
  }
  return key;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError an element is not a serialized origin, and would never match. */
export function checkAllowedOrigins(allowed: AllowedOrigins): void {
  if (!Array.isArray(allowed)) return;
  for (const origin of allowed as readonly unknown[]) {
    if (typeof origin === 'string' && isOrigin(origin)) continue;
    const expected =
      'a scheme, a host in lower case, and a port if it is not the default: "https://example.com"';
    throw new InvalidArgumentValueError('each of allowedOrigins', expected, origin);
  }
}

function isOrigin(text: string): boolean {
  if (text === 'null') return true;
  if (!/^[a-z][a-z\d+.-]*:\/\/[^/?#@\\\s]+$/.test(text) || !URL.canParse(text)) return false;
  const { origin } = new URL(text);
  // Of other schemes, such as those of browser extensions, URL does not know the origin.
  return origin === text || (origin === 'null' && !/^(?:https?|wss?|ftp|file):/.test(text));
}

function checkOrigin(request: HandshakeRequest, allowed: AllowedOrigins): void {
  if (typeof allowed !== 'function' && !Array.isArray(allowed)) {
    if (typeof allowed !== 'string') throw invalidOrigins(allowed);
    if (allowed === 'any') return;
    if (allowed !== 'same-host') throw invalidOrigins(allowed);
  }
  const origin = request.field('origin');
  if (origin === undefined) return;
  if (origin.length <= MAX_FIELD_LENGTH && isAllowed(origin, request, allowed)) return;
  throw refused(403, 'its Origin is not allowed');
}

function isAllowed(origin: string, request: HandshakeRequest, allowed: AllowedOrigins): boolean {
  if (typeof allowed === 'function') return allowed(origin, request) === true;
  if (allowed === 'same-host') {
    if (request.secure === true && !origin.startsWith('https:')) return false;
    return isSameHost(origin, request.host ?? request.field('host'));
  }
  return (allowed as readonly string[]).includes(origin);
}

/** Compares hosts and ports; ports that are the default of the origin's scheme may be left out. */
function isSameHost(origin: string, host: string | undefined): boolean {
  const match = /^(https?):\/\/([^/?#@\\\s]+)$/.exec(origin);
  if (match === null || host === undefined || !/^[^/?#@\\\s]+$/.test(host)) return false;
  const ofOrigin = URL.canParse(origin) ? new URL(origin).host : undefined;
  const ofHost = URL.canParse(`${match[1]}://${host}`) ? new URL(`${match[1]}://${host}`).host : '';
  return ofOrigin === ofHost;
}

function chooseSubprotocol(
  request: HandshakeRequest,
  choice: SubprotocolChoice,
): string | undefined {
  const offered = offeredSubprotocols(request);
  if (typeof choice !== 'function')
    return checkSubprotocols(choice).find((own) => offered.includes(own));
  const chosen = choice(offered, request);
  if (chosen === undefined || offered.includes(chosen)) return chosen;
  throw new InvalidArgumentValueError('the chosen subprotocol', 'one of the offered', chosen);
}

function offeredSubprotocols(request: HandshakeRequest): readonly string[] {
  const field = request.field('sec-websocket-protocol');
  if (field === undefined) return [];
  const offered = tokensOf(field);
  if (offered === undefined || offered.length === 0) {
    throw refused(400, 'Sec-WebSocket-Protocol is not a list of tokens');
  }
  if (new Set(offered).size < offered.length) {
    throw refused(400, 'Sec-WebSocket-Protocol contains a subprotocol twice');
  }
  return offered;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkSubprotocols(subprotocols: readonly string[]): readonly string[] {
  if (!Array.isArray(subprotocols)) {
    throw new InvalidArgumentTypeError('subprotocols', 'an array or a function', subprotocols);
  }
  for (const subprotocol of subprotocols) {
    if (typeof subprotocol === 'string' && isToken(subprotocol)) continue;
    throw new InvalidArgumentValueError('a subprotocol', 'a token of HTTP', subprotocol);
  }
  return subprotocols;
}

function negotiate(
  request: HandshakeRequest,
  own: PermessageDeflateParameters,
): AcceptedDeflate | undefined {
  const field = request.field('sec-websocket-extensions');
  if (field === undefined) return undefined;
  const offers = extensionsOf(field);
  if (offers === undefined) throw refused(400, 'Sec-WebSocket-Extensions is malformed or too long');
  return acceptDeflate(offers, own);
}

function invalidOrigins(received: unknown): InvalidArgumentValueError {
  const expected = "'any', 'same-host', an array of origins, or a function";
  return new InvalidArgumentValueError('allowedOrigins', expected, received);
}

function refused(
  status: number,
  problem: string,
  fields: HandshakeFields = [],
): WebSocketRequestError {
  return withoutStack(() => new WebSocketRequestError(status, problem, fields));
}
