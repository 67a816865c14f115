/** JSON-RPC over WebSocket: servers and clients. */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { ReactorTCP } from '../core/reactor-tcp.js';
import type { Deferred } from '../defer/deferred.js';
import { checkClock, checkFunction, checkPlainObject } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { Resource, WebContext } from '../web/web-context.js';
import { WebSocketAcceptor, type WebSocketServerOptions } from '../websocket/acceptor.js';
import { type ConnectWebSocketOptions, connectWebSocket } from '../websocket/connect-web-socket.js';
import type { WebSocketMessage } from '../websocket/web-socket-message.js';
import { WebSocketProtocol } from '../websocket/web-socket-protocol.js';
import {
  JSONRPCPeer,
  type JSONRPCPeerOptions,
  type JSONRPCWire,
  PEER_NAMES,
} from './json-rpc-peer.js';

/** A WebSocket whose messages are texts of JSON-RPC. */
class JSONRPCWebSocket extends WebSocketProtocol implements JSONRPCWire {
  readonly peer: JSONRPCPeer;
  readonly #begin: (peer: JSONRPCPeer) => unknown;

  constructor(clock: Clock, options: JSONRPCPeerOptions, begin: (peer: JSONRPCPeer) => unknown) {
    super();
    this.peer = new JSONRPCPeer(clock, this, options);
    this.#begin = begin;
  }

  get remoteAddress(): Address | undefined {
    return this.transport.connected ? this.transport.getPeer() : undefined;
  }

  override opened(): unknown {
    return this.#begin(this.peer);
  }

  override messageReceived(message: WebSocketMessage): void {
    this.peer.received(message);
  }

  override closed(reason: Error): void {
    this.peer.lost(reason);
  }
}

export interface JSONRPCWebSocketOptions extends JSONRPCPeerOptions {
  /**
   * Called for each connection when it is open, for servers that call their clients. An exception, or the rejection of a promise, is
   * reported and closes the connection. Default: nothing.
   */
  readonly opened?: (peer: JSONRPCPeer, context: WebContext) => unknown;
  /** The limits and times of WebSockets, and the origins that may connect. */
  readonly webSocket?: WebSocketServerOptions;
}

const OPTIONS: OptionNames<JSONRPCWebSocketOptions> = {
  ...PEER_NAMES,
  opened: true,
  webSocket: true,
};

/**
 * Accepts WebSockets on which both ends may call methods of the other one by JSON-RPC 2.0. A text that is not JSON-RPC closes the
 * connection with 1008.
 *
 * @example root.putChild('rpc', new JSONRPCWebSocketResource(reactor, { methods }));
 */
export class JSONRPCWebSocketResource implements Resource {
  readonly #clock: Clock;
  readonly #acceptor: WebSocketAcceptor;
  readonly #peer: JSONRPCPeerOptions;
  readonly #opened: (peer: JSONRPCPeer, context: WebContext) => unknown;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(clock: Clock, options: JSONRPCWebSocketOptions = {}) {
    checkClock('clock', clock);
    checkOptions('JSONRPCWebSocketResource', options, OPTIONS);
    const { opened = () => undefined, webSocket = {}, ...peer } = options;
    checkFunction('opened', opened);
    this.#clock = clock;
    this.#acceptor = new WebSocketAcceptor(clock, webSocket);
    this.#peer = peer;
    this.#opened = opened;
    // Checks the options now, not at the first connection.
    this.#socket(() => undefined);
  }

  render(context: WebContext): undefined {
    const socket = this.#socket((peer) => this.#opened(peer, context));
    this.#acceptor.accept(context.request, context.response, socket);
    return undefined;
  }

  #socket(begin: (peer: JSONRPCPeer) => unknown): JSONRPCWebSocket {
    return new JSONRPCWebSocket(this.#clock, this.#peer, begin);
  }
}

export interface ConnectJSONRPCOptions extends JSONRPCPeerOptions {
  /** The limits and times of the WebSocket, TLS, and the endpoint; it has no `protocol`. */
  readonly webSocket?: ConnectWebSocketOptions;
}

const CONNECT_OPTIONS: OptionNames<ConnectJSONRPCOptions> = { ...PEER_NAMES, webSocket: true };

/**
 * Connects to a server of JSON-RPC over WebSocket.
 *
 * @param url `ws:` or `wss:`.
 * @returns Fires with the peer. Fails as `connectWebSocket` does.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 * @example const peer = await connectJsonRpc(reactor, 'ws://127.0.0.1:8080/rpc');
 * console.log(await peer.call('add', [1, 2]));
 */
export function connectJsonRpc(
  reactor: Clock & ReactorTCP,
  url: string | URL,
  options: ConnectJSONRPCOptions = {},
): Deferred<JSONRPCPeer> {
  checkOptions('connectJsonRpc', options, CONNECT_OPTIONS);
  const { webSocket = {}, ...rest } = options;
  checkPlainObject('webSocket', webSocket);
  if (webSocket.protocol !== undefined) {
    throw new InvalidArgumentValueError('webSocket', 'without a protocol', webSocket);
  }
  const protocol = new JSONRPCWebSocket(reactor, rest, () => undefined);
  return connectWebSocket(reactor, url, { ...webSocket, protocol }).addCallback(({ peer }) => peer);
}
