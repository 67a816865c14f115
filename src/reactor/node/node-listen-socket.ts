/** A listening socket of the pure-JS reactor: bound and listening when its constructor returns. */
import { type Address, addressFrom } from '../../core/address.js';
import { AcceptError, CannotListenError, UnsupportedError } from '../../core/errors.js';
import { systemError } from '../../internal/system-error.js';
import type { ListenSocket, StreamPort } from '../stream-port.js';
import type { ListenSettings } from '../tcp-settings.js';
import {
  bindListenHandle,
  type ConnectionHandle,
  IPV6_ONLY,
  type ListenHandle,
  REUSE_PORT,
} from './net-handle.js';
import type { NodeReactor } from './node-reactor.js';
import { acceptedSocket } from './node-socket.js';
import { NodeTransport } from './node-transport.js';

export class NodeListenSocket implements ListenSocket {
  readonly address: Address;
  readonly #reactor: NodeReactor;
  readonly #settings: ListenSettings;
  readonly #port: StreamPort;
  readonly #handle: ListenHandle;

  /** @throws CannotListenError, UnsupportedError */
  constructor(reactor: NodeReactor, settings: ListenSettings, port: StreamPort) {
    this.#reactor = reactor;
    this.#settings = settings;
    this.#port = port;
    this.#handle = bind(settings);
    this.#handle.onconnection = (status, connection) => {
      if (connection === undefined) reactor.report(acceptError(status), 'accept');
      else this.#accept(connection);
    };
    this.address = listen(this.#handle, settings);
  }

  fileno(): number {
    return this.#handle.fd;
  }

  close(): void {
    this.#handle.close();
  }

  #accept(connection: ConnectionHandle): void {
    const reactor = this.#reactor;
    reactor.beginTurn();
    const name: { address?: string; port?: number } = {};
    connection.getpeername(name);
    if (name.address === undefined || name.port === undefined) {
      // The peer has reset the connection already: nobody is there to talk to.
      connection.close();
      return;
    }
    const peer = addressFrom('TCP', name.address, name.port);
    const socket = acceptedSocket(reactor, connection, this.#settings);
    this.#port.accepted(new NodeTransport(reactor, this.#port, socket, peer, this.#settings), peer);
  }
}

function bind(settings: ListenSettings): ListenHandle {
  const { interface: host, port, ipv6Only, reusePort } = settings;
  const flags = (ipv6Only ? IPV6_ONLY : 0) | (reusePort ? REUSE_PORT : 0);
  let bound = bindListenHandle(host || '::', port, flags);
  if (
    host === '' &&
    !ipv6Only &&
    (isError(bound, 'EAFNOSUPPORT') || isError(bound, 'EADDRNOTAVAIL'))
  ) {
    bound = bindListenHandle('0.0.0.0', port, flags);
  }
  if (isError(bound, 'ENOTSUP') && reusePort) {
    throw new UnsupportedError('reusePort', 'this system does not balance between sockets');
  }
  if (typeof bound === 'number') throw cannotListen(settings, 'bind', bound);
  return bound;
}

/** libuv keeps some of bind(2)'s errors until the socket is used. */
function listen(handle: ListenHandle, settings: ListenSettings): Address {
  const name: { address?: string; port?: number } = {};
  const bindStatus = handle.getsockname(name);
  const status = bindStatus < 0 ? bindStatus : handle.listen(settings.backlog);
  if (status < 0) {
    handle.close();
    throw cannotListen(settings, bindStatus < 0 ? 'bind' : 'listen', status);
  }
  return addressFrom('TCP', name.address ?? settings.interface, name.port ?? settings.port);
}

function cannotListen(
  settings: ListenSettings,
  syscall: string,
  status: number,
): CannotListenError {
  const { interface: host, port } = settings;
  const cause = systemError(syscall, -status, host || '::', port);
  return new CannotListenError(settings, { cause });
}

function acceptError(status: number): AcceptError {
  return new AcceptError(systemError('accept', -status));
}

function isError(bound: ListenHandle | number, code: string): boolean {
  return typeof bound === 'number' && systemError('bind', -bound).code === code;
}
