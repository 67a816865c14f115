/** Content that is passed on as it arrives. */
import type { PushProducer } from '../../core/producer.js';
import type { ReceivedFields } from '../../protocols/http/received-fields.js';
import type { ContentReader, ContentSource } from '../content-reader.js';

/** Receives content; last, either `ended` or `failed` is called once, unless the content was left. */
export interface ContentReceiver {
  /** @param data Lent: valid until this returns. */
  received(data: Buffer): void;
  ended(trailers: ReceivedFields | undefined): void;
  failed(error: unknown): void;
}

/** The producer of content: for backpressure, register it with the transport that the content is written to. */
export class PushedContent implements ContentReader, PushProducer {
  /** @internal */
  wants = true;
  /** @internal */
  isLeft = false;
  readonly #receiver: ContentReceiver;
  readonly #source: ContentSource;
  readonly #trailers: () => ReceivedFields | undefined;

  /** @internal */
  constructor(
    receiver: ContentReceiver,
    source: ContentSource,
    trailers: () => ReceivedFields | undefined,
  ) {
    this.#receiver = receiver;
    this.#source = source;
    this.#trailers = trailers;
  }

  /** No piece is passed on until `resumeProducing`. */
  pauseProducing(): void {
    this.wants = false;
  }

  resumeProducing(): void {
    if (this.wants) return;
    this.wants = true;
    this.#source.resumeContent();
  }

  /** The rest is dropped, and the receiver is not called any more. */
  stopProducing(): void {
    if (this.isLeft) return;
    this.isLeft = true;
    this.#source.resumeContent();
  }

  /** @internal */
  received(data: Buffer): void {
    this.#receiver.received(data);
  }

  /** @internal */
  ended(): void {
    if (!this.isLeft) this.#receiver.ended(this.#trailers());
  }

  /** @internal */
  failed(error: unknown): void {
    if (!this.isLeft) this.#receiver.failed(error);
  }
}
