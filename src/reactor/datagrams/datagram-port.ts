/**
 * The common part of all datagram ports: listening and stopping, the calls into the protocol, and producers. A
 * {@link DatagramSocket}, which a port has while it listens, exchanges datagrams with the system.
 */
import type { Address } from '../../core/address.js';
import type {
  DatagramDetails,
  DatagramReceiver,
  DatagramTransport,
  DestinationOf,
  SendOptions,
} from '../../core/datagram.js';
import { RemoteProtocolError, type SystemError } from '../../core/errors/base.js';
import { ProducerRegisteredError } from '../../core/errors/connection.js';
import {
  type DatagramError,
  DatagramNotSentError,
  DatagramReceiveError,
  DatagramTruncatedError,
  InvalidAddressError,
  MessageLengthError,
} from '../../core/errors/datagram.js';
import { NotListeningError } from '../../core/errors/listening.js';
import type { ListeningPort, StopListeningOptions } from '../../core/listening-port.js';
import type { PullProducer, PushProducer } from '../../core/producer.js';
import { isInstance } from '../../core/text-of.js';
import { onRejection } from '../../defer/callback-result.js';
import { Deferred } from '../../defer/deferred.js';
import { type AsyncContext, callIn, captureContext } from '../../internal/async-context.js';
import { checkBoolean, checkData } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { showAsText } from '../../internal/shown-as-text.js';
import type { PortReactor } from '../life/port-reactor.js';
import type { ReceivedBytes } from '../streams/received-bytes.js';
import { RegisteredProducer } from '../streams/registered-producer.js';
import { STOP_OPTIONS } from '../streams/stream-port.js';
import { DatagramDrain } from './datagram-drain.js';

type Hook = 'makeConnection' | 'stopProtocol' | 'connectionRefused' | 'datagramFailed';

/**
 * A bound datagram socket of a reactor. It calls its port's `received`, `truncated`, `refused`, `sendFailed`, `receiveFailed` and
 * `drained`, never from inside one of the methods below, and none of them after `close`.
 */
export interface DatagramSocket<A extends Address = Address> {
  /** The address that it is bound to. */
  readonly address: A;
  /** The peer of a socket that is made connected. */
  readonly peer?: A | undefined;
  readonly bufferedBytes: number;
  readonly datagramsTruncated: number;
  readonly datagramsDropped: number;
  /** Whether datagrams may have been read from the system and not passed to the port yet. Absent: never. */
  readonly undelivered?: boolean;

  /**
   * Sends one datagram at the end of the turn. If the system then refuses it, `sendFailed` or `refused` is called.
   * @param to Undefined on a connected socket, and only there.
   * @param source The address of this host to send from.
   * @throws InvalidArgumentTypeError, InvalidAddressError, MessageLengthError
   */
  send(
    data: Uint8Array | string,
    to: A | DestinationOf<A> | undefined,
    source: string | undefined,
  ): void;
  /** Calls `drained` once, when no datagrams are unsent; in a later turn if none are now. */
  watchDrain(): void;
  /**
   * Sends this turn's datagrams as far as the system takes them at once, and closes.
   * @param keepFile Leaves the file of a UNIX socket.
   */
  close(keepFile?: boolean): void;
  /** @throws UnsupportedError */
  fileno(): number;
}

const SEND_OPTIONS: OptionNames<SendOptions> = { source: true };

export abstract class DatagramPort<A extends Address, S extends DatagramSocket<A>>
  implements DatagramTransport<A>, ListeningPort<A>
{
  protected readonly reactor: PortReactor;
  protected socket: S | undefined = undefined;
  protected peer: A | undefined = undefined;
  private readonly context: AsyncContext = captureContext();
  private readonly protocol: DatagramReceiver<A>;
  private readonly maxPacketSize: number;
  private host: A | undefined = undefined;
  private producer: RegisteredProducer | undefined = undefined;
  private draining: DatagramDrain | undefined = undefined;
  /** Pending calls of `stopProtocol`. */
  private stopsPending = 0;
  private truncatedBefore = 0;
  private droppedBefore = 0;

  constructor(reactor: PortReactor, protocol: DatagramReceiver<A>, maxPacketSize: number) {
    this.reactor = reactor;
    this.protocol = protocol;
    this.maxPacketSize = maxPacketSize;
  }

  /** Opens and binds the socket. @throws CannotListenError */
  protected abstract open(): S;
  /** `to` as an address, for errors and comparison. */
  protected abstract addressOf(to: A | DestinationOf<A>): A;

  get listening(): boolean {
    return this.socket !== undefined;
  }

  get connectedTo(): A | undefined {
    return this.peer;
  }

  get bufferedBytes(): number {
    return this.socket?.bufferedBytes ?? 0;
  }

  get datagramsTruncated(): number {
    return this.truncatedBefore + (this.socket?.datagramsTruncated ?? 0);
  }

  get datagramsDropped(): number {
    return this.droppedBefore + (this.socket?.datagramsDropped ?? 0);
  }

  getHost(): A {
    return this.host as A;
  }

  fileno(): number {
    return this.openSocket().fileno();
  }

  /** After the end nothing is sent, but wrong types are still refused. */
  write(data: Uint8Array | string, to?: A | DestinationOf<A>, options?: SendOptions): void {
    if (options !== undefined) checkOptions('write', options, SEND_OPTIONS);
    const { socket } = this;
    if (socket === undefined) {
      checkData(data);
      return;
    }
    if (this.peer === undefined) {
      if (to === undefined) throw new InvalidAddressError('the datagram has no destination');
      socket.send(data, to, options?.source);
    } else this.writeToPeer(socket, data, to, options);
    if (this.producer !== undefined) this.regulateProducer(this.producer, data);
  }

  writeSequence(
    parts: Iterable<Uint8Array | string>,
    to?: A | DestinationOf<A>,
    options?: SendOptions,
  ): void {
    const bytes: Uint8Array[] = [];
    for (const part of parts) {
      checkData(part);
      bytes.push(typeof part === 'string' ? Buffer.from(part) : part);
    }
    this.write(bytes.length === 1 ? (bytes[0] as Uint8Array) : Buffer.concat(bytes), to, options);
  }

  startListening(): void {
    if (this.socket !== undefined) return;
    this.reactor.checkOpen();
    const socket = this.open();
    this.socket = socket;
    this.host = socket.address;
    this.peer = socket.peer;
    this.reactor.ports.add(this);
    if (this.stopsPending === 0) this.start();
    else this.reactor.soon(() => this.start());
  }

  stopListening(options: StopListeningOptions = {}): Deferred<void> {
    checkOptions('stopListening', options, STOP_OPTIONS);
    const drain = checkBoolean('drain', options.drain ?? false);
    const keepFile = checkBoolean('keepFile', options.keepFile ?? false);
    if (!drain || this.socket === undefined) {
      this.closeListening(keepFile);
      return this.reactor.nextTurn();
    }
    this.draining ??= this.drain(this.socket, keepFile);
    const stopped = new Deferred<void>();
    this.draining.done.addCallback(() => stopped.callback());
    return stopped.addCallback(() => this.reactor.nextTurn());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  /** @internal */
  closeListening(keepFile = false): void {
    const { socket } = this;
    if (socket === undefined) return;
    this.truncatedBefore = this.datagramsTruncated;
    this.droppedBefore = this.datagramsDropped;
    this.socket = undefined;
    this.peer = undefined;
    const { draining } = this;
    this.draining = undefined;
    socket.close(keepFile);
    this.reactor.ports.delete(this);
    this.stopsPending += 1;
    this.reactor.soon(() => this.stopped());
    draining?.end();
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.producer !== undefined) throw new ProducerRegisteredError();
    if (this.socket === undefined) {
      this.watch(producer.stopProducing(), 'stopProducing');
      return;
    }
    const registered = new RegisteredProducer(producer, streaming);
    this.producer = registered;
    if (streaming) return;
    this.watch(producer.resumeProducing(), 'resumeProducing');
    if (this.producer === registered && registered.waitsForOthers(this)) this.socket?.watchDrain();
  }

  unregisterProducer(): void {
    this.producer = undefined;
  }

  /** @internal Whether the next datagram may be lent to the protocol. */
  get acceptsLentBytes(): boolean {
    return this.protocol.acceptsLentBytes === true;
  }

  /** @internal A datagram arrived, in memory that the transport owns alone or lends. */
  received(data: Buffer, from: A, details?: DatagramDetails): void {
    if (this.socket === undefined) return;
    try {
      this.deliver(data, from, details);
    } catch (error) {
      this.report(error, 'datagramReceived', from);
    }
  }

  /** @internal A datagram arrived, in memory that is reused when this has returned. */
  receivedIn(
    memory: ReceivedBytes,
    offset: number,
    length: number,
    from: A,
    details?: DatagramDetails,
  ): void {
    if (this.socket === undefined) return;
    let lent = false;
    try {
      lent = this.acceptsLentBytes;
      this.deliver(lent ? memory.lend(offset, length) : memory.give(offset, length), from, details);
    } catch (error) {
      this.report(error, 'datagramReceived', from);
    }
    if (lent && memory.poisons) memory.poison(offset, length);
  }

  /** @internal A datagram arrived that was too long, and was dropped. */
  truncated(from: A): void {
    if (!this.reportsFailures) return;
    this.failed(new DatagramTruncatedError(this.maxPacketSize, from));
  }

  /** @internal The peer of a connected socket has no such port open. */
  refused(): void {
    if (this.socket !== undefined) this.call('connectionRefused');
  }

  /** @internal The system did not take a datagram of `length` bytes. */
  sendFailed(cause: SystemError, to: A | undefined, length: number): void {
    const address = to ?? this.peer;
    this.failed(
      cause.code === 'EMSGSIZE'
        ? new MessageLengthError(length, address, { cause })
        : new DatagramNotSentError(address, cause),
    );
  }

  /** @internal The system failed to receive: called once, until something is received. */
  receiveFailed(cause: SystemError): void {
    this.failed(new DatagramReceiveError(cause));
  }

  /** @internal No datagrams are unsent. */
  drained(): void {
    this.draining?.sent();
    const registered = this.producer;
    if (registered === undefined || !registered.waiting || this.socket === undefined) return;
    // More may have been written since.
    if (this.bufferedBytes > 0) {
      this.socket.watchDrain();
      return;
    }
    try {
      this.watch(registered.resume(this.context), 'resumeProducing');
    } catch (error) {
      this.report(error, 'resumeProducing');
    }
  }

  /** @throws NotListeningError */
  protected openSocket(): S {
    if (this.socket === undefined) throw new NotListeningError();
    return this.socket;
  }

  private drain(socket: S, keepFile: boolean): DatagramDrain {
    const drain = new DatagramDrain(this.reactor, socket);
    drain.done.addCallback(() => {
      if (this.socket === socket) this.closeListening(keepFile);
    });
    return drain;
  }

  private writeToPeer(
    socket: S,
    data: Uint8Array | string,
    to: A | DestinationOf<A> | undefined,
    options: SendOptions | undefined,
  ): void {
    if (to !== undefined && !this.peer?.equals(this.addressOf(to))) {
      throw new InvalidAddressError(`the socket is connected to ${this.peer}`);
    }
    socket.send(data, undefined, options?.source);
  }

  private deliver(data: Buffer, from: A, details: DatagramDetails | undefined): void {
    const { protocol, context } = this;
    const result =
      context === undefined
        ? protocol.datagramReceived(data, from, this, details)
        : context.runInAsyncScope(protocol.datagramReceived, protocol, data, from, this, details);
    if (result !== undefined) this.watch(result, 'datagramReceived', from);
  }

  private start(): void {
    this.call('makeConnection', this);
  }

  private stopped(): void {
    this.stopsPending -= 1;
    const registered = this.producer;
    this.producer = undefined;
    if (registered !== undefined) {
      try {
        this.watch(registered.producer.stopProducing(), 'stopProducing');
      } catch (error) {
        this.report(error, 'stopProducing');
      }
    }
    this.call('stopProtocol');
  }

  private regulateProducer(registered: RegisteredProducer, data: Uint8Array | string): void {
    if (!registered.wrote(data, this)) return;
    this.socket?.watchDrain();
    this.watch(registered.pause(), 'pauseProducing');
  }

  private get reportsFailures(): boolean {
    try {
      return this.protocol.datagramFailed !== undefined;
    } catch (error) {
      this.report(error, 'datagramFailed');
      return false;
    }
  }

  private failed(error: DatagramError): void {
    if (this.socket === undefined || this.call('datagramFailed', error)) return;
    this.reactor.report(error, 'datagram');
  }

  /** Calls a rarely called method of the protocol. @returns Whether it exists. */
  private call(method: Hook, ...args: unknown[]): boolean {
    try {
      const callback = this.protocol[method] as ((...args: unknown[]) => unknown) | undefined;
      if (callback === undefined) return false;
      this.watch(callIn(this.context, this.protocol, callback, ...args), method);
    } catch (error) {
      this.report(error, method);
    }
    return true;
  }

  /** A promise that a callback returns is treated as a part of it. */
  private watch(result: unknown, where: string, from?: A): void {
    if (result !== undefined) onRejection(result, (error) => this.report(error, where, from));
  }

  /** Protocol violations by a peer are not reported: they are common, and anybody could fill a log with them. */
  private report(error: unknown, where: string, from: A | undefined = this.peer): void {
    if (!isInstance(error, RemoteProtocolError)) this.reactor.report(error, where, from);
  }

  toString(): string {
    const where = this.host === undefined ? 'datagram port' : `${this.host.type} port ${this.host}`;
    return `<${where}, ${this.listening ? 'listening' : 'not listening'}>`;
  }
}

showAsText(DatagramPort);
