/**
 * A stream transport whose socket is an engine over another transport. It serves every transport that has no TLS of its own.
 * States, producers and the order of callbacks are those of {@link StreamTransport}.
 *
 * The end of both transports is one event: this transport asks the one below to end, with a reason, and ends when that has ended,
 * with the same reason. It never ends first.
 */
import type { Address } from '../core/address.js';
import { CONNECTION_DONE, ConnectionLost } from '../core/errors/connection.js';
import type { TLSConnection } from '../core/tls.js';
import { LARGE_WRITE_BYTES } from '../core/transport.js';
import { checkData } from '../internal/check.js';
import { givenCopyOf, isLent } from '../internal/lent-bytes.js';
import { Slab } from '../internal/slab.js';
import { Lingering } from '../reactor/streams/lingering.js';
import { LowerTransport } from '../reactor/streams/lower-transport.js';
import type { TLSFailure, TLSState } from '../reactor/streams/secure-stream.js';
import {
  LAYER_OF_TLS,
  type LayerOfTLS,
  StreamTransport,
} from '../reactor/streams/stream-transport.js';
import type { TurnReactor } from '../reactor/time/turn-reactor.js';
import { MAX_UNSENT_REPLIES, type TLSEngine } from './engine.js';
import type { SocketTLSListener } from './node-socket-engine.js';
import type { SecuredConnection } from './secured-connection.js';

/** Its `then` is a microtask without the context that `queueMicrotask` makes, which costs more than the rest of a small write. */
const SETTLED: Promise<void> = Promise.resolve();

export class TLSTransport extends StreamTransport implements SocketTLSListener {
  private readonly lower: LowerTransport;
  private readonly engine: TLSEngine;
  private readonly connection: SecuredConnection;
  private scheduled = false;
  private watchingDrain = false;
  private watchingLower = false;
  private unsentReplies = 0;
  /** Input has arrived since the handshake was complete. */
  private heard = false;
  private lingering: Lingering | undefined = undefined;
  private expectsInput = false;
  /** The transport below is paused: a context is awaited, or there are too many unsent replies. */
  private stopped = false;
  /** The peer has sent close_notify. */
  private peerFinished = false;
  /** For the transport below, when this one closes because the reactor shuts down. */
  private shutDownReason: Error = CONNECTION_DONE;

  constructor(
    transport: StreamTransport,
    connection: SecuredConnection,
    makeEngine: (listener: SocketTLSListener) => TLSEngine,
  ) {
    const { owner } = transport;
    super({
      context: owner.context,
      connectionEnded() {},
      localAddress: () => owner.localAddress(),
    });
    this.protocol = transport.protocol;
    this.lower = new LowerTransport(transport, new Feed(this));
    if (transport.readingPaused) {
      this.reading = 'paused';
      this.lower.resumeProducing();
    }
    this.connection = connection;
    this.engine = makeEngine(this);
  }

  /** @internal Begins the handshake. */
  begin(): void {
    this.connection.begin(this, this.reactor.clock);
    this.engine.start();
  }

  override get tls(): TLSConnection {
    return this.connection;
  }

  override get bufferedBytes(): number {
    const { bufferedBytes } = this.engine;
    // Bytes of the handshake were not written by anybody.
    return this.connection.handshakeComplete
      ? bufferedBytes + this.lower.bufferedBytes
      : bufferedBytes;
  }

  override getPeer(): Address {
    return this.lower.getPeer();
  }

  override getHost(): Address {
    return this.lower.getHost();
  }

  override getTcpNoDelay(): boolean {
    return this.lower.getTcpNoDelay();
  }

  override setTcpNoDelay(enabled: boolean): void {
    this.lower.setTcpNoDelay(enabled);
  }

  override getTcpKeepAlive(): boolean {
    return this.lower.getTcpKeepAlive();
  }

  override setTcpKeepAlive(enabled: boolean): void {
    this.lower.setTcpKeepAlive(enabled);
  }

  override write(data: Uint8Array | string): void {
    checkData(data);
    if (!this.writable || data.length === 0) return;
    this.engine.write(kept(data));
    this.schedule();
    if (this.producer !== undefined) this.regulateProducer(this.producer, data);
  }

  /** TLS cannot be half-closed. */
  override loseWriteConnection(): void {
    this.loseConnection();
  }

  override abortConnection(): void {
    if (!this.entersAborting()) return;
    this.engine.destroy();
    this.lower.abortConnection();
  }

  /** @internal */
  override fail(error: unknown, where: string): void {
    if (!this.entersAborting()) {
      super.fail(error, where);
      return;
    }
    if (this.connection.handshakeComplete && this.writing === 'open') this.engine.close();
    this.engine.destroy();
    this.lower.fail(error, where);
  }

  /** @internal */
  override endWith(reason: Error): void {
    if (!this.entersAborting()) return;
    this.engine.destroy();
    this.lower.endWith(reason);
  }

  /** @internal */
  override shutDown(reason: Error): void {
    this.shutDownReason = this.state === 'closing' ? CONNECTION_DONE : reason;
    super.shutDown(reason);
  }

  /** @internal */
  override cutOff(reason: Error): void {
    if (this.bufferedBytes > 0) this.shutDownReason = reason;
    super.cutOff(reason);
  }

  /** @internal */
  readTLSState(): TLSState | undefined {
    return this.engine.state;
  }

  /** @internal */
  exportKeyingMaterial(length: number, label: string, context: Uint8Array | undefined): Buffer {
    return this.engine.exportKeyingMaterial(length, label, context);
  }

  /** @internal */
  refusePeer(alert: number): void {
    this.engine.refuse(alert);
    this.engine.destroy();
  }

  /** @internal Ciphertext arrived. */
  wireReceived(data: Buffer): void {
    if (this.lingering !== undefined) {
      this.lingering.discard(data.byteLength);
      return;
    }
    this.heard = this.connection.handshakeComplete;
    this.engine.receive(data);
  }

  /** @internal The transport below has sent everything, its end too. */
  wireShut(): void {
    this.lingering?.begin();
  }

  /** @internal The peer's end has arrived. Node's engine reports a close_notify before it in a later tick. */
  wireEnded(): void {
    if (this.engine.kind === 'native') this.concludeInput();
    else setImmediate(() => this.concludeInput());
  }

  private concludeInput(): void {
    const { handshakeComplete } = this.connection;
    if (this.peerFinished || (this.state === 'closing' && handshakeComplete)) {
      this.lower.loseConnection();
    } else this.endWith(this.connection.truncated());
  }

  /** @internal The transport below is gone. */
  wireLost(reason: Error): void {
    const cut = reason === CONNECTION_DONE && this.state === 'open' && !this.peerFinished;
    // A peer that has closed both ways after its close_notify resets the connection when ours arrives.
    const reset =
      this.peerFinished && reason instanceof ConnectionLost && reason.cause !== undefined;
    // As for any transport, a reset makes no difference once everything is sent.
    const done = this.lingering?.begun === true;
    this.engine.destroy();
    this.finish(cut ? this.connection.truncated() : reset || done ? CONNECTION_DONE : reason);
  }

  /** @internal */
  ciphertext(bytes: Buffer, isReply: boolean): void {
    this.lower.write(bytes);
    if (!isReply) return;
    const most = this.lower.bufferedBytes;
    this.unsentReplies = Math.min(this.unsentReplies + bytes.byteLength, most);
    if (this.unsentReplies <= MAX_UNSENT_REPLIES) return;
    this.stopInput();
    this.watchLower();
  }

  /** @internal */
  plaintext(bytes: Buffer): void {
    if (this.lingering !== undefined) {
      this.lingering.discard(bytes.byteLength);
      return;
    }
    this.heard = true;
    const lends = this.reading === 'on' && this.protocol?.acceptsLentBytes === true;
    this.received(lends ? bytes : given(bytes));
  }

  /** @internal */
  handshakeCompleted(): void {
    if (this.state !== 'open' && this.state !== 'closing') return;
    this.schedule();
    if (this.reading === 'paused') this.lower.pauseProducing();
    this.connection.handshakeCompleted();
  }

  /** @internal */
  closed(): void {
    this.peerFinished = true;
    // A layer above loses data if its own end has not arrived.
    if (this.protocol instanceof Feed) this.protocol.readConnectionLost();
    if (this.state !== 'open' && this.state !== 'closing') return;
    this.state = 'closing';
    this.finishClosing();
  }

  /** @internal */
  failed(failure: TLSFailure): void {
    this.endWith(this.connection.failed(failure));
  }

  /** @internal */
  finished(): void {
    const { clock } = this.reactor;
    if (clock === undefined || !(this.awaitsTickets || this.expectsInput)) {
      this.lower.loseConnection();
      return;
    }
    this.lingering = new Lingering(clock, () => this.lower.loseConnection());
    this.lower.finishSending();
    this.lower.resumeProducing();
  }

  /** @internal */
  expectInput(): void {
    this.expectsInput = true;
  }

  /** @internal */
  emptied(): void {
    if (this.watchingDrain) this.watchLower();
  }

  /** @internal */
  contextRequested(serverName: string, select: (context: object | null) => void): void {
    let answered = false;
    this.connection.contextRequested(serverName, (context) => {
      answered = true;
      this.resumeInput();
      select(context);
    });
    // Engines keep all input until then.
    if (!answered) this.stopInput();
  }

  protected override get reactor(): TurnReactor {
    return this.lower.reactor;
  }

  protected override finish(reason: Error): void {
    if (this.state === 'closed') return;
    this.lingering?.stop();
    this.connection.ended();
    super.finish(reason);
  }

  /** The handshake, and the end of a closing connection, need bytes of the peer. */
  protected override setReading(enabled: boolean): void {
    if (!this.connection.handshakeComplete || this.state === 'closing') return;
    if (!enabled) this.lower.pauseProducing();
    else if (!this.stopped) this.lower.resumeProducing();
  }

  protected override watchDrain(): void {
    this.watchingDrain = true;
    this.schedule();
  }

  protected override shutdownWriting(): void {}

  protected override closeFlushed(): void {
    this.schedule();
  }

  /** For the shutdown of the reactor. */
  protected override closeNow(reset: boolean): void {
    if (!reset && this.connection.handshakeComplete) this.engine.close();
    this.engine.destroy();
    if (reset) this.lower.cutOff(this.shutDownReason);
    else this.lower.shutDown(this.shutDownReason);
  }

  /**
   * A server of TLS 1.3 sends session tickets once it has the last message of the handshake. If they arrived after the socket was
   * closed, a reset would destroy bytes that are still on their way to the server.
   */
  private get awaitsTickets(): boolean {
    return (
      this.connection.role === 'client' &&
      !this.heard &&
      !this.peerFinished &&
      this.connection.version === 'TLSv1.3'
    );
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    void SETTLED.then(this.flush);
  }

  /** The turn ends. */
  private readonly flush = (): void => {
    this.scheduled = false;
    if (this.state !== 'open' && this.state !== 'closing') return;
    this.engine.flush();
    this.finishClosing();
    if (this.watchingDrain && this.engine.bufferedBytes === 0) this.watchLower();
  };

  /**
   * Sends close_notify once everything written is sent: until then, more may be written. If the handshake is not complete, that comes
   * first.
   */
  private finishWriting(): void {
    const { handshakeComplete } = this.connection;
    if (this.writing !== 'open' || (!handshakeComplete && this.engine.bufferedBytes > 0)) return;
    if (handshakeComplete && this.bufferedBytes > 0) {
      this.watchingDrain = true;
      if (this.engine.bufferedBytes === 0) this.watchLower();
      return;
    }
    this.writing = 'shut';
    if (handshakeComplete) this.engine.close();
    else this.lower.loseConnection();
  }

  /** Waits until the transport below has sent everything. */
  private watchLower(): void {
    this.watchingDrain = false;
    if (this.watchingLower) return;
    this.watchingLower = true;
    const { lower } = this;
    if (lower.bufferedBytes === 0) {
      this.reactor.soon(() => this.lowerDrained());
      return;
    }
    const resumeProducing = (): void => {
      if (lower.bufferedBytes > 0) return;
      lower.unregisterProducer();
      this.lowerDrained();
    };
    lower.registerProducer({ resumeProducing, stopProducing() {} }, false);
  }

  private lowerDrained(): void {
    this.watchingLower = false;
    if (this.unsentReplies > MAX_UNSENT_REPLIES) {
      this.unsentReplies = 0;
      this.resumeInput();
    }
    this.drained();
    this.finishClosing();
  }

  private finishClosing(): void {
    if (this.state !== 'closing') return;
    // The peer reads nothing behind its close_notify.
    if (this.producer === undefined || this.peerFinished) this.finishWriting();
  }

  /** @internal */
  stopInput(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.lower.pauseProducing();
  }

  /** @internal */
  resumeInput(): void {
    if (!this.stopped) return;
    this.stopped = false;
    const wanted = this.reading !== 'paused' || this.state === 'closing';
    if (wanted || !this.connection.handshakeComplete) this.lower.resumeProducing();
  }

  /** @returns False if the connection is ending already. */
  private entersAborting(): boolean {
    if (this.state === 'aborting' || this.state === 'closed') return false;
    this.state = 'aborting';
    return true;
  }
}

/** The protocol of the transport below. */
class Feed implements LayerOfTLS {
  readonly acceptsLentBytes = true;
  readonly [LAYER_OF_TLS] = true;
  readonly #upper: TLSTransport;

  constructor(upper: TLSTransport) {
    this.#upper = upper;
  }

  get description(): string {
    return this.#upper.connectionReport().activity;
  }

  makeConnection(): void {}

  dataReceived(data: Buffer): void {
    this.#upper.wireReceived(data);
  }

  readConnectionLost(): void {
    this.#upper.wireEnded();
  }

  writeConnectionLost(): void {
    this.#upper.wireShut();
  }

  passClosing(closes: boolean): void {
    this.#upper.serverClosing(closes);
  }

  connectionLost(reason: Error): void {
    this.#upper.wireLost(reason);
  }
}

/** Small writes are copied here. */
const slab = new Slab();

/** Written bytes, in memory that does not change until they are sent: the rule of `Transport.write`. */
function kept(data: Uint8Array | string): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (data.byteLength < LARGE_WRITE_BYTES) return slab.copyOf(data);
  if (isLent(data)) return Buffer.from(data);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** Bytes in memory of their own. */
function given(bytes: Buffer): Buffer {
  return bytes.byteLength === bytes.buffer.byteLength && !isLent(bytes)
    ? bytes
    : givenCopyOf(bytes);
}
