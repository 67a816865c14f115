/**
 * A simulated datagram socket: a queue of unsent datagrams, and a buffer of unread ones. Subclasses carry
 * them.
 */
import type { Address } from '../../../core/address.js';
import type { DatagramDetails, DestinationOf } from '../../../core/datagram.js';
import type { SystemError } from '../../../core/errors/base.js';
import { UnsupportedError } from '../../../core/errors/reactor.js';
import { checkData } from '../../../internal/check.js';
import type { DatagramPort, DatagramSocket } from '../../../reactor/datagrams/datagram-port.js';
import type { DatagramSettings } from '../../../reactor/datagrams/datagram-settings.js';
import { deliver } from '../../lending.js';
import type { FaultSettings } from '../faults.js';
import type { SeededRandom } from '../random.js';
import type { SimulatedSockets } from '../simulated-sockets.js';
import type { Trace } from '../trace.js';

/** A datagram that has arrived. */
export interface ArrivedDatagram<A extends Address> {
  readonly data: Buffer;
  readonly from: A;
  readonly details: DatagramDetails | undefined;
}

/** An unsent datagram. */
export interface WaitingDatagram<A extends Address> {
  readonly data: Buffer;
  /** Undefined: the peer of a connected socket. */
  readonly to: A | undefined;
  readonly source: string | undefined;
}

export interface DatagramSocketOptions<A extends Address> {
  readonly sockets: SimulatedSockets;
  readonly port: DatagramPort<A, DatagramSocket<A>>;
  readonly settings: DatagramSettings;
  readonly trace: Trace;
  readonly faults: FaultSettings;
  readonly random: SeededRandom;
}

export abstract class SimulatedDatagramSocket<A extends Address> implements DatagramSocket<A> {
  abstract readonly address: A;
  /** Names the socket in the trace. */
  abstract readonly name: string;
  datagramsTruncated = 0;
  datagramsDropped = 0;
  protected readonly sockets: SimulatedSockets;
  protected readonly port: DatagramPort<A, DatagramSocket<A>>;
  protected readonly trace: Trace;
  protected readonly faults: FaultSettings;
  protected readonly sendBufferBytes: number;
  protected readonly receiveBufferBytes: number;
  protected closed = false;
  readonly #settings: DatagramSettings;
  #waiting: WaitingDatagram<A>[] = [];
  #waitingBytes = 0;
  #scheduled = false;
  #watchingDrain = false;
  #arrived: ArrivedDatagram<A>[] = [];
  #arrivedBytes = 0;
  /** Bytes a second that the socket reads, and when it reads the next datagram. */
  readonly #readRate: number;
  #readAgainAt = 0;
  #wakeUpDue = false;

  constructor(options: DatagramSocketOptions<A>) {
    const { settings, faults, random } = options;
    this.sockets = options.sockets;
    this.port = options.port;
    this.trace = options.trace;
    this.faults = faults;
    this.sendBufferBytes = settings.sendBufferBytes ?? faults.sendBufferBytes;
    this.receiveBufferBytes = settings.receiveBufferBytes ?? faults.receiveWindowBytes;
    this.#settings = settings;
    const slow = random.fork('slowReader').chance(faults.slowReader);
    this.#readRate = slow ? faults.slowReaderBytesPerSecond : Number.POSITIVE_INFINITY;
  }

  /** The destination, checked. @throws InvalidArgumentTypeError, InvalidAddressError, MessageLengthError */
  protected abstract destination(
    to: A | DestinationOf<A> | undefined,
    length: number,
  ): A | undefined;
  /** Sends a datagram, or reports the error to the port. @returns False if it has to wait: {@link sendable} will be called. */
  protected abstract transmit(datagram: WaitingDatagram<A>): boolean;
  /** The socket's name is free again. */
  protected abstract release(keepFile: boolean): void;
  /** A datagram was read, so there is room for others. */
  protected read(): void {}

  get bufferedBytes(): number {
    return this.#waitingBytes;
  }

  /** Bytes that have arrived and were not read. */
  get arrivedBytes(): number {
    return this.#arrivedBytes;
  }

  send(
    data: Uint8Array | string,
    to: A | DestinationOf<A> | undefined,
    source: string | undefined,
  ): void {
    checkData(data);
    const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.copyBytesFrom(data);
    const destination = this.destination(to, bytes.byteLength);
    this.#waiting.push({ data: bytes, to: destination, source });
    this.#waitingBytes += bytes.byteLength;
    this.#schedule();
  }

  watchDrain(): void {
    this.#watchingDrain = true;
    this.#schedule();
  }

  close(keepFile = false): void {
    this.#transmitAll();
    this.closed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#arrived = [];
    this.#arrivedBytes = 0;
    this.release(keepFile);
  }

  fileno(): number {
    throw new UnsupportedError('fileno', 'simulated sockets have no descriptors');
  }

  /** The network or the receiver accepts more. */
  sendable(): void {
    if (this.closed) return;
    this.sockets.beginTurn();
    this.#flush();
  }

  /** A datagram arrives. @returns False if the buffer has no room for it. */
  arrive(datagram: ArrivedDatagram<A>): boolean {
    const { byteLength } = datagram.data;
    if (this.closed || this.#arrivedBytes + byteLength > this.receiveBufferBytes) return false;
    this.#arrived.push(datagram);
    this.#arrivedBytes += byteLength;
    this.#deliver();
    return true;
  }

  /** Calls `connectionRefused`: nothing listens at the peer. */
  protected notifyRefused(): void {
    if (this.closed) return;
    this.sockets.beginTurn();
    this.port.refused();
  }

  protected refuse(datagram: WaitingDatagram<A>, cause: SystemError): void {
    this.trace.add('data', this.name, `not sent: ${cause.message}`);
    this.port.sendFailed(cause, datagram.to, datagram.data.byteLength);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.sockets.inNextTurn(() => {
      this.#scheduled = false;
      if (!this.closed) this.#flush();
    });
  }

  #flush(): void {
    this.#transmitAll();
    if (!this.#watchingDrain || this.#waiting.length > 0 || this.closed) return;
    this.#watchingDrain = false;
    this.port.drained();
  }

  #transmitAll(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!this.transmit(first)) {
        this.#dropExcess();
        return;
      }
      // A callback of the port may have closed the socket.
      if (this.closed) return;
      this.#waiting.shift();
      this.#waitingBytes -= first.data.byteLength;
    }
  }

  /** Drops datagrams beyond the limit of the queue. */
  #dropExcess(): void {
    const { maxBufferedBytes } = this.#settings;
    let kept = 0;
    const waiting = this.#waiting.filter(({ data }) => {
      if (kept > 0 && kept + data.byteLength > maxBufferedBytes) return false;
      kept += data.byteLength;
      return true;
    });
    this.datagramsDropped += this.#waiting.length - waiting.length;
    this.#waiting = waiting;
    this.#waitingBytes = kept;
  }

  #deliver(): void {
    for (let first = this.#arrived[0]; first !== undefined; first = this.#arrived[0]) {
      const wait = this.#readAgainAt - this.sockets.now();
      if (wait > 0) {
        this.#wakeUp(wait);
        return;
      }
      this.#arrived.shift();
      this.#arrivedBytes -= first.data.byteLength;
      this.#readAgainAt = this.sockets.now() + (first.data.byteLength * 1000) / this.#readRate;
      this.sockets.beginTurn();
      this.#hand(first);
      this.read();
    }
  }

  #hand({ data, from, details }: ArrivedDatagram<A>): void {
    const { port } = this;
    if (data.byteLength > this.#settings.maxPacketSize) {
      this.datagramsTruncated += 1;
      port.truncated(from);
      return;
    }
    this.sockets.bytesReceived += data.byteLength;
    deliver(data, port.acceptsLentBytes, (bytes) => port.received(bytes, from, details));
  }

  #wakeUp(ms: number): void {
    if (this.#wakeUpDue) return;
    this.#wakeUpDue = true;
    this.sockets.callLater(ms, () => {
      this.#wakeUpDue = false;
      this.#deliver();
    });
  }
}
