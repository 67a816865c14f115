/**
 * The underscored parts of Node's `net`, typed in one place. Listening needs them because a port has to be
 * bound, and its errors known, when `listenTCP` returns: `net.Server` reports both a tick later, and within a cluster's
 * worker asks the primary process for its socket. Node's own `cluster` uses the same parts. If an engine lacks that one,
 * server-handle.ts replaces it; if one of the others were missing, the reactor would work but be less exact.
 */
import net from 'node:net';
import { threadId } from 'node:worker_threads';

import { UnsupportedError } from '../../core/errors/reactor.js';
import type { ConnectionHandle, CreateServerHandle, ListenHandle } from './handles.js';
import { IPV6_ONLY, onDeno } from './net-flags.js';
import { createServerHandle as serverHandle } from './server-handle.js';

/** The purpose of a stream's handle: a connection, not listening. */
const FOR_CONNECTION = 0;

/** A connected socket's own handle. */
interface StreamHandle {
  /** Bytes given to libuv. */
  readonly bytesWritten: number;
  /** Those of them that the system has not taken yet; Deno does not report them. */
  readonly writeQueueSize?: number;
  readonly fd?: number;
  /** The negative errno. */
  readStart?(): number;
}

/** Makes a TCP socket and binds it. Returns the negative errno if that fails at once. @throws UnsupportedError */
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

/** Makes a UNIX socket and binds it. Returns the negative errno if that fails. */
export function bindPipeHandle(path: string): ListenHandle | number {
  return createServerHandle(path, -1, -1);
}

/** Takes an open socket. Returns the negative errno if it is not one that can listen. */
export function openListenHandle(fd: number): ListenHandle | number {
  return createServerHandle(null, 0, null, fd);
}

/** Bun has none. */
const own: CreateServerHandle | undefined = (net as { _createServerHandle?: CreateServerHandle })
  ._createServerHandle;

const createServerHandle: CreateServerHandle = own ?? serverHandle;

/** Whether small writes are delayed unless `setNoDelay` was called, as in tcp(7). */
export const delaysByItself: boolean = own !== undefined;

/** An engine that does not delay by default does not record the state: delaying is turned on first. */
export function turnDelayOn(this: net.Socket): void {
  this.setNoDelay(true).setNoDelay(false);
}

/** Whether the engine listens with the given backlog. */
export const setsBacklog: boolean = own !== undefined;

/** Whether a UDP socket is bound when the engine's `bind` returns. */
export const bindsUDPAtOnce: boolean = own !== undefined;

/** Calls `accepted` for each connection, or with the negative errno of a failed accept(2). */
export function onConnection(
  handle: ListenHandle,
  accepted: (status: number, connection?: ConnectionHandle) => void,
): void {
  handle.onconnection = (status, connection) => {
    if (status < 0 || connection !== undefined) accepted(status, connection);
    else accepted(...acceptFrom(handle));
  };
}

/** Works like Deno's own `net.Server`. */
function acceptFrom(handle: ListenHandle): [status: number, connection?: ConnectionHandle] {
  const { constructor: Connection } = handle as unknown as {
    constructor: new (type: number) => ConnectionHandle;
  };
  const connection = new Connection(FOR_CONNECTION);
  const status = handle.accept?.(connection) ?? 0;
  return status < 0 ? [status] : [0, connection];
}

/**
 * Whether this Node's libuv leaves the length of abstract names alone. Older ones pad them with NULs (seen with 1.46), which
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

/** A connected socket's descriptor; -1 if it has none, or does not expose it. */
export function descriptorOf(socket: net.Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: StreamHandle | null };
  return handle?.fd ?? -1;
}

/**
 * The number of bytes given to a socket that the system has not taken yet. `writableLength` would count a chunk whole
 * until the last of it is taken.
 */
export function unsentBytes(socket: net.Socket, given: number): number {
  const { _handle: handle } = socket as unknown as { _handle?: StreamHandle | null };
  const waiting = handle?.writeQueueSize;
  if (!handle || waiting === undefined) return socket.writableLength;
  return given - handle.bytesWritten + waiting;
}

/** The number of bytes that libuv has taken from a socket and the system has not; 0 where Node cannot tell. */
export function queuedBytes(socket: net.Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: StreamHandle | null };
  return handle?.writeQueueSize ?? 0;
}

/**
 * Whether libuv reads from a socket that is not paused: it has not read the peer's end. (`uv_read_start` returns EALREADY.) False
 * where Node cannot tell.
 */
export function isReading(socket: net.Socket): boolean {
  const { _handle: handle } = socket as unknown as { _handle?: StreamHandle | null };
  return (handle?.readStart?.() ?? 0) < 0;
}

/** Keeps a socket open when both sides have finished sending: closing it is then the protocol's task. */
export function keepWhenEnded(socket: net.Socket): void {
  const { _readableState: state } = socket as unknown as {
    _readableState?: { autoDestroy: boolean };
  };
  if (state !== undefined) state.autoDestroy = false;
}

/** Whether this Node passes `REUSE_PORT` to libuv: since 22.12 and 23.1. */
export function canReusePort(version: string = process.versions.node): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}
