/**
 * A transport without a peer: it records writes, and the test plays the other end. States, producers, half-close
 * and the order of callbacks are those of {@link StreamTransport}, which the reactors use too.
 */
import { type Address, IPv4Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import type { ErrorReporter } from '../core/error-reporter.js';
import type { PullProducer, PushProducer } from '../core/producer.js';
import { Protocol } from '../core/protocol.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import { checkBoolean, checkData, checkInteger } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { systemError } from '../internal/system-error.js';
import { noSocketOption } from '../reactor/streams/socket-side.js';
import type { StreamOwner } from '../reactor/streams/stream-owner.js';
import { StreamTransport } from '../reactor/streams/stream-transport.js';
import type { TurnReactor } from '../reactor/time/turn-reactor.js';
import { deliver } from './lending.js';
import { SimulationLimitError, TestTransportStateError } from './simulation/errors.js';

/** Data is delivered in pieces of at most this many bytes, as the reactors do. */
const MAX_PIECE_BYTES = 64 * 1024;

const NOTHING = Buffer.alloc(0);

/** {@link MemoryTransport.settle} gives up after this many turns. */
export const MAX_SETTLE_TURNS: number = 10_000;

export interface MemoryTransportOptions {
  /** The other end. Default 192.0.2.2:40000. */
  readonly peer?: Address;
  /** This end. Default 192.0.2.1:80. */
  readonly host?: Address;
  /**
   * Bytes that are sent before the peer reads any; the rest waits for {@link MemoryTransport.drain}. Default: no limit.
   */
  readonly capacity?: number;
  /** Receives exceptions of the protocol. Default: they are reported like all errors of Ropewalk. */
  readonly reportError?: ErrorReporter;
}

const OPTIONS: OptionNames<MemoryTransportOptions> = {
  peer: true,
  host: true,
  capacity: true,
  reportError: true,
};

/**
 * Records a protocol's writes. Nothing happens by itself: the work of a reactor's later turns (sending, calling
 * producers, `connectionLost`) is done by {@link turn} or {@link settle}.
 *
 * If the protocol accepts lent bytes, all are lent, and overwritten when its `dataReceived` returns; otherwise it receives bytes
 * of its own.
 *
 * @example
 * const transport = new MemoryTransport();
 * transport.connect(new Echo());
 * transport.receive('hello');
 * transport.text; // 'hello'
 */
export class MemoryTransport extends StreamTransport {
  readonly #peer: Address;
  readonly #host: Address;
  readonly #capacity: number;
  readonly #reactor: TurnReactor;
  #soon: (() => void)[] = [];
  #written: Buffer[] = [];
  /** Written bytes: those not sent, and those sent but not read by the peer. */
  #waitingBytes = 0;
  #unreadBytes = 0;
  /** Received and not delivered yet. */
  #incoming: Buffer[] = [];
  #peerFinished = false;
  #inTurn = false;
  #watchingDrain = false;
  #peerSees: 'open' | 'end' | 'reset' = 'open';
  #noDelay = true;
  #keepAlive = false;

  /**
   * @param owner The port or connector of a `MemoryReactor` that made the transport.
   * @param clock Times the TLS handshake. Default: it has no time limit.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(options: MemoryTransportOptions = {}, owner?: StreamOwner, clock?: Clock) {
    checkOptions('MemoryTransport', options, OPTIONS);
    const host = options.host ?? new IPv4Address('TCP', '192.0.2.1', 80);
    super(owner ?? { context: undefined, connectionEnded() {}, localAddress: () => host });
    this.#host = host;
    this.#peer = options.peer ?? new IPv4Address('TCP', '192.0.2.2', 40_000);
    this.#capacity =
      options.capacity === undefined
        ? Number.POSITIVE_INFINITY
        : checkInteger('capacity', options.capacity, 0, Number.MAX_SAFE_INTEGER);
    this.#reactor = {
      report: options.reportError ?? reportError,
      clock,
      soon: (callback) => void this.#soon.push(callback),
    };
    this.protocol = new Protocol();
  }

  /** All bytes written since they were last taken or cleared, sent or waiting. */
  get written(): Buffer {
    const { length } = this.#written;
    if (length !== 1) this.#written = length === 0 ? [] : [Buffer.concat(this.#written)];
    return this.#written[0] ?? NOTHING;
  }

  /** {@link written} as UTF-8. */
  get text(): string {
    return this.written.toString();
  }

  /** The state that the other end would see now: an open connection, a clean end of data, or a reset. */
  get peerSees(): 'open' | 'end' | 'reset' {
    return this.#peerSees;
  }

  /** Whether the protocol has paused receiving. */
  get paused(): boolean {
    return this.reading === 'paused' || this.reading === 'resuming';
  }

  get registeredProducer(): PushProducer | PullProducer | undefined {
    return this.producer?.producer;
  }

  /** Whether the registered producer is a push producer; undefined if there is none. */
  get streaming(): boolean | undefined {
    return this.producer?.streaming;
  }

  /** Whether the registered producer is paused. */
  get producerPaused(): boolean {
    return this.producer?.streaming === true && this.producer.waiting;
  }

  override get bufferedBytes(): number {
    return this.#waitingBytes;
  }

  override getPeer(): Address {
    return this.#peer;
  }

  override getHost(): Address {
    return this.#host;
  }

  override getTcpNoDelay(): boolean {
    this.checkTcp('getTcpNoDelay');
    return this.#noDelay;
  }

  override setTcpNoDelay(enabled: boolean): void {
    this.checkTcp('setTcpNoDelay');
    this.#noDelay = checkBoolean('enabled', enabled);
  }

  override getTcpKeepAlive(): boolean {
    this.checkTcp('getTcpKeepAlive');
    return this.#keepAlive;
  }

  override setTcpKeepAlive(enabled: boolean): void {
    this.checkTcp('setTcpKeepAlive');
    this.#keepAlive = checkBoolean('enabled', enabled);
  }

  /** Takes bytes. They are copied, however many. */
  override write(data: Uint8Array | string): void {
    checkData(data);
    if (!this.writable) return;
    const bytes = Buffer.from(data as string);
    this.#written.push(bytes);
    this.#waitingBytes += bytes.byteLength;
    if (this.producer !== undefined) this.regulateProducer(this.producer, data);
  }

  /**
   * Connects a protocol to this transport and calls its `connectionMade`. Until then, all input from the peer is dropped.
   * @returns The protocol.
   */
  connect<P extends StreamProtocol>(protocol: P): P {
    this.#inside(() => this.start(protocol));
    return protocol;
  }

  /** @returns {@link written}, which is then forgotten. */
  takeWritten(): Buffer {
    const { written } = this;
    this.#written = [];
    return written;
  }

  /** Forgets written bytes. Unsent bytes are still sent. */
  clear(): void {
    this.#written = [];
  }

  /**
   * Bytes, or text as UTF-8, arrive from the peer. Deferred work runs first; then they are delivered in pieces of at
   * most 64 KiB, one in each turn, while the protocol is not paused. If called inside
   * a callback, they are delivered in a later turn. Once the connection is closing they are dropped.
   * @throws InvalidArgumentTypeError
   * @throws TestTransportStateError the peer has finished sending.
   */
  receive(data: Uint8Array | string): void {
    checkData(data);
    if (this.#peerFinished) {
      throw new TestTransportStateError('receive: the peer has finished sending');
    }
    const bytes = this.state === 'open' ? Buffer.from(data as string) : NOTHING;
    for (let at = 0; at < bytes.byteLength; at += MAX_PIECE_BYTES) {
      this.#incoming.push(bytes.subarray(at, at + MAX_PIECE_BYTES));
    }
    this.#receiveAll();
  }

  /** The peer finishes sending. The protocol is notified after all received bytes, once it is not paused. */
  peerCloses(): void {
    this.#peerFinished = true;
    this.#receiveAll();
  }

  /**
   * The peer, or the network, breaks the connection now: undelivered bytes in either direction are lost.
   * @param cause Default: `ECONNRESET`.
   */
  peerResets(cause: Error = systemError('read', 'ECONNRESET')): void {
    const reset = (): void => {
      this.#drop();
      this.lost(cause);
    };
    if (this.#inTurn) this.#soon.push(reset);
    else this.#inside(reset);
  }

  /**
   * The peer reads written bytes, so that waiting ones can follow and the producer is called.
   * @param bytes How many at most. Default: all.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  drain(bytes: number = Number.MAX_SAFE_INTEGER): void {
    checkInteger('bytes', bytes, 0, Number.MAX_SAFE_INTEGER);
    const sent = Math.min(bytes, this.#unreadBytes);
    this.#unreadBytes -= sent;
    this.#waitingBytes -= Math.min(bytes - sent, this.#waitingBytes);
    if (!this.#inTurn) this.#flush();
  }

  /**
   * One turn: runs deferred work, delivers one received piece, sends what fits.
   * @returns Whether there was anything to do. Called from inside a callback it does nothing and returns false.
   */
  turn(): boolean {
    if (this.#inTurn) return false;
    const began = this.#begin();
    return this.#flush() || began;
  }

  /**
   * Runs turns until no work is left.
   * @throws SimulationLimitError work is left after {@link MAX_SETTLE_TURNS}: usually a pull producer without end.
   */
  settle(): void {
    for (let turns = 0; this.turn(); turns++) {
      if (turns === MAX_SETTLE_TURNS) {
        throw new SimulationLimitError(`the transport has not settled in ${turns} turns`, turns);
      }
    }
  }

  /** @internal */
  override received(data: Buffer): void {
    const delivered = this.state === 'open' && this.reading === 'on';
    if (!delivered) super.received(data);
    else deliver(data, this.protocol?.acceptsLentBytes, (bytes) => super.received(bytes));
  }

  protected override get reactor(): TurnReactor {
    return this.#reactor;
  }

  protected override setReading(_enabled: boolean): void {}

  protected override watchDrain(): void {
    this.#watchingDrain = true;
  }

  protected override shutdownWriting(): void {}

  protected override closeFlushed(): void {}

  protected override closeNow(reset: boolean): void {
    if (!reset) this.#send();
    this.#peerSees = reset || this.#waitingBytes > 0 ? 'reset' : 'end';
    this.#drop();
  }

  /** @throws UnsupportedError its addresses are of UNIX sockets. */
  protected override checkTcp(method: string): void {
    if (this.#host.type === 'UNIX') throw noSocketOption(method);
  }

  /** Whether the next piece, or the peer's end, can be delivered to the protocol. */
  get #deliverable(): boolean {
    if (this.state !== 'open' || this.reading !== 'on') return false;
    return this.#incoming.length > 0 || this.#peerFinished;
  }

  #receiveAll(): void {
    if (this.#inTurn) return;
    this.#begin();
    while (this.#deliverable) {
      this.#flush();
      this.#begin();
    }
  }

  /** The first half of a turn. */
  #begin(): boolean {
    return this.#inside(() => {
      const queued = this.#soon;
      this.#soon = [];
      for (const callback of queued) {
        try {
          callback();
        } catch (error) {
          this.#reactor.report(error, 'callback');
        }
      }
      return this.#deliver() || queued.length > 0;
    });
  }

  #deliver(): boolean {
    if (!this.#deliverable) return false;
    const piece = this.#incoming.shift();
    if (piece !== undefined) this.received(piece);
    else this.readEnded();
    return true;
  }

  /** The end of a turn: sends what fits, and does the work that waited for the last byte. */
  #flush(): boolean {
    return this.#inside(() => {
      let busy = this.#send();
      if (this.#waitingBytes > 0) return busy;
      if (this.#watchingDrain) {
        this.#watchingDrain = false;
        busy = true;
        this.drained();
      }
      if (this.producer !== undefined || this.#waitingBytes > 0) return busy;
      if (this.state === 'closing') {
        this.#peerSees = 'end';
        this.lost(undefined);
      } else if (this.state === 'open' && this.writing === 'shutting') {
        this.#peerSees = 'end';
        this.writeShut();
      } else return busy;
      return true;
    });
  }

  #send(): boolean {
    const sent = Math.min(this.#waitingBytes, Math.max(0, this.#capacity - this.#unreadBytes));
    this.#waitingBytes -= sent;
    this.#unreadBytes += sent;
    return sent > 0;
  }

  #drop(): void {
    this.#incoming = [];
    this.#waitingBytes = 0;
  }

  #inside<R>(run: () => R): R {
    this.#inTurn = true;
    try {
      return run();
    } finally {
      this.#inTurn = false;
    }
  }
}
