/**
 * Makes the `net.Socket`s of the pure-JS reactor. They read into one landing buffer that all sockets of a reactor share
 * (Node's `onread` option): received bytes are copied out before the next socket is read, an idle socket holds no memory
 * for reading, and `pause` stops the system's reading at once rather than 64 KiB later.
 */
import { closeSync } from 'node:fs';
import net, { type OnReadOpts, type SocketConstructorOpts } from 'node:net';
import tty from 'node:tty';

import type { PipeDirection } from '../../core/adopt-options.js';
import type { SocketSettings } from '../streams/tcp-settings.js';
import type { ConnectionHandle } from './handles.js';
import { delaysByItself, descriptorOf, keepWhenEnded, turnDelayOn } from './net-handle.js';
import type { OwnedSocket } from './owned-socket.js';
import type { NodeSockets } from './sockets.js';

const STDERR = 2;

/** The constructor accepts `handle` and `onread`, but its published type does not. */
interface SocketOptions extends SocketConstructorOpts {
  handle?: ConnectionHandle;
  onread: OnReadOpts;
}

/** The socket of an accepted connection, already receiving. */
export function acceptedSocket(
  reactor: NodeSockets,
  handle: ConnectionHandle,
  settings: SocketSettings | undefined,
): OwnedSocket {
  if (handle.socket !== undefined) return served(handle.socket, settings);
  const socket = makeSocket(reactor, { handle });
  // If there already is a handle, the constructor would only record these two.
  if (settings?.noDelay) socket.setNoDelay(true);
  if (settings?.keepAlive) socket.setKeepAlive(true, keepAliveIdleMs(settings));
  return socket;
}

/** A socket that the engine has made itself: it reads into memory of its own, which it does not reuse. */
function served(socket: OwnedSocket, settings: SocketSettings | undefined): OwnedSocket {
  keepWhenEnded(socket);
  socket.on('data', onArrived);
  if (settings?.noDelay) socket.setNoDelay(true);
  else if (settings !== undefined) turnDelayOn.call(socket);
  if (settings?.keepAlive) socket.setKeepAlive(true, keepAliveIdleMs(settings));
  return socket.resume();
}

/** A socket that Node has made for a pipe of a child, receiving from now on. */
export function receiveFrom(socket: OwnedSocket): OwnedSocket {
  return served(socket, undefined);
}

function onArrived(this: OwnedSocket, data: Buffer): void {
  this.transport?.arrived(data);
}

/** The socket of a connection that was made elsewhere. @throws Node's error if it is not a stream socket */
export function adoptedSocket(reactor: NodeSockets, fd: number): OwnedSocket {
  return makeSocket(reactor, { fd });
}

/** A socket that is not connected yet. */
export function unconnectedSocket(
  reactor: NodeSockets,
  settings: SocketSettings | undefined,
): OwnedSocket {
  const socket = makeSocket(reactor, {});
  if (settings === undefined) return socket;
  socket.setNoDelay(settings.noDelay);
  if (!settings.noDelay && !delaysByItself) socket.once('connect', turnDelayOn);
  socket.setKeepAlive(settings.keepAlive, keepAliveIdleMs(settings));
  return socket;
}

/** 0 leaves the system's default. */
export function keepAliveIdleMs(settings: SocketSettings | undefined): number {
  return (settings?.keepAliveIdleSeconds ?? 0) * 1000;
}

/** The socket of an open pipe or terminal. @throws Node's error if it is neither */
export function pipeSocket(
  reactor: NodeSockets,
  fd: number,
  direction: PipeDirection,
): OwnedSocket {
  const sides = { readable: direction !== 'write', writable: direction !== 'read' };
  if (!tty.isatty(fd)) return makeSocket(reactor, { fd, ...sides });
  const socket: OwnedSocket = makeSocket(
    reactor,
    sides,
    (options) => new tty.ReadStream(fd, options),
  );
  // libuv opens terminals anew, and never closes the standard descriptors.
  if (fd > STDERR && descriptorOf(socket) !== fd) closeSync(fd);
  if (sides.readable) socket.read(0);
  return socket;
}

function makeSocket(
  reactor: NodeSockets,
  options: { handle?: ConnectionHandle; fd?: number; readable?: boolean; writable?: boolean },
  construct = (all: SocketOptions): OwnedSocket => new net.Socket(all),
): OwnedSocket {
  const onread: OnReadOpts = {
    buffer: reactor.landing.buffer,
    callback: (bytes) => socket.transport?.landed(bytes) ?? true,
  };
  const all: SocketOptions = { ...options, allowHalfOpen: true, onread };
  const socket = construct(all);
  keepWhenEnded(socket);
  return socket;
}
