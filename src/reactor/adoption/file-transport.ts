/**
 * A file, or a device that cannot be polled, as a transport: read or written by Node's thread pool, one call at a time, in order
 * and with the same rules of closing and of producers as a pipe. A pause stops reading after the current call.
 */
import { close, read, write } from 'node:fs';

import type { PipeAddress } from '../../core/address.js';
import type { SerialOptions } from '../../core/adopt-options.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import { ROOT_CONTEXT } from '../../internal/async-context.js';
import { checkData } from '../../internal/check.js';
import { givenCopyOf } from '../../internal/lent-bytes.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import { StreamTransport } from '../streams/stream-transport.js';
import type { TurnReactor } from '../time/turn-reactor.js';
import type { PipeSettings } from './pipe-sockets.js';

/** As much as a pipe delivers at once. */
const READ_BYTES = 64 * 1024;

export class FileTransport extends StreamTransport {
  readonly direction: 'read' | 'write';
  readonly #fd: number;
  readonly #closesDescriptor: boolean;
  readonly #address: PipeAddress;
  readonly #reactor: TurnReactor;
  readonly #open: Set<StreamTransport>;
  #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  /** A call is in progress, or due at the end of the turn. */
  #busy = false;
  #wantsInput: boolean;
  #watchingDrain = false;
  #closing = false;
  #closed = false;

  /** @param open Contains the transport from its start to its end. */
  constructor(
    reactor: TurnReactor,
    owner: StreamOwner,
    { fd, takeOver, direction }: PipeSettings & { readonly direction: 'read' | 'write' },
    address: PipeAddress,
    open: Set<StreamTransport>,
  ) {
    super(owner);
    this.#reactor = reactor;
    this.#fd = fd;
    this.#closesDescriptor = takeOver;
    this.#address = address;
    this.#open = open;
    this.direction = direction;
    this.#wantsInput = direction === 'read';
    if (direction === 'write') this.reading = 'ended';
    else this.writing = 'shut';
    this.#schedule();
  }

  override get bufferedBytes(): number {
    return this.#unsentBytes;
  }

  override getPeer(): PipeAddress {
    return this.#address;
  }

  override getHost(): PipeAddress {
    return this.#address;
  }

  override fileno(): number {
    return this.#closed ? -1 : this.#fd;
  }

  get isTerminal(): boolean {
    return false;
  }

  getTerminalSize(): undefined {}

  setRawMode(_enabled: boolean): void {
    throw new UnsupportedError('setRawMode', `${this.#address} is not a terminal`);
  }

  configureSerial(_settings: SerialOptions): void {
    throw new UnsupportedError('configureSerial', `${this.#address} is not a terminal`);
  }

  override write(data: Uint8Array | string): void {
    checkData(data);
    if (!this.writable) return;
    const bytes = typeof data === 'string' ? Buffer.from(data) : givenCopyOf(data);
    if (bytes.byteLength > 0) {
      this.#unsent.push(bytes);
      this.#unsentBytes += bytes.byteLength;
      this.#schedule();
    }
    if (this.producer !== undefined) this.regulateProducer(this.producer, data);
  }

  /** @internal */
  override start(protocol: StreamProtocol, failed?: (error: unknown) => void): boolean {
    this.#open.add(this);
    return super.start(protocol, failed);
  }

  override loseWriteConnection(): void {
    if (this.direction === 'write') this.loseConnection();
  }

  protected override get reactor(): TurnReactor {
    return this.#reactor;
  }

  /** The end of the only direction is the end of the transport. */
  protected override get outlivesInput(): boolean {
    return false;
  }

  protected override setReading(enabled: boolean): void {
    if (this.direction === 'write') return;
    this.#wantsInput = enabled;
    this.#schedule();
  }

  protected override watchDrain(): void {
    this.#watchingDrain = true;
    this.#schedule();
  }

  protected override shutdownWriting(): void {}

  /** A device may be read for long. */
  protected override closeFlushed(): void {
    this.#closing = true;
    if (this.direction === 'write') this.#schedule();
    else this.#reactor.soon(() => this.#end());
  }

  protected override keepOpen(): void {
    this.#closing = false;
  }

  /** A call in progress still uses the descriptor. */
  protected override closeNow(_reset: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unsent = [];
    this.#unsentBytes = 0;
    if (!this.#busy) this.#closeDescriptor();
  }

  protected override finish(reason: Error): void {
    this.#open.delete(this);
    super.finish(reason);
  }

  #schedule(): void {
    if (this.#busy || this.#closed) return;
    this.#busy = true;
    this.#reactor.soon(() => this.#next());
  }

  /** Begins the next call, if there is work. */
  #next(): void {
    this.#busy = false;
    if (this.#closed) {
      this.#closeDescriptor();
    } else if (this.#unsent.length > 0) {
      this.#write();
    } else if (this.#closing) {
      this.#end();
    } else if (this.#watchingDrain) {
      this.#watchingDrain = false;
      this.drained();
      if (this.#unsent.length > 0 || this.#closing || this.#watchingDrain) this.#schedule();
    } else if (this.#wantsInput && this.state === 'open') {
      this.#read();
    }
  }

  #read(): void {
    this.#busy = true;
    const memory = Buffer.allocUnsafeSlow(READ_BYTES);
    ROOT_CONTEXT.runInAsyncScope(() =>
      read(this.#fd, memory, 0, READ_BYTES, null, (error, count) =>
        this.#reactor.soon(() => this.#hasRead(error, memory, count)),
      ),
    );
  }

  #hasRead(error: Error | null, memory: Buffer, count: number): void {
    this.#busy = false;
    if (this.#closed) this.#closeDescriptor();
    else if (error !== null) this.#failed(error);
    else if (count === 0) this.#inputEnded();
    else {
      this.received(givenCopyOf(memory.subarray(0, count)));
      this.#schedule();
    }
  }

  /** A pause defers the end. */
  #inputEnded(): void {
    if (this.reading === 'on') this.readEnded();
  }

  #write(): void {
    this.#busy = true;
    const parts = this.#unsent;
    const bytes = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
    this.#unsent = [bytes];
    ROOT_CONTEXT.runInAsyncScope(() =>
      write(this.#fd, bytes, 0, bytes.byteLength, null, (error, count) =>
        this.#reactor.soon(() => this.#hasWritten(error, count)),
      ),
    );
  }

  #hasWritten(error: Error | null, count: number): void {
    this.#busy = false;
    if (this.#closed) {
      this.#closeDescriptor();
      return;
    }
    if (error !== null) {
      this.#failed(error);
      return;
    }
    const [first, ...later] = this.#unsent as [Uint8Array, ...Uint8Array[]];
    this.#unsentBytes -= count;
    this.#unsent = count === first.byteLength ? later : [first.subarray(count), ...later];
    if (this.#unsent.length > 0 || this.#closing || this.#watchingDrain) this.#schedule();
  }

  #end(): void {
    if (this.#closed) return;
    this.closeNow(false);
    this.lost(undefined);
  }

  #failed(error: Error): void {
    this.closeNow(false);
    this.lost(error);
  }

  #closeDescriptor(): void {
    if (this.#closesDescriptor) close(this.#fd, () => {});
  }
}
