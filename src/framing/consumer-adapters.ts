/** Adapters that turn a protocol into a consumer, and a consumer into a protocol. */
import { ProducerRegisteredError } from '../core/errors/connection.js';
import type { Consumer, PullProducer, PushProducer } from '../core/producer.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { Transport } from '../core/transport.js';
import { reportRejection, watchProducer } from '../defer/callback-result.js';
import { checkData, checkFunction } from '../internal/check.js';
import { givenCopyOf } from '../internal/lent-bytes.js';

/**
 * A consumer that passes its data to a protocol. A protocol accepts all data immediately: push producers are never paused, and
 * a pull producer is asked again after each piece.
 *
 * @example await new FileSender().beginFileTransfer('log.txt', new ProtocolToConsumerAdapter(parser));
 */
export class ProtocolToConsumerAdapter implements Consumer {
  readonly #protocol: Pick<StreamProtocol, 'dataReceived' | 'acceptsLentBytes'>;
  #producer: PushProducer | PullProducer | undefined = undefined;
  #pulls = false;
  #asking = false;
  #written = false;

  /**
   * @param protocol Only its `dataReceived` is called. It owns the data, unless it has `acceptsLentBytes`.
   * @throws InvalidArgumentTypeError
   */
  constructor(protocol: Pick<StreamProtocol, 'dataReceived' | 'acceptsLentBytes'>) {
    checkFunction('protocol.dataReceived', protocol?.dataReceived);
    this.#protocol = protocol;
  }

  /**
   * Calls `dataReceived`, and lets its exceptions through; the rejection of a promise that it returns is reported.
   * @throws InvalidArgumentTypeError
   */
  write(data: Uint8Array | string): void {
    checkData(data);
    const lends = this.#protocol.acceptsLentBytes === true;
    let bytes: Buffer;
    if (typeof data === 'string') bytes = givenCopyOf(Buffer.from(data));
    else if (!lends) bytes = givenCopyOf(data);
    else bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const result = this.#protocol.dataReceived(bytes);
    if (result !== undefined) reportRejection(result, 'dataReceived');
    this.#written = true;
    this.#ask();
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.#producer !== undefined) throw new ProducerRegisteredError();
    this.#producer = producer;
    this.#pulls = !streaming;
    this.#written = true;
    this.#ask();
  }

  unregisterProducer(): void {
    this.#producer = undefined;
  }

  /** Asks a pull producer until it does not write immediately. */
  #ask(): void {
    if (this.#asking || !this.#pulls) return;
    this.#asking = true;
    try {
      while (this.#written && this.#producer !== undefined) {
        this.#written = false;
        watchProducer(this.#producer.resumeProducing(), this, 'resumeProducing');
      }
    } finally {
      this.#asking = false;
    }
  }
}

/**
 * A protocol that passes its data to a consumer. The transport is registered as the consumer's producer, so that a slow consumer
 * slows the peer down (Twisted's adapter does not do this); it is unregistered when the connection ends. A consumer that already
 * has another producer receives the data as well.
 *
 * @example reactor.listenTCP(7000, () => new ConsumerToProtocolAdapter(upstream.transport));
 */
export class ConsumerToProtocolAdapter implements StreamProtocol {
  readonly #consumer: Consumer;
  #registered = false;

  /** @throws InvalidArgumentTypeError */
  constructor(consumer: Consumer) {
    checkFunction('consumer.write', consumer?.write);
    checkFunction('consumer.registerProducer', consumer.registerProducer);
    this.#consumer = consumer;
  }

  makeConnection(transport: Transport): void {
    try {
      this.#consumer.registerProducer(transport, true);
      this.#registered = true;
    } catch (error) {
      if (!(error instanceof ProducerRegisteredError)) throw error;
    }
  }

  dataReceived(data: Buffer): void {
    this.#consumer.write(data);
  }

  connectionLost(_reason: Error): void {
    if (this.#registered) this.#consumer.unregisterProducer();
  }
}
