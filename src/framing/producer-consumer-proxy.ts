/**
 * Proxies between a producer and a consumer: each is a consumer on one side and a producer on the other. Use them to buffer,
 * shape or transform a stream without changing either end.
 */
import { ProducerRegisteredError } from '../core/errors/connection.js';
import type { Consumer, PullProducer, PushProducer } from '../core/producer.js';
import { LARGE_WRITE_BYTES } from '../core/transport.js';
import { watchProducer } from '../defer/callback-result.js';
import { checkBoolean, checkData, checkInteger, checkObject } from '../internal/check.js';
import { givenCopyOf, isLent } from '../internal/lent-bytes.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

const DEFAULT_BUFFER_BYTES = 65_536;

export interface BasicProducerConsumerProxyOptions {
  /**
   * Whether the proxy is a push producer to its consumer. If false, it is a pull producer: it writes once each time it is
   * asked. Default true.
   */
  readonly streaming?: boolean;
}

export interface ProducerConsumerProxyOptions extends BasicProducerConsumerProxyOptions {
  /** The number of buffered bytes at which a push producer is paused: 1 to 2^31 - 1. Default 65,536. */
  readonly bufferBytes?: number;
}

const BASIC_OPTIONS: OptionNames<BasicProducerConsumerProxyOptions> = { streaming: true };
const OPTIONS: OptionNames<ProducerConsumerProxyOptions> = { ...BASIC_OPTIONS, bufferBytes: true };

/**
 * Passes everything on: data and the end from the producer to the consumer; pausing, resuming and stopping from the consumer to
 * the producer. Data written while the consumer does not accept it is buffered, without a limit.
 *
 * A push producer may feed a pulling consumer and vice versa. Everything that was written is sent: the consumer sees
 * `unregisterProducer` after the last byte.
 *
 * @example
 * const proxy = new BasicProducerConsumerProxy(this.transport);
 * proxy.registerProducer(source, true);
 */
export class BasicProducerConsumerProxy implements Consumer, PushProducer {
  /** The number of bytes buffered until the consumer accepts them. */
  bufferedBytes = 0;
  /** Whether the consumer has paused this proxy. */
  protected paused = false;
  readonly #streaming: boolean;
  #producer: PushProducer | PullProducer | undefined = undefined;
  #producerStreaming = false;
  #producerPaused = false;
  /** If the proxy is a pull producer: whether the consumer has asked and has not received data yet. */
  #asked = false;
  #consumer: Consumer | undefined;
  #buffered: Buffer[] = [];
  /** The producer has finished; the consumer is notified once the buffer is empty. */
  #finished = false;
  /** Whether a pull producer was asked and has not written yet. */
  #awaiting = false;
  #pulling = false;

  /**
   * Registers the proxy with `consumer`.
   * @throws ProducerRegisteredError the consumer has a producer.
   * @throws InvalidArgumentTypeError
   */
  constructor(consumer: Consumer, options: BasicProducerConsumerProxyOptions = {}) {
    checkObject('consumer', consumer);
    checkOptions('BasicProducerConsumerProxy', options, BASIC_OPTIONS);
    this.#streaming = checkBoolean('streaming', options.streaming ?? true);
    this.#consumer = consumer;
    if (this.#streaming) consumer.registerProducer(this, true);
    else consumer.registerProducer(this, false);
  }

  /** The consumer; undefined once it has stopped the proxy. */
  get consumer(): Consumer | undefined {
    return this.#consumer;
  }

  /** {@link Consumer.registerProducer}. */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.#producer !== undefined) throw new ProducerRegisteredError();
    if (this.#consumer === undefined) {
      this.#watch(producer.stopProducing(), undefined, 'stopProducing');
      return;
    }
    this.#producer = producer;
    this.#producerStreaming = streaming;
    this.#finished = false;
    this.#producerPaused = false;
    this.#awaiting = false;
    if (streaming) this.#regulate();
    else this.#pull();
  }

  /** Unregisters the producer here at once, and the proxy from its consumer once the buffer is empty. */
  unregisterProducer(): void {
    this.#producer = undefined;
    this.#finished = true;
    this.#finish();
  }

  /** @throws InvalidArgumentTypeError */
  write(data: Uint8Array | string): void {
    checkData(data);
    this.#awaiting = false;
    if (this.#consumer === undefined) return;
    if (this.#wanted && this.bufferedBytes === 0) {
      this.#asked = false;
      this.#consumer.write(data);
    } else {
      const kept = keep(data);
      this.#buffered.push(kept);
      this.bufferedBytes += kept.byteLength;
    }
    if (this.#producerStreaming) this.#regulate();
    else this.#pull();
  }

  pauseProducing(): void {
    this.paused = true;
    this.#regulate();
  }

  resumeProducing(): void {
    this.paused = false;
    this.#asked = !this.#streaming;
    this.#flush();
    if (this.paused || this.#producer === undefined) return;
    if (!this.#producerStreaming) this.#pull();
    else if (this.#producerPaused) {
      this.#producerPaused = false;
      this.#askProducer(this.#producer);
    }
  }

  /** Stops the producer and forgets the consumer. Data written afterwards is dropped. */
  stopProducing(): void {
    const [producer, consumer] = [this.#producer, this.#consumer];
    this.#producer = undefined;
    this.#consumer = undefined;
    this.#buffered = [];
    this.bufferedBytes = 0;
    this.#watch(producer?.stopProducing(), consumer, 'stopProducing');
  }

  /** Whether the consumer accepts data now. */
  get #wanted(): boolean {
    return this.#streaming ? !this.paused : this.#asked;
  }

  /** Whether a push producer must be paused now. */
  protected get producerMustWait(): boolean {
    return this.paused;
  }

  #regulate(): void {
    if (this.#producer === undefined || this.#producerPaused || !this.producerMustWait) return;
    if (!this.#producerStreaming) return;
    this.#producerPaused = true;
    const result = (this.#producer as PushProducer).pauseProducing();
    this.#watch(result, this.#consumer, 'pauseProducing');
  }

  /** Asks a pull producer while it writes immediately and the consumer accepts more. */
  #pull(): void {
    if (this.#pulling) return;
    this.#pulling = true;
    try {
      while (!this.#awaiting && this.#producer !== undefined && this.#wanted) {
        this.#awaiting = true;
        this.#askProducer(this.#producer);
      }
    } finally {
      this.#pulling = false;
    }
  }

  #askProducer(producer: PushProducer | PullProducer): void {
    this.#watch(producer.resumeProducing(), this.#consumer, 'resumeProducing');
  }

  /** Without a consumer, a rejection is reported as one of a producer without a connection. */
  #watch(result: unknown, consumer: Consumer | undefined, where: string): void {
    watchProducer(result, consumer ?? this, where);
  }

  #flush(): void {
    const buffered = this.#buffered;
    if (buffered.length > 0) {
      this.#buffered = [];
      this.bufferedBytes = 0;
      this.#asked = false;
      this.#consumer?.write(
        buffered.length === 1 ? (buffered[0] as Buffer) : Buffer.concat(buffered),
      );
    }
    this.#finish();
  }

  #finish(): void {
    if (!this.#finished || this.#buffered.length > 0) return;
    this.#finished = false;
    this.#consumer?.unregisterProducer();
  }
}

/**
 * A proxy with a limited buffer: pauses of the consumer are not passed on until `bufferBytes` are buffered, and a paused producer
 * is resumed once the buffer is empty. A producer that is slow to stop and start therefore works in longer runs.
 */
export class ProducerConsumerProxy extends BasicProducerConsumerProxy {
  readonly #bufferBytes: number;

  /**
   * Registers the proxy with `consumer`.
   * @throws ProducerRegisteredError the consumer has a producer.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(consumer: Consumer, options: ProducerConsumerProxyOptions = {}) {
    checkOptions('ProducerConsumerProxy', options, OPTIONS);
    const { bufferBytes = DEFAULT_BUFFER_BYTES, ...basic } = options;
    checkInteger('bufferBytes', bufferBytes, 1, 2 ** 31 - 1);
    super(consumer, basic);
    this.#bufferBytes = bufferBytes;
  }

  protected override get producerMustWait(): boolean {
    return this.bufferedBytes >= this.#bufferBytes;
  }
}

/** Data that the writer may change or take back after `write` is copied; large data that is not lent is kept by reference. */
function keep(data: Uint8Array | string): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (data.byteLength < LARGE_WRITE_BYTES || isLent(data)) return givenCopyOf(data);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
