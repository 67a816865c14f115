/** One connect(2) of the pure-JS reactor. */
import type { SocketConnectOpts } from 'node:net';

import type { SocketAddress } from '../../core/address.js';
import type { SystemError } from '../../core/errors/base.js';
import { systemError } from '../../internal/system-error.js';
import type { Dial, DialListener } from '../streams/dial.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import type { SocketSettings } from '../streams/tcp-settings.js';
import type { OwnedSocket } from './owned-socket.js';
import { unconnectedSocket } from './socket.js';
import type { NodeSockets } from './sockets.js';
import { NodeTransport } from './transport.js';
import { NodeUNIXTransport } from './unix-transport.js';

export class NodeDial implements Dial {
  readonly #reactor: NodeSockets;
  readonly #peer: SocketAddress;
  readonly #settings: SocketSettings | undefined;
  readonly #owner: StreamOwner;
  readonly #listener: DialListener;
  readonly #socket: OwnedSocket;

  /** @param settings For a TCP socket: Node has no such settings for UNIX sockets. */
  constructor(
    reactor: NodeSockets,
    peer: SocketAddress,
    destination: SocketConnectOpts,
    settings: SocketSettings | undefined,
    owner: StreamOwner,
    listener: DialListener,
  ) {
    this.#reactor = reactor;
    this.#peer = peer;
    this.#settings = settings;
    this.#owner = owner;
    this.#listener = listener;
    // `net.connect` would publish the socket to `net.client.socket`, where the transport is to be published.
    this.#socket = unconnectedSocket(reactor, settings);
    this.#socket.on('connect', this.#onConnect);
    this.#socket.on('error', this.#onError);
    this.#socket.connect(destination);
  }

  cancel(): void {
    this.#removeListeners();
    // Ignores later errors.
    this.#socket.on('error', () => {});
    this.#socket.destroy();
  }

  readonly #onConnect = (): void => {
    this.#removeListeners();
    const reactor = this.#reactor;
    reactor.beginTurn();
    const peer = this.#peer;
    const transport =
      peer.type === 'UNIX'
        ? new NodeUNIXTransport(reactor, this.#owner, this.#socket, peer)
        : new NodeTransport(reactor, this.#owner, this.#socket, peer, this.#settings);
    this.#listener.dialSucceeded(transport, peer);
  };

  readonly #onError = (cause: Error): void => {
    this.#listener.dialFailed(this.#described(cause));
  };

  /** The error with the text that it has under the native reactor: Node's lacks the description. */
  #described(cause: Error): Error {
    const { syscall, errno } = cause as Partial<SystemError>;
    if (syscall !== 'connect' || errno === undefined) return cause;
    const peer = this.#peer;
    return peer.type === 'UNIX'
      ? systemError(syscall, -errno, peer.path)
      : systemError(syscall, -errno, peer.host, peer.port);
  }

  #removeListeners(): void {
    this.#socket.off('connect', this.#onConnect);
    this.#socket.off('error', this.#onError);
  }
}
