/** A pipe or terminal of the pure-JS reactor. */
import { fstatSync, readvSync, type Stats, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';

import { PipeAddress } from '../../core/address.js';
import type { PipeDirection, SerialOptions } from '../../core/adopt-options.js';
import type { SystemError } from '../../core/errors/base.js';
import { DescriptorError } from '../../core/errors/listening.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { TerminalSize } from '../../core/terminal-size.js';
import { checkBoolean } from '../../internal/check.js';
import { systemError } from '../../internal/system-error.js';
import type { PipeSettings } from '../adoption/pipe-sockets.js';
import { RawMode } from '../adoption/raw-mode.js';
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
  { fd, direction, takeOver, name, serial }: PipeSettings,
  owner: StreamOwner,
): NodePipeTransport {
  const wanted = `a pipe or terminal (${direction})`;
  checkKind(fd, direction, wanted);
  if (serial !== undefined) throw noSerialLines();
  checkTakeOver(takeOver);
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

function noSerialLines(): UnsupportedError {
  return new UnsupportedError('configureSerial', 'Node cannot set the parameters of a line');
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

/** Node's handle of a terminal can tell the size of its window. */
type Terminal = ReadStream & {
  readonly _handle?: { getWindowSize(out: number[]): number } | null;
};

export class NodePipeTransport extends NodeTransport {
  readonly direction: PipeDirection;
  readonly #address: PipeAddress;
  readonly #terminal: Terminal | undefined;
  readonly #rawMode = new RawMode();

  constructor(
    reactor: NodeSockets,
    owner: StreamOwner,
    socket: OwnedSocket,
    address: PipeAddress,
    direction: PipeDirection,
  ) {
    super(reactor, owner, socket, address, undefined);
    this.#address = address;
    this.#terminal = socket instanceof ReadStream ? (socket as Terminal) : undefined;
    this.direction = direction;
    // The end of a socket for the input of a child tells that the child has closed it.
    if (direction === 'write' && !socket.readable) this.reading = 'ended';
    if (direction === 'read') this.writing = 'shut';
  }

  override getHost(): PipeAddress {
    return this.#address;
  }

  protected override checkTcp(method: string): void {
    throw noPipeOption(method);
  }

  get isTerminal(): boolean {
    return this.#terminal !== undefined;
  }

  getTerminalSize(): TerminalSize | undefined {
    const handle = this.#terminal?._handle;
    const out: number[] = [];
    if (handle == null || handle.getWindowSize(out) !== 0) return undefined;
    const [columns = 0, rows = 0] = out;
    return columns === 0 ? undefined : { columns, rows };
  }

  setRawMode(enabled: boolean): void {
    checkBoolean('enabled', enabled);
    const terminal = this.#terminal;
    if (!enabled) this.#rawMode.leave();
    else if (terminal === undefined) {
      throw new UnsupportedError('setRawMode', `${this.#address} is not a terminal`);
    } else if (this.state === 'open') {
      this.#rawMode.enter(() => {
        terminal.setRawMode(true);
        return {
          // libuv does not set a mode that it believes to be set.
          resume: () => terminal.setRawMode(false).setRawMode(true),
          leave: () => terminal.setRawMode(false),
        };
      });
    }
  }

  configureSerial(_settings: SerialOptions): void {
    throw noSerialLines();
  }

  override loseConnection(): void {
    if (this.state === 'open') this.#rawMode.leave();
    super.loseConnection();
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

  protected override closeNow(reset: boolean): void {
    this.#rawMode.leave();
    super.closeNow(reset);
  }

  protected override get mayLinger(): boolean {
    return false;
  }

  protected override reset(socket: OwnedSocket): void {
    socket.destroy();
  }
}
