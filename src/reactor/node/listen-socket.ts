/** A listening socket of the pure-JS reactor, TCP or UNIX, opened here or elsewhere. */
import { type Address, addressFrom, UNIXAddress } from '../../core/address.js';
import { AcceptError } from '../../core/errors/listening.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { WINDOWS } from '../../internal/platform.js';
import { systemError } from '../../internal/system-error.js';
import type { ListenSocket } from '../streams/listen-socket.js';
import type { StreamPort } from '../streams/stream-port.js';
import type { SocketSettings } from '../streams/tcp-settings.js';
import type { ConnectionHandle, ListenHandle } from './handles.js';
import { onConnection } from './net-handle.js';
import { acceptedSocket } from './socket.js';
import type { NodeSockets } from './sockets.js';
import { NodeTransport } from './transport.js';
import { NodeUNIXTransport } from './unix-transport.js';

/** A listening socket whose connections nobody accepts yet. */
export interface Listening {
  readonly handle: ListenHandle;
  readonly address: Address;
}

const UNNAMED = new UNIXAddress('');

/** The maximum that Linux queues (`net.core.somaxconn`): later clients must not keep a port open for ever. */
const MAX_WAITING = 4096;
/** Checks, one a pass of Node's loop, that found no accepted connection; the first pass may have begun before. */
const QUIET_LOOKS = 2;
/**
 * On Windows it takes longer than a pass: the system accepts (AcceptEx) and notifies libuv afterwards, and a client that finds
 * none of the four instances that libuv keeps of a pipe waits in a thread for the next one.
 */
const LOOK_EVERY_MS = 25;

export class NodeListenSocket implements ListenSocket {
  readonly address: Address;
  readonly #reactor: NodeSockets;
  readonly #settings: SocketSettings | undefined;
  readonly #port: StreamPort;
  readonly #handle: ListenHandle;
  #accepted = 0;
  /** No connection has been accepted since an error that was reported. */
  #failing = false;
  #drained: (() => void) | undefined;

  /** @param settings For the connections; undefined leaves them as the system made them. */
  constructor(
    reactor: NodeSockets,
    { handle, address }: Listening,
    settings: SocketSettings | undefined,
    port: StreamPort,
  ) {
    this.address = address;
    this.#reactor = reactor;
    this.#settings = settings;
    this.#port = port;
    this.#handle = handle;
    onConnection(handle, (status, connection) => {
      if (connection === undefined) this.#acceptFailed(status);
      else this.#accept(connection);
    });
  }

  fileno(): number {
    const { fd } = this.#handle;
    if (fd !== undefined && fd >= 0) return fd;
    throw new UnsupportedError('fileno', 'this Node does not expose the descriptor');
  }

  /** libuv accepts in each pass of the loop as long as connections are pending; recent versions accept one in each. */
  drain(drained: () => void): void {
    this.#drained = drained;
    const end = this.#accepted + MAX_WAITING;
    let before = this.#accepted;
    let quiet = 0;
    const look = (): void => {
      quiet = this.#accepted === before ? quiet + 1 : 0;
      before = this.#accepted;
      if (quiet === QUIET_LOOKS || before >= end) drained();
      else if (this.#drained !== undefined) lookLater(look);
    };
    lookLater(look);
  }

  close(): void {
    this.#handle.close();
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  /** libuv retries in each pass of the loop, and can't be made to wait. */
  #acceptFailed(status: number): void {
    if (this.#failing) return;
    this.#failing = true;
    this.#reactor.report(acceptError(status), 'accept');
  }

  #accept(connection: ConnectionHandle): void {
    const reactor = this.#reactor;
    const port = this.#port;
    reactor.beginTurn();
    this.#failing = false;
    this.#accepted += 1;
    if (this.address.type === 'UNIX') {
      // Node can't ask for the path that a client is bound to; clients rarely have one.
      const socket = acceptedSocket(reactor, connection, undefined);
      port.accepted(new NodeUNIXTransport(reactor, port, socket, UNNAMED), UNNAMED);
      return;
    }
    const name: { address?: string; port?: number } = {};
    connection.getpeername?.(name);
    if (name.address === undefined || name.port === undefined) {
      // The peer has already reset the connection.
      connection.close();
      return;
    }
    const peer = addressFrom('TCP', name.address, name.port);
    const socket = acceptedSocket(reactor, connection, this.#settings);
    port.accepted(new NodeTransport(reactor, port, socket, peer, this.#settings), peer);
  }
}

function lookLater(look: () => void): void {
  if (WINDOWS) setTimeout(look, LOOK_EVERY_MS);
  else setImmediate(look);
}

function acceptError(status: number): AcceptError {
  return new AcceptError(systemError('accept', -status));
}
