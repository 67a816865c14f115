/** Clients of WebSocket. */
import { randomBytes } from 'node:crypto';
import type { Clock, DelayedCall } from '../core/clock.js';
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { ReactorTCP } from '../core/reactor-tcp.js';
import type { StreamClientEndpoint } from '../core/stream-endpoint.js';
import { Deferred } from '../defer/deferred.js';
import { connectProtocol } from '../endpoints/connect-protocol.js';
import { HostnameEndpoint } from '../endpoints/tcp.js';
import { wrapClientTLS } from '../endpoints/tls.js';
import { checkPlainObject } from '../internal/check.js';
import { checkClientEndpoint } from '../internal/check-endpoint.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { checkTimeout } from '../policies/idle-timeouts.js';
import {
  ClientHandshake,
  type ClientHandshakeOptions,
} from '../protocols/websocket/client-handshake.js';
import { TLSClientContext, type TLSClientOptions } from '../tls/client-context.js';
import { targetOf, type WebSocketTarget } from './client-target.js';
import { WebSocketTimeoutError } from './errors.js';
import { type FieldPairs, HandshakeProtocol, type Handshaking } from './handshake-protocol.js';
import { WEB_SOCKET_NAMES, type WebSocketOptions, WebSocketSettings } from './settings.js';
import { WebSocketProtocol } from './web-socket-protocol.js';

export interface ConnectWebSocketOptions<P extends WebSocketProtocol = WebSocketProtocol>
  extends WebSocketOptions,
    Omit<ClientHandshakeOptions, 'nonce'> {
  /** The protocol of the connection. Default: a new {@link WebSocketProtocol}, whose messages are received one by one. */
  readonly protocol?: P;
  /** Further fields of the request, such as Authorization or Cookie. */
  readonly fields?: Readonly<Record<string, string | readonly string[]>>;
  /** The context, or the options, of TLS for `wss:`. Default: certificates are verified with the roots of the system. */
  readonly tls?: TLSClientContext | TLSClientOptions;
  /** Where to connect, in place of the host and port of the URL: a UNIX socket, for example. TLS is added to it for `wss:`. */
  readonly endpoint?: StreamClientEndpoint;
  /** Time to connect and to open the WebSocket. Default 15,000. */
  readonly handshakeTimeoutMs?: number;
}

const OPTIONS: OptionNames<ConnectWebSocketOptions> = {
  ...WEB_SOCKET_NAMES,
  subprotocols: true,
  origin: true,
  protocol: true,
  fields: true,
  tls: true,
  endpoint: true,
  handshakeTimeoutMs: true,
};

const ALPN: readonly string[] = ['http/1.1'];
const HANDSHAKE_FIELD =
  /^(?:host|upgrade|connection|origin|content-length|transfer-encoding|sec-websocket-.*)$/i;

/** Made when it is needed first: reading the system's roots takes time. */
let defaultContext: TLSClientContext | undefined;

/**
 * Opens a WebSocket connection.
 *
 * @param reactor Connects, and times the handshake.
 * @param url `ws:` or `wss:`. Redirections are not followed.
 * @returns Fires with the open protocol, before any message is received. Fails with a ConnectError, an error of TLS, a
 * WebSocketResponseError, an HTTPMessageError, a WebSocketTimeoutError, or the reason why the connection ended. Cancelling it ends
 * the attempt.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError, and the errors of {@link TLSClientContext}.
 * @example const socket = await connectWebSocket(reactor, 'wss://example.com/chat');
 * for await (const message of socket) console.log(message);
 */
export function connectWebSocket<P extends WebSocketProtocol = WebSocketProtocol>(
  reactor: Clock & ReactorTCP,
  url: string | URL,
  options: ConnectWebSocketOptions<P> = {},
): Deferred<P> {
  checkOptions('connectWebSocket', options, OPTIONS as OptionNames<ConnectWebSocketOptions<P>>);
  const {
    subprotocols,
    origin,
    fields = {},
    tls,
    endpoint,
    handshakeTimeoutMs,
    ...shared
  } = options;
  const { protocol = new WebSocketProtocol() as P, ...settings } = shared;
  const target = targetOf(url);
  if (!(protocol instanceof WebSocketProtocol)) {
    throw new InvalidArgumentTypeError('protocol', 'a WebSocketProtocol', protocol);
  }
  const { deflate } = settings;
  const handshake = new ClientHandshake({
    nonce: randomBytes(16),
    ...(subprotocols === undefined ? {} : { subprotocols }),
    ...(origin === undefined ? {} : { origin }),
    ...(deflate === undefined ? {} : { deflate }),
  });
  const timeoutMs = checkTimeout('handshakeTimeoutMs', handshakeTimeoutMs ?? 15_000);
  const opening = new Opening(reactor, new WebSocketSettings(reactor, 'client', settings), {
    handshake,
    target,
    fields: pairsOf(fields),
    protocol,
  });
  return opening.start(endpointFor(reactor, target, endpoint, tls), timeoutMs) as Deferred<P>;
}

/** One attempt. */
class Opening implements Handshaking {
  readonly handshake: ClientHandshake;
  readonly target: WebSocketTarget;
  readonly fields: FieldPairs;
  readonly protocol: WebSocketProtocol;
  readonly #clock: Clock;
  readonly #settings: WebSocketSettings;
  readonly #done: Deferred<WebSocketProtocol> = new Deferred(() => this.#end(undefined));
  readonly #handshaking = new HandshakeProtocol(this);
  #connecting: Deferred<unknown> | undefined;
  #deadline: DelayedCall | undefined;
  /** The caller does not wait any more. */
  #cancelled = false;

  constructor(
    clock: Clock,
    settings: WebSocketSettings,
    parts: Pick<Handshaking, 'fields' | 'handshake' | 'protocol' | 'target'>,
  ) {
    this.#clock = clock;
    this.#settings = settings;
    this.handshake = parts.handshake;
    this.target = parts.target;
    this.fields = parts.fields;
    this.protocol = parts.protocol;
  }

  start(endpoint: StreamClientEndpoint, timeoutMs: number): Deferred<WebSocketProtocol> {
    this.#deadline = this.#clock.callLater(timeoutMs, () => {
      this.#end(new WebSocketTimeoutError('handshakeTimeoutMs', timeoutMs));
    });
    this.#connecting = connectProtocol(endpoint, this.#handshaking).addErrback(({ value }) => {
      this.failed(value);
    });
    return this.#done;
  }

  agreed({ subprotocol, deflate }: ReturnType<ClientHandshake['check']>): void {
    const settings = this.#settings;
    this.protocol.agree({ settings, codec: settings.codecs.codec(deflate), subprotocol });
  }

  opened(): void {
    this.#stopTimer();
    // A caller that awaits the Deferred assigns `messageReceived` when messages may have arrived.
    this.#clock.callLater(0, () => this.protocol.resumeReceiving());
    this.#done.callback(this.protocol);
  }

  failed(error: unknown): void {
    this.#stopTimer();
    if (!this.#cancelled && !this.#done.fired) this.#done.errback(error);
  }

  /** The time is over, or the caller has cancelled. */
  #end(error: Error | undefined): void {
    this.#stopTimer();
    if (error === undefined) this.#cancelled = true;
    else this.#done.errback(error);
    this.#connecting?.cancel();
    this.#handshaking.fail(error);
  }

  #stopTimer(): void {
    if (this.#deadline?.active()) this.#deadline.cancel();
  }
}

function endpointFor(
  reactor: ReactorTCP,
  { secure, hostname, port }: WebSocketTarget,
  given: StreamClientEndpoint | undefined,
  tls: TLSClientContext | TLSClientOptions | undefined,
): StreamClientEndpoint {
  if (given !== undefined) checkClientEndpoint(given);
  const endpoint = given ?? new HostnameEndpoint(reactor, hostname, port);
  if (!secure) {
    if (tls === undefined) return endpoint;
    throw new InvalidArgumentValueError('tls', 'left out for a URL with ws:', tls);
  }
  return wrapClientTLS(contextFor(tls), endpoint, { hostname });
}

function contextFor(
  tls: TLSClientContext | TLSClientOptions | undefined,
): TLSClientContext | TLSClientOptions {
  if (tls instanceof TLSClientContext) return tls;
  if (tls !== undefined) {
    checkPlainObject('tls', tls);
    return { alpnProtocols: ALPN, ...tls };
  }
  defaultContext ??= new TLSClientContext({ alpnProtocols: ALPN });
  return defaultContext;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
function pairsOf(fields: Readonly<Record<string, string | readonly string[]>>): FieldPairs {
  checkPlainObject('fields', fields);
  return Object.entries(fields).flatMap(([name, value]) => {
    if (HANDSHAKE_FIELD.test(name)) {
      throw new InvalidArgumentValueError('fields', 'fields that the handshake does not set', name);
    }
    const values = typeof value === 'string' ? [value] : value;
    return values.map((one): [string, string] => [name, one]);
  });
}
