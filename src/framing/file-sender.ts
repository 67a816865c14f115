/** Sends a file, or anything else that gives bytes bit by bit, to a consumer, no faster than it takes them. */
import type { Consumer, PullProducer } from '../core/producer.js';
import { Deferred } from '../defer/deferred.js';
import { checkData, checkFunction, checkInteger } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { TransferStoppedError } from './errors.js';
import { MAX_FRAME_BYTES } from './frame-decoder.js';
import { chunksOf, type SendChunks, type SendSource } from './send-source.js';

/** Makes what is sent of a piece that was read: of nothing, nothing is sent. */
export type SendTransform = (chunk: Uint8Array | string) => Uint8Array | string;

export interface FileSenderOptions {
  /** How many bytes of a file are read at a time: 1 to 2^31 - 1. Default 65,536. */
  readonly chunkBytes?: number;
}

const DEFAULT_CHUNK_BYTES = 65_536;

const OPTIONS: OptionNames<FileSenderOptions> = { chunkBytes: true };

/** Sends files. One sender may serve any number of transfers, also at the same time. */
export class FileSender {
  readonly #chunkBytes: number;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: FileSenderOptions = {}) {
    checkOptions('FileSender', options, OPTIONS);
    const { chunkBytes = DEFAULT_CHUNK_BYTES } = options;
    this.#chunkBytes = checkInteger('chunkBytes', chunkBytes, 1, MAX_FRAME_BYTES);
  }

  /**
   * Registers a pull producer with `consumer`, sends all of `source` and unregisters it again. The next piece is read while
   * the consumer sends the one before it, so that two of them are in memory at most. The source is closed when the transfer
   * ends, in whichever way.
   *
   * @returns The number of bytes given to the consumer, after transformation. Fails with what reading or `transform` threw;
   * with TransferStoppedError where the consumer is gone first; with CancelledError after `cancel()`, which stops the
   * transfer. (Twisted answers with the last byte.)
   * @throws ProducerRegisteredError the consumer has a producer. The source is left as it was.
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

/** One transfer: at most one piece is being read or waits for the consumer to ask. */
class Transfer implements PullProducer {
  readonly done: Deferred<number> = new Deferred<number>(() => this.end());
  readonly #chunks: SendChunks;
  readonly #consumer: Consumer;
  readonly #transform: SendTransform | undefined;
  #state: 'new' | 'reading' | 'read' | 'ended' = 'new';
  #piece: Uint8Array | string | undefined = undefined;
  /** The consumer has asked and was given nothing yet. */
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

  /** Ends the transfer from this side. */
  private end(): void {
    this.close();
    this.#consumer.unregisterProducer();
  }

  private close(): void {
    this.#state = 'ended';
    this.#piece = undefined;
    this.#chunks
      .close()
      .then(undefined, (error: unknown) => reportError(error, 'closing what was sent'));
  }
}
