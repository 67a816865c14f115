/**
 * The sending side of a shaped connection. Bytes without tokens are kept in a queue; while the queue is not empty, or the
 * protocol has a producer, this is the producer of the transport below. A closing transport waits for its producer, so closing
 * and half-closing need no state here: the queue is sent first, and then this producer unregisters.
 */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { ProducerRegisteredError } from '../core/errors/connection.js';
import type { PullProducer, PushProducer } from '../core/producer.js';
import { HIGH_WATER_MARK_BYTES, type Transport } from '../core/transport.js';
import { KeptProducer } from './kept-producer.js';
import type { TokenBucket } from './token-bucket.js';
import { type ClaimOwner, TokenClaim } from './token-claim.js';
import { WriteQueue } from './write-queue.js';

/** A pull producer of the transport below, because such a producer is called each time all bytes there have been sent. */
export class ShapedWriter implements PullProducer, ClaimOwner {
  private transport: Transport;
  private readonly claim: TokenClaim;
  /** Created when bytes are queued for the first time. */
  private queue: WriteQueue | undefined = undefined;
  private producer: KeptProducer | undefined = undefined;
  private attached = false;
  private ended = false;

  constructor(transport: Transport, bucket: TokenBucket) {
    this.transport = transport;
    this.claim = new TokenClaim(bucket, this);
  }

  /** Unsent bytes here and in the transport below. */
  get bufferedBytes(): number {
    return this.queued + this.transport.bufferedBytes;
  }

  write(data: Uint8Array | string): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    if (!(bytes instanceof Uint8Array)) {
      throw new InvalidArgumentTypeError('data', 'a Uint8Array or a string', data);
    }
    if (!this.transport.connected || (this.ended && this.producer === undefined)) return;
    const granted = this.queued > 0 || this.stuffed ? 0 : this.want(bytes.byteLength);
    if (granted === bytes.byteLength && this.queued === 0) this.transport.write(bytes);
    else this.enqueue(bytes, granted);
    this.regulate();
  }

  /** @throws ProducerRegisteredError */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.producer !== undefined) throw new ProducerRegisteredError();
    const kept = new KeptProducer(producer, streaming);
    if (!this.transport.connected) {
      kept.stop(this.transport);
      return;
    }
    this.producer = kept;
    // Attaching asks a pull producer for data.
    if (!this.attached) this.attach();
    else if (!streaming) kept.resume(this.transport);
  }

  unregisterProducer(): void {
    this.producer = undefined;
    this.settle();
  }

  /** Only the registered producer may still write. */
  end(): void {
    this.ended = true;
  }

  /** TLS begins: queued bytes are sent before it, in clear, without waiting for tokens. */
  sendQueued(): void {
    this.claim.cancel();
    this.send(this.queued);
    this.settle();
  }

  /** The transport below was replaced, which has kept its producer. */
  moveTo(transport: Transport): void {
    this.transport = transport;
  }

  /** Drops the queued bytes. */
  drop(): void {
    this.claim.cancel();
    this.queue?.clear();
  }

  /** The transport below has sent everything; or had, before tokens for further bytes arrived: then it calls this again. */
  resumeProducing(): void {
    if (this.bufferedBytes > 0) {
      this.pump();
      return;
    }
    if (this.producer?.waiting) this.producer.resume(this.transport);
  }

  /** The connection is gone. */
  stopProducing(): void {
    this.drop();
    this.attached = false;
    const kept = this.producer;
    this.producer = undefined;
    kept?.stop(this.transport);
  }

  /** @internal Tokens for queued bytes arrived. */
  granted(bytes: number): void {
    this.send(bytes);
    this.pump();
  }

  private get queued(): number {
    return this.queue?.length ?? 0;
  }

  /** Tokens are not spent on bytes that would only wait in the transport below, for a peer that does not read. */
  private get stuffed(): boolean {
    return this.transport.bufferedBytes > HIGH_WATER_MARK_BYTES;
  }

  /** @param granted The number of bytes that already have their tokens. */
  private enqueue(bytes: Uint8Array, granted: number): void {
    this.queue ??= new WriteQueue();
    this.queue.add(bytes);
    this.send(granted);
    this.attach();
    this.pump();
  }

  private pump(): void {
    while (this.queued > 0 && !this.stuffed) {
      const granted = this.want(this.queued);
      if (granted === 0) break;
      this.send(granted);
    }
    this.settle();
  }

  /** Claims tokens up to a total of `bytes`, and returns the number granted now. */
  private want(bytes: number): number {
    const more = Math.min(bytes, HIGH_WATER_MARK_BYTES) - this.claim.wanted;
    return more > 0 ? this.claim.want(more) : 0;
  }

  private send(bytes: number): void {
    for (const part of this.queue?.take(bytes) ?? []) this.transport.write(part);
  }

  private attach(): void {
    if (this.attached) return;
    this.attached = true;
    this.transport.registerProducer(this, false);
  }

  private settle(): void {
    if (!this.attached || this.queued > 0 || this.producer !== undefined) return;
    this.attached = false;
    this.transport.unregisterProducer();
  }

  private regulate(): void {
    if (this.producer === undefined || this.producer.waiting) return;
    if (this.bufferedBytes > HIGH_WATER_MARK_BYTES) this.producer.pause(this.transport);
  }
}
