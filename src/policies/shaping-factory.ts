/** Limits how fast connections receive and send: each of them, and all together. */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import type { FactoryLike } from '../core/factory.js';
import type { PullProducer, PushProducer } from '../core/producer.js';
import type { StreamProtocol } from '../core/protocol.js';
import type { Transport } from '../core/transport.js';
import { checkData } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { ProtocolWrapper } from './protocol-wrapper.js';
import { ShapedReader } from './shaped-reader.js';
import { ShapedWriter } from './shaped-writer.js';
import { type Rate, TokenBucket } from './token-bucket.js';
import { WrappingFactory } from './wrapping-factory.js';

/** The limits of one direction. */
export interface ShapingLimits {
  /** Of each connection. Default: without limit. */
  readonly perConnection?: Rate;
  /**
   * Of all connections together, shared out fairly among those that wait. A bucket of your own may be that of several
   * factories, and have one above it. Default: without limit.
   */
  readonly total?: Rate | TokenBucket;
}

export interface ShapingFactoryOptions {
  /** Counts the time: the reactor, as a rule. */
  readonly clock: Clock;
  /** What is received. */
  readonly read?: ShapingLimits;
  /** What is sent. */
  readonly write?: ShapingLimits;
}

/** Makes the bucket of a connection's direction; undefined where it has no limit. */
type BucketMaker = () => TokenBucket | undefined;

const LIMITS: OptionNames<ShapingLimits> = { perConnection: true, total: true };
const RATE: OptionNames<Rate> = { bytesPerSecond: true, burstBytes: true };
const OPTIONS: OptionNames<ShapingFactoryOptions> = { clock: true, read: true, write: true };

/**
 * Wraps a factory so that its connections are shaped.
 *
 * What is written too fast waits: `bufferedBytes` counts it, producers are paused and resumed as ever, `loseConnection`
 * sends it first, `abortConnection` drops it. What is received too fast is delivered, and nothing more is received until
 * it is made up for.
 *
 * @example
 * const write = { perConnection: { bytesPerSecond: 100_000 }, total: { bytesPerSecond: 1_000_000 } };
 * reactor.listenTCP(80, new ShapingFactory(Download, { clock: reactor, write }));
 */
export class ShapingFactory extends WrappingFactory {
  readonly #readBucket: BucketMaker;
  readonly #writeBucket: BucketMaker;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(wrapped: FactoryLike, options: ShapingFactoryOptions) {
    super(wrapped);
    checkOptions('ShapingFactory', options, OPTIONS);
    this.#readBucket = bucketMaker('read', options.clock, options.read);
    this.#writeBucket = bucketMaker('write', options.clock, options.write);
  }

  protected override wrap(protocol: StreamProtocol, _address: Address): ProtocolWrapper {
    return new ShapedProtocol(protocol, this, this.#readBucket, this.#writeBucket);
  }
}

/** One lives for each connection: TypeScript's `private` costs it nothing. */
class ShapedProtocol extends ProtocolWrapper {
  private readonly readBucket: BucketMaker;
  private readonly writeBucket: BucketMaker;
  private reader: ShapedReader | undefined = undefined;
  private writer: ShapedWriter | undefined = undefined;

  constructor(
    protocol: StreamProtocol,
    factory: ShapingFactory,
    readBucket: BucketMaker,
    writeBucket: BucketMaker,
  ) {
    super(protocol, factory);
    this.readBucket = readBucket;
    this.writeBucket = writeBucket;
  }

  override get bufferedBytes(): number {
    return this.writer?.bufferedBytes ?? super.bufferedBytes;
  }

  override makeConnection(transport: Transport): void {
    const readBucket = this.readBucket();
    if (readBucket !== undefined) this.reader = new ShapedReader(transport, readBucket);
    const writeBucket = this.writeBucket();
    if (writeBucket !== undefined) this.writer = new ShapedWriter(transport, writeBucket);
    super.makeConnection(transport);
  }

  override dataReceived(data: Buffer): void {
    this.reader?.received(data.byteLength);
    super.dataReceived(data);
  }

  override connectionLost(reason: Error): void {
    this.reader?.drop();
    this.writer?.drop();
    super.connectionLost(reason);
  }

  override write(data: Uint8Array | string): void {
    if (this.writer === undefined) super.write(data);
    else this.writer.write(data);
  }

  override writeSequence(parts: Iterable<Uint8Array | string>): void {
    if (this.writer === undefined) {
      super.writeSequence(parts);
      return;
    }
    const checked = [...parts];
    for (const part of checked) checkData(part);
    for (const part of checked) this.writer.write(part);
  }

  override loseWriteConnection(): void {
    // In this order: what refuses leaves the writer as it is.
    super.loseWriteConnection();
    this.writer?.end();
  }

  override abortConnection(): void {
    this.reader?.drop();
    this.writer?.drop();
    super.abortConnection();
  }

  override pauseProducing(): void {
    if (this.reader === undefined) super.pauseProducing();
    else this.reader.pauseProducing();
  }

  override resumeProducing(): void {
    if (this.reader === undefined) super.resumeProducing();
    else this.reader.resumeProducing();
  }

  override registerProducer(producer: PushProducer, streaming: true): void;
  override registerProducer(producer: PullProducer, streaming: false): void;
  override registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.writer !== undefined) this.writer.registerProducer(producer, streaming);
    else super.registerProducer(producer as PushProducer, streaming as true);
  }

  override unregisterProducer(): void {
    if (this.writer === undefined) super.unregisterProducer();
    else this.writer.unregisterProducer();
  }
}

function bucketMaker(
  direction: 'read' | 'write',
  clock: Clock,
  limits: ShapingLimits = {},
): BucketMaker {
  checkOptions(`ShapingFactory.${direction}`, limits, LIMITS);
  const { perConnection, total } = limits;
  if (perConnection !== undefined)
    checkOptions(`ShapingFactory.${direction}.perConnection`, perConnection, RATE);
  if (total !== undefined && !(total instanceof TokenBucket)) {
    checkOptions(`ShapingFactory.${direction}.total`, total, RATE);
  }
  const parent =
    total === undefined || total instanceof TokenBucket
      ? total
      : new TokenBucket({ ...total, clock });
  if (perConnection === undefined) return () => parent;
  const options = { ...perConnection, clock, ...(parent === undefined ? {} : { parent }) };
  // Looked at now, so that what is wrong is told here and not at the first connection.
  new TokenBucket(options);
  return () => new TokenBucket(options);
}
