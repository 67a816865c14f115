/** Accepts WebSocket connections in the handler of an HTTP server. */
import type { Clock } from '../core/clock.js';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { isThenable } from '../defer/thenable.js';
import type { HTTPRequest } from '../http/http-request.js';
import type { HTTPResponse } from '../http/http-response.js';
import { checkClock, checkObject } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { WebSocketRequestError } from '../protocols/websocket/errors.js';
import {
  acceptRequest,
  checkAllowedOrigins,
  type ServerHandshake,
  type ServerHandshakeOptions,
} from '../protocols/websocket/server-handshake.js';
import { WEB_SOCKET_NAMES, type WebSocketOptions, WebSocketSettings } from './settings.js';
import type { Agreement } from './web-socket-link.js';
import { WebSocketProtocol } from './web-socket-protocol.js';

export interface WebSocketServerOptions extends WebSocketOptions, ServerHandshakeOptions {}

export const SERVER_NAMES: OptionNames<WebSocketServerOptions> = {
  ...WEB_SOCKET_NAMES,
  allowedOrigins: true,
  subprotocols: true,
};

/**
 * Uses an open connection: it assigns `messageReceived`, or takes the messages with `for await` or `receive`. If it returns a promise, the
 * connection is closed with 1000 when that is fulfilled, unless `messageReceived` was assigned; an exception, or a rejection, is
 * reported and closes it with 1011.
 */
export type WebSocketSession = (socket: WebSocketProtocol, request: HTTPRequest) => unknown;

/** A session, or a class of protocols, of which one is made for each connection. */
export type WebSocketSessionLike = WebSocketSession | (new () => WebSocketProtocol);

/** Accepts connections with the same options. Create one for a server, and call {@link accept} in its handler. */
export class WebSocketAcceptor {
  readonly #settings: WebSocketSettings;
  readonly #handshake: ServerHandshakeOptions;
  /** The last of each subprotocol: most connections share it. */
  readonly #agreements: Map<string | undefined, Agreement> = new Map();

  /**
   * @param clock The reactor, or the manual clock of a test.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(clock: Clock, options: WebSocketServerOptions = {}) {
    checkClock('clock', clock);
    checkOptions('WebSocketAcceptor', options, SERVER_NAMES);
    const { allowedOrigins, subprotocols, ...rest } = options;
    this.#settings = new WebSocketSettings(clock, 'server', rest);
    this.#handshake = {
      ...(allowedOrigins === undefined ? {} : { allowedOrigins }),
      ...(subprotocols === undefined ? {} : { subprotocols }),
      ...(rest.deflate === undefined ? {} : { deflate: rest.deflate }),
    };
    checkHandshakeOptions(this.#handshake);
  }

  /**
   * Opens a WebSocket connection, or answers the request with the status that says why not: 400, 403, 405, 426 or 505. Fields that were
   * set in the response are sent.
   *
   * @param session A session, or the protocol of this connection.
   * @returns The protocol of the connection; undefined if it was refused.
   * @throws HTTPSequenceError the request was answered. @throws HTTPStatusError with 400: it has content. @throws InvalidArgumentTypeError
   */
  accept<P extends WebSocketProtocol>(
    request: HTTPRequest,
    response: HTTPResponse,
    session: P,
  ): P | undefined;
  accept(
    request: HTTPRequest,
    response: HTTPResponse,
    session: WebSocketSessionLike,
  ): WebSocketProtocol | undefined;
  accept(
    request: HTTPRequest,
    response: HTTPResponse,
    session: WebSocketProtocol | WebSocketSessionLike,
  ): WebSocketProtocol | undefined {
    checkSession(session, true);
    let handshake: ServerHandshake;
    try {
      handshake = acceptRequest(request, this.#handshake);
    } catch (error) {
      if (!(error instanceof WebSocketRequestError)) throw error;
      refuse(response, error);
      return undefined;
    }
    for (const [name, value] of handshake.fields) {
      if (name !== 'Upgrade' && name !== 'Connection') response.setField(name, value);
    }
    const protocol = protocolOf(session, request);
    protocol.agree(this.#agreement(handshake));
    request.upgrade(protocol, 'websocket');
    return protocol;
  }

  #agreement({ deflate, subprotocol }: ServerHandshake): Agreement {
    const settings = this.#settings;
    const codec = settings.codecs.codec(deflate);
    const known = this.#agreements.get(subprotocol);
    if (known?.codec === codec) return known;
    const agreement = { settings, codec, subprotocol };
    // The names of a function may be any number.
    if (this.#agreements.size < MAX_AGREEMENTS) this.#agreements.set(subprotocol, agreement);
    return agreement;
  }
}

const MAX_AGREEMENTS = 64;

class SessionProtocol extends WebSocketProtocol {
  /** Undefined once it has begun: the request is not kept. */
  private begin: ((socket: WebSocketProtocol) => unknown) | undefined;

  constructor(session: WebSocketSession, request: HTTPRequest) {
    super();
    this.begin = (socket) => session(socket, request);
  }

  override opened(): unknown {
    const { begin } = this;
    this.begin = undefined;
    const result = begin?.(this);
    return isThenable(result) ? result.then(() => this.finished()) : undefined;
  }

  private finished(): void {
    if (!this.takesMessages) this.close();
  }
}

function protocolOf(
  session: WebSocketProtocol | WebSocketSessionLike,
  request: HTTPRequest,
): WebSocketProtocol {
  if (session instanceof WebSocketProtocol) return session;
  if (isProtocolClass(session)) return new session();
  return new SessionProtocol(session, request);
}

function isProtocolClass(session: WebSocketSessionLike): session is new () => WebSocketProtocol {
  return (
    session.prototype instanceof WebSocketProtocol || (session as unknown) === WebSocketProtocol
  );
}

/**
 * @param one Whether it is for one connection, and may be the protocol of it.
 * @throws InvalidArgumentTypeError
 */
export function checkSession(session: unknown, one: boolean): void {
  const isProtocol = session instanceof WebSocketProtocol;
  if (one && isProtocol) return;
  const isClass = typeof session === 'function' && /^class\b/.test(String(session));
  if (typeof session === 'function') {
    if (!isClass || isProtocolClass(session as WebSocketSessionLike)) return;
  }
  const hint = isClass
    ? 'it does not extend WebSocketProtocol'
    : isProtocol
      ? `a protocol serves one connection: give the class, ${session.constructor.name}`
      : undefined;
  const expected = `a function or a class of WebSocketProtocol${one ? ', or a protocol' : ''}`;
  throw new InvalidArgumentTypeError('session', expected, session, hint);
}

/** Finds wrong options when the acceptor is made, not at the first request. */
function checkHandshakeOptions(options: ServerHandshakeOptions): void {
  checkObject('options', options);
  if (options.allowedOrigins !== undefined) checkAllowedOrigins(options.allowedOrigins);
  const request = { method: 'GET', version: '1.1', field: (name: string) => SAMPLE.get(name) };
  acceptRequest(request, {
    ...options,
    ...(typeof options.subprotocols === 'function' ? { subprotocols: [] } : {}),
  });
}

const SAMPLE: ReadonlyMap<string, string> = new Map([
  ['upgrade', 'websocket'],
  ['connection', 'upgrade'],
  ['sec-websocket-version', '13'],
  ['sec-websocket-key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
]);

function refuse(response: HTTPResponse, { status, fields, message }: WebSocketRequestError): void {
  response.status = status;
  for (const [name, value] of fields) if (name !== 'Connection') response.setField(name, value);
  response.setField('Content-Type', 'text/plain; charset=utf-8').send(`${message}\n`);
}
