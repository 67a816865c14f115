/**
 * Stops receiving while there are too many unsent bytes. To be called when all bytes are sent, it registers as the producer of
 * the transport below for that time. A transport has only one producer, so the protocol's own producer is kept and called here
 * as the transport would. A closing transport waits for its producer, so closing needs no state here.
 */
import { ProducerRegisteredError } from '../core/errors/connection.js';
import type { PullProducer, PushProducer } from '../core/producer.js';
import { HIGH_WATER_MARK_BYTES, type Transport } from '../core/transport.js';

interface RegisteredProducer {
  readonly producer: PullProducer & Partial<PushProducer>;
  readonly streaming: boolean;
  paused: boolean;
}

/** A pull producer of the transport below, because such a producer is called each time all bytes there have been sent. */
export class UnsentBytesValve implements PullProducer {
  private transport: Transport;
  private producer: RegisteredProducer | undefined = undefined;
  /** Whether it is the producer of the transport below. */
  private attached = false;
  /** There are too many unsent bytes: nothing is received. */
  private closed = false;
  /** The protocol has paused receiving. */
  private readerPaused = false;
  /** The protocol has ended its sending side. */
  private ended = false;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /** The transport below was replaced, which has kept its producer. */
  moveTo(transport: Transport): void {
    this.transport = transport;
  }

  /** Whether the protocol's writes are dropped: the transport below would accept them as those of this producer. */
  get dropsWrites(): boolean {
    return this.ended && this.producer === undefined;
  }

  /** There are too many unsent bytes. @returns Whether the valve was open. */
  close(): boolean {
    if (this.closed) return false;
    this.closed = true;
    this.transport.pauseProducing();
    this.attach();
    this.pauseProducer();
    return true;
  }

  /** Data was written: pauses the protocol's producer as the transport would. */
  regulate(): void {
    if (this.transport.bufferedBytes > HIGH_WATER_MARK_BYTES) this.pauseProducer();
  }

  /** Only the registered producer may still write. */
  end(): void {
    this.ended = true;
  }

  pauseReading(): void {
    this.readerPaused = true;
    this.transport.pauseProducing();
  }

  resumeReading(): void {
    this.readerPaused = false;
    if (!this.closed) this.transport.resumeProducing();
  }

  /** @throws ProducerRegisteredError */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.producer !== undefined) throw new ProducerRegisteredError();
    if (!this.transport.connected) {
      producer.stopProducing();
      return;
    }
    // Attaching asks a pull producer for data if there are no unsent bytes.
    const asked = !this.attached && this.transport.bufferedBytes === 0;
    this.producer = { producer, streaming, paused: false };
    this.attach();
    if (!streaming && !asked) producer.resumeProducing();
  }

  unregisterProducer(): void {
    this.producer = undefined;
    this.settle();
  }

  /** The transport below has sent everything. */
  resumeProducing(): void {
    if (this.transport.bufferedBytes > 0) return;
    const wasClosed = this.closed;
    this.closed = false;
    const registered = this.producer;
    if (registered !== undefined && (!registered.streaming || registered.paused)) {
      registered.paused = false;
      registered.producer.resumeProducing();
    }
    // The producer may have written too much again.
    if (wasClosed && !this.closed && !this.readerPaused) this.transport.resumeProducing();
    this.settle();
  }

  /** The connection is gone. */
  stopProducing(): void {
    this.attached = false;
    const registered = this.producer;
    this.producer = undefined;
    registered?.producer.stopProducing();
  }

  private pauseProducer(): void {
    const registered = this.producer;
    if (registered === undefined || !registered.streaming || registered.paused) return;
    registered.paused = true;
    registered.producer.pauseProducing?.();
  }

  private attach(): void {
    if (this.attached) return;
    this.attached = true;
    this.transport.registerProducer(this, false);
  }

  private settle(): void {
    if (!this.attached || this.closed || this.producer !== undefined) return;
    this.attached = false;
    this.transport.unregisterProducer();
  }
}
