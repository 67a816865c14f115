/**
 * Receives nothing while too many bytes wait to be sent. To hear when nothing waits any more, it is the producer of the
 * transport below for as long; since there can be only one, the protocol's own producer is kept here, and served as the
 * transport would. A transport that closes waits for its producer, so closing needs no state here.
 */
import { ProducerRegisteredError } from '../core/errors/connection.js';
import type { PullProducer, PushProducer } from '../core/producer.js';
import { HIGH_WATER_MARK_BYTES, type Transport } from '../core/transport.js';

interface RegisteredProducer {
  readonly producer: PullProducer & Partial<PushProducer>;
  readonly streaming: boolean;
  paused: boolean;
}

/** A pull producer of the transport below: that is the kind which is told each time nothing waits there. */
export class UnsentBytesValve implements PullProducer {
  private readonly transport: Transport;
  private producer: RegisteredProducer | undefined = undefined;
  /** Whether it is the producer of the transport below. */
  private attached = false;
  /** Too much waits: nothing is received. */
  private closed = false;
  /** The protocol wants to receive nothing for now. */
  private readerPaused = false;
  /** The protocol has ended its sending side. */
  private ended = false;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /** Whether what the protocol writes is dropped by now, though the transport below would take it for this producer's. */
  get dropsWrites(): boolean {
    return this.ended && this.producer === undefined;
  }

  /** Too much waits. @returns Whether that is news. */
  close(): boolean {
    if (this.closed) return false;
    this.closed = true;
    this.transport.pauseProducing();
    this.attach();
    this.pauseProducer();
    return true;
  }

  /** Something was written: pauses the protocol's producer as the transport would. */
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
    // Being attached asks a pull producer for data where nothing waits.
    const asked = !this.attached && this.transport.bufferedBytes === 0;
    this.producer = { producer, streaming, paused: false };
    this.attach();
    if (!streaming && !asked) producer.resumeProducing();
  }

  unregisterProducer(): void {
    this.producer = undefined;
    this.settle();
  }

  /** Nothing waits below. */
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
