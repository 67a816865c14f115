/** A pipe, terminal or similar descriptor of the native reactor. */
import { PipeAddress } from '../../core/address.js';
import type { PipeDirection } from '../../core/adopt-options.js';
import { systemError } from '../../internal/system-error.js';
import type { PipeSettings } from '../adoption/pipe-sockets.js';
import { noPipeOption, onlyWhole } from '../streams/socket-side.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import { descriptorError, SEND_CALL } from './errors.js';
import { EVENT_LOST } from './shared-memory.js';
import type { NativeSockets } from './sockets.js';
import { NativeTransport } from './transport.js';

/** The core's PipeDirection. */
const DIRECTIONS: Readonly<Record<PipeDirection, number>> = { read: 1, write: 2, both: 3 };

/** @throws DescriptorError */
export function adoptPipe(
  sockets: NativeSockets,
  { fd, direction, takeOver, name }: PipeSettings,
  owner: StreamOwner,
): NativePipeTransport {
  let handle: number;
  try {
    handle = sockets.loop.adoptPipe(fd, DIRECTIONS[direction], takeOver);
  } catch (error) {
    throw descriptorError(error, `a pipe or terminal (${direction})`, fd);
  }
  const address = new PipeAddress(name);
  return sockets.add(new NativePipeTransport(sockets, handle, owner, address, direction));
}

export class NativePipeTransport extends NativeTransport {
  readonly direction: PipeDirection;

  constructor(
    sockets: NativeSockets,
    handle: number,
    owner: StreamOwner,
    address: PipeAddress,
    direction: PipeDirection,
  ) {
    super(sockets, handle, owner, address, address);
    this.direction = direction;
    if (direction === 'write') this.reading = 'ended';
    if (direction === 'read') this.writing = 'shut';
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

  /** The end of the only direction is the end of the transport. */
  protected override allowHalfClose(): void {
    if (this.direction === 'both') super.allowHalfClose();
  }

  /** @internal */
  override nativeEvent(kind: number, a: number, b: number): void {
    if (kind !== EVENT_LOST || a === 0) {
      super.nativeEvent(kind, a, b);
      return;
    }
    this.forget();
    this.lost(systemError(b === SEND_CALL ? 'write' : 'read', a));
  }
}
