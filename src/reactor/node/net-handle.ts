/**
 * The parts of Node's `net` that have an underscore, typed in one place. Listening needs them because a port has to be
 * bound, and its errors known, when `listenTCP` returns: `net.Server` tells both a tick later, and within a cluster's
 * worker asks the primary process for its socket. Node's own `cluster` is built on the same. Where an engine lacks that one,
 * server-handle.ts stands in for it; where one of the others were missing, the reactor would work and be less exact.
 */
import net from 'node:net';
import { threadId } from 'node:worker_threads';

import { UnsupportedError } from '../../core/errors/reactor.js';
import type { ConnectionHandle, CreateServerHandle, ListenHandle } from './handles.js';
import { IPV6_ONLY, onDeno } from './net-flags.js';
import { createServerHandle as serverHandle } from './server-handle.js';

/** What a stream's handle is made for: a connection, and not to listen. */
const FOR_CONNECTION = 0;

/** A connected socket's own handle. */
interface StreamHandle {
  /** Bytes that were given to libuv. */
  readonly bytesWritten: number;
  /** Bytes of these that the system has not taken yet; Deno tells none. */
  readonly writeQueueSize?: number;
  readonly fd?: number;
}

/** Makes a TCP socket and binds it. Answers the negative errno where that fails at once. @throws UnsupportedError */
export function bindListenHandle(
  address: string,
  port: number,
  flags: number,
): ListenHandle | number {
  if (onDeno && (flags & IPV6_ONLY) !== 0) {
    throw new UnsupportedError('ipv6Only', 'Deno does not set it');
  }
  return createServerHandle(address, port, net.isIPv4(address) ? 4 : 6, undefined, flags);
}

/** Makes a UNIX socket and binds it. Answers the negative errno where that fails. */
export function bindPipeHandle(path: string): ListenHandle | number {
  return createServerHandle(path, -1, -1);
}

/** Takes a socket that is open. Answers the negative errno where it is none that can listen. */
export function openListenHandle(fd: number): ListenHandle | number {
  return createServerHandle(null, 0, null, fd);
}

/** Bun has none. */
const own: CreateServerHandle | undefined = (net as { _createServerHandle?: CreateServerHandle })
  ._createServerHandle;

const createServerHandle: CreateServerHandle = own ?? serverHandle;

/** Whether small writes are delayed unless `setNoDelay` was called, as tcp(7) has it. */
export const delaysByItself: boolean = own !== undefined;

/** An engine that does not delay by itself knows nothing of it: it is told first. */
export function turnDelayOn(this: net.Socket): void {
  this.setNoDelay(true).setNoDelay(false);
}

/** Whether the engine listens with the backlog that it is told. */
export const setsBacklog: boolean = own !== undefined;

/** Whether a UDP socket is bound when the engine's `bind` returns. */
export const bindsUDPAtOnce: boolean = own !== undefined;

/** Has `accepted` called for each connection, or with the negative errno of a failed accept(2). */
export function onConnection(
  handle: ListenHandle,
  accepted: (status: number, connection?: ConnectionHandle) => void,
): void {
  handle.onconnection = (status, connection) => {
    if (status < 0 || connection !== undefined) accepted(status, connection);
    else accepted(...acceptFrom(handle));
  };
}

/** As Deno's own `net.Server` does. */
function acceptFrom(handle: ListenHandle): [status: number, connection?: ConnectionHandle] {
  const { constructor: Connection } = handle as unknown as {
    constructor: new (type: number) => ConnectionHandle;
  };
  const connection = new Connection(FOR_CONNECTION);
  const status = handle.accept?.(connection) ?? 0;
  return status < 0 ? [status] : [0, connection];
}

/**
 * Whether this Node's libuv leaves abstract names as long as they are. Older ones pad them with NULs (seen with 1.46), which
 * are part of the name: only programs that do the same would find the socket.
 */
export function keepsAbstractNames(): boolean {
  if (process.platform !== 'linux') return false;
  const name = `\0ropewalk-${process.pid}-${threadId}`;
  const bound = [bindPipeHandle(name), bindPipeHandle(`${name}\0`)];
  for (const handle of bound) {
    if (typeof handle !== 'number') handle.close();
  }
  return bound.every((handle) => typeof handle !== 'number');
}

/** A connected socket's descriptor; -1 where it has none, or none to show. */
export function descriptorOf(socket: net.Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: StreamHandle | null };
  return handle?.fd ?? -1;
}

/**
 * How many bytes of those given to a socket the system has not taken yet. `writableLength` would count a chunk whole
 * until the last of it is taken.
 */
export function unsentBytes(socket: net.Socket, given: number): number {
  const { _handle: handle } = socket as unknown as { _handle?: StreamHandle | null };
  const waiting = handle?.writeQueueSize;
  if (!handle || waiting === undefined) return socket.writableLength;
  return given - handle.bytesWritten + waiting;
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
