/**
 * The common part of all stream transports: receiving, producers, passing the connection on, and the calls into the protocol.
 * {@link ClosableStream} has the states and the rules of closing; the subclass exchanges bytes with the socket.
 */
import type { Clock } from '../../core/clock.js';
import { withoutStack } from '../../core/errors/base.js';
import {
  ConnectionDetached,
  ConnectionLost,
  LentBytesTransferredError,
  ProducerRegisteredError,
} from '../../core/errors/connection.js';
import { PlaintextBeforeTLSError } from '../../core/errors/tls.js';
import type { PullProducer, PushProducer } from '../../core/producer.js';
import type { ConnectionReport } from '../../core/reactor-introspection.js';
import {
  describeProtocol,
  type StreamProtocol,
  type SwitchableTransport,
} from '../../core/stream-protocol.js';
import type { StartTLSOptions } from '../../core/tls.js';
import type {
  DetachedConnection,
  TCPTransport,
  TLSContext,
  Transport,
  UNIXTransport,
} from '../../core/transport.js';
import { failOnRejection } from '../../defer/callback-result.js';
import { Deferred } from '../../defer/deferred.js';
import { fail } from '../../defer/succeed.js';
import { callIn } from '../../internal/async-context.js';
import { checkData, checkTLSContext } from '../../internal/check.js';
import { givenCopyOf } from '../../internal/lent-bytes.js';
import { showAsText } from '../../internal/shown-as-text.js';
import type { TurnReactor } from '../time/turn-reactor.js';
import { ClosableStream } from './closable-stream.js';
import {
  heldBytes,
  holdInput,
  holdInputFirst,
  holdsInput,
  nextHeldInput,
  type Received,
  takeHeldInput,
} from './held-input.js';
import type { ReceivedBytes } from './received-bytes.js';
import { RegisteredProducer } from './registered-producer.js';

/** The name of a property of protocols that secure their transport. */
export const LAYER_OF_TLS = 'isLayerOfTLS';

/** Passes on to the protocol above. */
export interface LayerOfTLS extends StreamProtocol {
  readonly [LAYER_OF_TLS]: true;
  passClosing(closes: boolean): void;
}

type Hook =
  | 'readConnectionLost'
  | 'writeConnectionLost'
  | 'fileDescriptorReceived'
  | 'handshakeCompleted'
  | 'serverClosing'
  | 'connectionLost';

/**
 * A connected stream socket. One exists for each connection, so its private methods are TypeScript's: a class with a
 * `#method` marks every instance, at 8 bytes each.
 */
export abstract class StreamTransport
  extends ClosableStream
  implements SwitchableTransport, TCPTransport, UNIXTransport
{
  detach(): Deferred<DetachedConnection> {
    this.fileno();
    if (this.state !== 'open') return fail(new ConnectionLost('the connection is closing or gone'));
    this.state = 'detaching';
    if (this.reading === 'on') this.setReading(false);
    const detached = new Deferred<DetachedConnection>();
    this.reactor.soon(() => this.finishDetaching(detached));
    return detached;
  }

  writeSequence(parts: Iterable<Uint8Array | string>): void {
    const checked = [...parts];
    for (const part of checked) checkData(part);
    for (const part of checked) this.write(part);
  }

  startTLS(context: TLSContext, options: StartTLSOptions = {}): Transport {
    checkTLSContext(context);
    if (this.state !== 'open' || this.writing !== 'open' || this.reading === 'ended') {
      throw new ConnectionLost('startTLS: the connection is closing, half-closed or gone');
    }
    const unread = heldBytes(this) + (this.protocol?.unreadBytes ?? 0);
    if (unread === 0) return context.secure(this, options);
    this.endWith(new PlaintextBeforeTLSError(unread));
    return this;
  }

  /** @internal */
  connectionReport(): ConnectionReport {
    let state: ConnectionReport['state'] = this.reading === 'paused' ? 'paused' : 'open';
    if (this.state !== 'open') state = 'closing';
    return {
      peer: this.getPeer(),
      host: this.getHost(),
      activity: this.protocol === undefined ? 'none' : describeProtocol(this.protocol),
      state,
      secure:
        this.tls !== undefined || (this.protocol !== undefined && LAYER_OF_TLS in this.protocol),
      unsentBytes: this.bufferedBytes,
    };
  }

  /** @internal */
  get readingPaused(): boolean {
    return this.reading === 'paused';
  }

  /** @internal */
  get clock(): Clock | undefined {
    return this.reactor.clock;
  }

  /** @internal The producer now belongs to the transport that replaces this one. */
  moveProducerTo(successor: StreamTransport): void {
    successor.producer = this.producer;
    this.producer = undefined;
    if (successor.producer?.waiting) successor.watchDrain();
  }

  /** @internal From now on `protocol`, which has all methods of protocols, receives. */
  replaceProtocol(protocol: StreamProtocol): TurnReactor {
    this.protocol = protocol;
    return this.reactor;
  }

  pauseProducing(): void {
    if (this.state !== 'open') return;
    if (this.reading === 'on') this.setReading(false);
    if (this.reading !== 'ended') this.reading = 'paused';
  }

  resumeProducing(): void {
    if (this.state !== 'open' || this.reading !== 'paused') return;
    if (!holdsInput(this)) {
      this.reading = 'on';
      this.setReading(true);
      return;
    }
    this.reading = 'resuming';
    this.reactor.soon(() => this.deliverHeld());
  }

  stopProducing(): void {
    this.loseConnection();
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.producer !== undefined) throw new ProducerRegisteredError();
    if (!this.connected) {
      const result: unknown = producer.stopProducing();
      if (result !== undefined) failOnRejection(result, this, 'stopProducing');
      return;
    }
    const registered = new RegisteredProducer(producer, streaming);
    this.producer = registered;
    if (this.state === 'closing' || this.writing === 'shutting') this.keepOpen();
    if (streaming) return;
    const result: unknown = producer.resumeProducing();
    if (result !== undefined) failOnRejection(result, this, 'resumeProducing');
    if (this.producer === registered && registered.waitsForOthers(this)) this.watchDrain();
  }

  unregisterProducer(): void {
    if (this.producer === undefined) return;
    this.producer = undefined;
    if (this.shuttingDown) this.watchDrain();
    else if (this.state === 'closing') this.closeFlushed();
    else if (this.state === 'open' && this.writing === 'shutting') this.shutdownWriting();
  }

  /**
   * @internal Connects the protocol to the transport.
   * @param failed Called with an error that `connectionMade` threw.
   * @returns Whether `connectionMade` returned without an error.
   */
  start(protocol: StreamProtocol, failed?: (error: unknown) => void): boolean {
    this.protocol = protocol;
    if (this.state === 'aborting') return false;
    try {
      const { context } = this.owner;
      const result =
        context === undefined
          ? protocol.makeConnection(this)
          : context.runInAsyncScope(protocol.makeConnection, protocol, this);
      if (result !== undefined) failOnRejection(result, this, 'connectionMade');
      return true;
    } catch (error) {
      failed?.(error);
      this.fail(error, 'connectionMade');
      return false;
    }
  }

  /** @internal */
  switchProtocol(
    protocol: StreamProtocol,
    unread: Buffer,
    failed?: (error: unknown) => void,
  ): void {
    if (unread.length > 0) holdInputFirst(this, unread);
    if (!this.start(protocol, failed) || this.reading !== 'on' || !holdsInput(this)) return;
    this.reading = 'resuming';
    this.deliverHeld();
  }

  /** To be called at the end of `write` if a producer is registered. */
  protected regulateProducer(registered: RegisteredProducer, data: Uint8Array | string): void {
    if (registered.wrote(data, this)) this.pauseProducer(registered);
  }

  protected regulateBytes(registered: RegisteredProducer, count: number): void {
    if (registered.wroteBytes(count, this)) this.pauseProducer(registered);
  }

  private pauseProducer(registered: RegisteredProducer): void {
    this.watchDrain();
    const result = registered.pause();
    if (result !== undefined) failOnRejection(result, this, 'pauseProducing');
  }

  /** The maximum number of descriptors is waiting. */
  protected descriptorsFull(): void {
    if (this.producer?.wait() === true) this.pauseProducer(this.producer);
  }

  /** @internal Bytes arrived, in memory that is not shared. */
  received(data: Buffer): void {
    if (this.reading !== 'on' || this.state !== 'open') {
      this.hold(data);
      return;
    }
    try {
      this.deliver(data);
    } catch (error) {
      this.fail(error, 'dataReceived');
    }
  }

  /** @internal Bytes arrived, in memory that is reused when this has returned. */
  receivedIn(memory: ReceivedBytes, offset: number, length: number): void {
    let lent = false;
    try {
      if (this.reading !== 'on' || this.state !== 'open') {
        if (this.holds) this.hold(memory.give(offset, length));
        return;
      }
      lent = (this.protocol as StreamProtocol).acceptsLentBytes === true;
      this.deliver(lent ? memory.lend(offset, length) : memory.give(offset, length));
    } catch (error) {
      this.fail(error, 'dataReceived');
    }
    if (lent && memory.poisons) memory.poison(offset, length);
  }

  private deliver(data: Buffer): void {
    const protocol = this.protocol as StreamProtocol;
    const { context } = this.owner;
    const result =
      context === undefined
        ? protocol.dataReceived(data)
        : context.runInAsyncScope(protocol.dataReceived, protocol, data);
    if (result !== undefined) failOnRejection(result, this, 'dataReceived');
    // Detached bytes have no length. Their receiver may have kept views of them that are now empty.
    if (data.length === 0 && this.state === 'open' && protocol.acceptsLentBytes === true) {
      throw new LentBytesTransferredError('dataReceived');
    }
  }

  /** @internal A descriptor arrived, before the bytes it came with. */
  protected descriptorReceived(fd: number): void {
    if (this.reading !== 'on' || this.state !== 'open') {
      this.hold(fd);
      return;
    }
    if (!this.defines('fileDescriptorReceived')) this.closeDescriptor(fd);
    else this.callHook('fileDescriptorReceived', fd);
  }

  /** @internal Bytes to deliver in the next turn, before any others. Called before {@link start}. */
  holdBack(data: Buffer): void {
    holdInput(this, data);
    this.reading = 'resuming';
    this.setReading(false);
    this.reactor.soon(() => this.deliverHeld());
  }

  /**
   * @internal The peer has finished sending. The protocol is asked now whether it can be half-closed: a wrapper may know that
   * only when the first bytes have arrived.
   */
  protected readEnded(): void {
    if (this.state !== 'open') return;
    if (!this.outlivesInput) {
      this.closeNow(false);
      this.lost(undefined);
      return;
    }
    this.reading = 'ended';
    this.callHook('readConnectionLost');
  }

  /** Whether the end of the input leaves the transport open. */
  protected get outlivesInput(): boolean {
    return this.defines('readConnectionLost');
  }

  /** @internal No bytes are unsent. */
  protected drained(): void {
    const registered = this.producer;
    const ends = !this.producing && this.shuttingDown;
    if (!this.connected || !(ends || registered?.waiting)) return;
    // More may have been written since.
    if (this.bufferedBytes > 0) {
      this.watchDrain();
      return;
    }
    if (ends || registered === undefined) {
      this.endShutDown(false);
      return;
    }
    try {
      const result = registered.resume(this.owner.context);
      if (result !== undefined) failOnRejection(result, this, 'resumeProducing');
    } catch (error) {
      this.fail(error, 'resumeProducing');
    }
  }

  /** @internal The TLS handshake of this transport is complete. */
  secured(): void {
    // The decision about a client's certificate may have ended it.
    if (this.connected) this.callHook('handshakeCompleted');
  }

  /** @internal The sending side is shut down. */
  protected writeShut(): void {
    this.writing = 'shut';
    if (this.state === 'open') this.callHook('writeConnectionLost');
  }

  protected override finish(reason: Error): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.takeHeldBytes();
    const registered = this.producer;
    this.producer = undefined;
    if (registered !== undefined) {
      try {
        const result: unknown = registered.producer.stopProducing();
        if (result !== undefined) failOnRejection(result, this, 'stopProducing');
      } catch (error) {
        this.report(error, 'stopProducing');
      }
    }
    this.callHook('connectionLost', reason);
    this.owner.connectionEnded(this, reason);
  }

  /**
   * @internal The service that accepted this connection is stopping: tells the protocol.
   * @param closes Whether the connection is closed if the protocol has no such method.
   */
  serverClosing(closes: boolean): void {
    const { protocol } = this;
    if (this.state !== 'open' || protocol === undefined) return;
    if (LAYER_OF_TLS in protocol) (protocol as LayerOfTLS).passClosing(closes);
    else if (this.defines('serverClosing')) this.callHook('serverClosing');
    else if (closes) innermostTransport(this, protocol).loseConnection();
  }

  /** Whether the protocol has a method. A getter that throws ends the connection, as the method would. */
  protected defines(method: Hook): boolean {
    try {
      return this.protocol?.[method] !== undefined;
    } catch (error) {
      this.fail(error, method);
      return false;
    }
  }

  /** Calls a rarely called method of the protocol, if it exists. */
  private callHook<M extends Hook>(
    method: M,
    ...args: Parameters<NonNullable<StreamProtocol[M]>>
  ): void {
    const protocol = this.protocol as StreamProtocol;
    try {
      const callback = protocol[method] as ((...args: unknown[]) => unknown) | undefined;
      if (callback === undefined) return;
      const result = callIn(this.owner.context, protocol, callback, ...args);
      if (result !== undefined) failOnRejection(result, this, method);
    } catch (error) {
      this.fail(error, method);
    }
  }

  private finishDetaching(detached: Deferred<DetachedConnection>): void {
    if (this.state !== 'detaching') {
      detached.errback(new ConnectionLost('the connection ended before it could be detached'));
      return;
    }
    if (!this.allReceived) {
      this.reactor.soon(() => this.finishDetaching(detached));
      return;
    }
    let fd: number;
    try {
      fd = this.releaseSocket();
    } catch (error) {
      this.state = 'open';
      if (this.reading === 'on' || this.reading === 'resuming') {
        this.reading = 'paused';
        this.resumeProducing();
      }
      detached.errback(error);
      return;
    }
    const unread = this.takeHeldBytes();
    this.finish(withoutStack(() => new ConnectionDetached()));
    const close = (): void => this.closeDescriptor(fd);
    const bytes = givenCopyOf(Buffer.concat(unread));
    detached.callback({ fd, unread: bytes, close, [Symbol.dispose]: close });
  }

  /** Whether to keep data that can't be delivered when it is received: a closing transport does not. */
  private get holds(): boolean {
    return this.state === 'open' || this.state === 'detaching';
  }

  /** Keeps data received in the same turn in which reading was paused. */
  private hold(part: Received): void {
    if (!this.holds) {
      if (typeof part === 'number') this.closeDescriptor(part);
      return;
    }
    holdInput(this, part);
  }

  /** Removes and returns the held bytes. Descriptors among them are closed. */
  private takeHeldBytes(): Buffer[] {
    const bytes: Buffer[] = [];
    for (const part of takeHeldInput(this)) {
      if (typeof part === 'number') this.closeDescriptor(part);
      else bytes.push(part);
    }
    return bytes;
  }

  private deliverHeld(): void {
    if (this.reading !== 'resuming' || this.state !== 'open') return;
    this.reading = 'on';
    while (this.reading === 'on' && this.state === 'open') {
      const part = nextHeldInput(this);
      if (part === undefined) {
        this.setReading(true);
        return;
      }
      if (typeof part === 'number') this.descriptorReceived(part);
      else this.received(part);
    }
  }

  override toString(): string {
    const state = !this.connected ? 'closed' : this.disconnecting ? 'closing' : 'open';
    const peer = this.getPeer();
    const of = peer.type === 'UNIX' && peer.path === '' ? `at ${this.getHost()}` : `to ${peer}`;
    return `<${peer.type} transport ${of}, ${state}>`;
  }
}

showAsText(StreamTransport);

/** Protocols that wrap others are transports too: the one of the innermost protocol sends all that it has kept. */
function innermostTransport(transport: Transport, protocol: StreamProtocol): Transport {
  let innermost = transport;
  let inner: StreamProtocol | undefined = protocol;
  while (typeof (inner as Partial<Transport> | undefined)?.loseConnection === 'function') {
    innermost = inner as StreamProtocol & Transport;
    inner = (inner as { wrappedProtocol?: StreamProtocol }).wrappedProtocol;
  }
  return innermost;
}
