/** A pipe or terminal of the pure-JS reactor. */
import { fstatSync, readvSync, type Stats, writeSync } from 'node:fs';

import { PipeAddress } from '../../core/address.js';
import type { PipeDirection } from '../../core/adopt-options.js';
import type { SystemError } from '../../core/errors/base.js';
import { DescriptorError } from '../../core/errors/listening.js';
import { systemError } from '../../internal/system-error.js';
import type { PipeSettings } from '../adoption/pipe-sockets.js';
import type { SocketStream } from '../streams/secure-stream.js';
import { noPipeOption, onlyWhole } from '../streams/socket-side.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import { checkTakeOver } from './adopt.js';
import type { OwnedSocket } from './owned-socket.js';
import { pipeSocket } from './socket.js';
import type { NodeSockets } from './sockets.js';
import { NodeTransport } from './transport.js';

const NOTHING = new Uint8Array(0);

/** @throws DescriptorError, UnsupportedError */
export function adoptPipe(
  reactor: NodeSockets,
  { fd, direction, takeOver, name }: PipeSettings,
  owner: StreamOwner,
): NodePipeTransport {
  const wanted = `a pipe or terminal (${direction})`;
  checkTakeOver(takeOver);
  checkKind(fd, direction, wanted);
  let socket: OwnedSocket;
  try {
    socket = pipeSocket(reactor, fd, direction);
  } catch (error) {
    const { errno } = error as Partial<SystemError>;
    const cause = systemError('open', errno === undefined ? 'EPERM' : -errno);
    throw new DescriptorError(wanted, fd, { cause });
  }
  return new NodePipeTransport(reactor, owner, socket, new PipeAddress(name), direction);
}

/** @throws DescriptorError */
function checkKind(fd: number, direction: PipeDirection, wanted: string): void {
  const refuse = (failure: string): never => {
    throw new DescriptorError(wanted, fd, { cause: systemError('fstat', failure) });
  };
  let stats: Stats;
  try {
    stats = fstatSync(fd);
  } catch (cause) {
    throw new DescriptorError(wanted, fd, { cause });
  }
  if (stats.isSocket()) refuse('EPROTOTYPE');
  if (!stats.isFIFO() && !stats.isCharacterDevice()) refuse('EPERM');
  if (stats.isFIFO() && !isOpenFor(fd, direction)) refuse('EBADF');
}

/** Reading and writing nothing fails if the pipe is not open for it. */
function isOpenFor(fd: number, direction: PipeDirection): boolean {
  try {
    if (direction !== 'write') readvSync(fd, [NOTHING]);
    if (direction !== 'read') writeSync(fd, NOTHING);
    return true;
  } catch {
    return false;
  }
}

export class NodePipeTransport extends NodeTransport {
  readonly direction: PipeDirection;
  readonly #address: PipeAddress;

  constructor(
    reactor: NodeSockets,
    owner: StreamOwner,
    socket: OwnedSocket,
    address: PipeAddress,
    direction: PipeDirection,
  ) {
    super(reactor, owner, socket, address, undefined);
    this.#address = address;
    this.direction = direction;
    // The end of a socket for the input of a child tells that the child has closed it.
    if (direction === 'write' && !socket.readable) this.reading = 'ended';
    if (direction === 'read') this.writing = 'shut';
  }

  override getHost(): PipeAddress {
    return this.#address;
  }

  override getTcpNoDelay(): boolean {
    throw noPipeOption('getTcpNoDelay');
  }

  override setTcpNoDelay(_enabled: boolean): void {
    throw noPipeOption('setTcpNoDelay');
  }

  override getTcpKeepAlive(): boolean {
    throw noPipeOption('getTcpKeepAlive');
  }

  override setTcpKeepAlive(_enabled: boolean): void {
    throw noPipeOption('setTcpKeepAlive');
  }

  override loseWriteConnection(): void {
    if (this.direction === 'both') throw onlyWhole('a terminal');
    if (this.direction === 'write') this.loseConnection();
  }

  /** @internal */
  override socketStream(): SocketStream | undefined {
    return undefined;
  }

  /** @internal EIO is the end of a terminal whose other side is closed. */
  override socketClosed(cause: Error | undefined): void {
    const { code, syscall } = (cause ?? {}) as Partial<SystemError>;
    if (code === 'EIO' && syscall === 'read') this.peerEnded();
    else super.socketClosed(cause);
  }

  /** The end of the only direction is the end of the transport. */
  protected override get outlivesInput(): boolean {
    return this.direction === 'both' && super.outlivesInput;
  }

  protected override get mayLinger(): boolean {
    return false;
  }

  protected override reset(socket: OwnedSocket): void {
    socket.destroy();
  }
}
