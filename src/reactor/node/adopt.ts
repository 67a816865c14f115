/**
 * Descriptors opened elsewhere, given to libuv for good. Libuv closes what it has opened, so a descriptor is checked before
 * it is opened as far as Node permits; one that only afterwards turns out to be of the wrong kind is closed.
 */
import { fstatSync, writeSync } from 'node:fs';

import { type Address, addressFrom, UNIXAddress } from '../../core/address.js';
import type { SystemError } from '../../core/errors/base.js';
import { DescriptorError } from '../../core/errors/listening.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { systemError } from '../../internal/system-error.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import type { ListenHandle } from './handles.js';
import type { Listening } from './listen-socket.js';
import { openListenHandle } from './net-handle.js';
import type { OwnedSocket } from './owned-socket.js';
import { adoptedSocket } from './socket.js';
import type { NodeSockets } from './sockets.js';
import { NodeTransport } from './transport.js';
import { NodeUNIXTransport } from './unix-transport.js';

const NOTHING = new Uint8Array(0);
const UNNAMED = new UNIXAddress('');
/** Libuv begins to accept by calling listen(2) again, which sets the backlog anew; the system may allow less. */
const BACKLOG = 4096;

/** @throws UnsupportedError */
export function checkTakeOver(takeOver: boolean): void {
  if (takeOver) return;
  throw new UnsupportedError('takeOver: false', 'Node cannot duplicate a descriptor');
}

/** @throws DescriptorError */
export function checkSocket(fd: number, wanted: string): void {
  let isSocket: boolean;
  try {
    isSocket = fstatSync(fd).isSocket();
  } catch (cause) {
    throw new DescriptorError(wanted, fd, { cause });
  }
  if (!isSocket) throw descriptorError(wanted, fd, 'getsockopt', 'ENOTSOCK');
}

/** @throws DescriptorError */
export function adoptListening(fd: number): Listening {
  const wanted = 'a listening stream socket';
  checkSocket(fd, wanted);
  if (canWrite(fd)) throw descriptorError(wanted, fd, 'listen', 'EINVAL');
  const handle = openListenHandle(fd);
  if (typeof handle === 'number') throw descriptorError(wanted, fd, 'open', -handle);
  const address = listeningAddress(handle);
  const status = address === undefined ? undefined : handle.listen(BACKLOG);
  if (address === undefined || status === undefined || status < 0) {
    handle.close();
    throw descriptorError(wanted, fd, 'listen', status === undefined ? 'EINVAL' : -status);
  }
  return { handle, address };
}

/** @throws DescriptorError, UnsupportedError */
export function adoptConnection(
  reactor: NodeSockets,
  fd: number,
  owner: StreamOwner,
): NodeTransport {
  const wanted = 'a connected stream socket';
  checkSocket(fd, wanted);
  if (writeFailure(fd) === 'ENOTCONN') throw descriptorError(wanted, fd, 'getpeername', 'ENOTCONN');
  const socket = openSocket(reactor, fd, wanted);
  if (!isOpen(socket)) {
    throw new UnsupportedError('adoptStreamConnection', 'this engine opens no descriptor at once');
  }
  if (isPipe(socket)) return new NodeUNIXTransport(reactor, owner, socket, UNNAMED);
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) {
    socket.destroy();
    throw descriptorError(wanted, fd, 'getpeername', 'ENOTCONN');
  }
  const peer = addressFrom('TCP', remoteAddress, remotePort);
  return new NodeTransport(reactor, owner, socket, peer, undefined);
}

function openSocket(reactor: NodeSockets, fd: number, wanted: string): OwnedSocket {
  try {
    return adoptedSocket(reactor, fd);
  } catch (error) {
    const { errno } = error as Partial<SystemError>;
    // An error without a number is Node's own: streams can't be made of this kind.
    throw descriptorError(wanted, fd, 'open', errno === undefined ? 'EPROTOTYPE' : -errno);
  }
}

/** A listening TCP socket has a port. Node can't ask for the path of a pipe. */
function listeningAddress(handle: ListenHandle): Address | undefined {
  if (handle.getsockname === undefined) return UNNAMED;
  const name: { address?: string; port?: number } = {};
  handle.getsockname(name);
  return name.address && name.port ? addressFrom('TCP', name.address, name.port) : undefined;
}

/** Bun does not open the descriptor. */
function isOpen(socket: OwnedSocket): boolean {
  const { _handle: handle } = socket as unknown as { _handle: object | null };
  return handle !== null;
}

function isPipe(socket: OwnedSocket): boolean {
  const { _handle: handle } = socket as unknown as { _handle: { getpeername?: unknown } };
  return handle.getpeername === undefined;
}

/** Writing nothing checks whether writing is possible: it fails if the socket is not connected. */
function writeFailure(fd: number): string | undefined {
  try {
    writeSync(fd, NOTHING);
    return undefined;
  } catch (error) {
    return (error as SystemError).code;
  }
}

function canWrite(fd: number): boolean {
  return writeFailure(fd) === undefined;
}

function descriptorError(
  wanted: string,
  fd: number,
  syscall: string,
  failure: number | string,
): DescriptorError {
  return new DescriptorError(wanted, fd, { cause: systemError(syscall, failure) });
}
