/** The types of Node's own handles of sockets. */
import type net from 'node:net';

/** The bound socket of `_createServerHandle`. Its methods return 0 or a negative errno. */
export interface ListenHandle {
  /** Called for each connection, or with the negative errno of a failed accept(2). */
  onconnection: (status: number, connection?: ConnectionHandle) => void;
  /** The descriptor; -1 or undefined if the platform does not expose one. */
  readonly fd?: number;
  listen(backlog: number): number;
  /** Pipes, as UNIX sockets are called here, have no such method. */
  readonly getsockname?: ((out: { address?: string; port?: number }) => number) | undefined;
  close(): void;
  /** Deno's: its `onconnection` reports a pending connection, which has to be accepted by this call. */
  accept?(connection: ConnectionHandle): number;
}

/** An accepted connection: the `handle` of `new net.Socket({ handle })`. */
export interface ConnectionHandle {
  getpeername?(out: { address?: string; port?: number }): number;
  close(): void;
  /** Set if the engine has made the socket itself: half-open, and paused. */
  readonly socket?: net.Socket;
}

/** An address type of -1 is a path, of null a descriptor. */
export type CreateServerHandle = (
  address: string | null,
  port: number,
  addressType: 4 | 6 | -1 | null,
  fd?: number,
  flags?: number,
) => ListenHandle | number;
