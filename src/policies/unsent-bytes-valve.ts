/**
 * Stops receiving while there are too many unsent bytes. To be called when all bytes are sent, it registers as the producer of
 * the transport below for that time. A transport has only one producer, so the protocol's own producer is kept and called here
 * as the transport would. A closing transport waits for its producer, so closing needs no state here.
 */
import { ProducerRegisteredError } from '../core/errors/connection.js';
import type { PullProducer, PushProducer } from '../core/producer.js';
import { HIGH_WATER_MARK_BYTES, type Transport } from '../core/transport.js';
import { KeptProducer } from './kept-producer.js';

/** A pull producer of the transport below, because such a producer is called each time all bytes there have been sent. */
export class UnsentBytesValve implements PullProducer {
  private transport: Transport;
  private producer: KeptProducer | undefined = undefined;
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
    this.producer?.pause(this.transport);
    return true;
  }

  /** Data was written: pauses the protocol's producer as the transport would. */
  regulate(): void {
    if (this.transport.bufferedBytes > HIGH_WATER_MARK_BYTES) {
      this.producer?.pause(this.transport);
    }
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
    const kept = new KeptProducer(producer, streaming);
    if (!this.transport.connected) {
      kept.stop(this.transport);
      return;
    }
    // Attaching asks a pull producer for data if there are no unsent bytes.
    const asked = !this.attached && this.transport.bufferedBytes === 0;
    this.producer = kept;
    this.attach();
    if (!streaming && !asked) kept.resume(this.transport);
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
    if (this.producer?.waiting) this.producer.resume(this.transport);
    // The producer may have written too much again.
    if (wasClosed && !this.closed && !this.readerPaused) this.transport.resumeProducing();
    this.settle();
  }

  /** The connection is gone. */
  stopProducing(): void {
    this.attached = false;
    const kept = this.producer;
    this.producer = undefined;
    kept?.stop(this.transport);
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
