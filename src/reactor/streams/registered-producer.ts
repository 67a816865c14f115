/** The producer of a consumer that sends, and whether it has to wait. */
import type { PullProducer, PushProducer } from '../../core/producer.js';
import { HIGH_WATER_MARK_BYTES } from '../../core/transport.js';
import type { AsyncContext } from '../../internal/async-context.js';
import { MAX_UTF8_BYTES } from '../../internal/utf8.js';

export class RegisteredProducer {
  readonly producer: PullProducer & Partial<PushProducer>;
  readonly streaming: boolean;
  /** Whether to resume it once no bytes are unsent. */
  waiting = false;
  /**
   * The number of bytes that can be written before the high-water mark may be exceeded. Counting unsent bytes is a call into
   * the core on some transports, too expensive for each of many small writes.
   */
  private allowance = 0;

  constructor(producer: PushProducer | PullProducer, streaming: boolean) {
    this.producer = producer;
    this.streaming = streaming;
  }

  /** `data` was written. @returns Whether it has to wait from now on, so that {@link pause} must be called. */
  wrote(data: Uint8Array | string, consumer: { readonly bufferedBytes: number }): boolean {
    const { length } = data;
    return this.wroteBytes(typeof data === 'string' ? length * MAX_UTF8_BYTES : length, consumer);
  }

  /** At most `count` bytes were written. @returns As {@link wrote}. */
  wroteBytes(count: number, consumer: { readonly bufferedBytes: number }): boolean {
    if (this.waiting) return false;
    if (this.streaming) {
      this.allowance -= count;
      if (this.allowance >= 0) return false;
      this.allowance = HIGH_WATER_MARK_BYTES - consumer.bufferedBytes;
      if (this.allowance >= 0) return false;
    }
    return this.wait();
  }

  /** @returns Whether it has to wait from now on, and did not before. */
  wait(): boolean {
    if (this.waiting) return false;
    this.waiting = true;
    return true;
  }

  /** @returns Whether it was just registered, pulls, and has to wait for other writes; it is called again after those. */
  waitsForOthers(consumer: { readonly bufferedBytes: number }): boolean {
    return !this.streaming && !this.waiting && consumer.bufferedBytes > 0 && this.wait();
  }

  /** No bytes are unsent: it no longer has to wait. @returns The callback's result, which may be a promise. */
  resume(context: AsyncContext): unknown {
    this.waiting = false;
    const { producer } = this;
    return context === undefined
      ? producer.resumeProducing()
      : context.runInAsyncScope(producer.resumeProducing, producer);
  }

  /** A pull producer is not called. @returns The callback's result, which may be a promise. */
  pause(): unknown {
    return this.streaming ? this.producer.pauseProducing?.() : undefined;
  }
}
