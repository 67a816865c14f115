/**
 * The parts of Node's `net` that have an underscore, typed in one place. Listening needs them because a port has to be
 * bound, and its errors known, when `listenTCP` returns: `net.Server` tells both a tick later, and within a cluster's
 * worker asks the primary process for its socket. Node's own `cluster` is built on the same. Where one of the others were
 * missing, the reactor would work and be less exact.
 */
import net from 'node:net';

/** The bound socket of `_createServerHandle`. Its methods answer 0 or a negative errno. */
export interface ListenHandle {
  /** Called for each connection, or with the negative errno of a failed accept(2). */
  onconnection: (status: number, connection?: ConnectionHandle) => void;
  /** The descriptor; -1 where the platform has none to show. */
  readonly fd: number;
  listen(backlog: number): number;
  getsockname(out: { address?: string; port?: number }): number;
  close(): void;
}

/** An accepted connection: what `new net.Socket({ handle })` takes. */
export interface ConnectionHandle {
  getpeername(out: { address?: string; port?: number }): number;
  close(): void;
}

/** libuv's `UV_TCP_IPV6ONLY`. */
export const IPV6_ONLY = 1;
/** libuv's `UV_TCP_REUSEPORT`, since 1.49. */
export const REUSE_PORT = 2;

/** A connected socket's own handle. */
interface StreamHandle {
  /** Bytes that were given to libuv. */
  readonly bytesWritten: number;
  /** Bytes of these that the system has not taken yet. */
  readonly writeQueueSize: number;
}

type CreateServerHandle = (
  address: string,
  port: number,
  addressType: 4 | 6,
  fd: undefined,
  flags: number,
) => ListenHandle | number;

/** Makes a TCP socket and binds it. Answers the negative errno where that fails at once. */
export function bindListenHandle(
  address: string,
  port: number,
  flags: number,
): ListenHandle | number {
  const { _createServerHandle: create } = net as unknown as {
    _createServerHandle?: CreateServerHandle;
  };
  if (create === undefined)
    throw new Error(`Node ${process.version} has no net._createServerHandle`);
  return create(address, port, net.isIPv4(address) ? 4 : 6, undefined, flags);
}

/**
 * How many bytes of those given to a socket the system has not taken yet. `writableLength` would count a chunk whole
 * until the last of it is taken.
 */
export function unsentBytes(socket: net.Socket, given: number): number {
  const { _handle: handle } = socket as unknown as { _handle?: StreamHandle | null };
  return handle ? given - handle.bytesWritten + handle.writeQueueSize : socket.writableLength;
}

/** Keeps a socket open when both sides have finished sending: closing it is then the protocol's task. */
export function keepWhenEnded(socket: net.Socket): void {
  const { _readableState: state } = socket as unknown as {
    _readableState?: { autoDestroy: boolean };
  };
  if (state !== undefined) state.autoDestroy = false;
}

/** Whether this Node hands `REUSE_PORT` on to libuv: since 22.12 and 23.1. */
export function canReusePort(version: string = process.versions.node): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}
