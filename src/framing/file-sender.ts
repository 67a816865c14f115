/** Sends a file or another source of bytes to a consumer, at the speed of the consumer. */
import type { Consumer, PullProducer } from '../core/producer.js';
import { Deferred } from '../defer/deferred.js';
import { checkData, checkFunction, checkInteger } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { TransferStoppedError } from './errors.js';
import { MAX_FRAME_BYTES } from './frame-decoder.js';
import { chunksOf, type SendChunks, type SendSource } from './send-source.js';

/** Transforms each piece before it is sent. An empty result is not sent. */
export type SendTransform = (chunk: Uint8Array | string) => Uint8Array | string;

export interface FileSenderOptions {
  /** Size of the pieces in which a file is read, in bytes: 1 to 2^31 - 1. Default 65,536. */
  readonly chunkBytes?: number;
}

const DEFAULT_CHUNK_BYTES = 65_536;

const OPTIONS: OptionNames<FileSenderOptions> = { chunkBytes: true };

/** Sends files. One sender can serve any number of transfers, also simultaneously. */
export class FileSender {
  readonly #chunkBytes: number;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: FileSenderOptions = {}) {
    checkOptions('FileSender', options, OPTIONS);
    const { chunkBytes = DEFAULT_CHUNK_BYTES } = options;
    this.#chunkBytes = checkInteger('chunkBytes', chunkBytes, 1, MAX_FRAME_BYTES);
  }

  /**
   * Registers a pull producer with `consumer`, sends all of `source` and unregisters the producer. The next piece is read while
   * the consumer sends the previous one, so at most two are in memory. The source is closed when the transfer ends, whatever
   * the reason.
   *
   * @returns The number of bytes given to the consumer, after transformation. Fails with an error of reading or of `transform`;
   * with TransferStoppedError if the consumer ends first; with CancelledError after `cancel()`, which stops the transfer.
   * (Twisted's result is the last byte.)
   * @throws ProducerRegisteredError the consumer has a producer. The source is not touched.
   * @throws InvalidArgumentTypeError
   *
   * @example new FileSender().beginFileTransfer('big.iso', this.transport);
   */
  beginFileTransfer(
    source: SendSource,
    consumer: Consumer,
    transform?: SendTransform,
  ): Deferred<number> {
    if (transform !== undefined) checkFunction('transform', transform);
    const transfer = new Transfer(chunksOf(source, this.#chunkBytes), consumer, transform);
    consumer.registerProducer(transfer, false);
    return transfer.done;
  }
}

/** One transfer. At most one piece is being read or waits until the consumer asks for it. */
class Transfer implements PullProducer {
  readonly done: Deferred<number> = new Deferred<number>(() => this.end());
  readonly #chunks: SendChunks;
  readonly #consumer: Consumer;
  readonly #transform: SendTransform | undefined;
  #state: 'new' | 'reading' | 'read' | 'ended' = 'new';
  #piece: Uint8Array | string | undefined = undefined;
  /** The consumer has asked and has not received a piece yet. */
  #asked = false;
  #bytesSent = 0;

  constructor(chunks: SendChunks, consumer: Consumer, transform: SendTransform | undefined) {
    this.#chunks = chunks;
    this.#consumer = consumer;
    this.#transform = transform;
  }

  resumeProducing(): void {
    this.#asked = true;
    if (this.#state === 'new') this.read();
    else this.give();
  }

  stopProducing(): void {
    if (this.#state === 'ended') return;
    this.close();
    this.done.errback(new TransferStoppedError(this.#bytesSent));
  }

  private read(): void {
    this.#state = 'reading';
    this.#chunks
      .next()
      .then(({ done, value }) => {
        if (this.#state === 'ended') return;
        this.#state = 'read';
        if (done === true) this.finish();
        else this.take(value);
      })
      .catch((error: unknown) => this.fail(error));
  }

  private take(chunk: Uint8Array | string): void {
    checkData(chunk);
    const piece = this.#transform === undefined ? chunk : this.#transform(chunk);
    checkData(piece);
    this.#piece = piece;
    this.give();
  }

  private give(): void {
    const piece = this.#piece;
    if (!this.#asked || piece === undefined || this.#state !== 'read') return;
    this.#piece = undefined;
    const bytes = Buffer.byteLength(piece);
    this.read();
    if (bytes === 0) return;
    this.#asked = false;
    this.#bytesSent += bytes;
    this.#consumer.write(piece);
  }

  private finish(): void {
    this.#state = 'ended';
    this.#consumer.unregisterProducer();
    this.done.callback(this.#bytesSent);
  }

  private fail(error: unknown): void {
    if (this.#state === 'ended') return;
    this.end();
    this.done.errback(error);
  }

  /** Ends the transfer on the sender's side. */
  private end(): void {
    this.close();
    this.#consumer.unregisterProducer();
  }

  private close(): void {
    this.#state = 'ended';
    this.#piece = undefined;
    this.#chunks
      .close()
      .then(undefined, (error: unknown) => reportError(error, 'closing the source of a transfer'));
  }
}
