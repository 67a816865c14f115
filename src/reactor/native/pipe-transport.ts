/** A pipe, terminal or similar descriptor of the native reactor. */
import { isatty } from 'node:tty';

import { PipeAddress } from '../../core/address.js';
import type { PipeDirection, SerialOptions } from '../../core/adopt-options.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { TerminalSize } from '../../core/terminal-size.js';
import { checkBoolean } from '../../internal/check.js';
import { systemError } from '../../internal/system-error.js';
import { loadAddon } from '../../native.js';
import type { PipeSettings } from '../adoption/pipe-sockets.js';
import { RawMode, type RawTerminal } from '../adoption/raw-mode.js';
import { serialInts } from '../adoption/serial-settings.js';
import { noPipeOption, onlyWhole } from '../streams/socket-side.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import { asSystemError, descriptorError, SEND_CALL } from './errors.js';
import { EVENT_LOST } from './shared-memory.js';
import type { NativeSockets } from './sockets.js';
import { NativeTransport } from './transport.js';

/** The core's PipeDirection. */
const DIRECTIONS: Readonly<Record<PipeDirection, number>> = { read: 1, write: 2, both: 3 };

/** @throws DescriptorError */
export function adoptPipe(
  sockets: NativeSockets,
  { fd, direction, takeOver, name, serial }: PipeSettings,
  owner: StreamOwner,
): NativePipeTransport {
  if (serial !== undefined) setSerial(sockets, fd, name, serial);
  let handle: number;
  try {
    handle = sockets.loop.adoptPipe(fd, DIRECTIONS[direction], takeOver);
  } catch (error) {
    throw descriptorError(error, `a pipe or terminal (${direction})`, fd);
  }
  const address = new PipeAddress(name);
  return sockets.add(new NativePipeTransport(sockets, handle, owner, address, direction));
}

/** @throws UnsupportedError */
function setSerial(sockets: NativeSockets, fd: number, name: string, values: Int32Array): void {
  onTerminal('configureSerial', fd, name, () => sockets.loop.configureSerial(fd, values));
}

/** @throws UnsupportedError */
function onTerminal<R>(feature: string, fd: number, name: string, call: () => R): R {
  if (!isatty(fd)) throw new UnsupportedError(feature, `${name} is not a terminal`);
  try {
    return call();
  } catch (error) {
    throw new UnsupportedError(feature, asSystemError(error).message);
  }
}

export class NativePipeTransport extends NativeTransport {
  readonly direction: PipeDirection;
  readonly #rawMode = new RawMode();

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

  protected override checkTcp(method: string): void {
    throw noPipeOption(method);
  }

  get isTerminal(): boolean {
    return this.handle !== 0 && isatty(this.fileno());
  }

  getTerminalSize(): TerminalSize | undefined {
    if (!this.isTerminal) return undefined;
    const out = new Int32Array(4);
    loadAddon().terminalSize(this.fileno(), out);
    const [columns, rows] = out as unknown as [number, number];
    return columns === 0 ? undefined : { columns, rows };
  }

  setRawMode(enabled: boolean): void {
    checkBoolean('enabled', enabled);
    if (!enabled) this.#rawMode.leave();
    else if (this.state === 'open') this.#rawMode.enter(() => this.#enterRawMode());
  }

  configureSerial(settings: SerialOptions): void {
    setSerial(this.sockets, this.fileno(), String(this.getPeer()), serialInts(settings));
  }

  override loseConnection(): void {
    if (this.state === 'open') this.#rawMode.leave();
    super.loseConnection();
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
    if (kind === EVENT_LOST) this.#rawMode.leave();
    if (kind !== EVENT_LOST || a === 0) {
      super.nativeEvent(kind, a, b);
      return;
    }
    this.forget();
    this.lost(systemError(b === SEND_CALL ? 'write' : 'read', a));
  }

  protected override closeNow(reset: boolean): void {
    this.#rawMode.leave();
    super.closeNow(reset);
  }

  #enterRawMode(): RawTerminal {
    const { loop } = this.sockets;
    const fd = this.fileno();
    const mode = onTerminal('setRawMode', fd, String(this.getPeer()), () => loop.enterRawMode(fd));
    return { resume: () => loop.resumeRawMode(mode), leave: () => loop.leaveRawMode(mode) };
  }
}
