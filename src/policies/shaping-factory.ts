/** Limits the speed at which connections receive and send: each of them, and all together. */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { FactoryLike } from '../core/factory.js';
import type { PullProducer, PushProducer } from '../core/producer.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { StartTLSOptions } from '../core/tls.js';
import type { TLSContext, Transport } from '../core/transport.js';
import { checkData } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { BucketFilter } from './bucket-filter.js';
import { ProtocolWrapper } from './protocol-wrapper.js';
import { ShapedReader } from './shaped-reader.js';
import { ShapedWriter } from './shaped-writer.js';
import { type Rate, TokenBucket } from './token-bucket.js';
import { WrappingFactory } from './wrapping-factory.js';

/** The limits of one direction. */
export interface ShapingLimits {
  /** The limit for each connection. Default: no limit. */
  readonly perConnection?: Rate;
  /**
   * The limit for all connections of one peer together: an IPv4 address, or an IPv6 network of 64 bits. Pass a filter to share
   * the limit between factories, to identify peers in another way, or to add parents. Default: no limit.
   */
  readonly perPeer?: Rate | BucketFilter;
  /**
   * The limit for all connections together, shared fairly among those that wait. Pass a bucket to share it between factories
   * or to give it a parent. Omit this if `perPeer` is a filter: set the filter's `parent` instead. Default: no limit.
   */
  readonly total?: Rate | TokenBucket;
}

export interface ShapingFactoryOptions {
  /** Measures the time: usually the reactor. */
  readonly clock: Clock;
  /** Limits for received data. */
  readonly read?: ShapingLimits;
  /** Limits for sent data. */
  readonly write?: ShapingLimits;
}

/** Creates or finds the bucket for one direction of a connection; undefined if it has no limit. */
type BucketMaker = (transport: Transport) => TokenBucket | undefined;

interface BucketMakers {
  readonly read: BucketMaker;
  readonly write: BucketMaker;
}

const LIMITS: OptionNames<ShapingLimits> = { perConnection: true, perPeer: true, total: true };
const RATE: OptionNames<Rate> = { bytesPerSecond: true, burstBytes: true };
const OPTIONS: OptionNames<ShapingFactoryOptions> = { clock: true, read: true, write: true };

/**
 * Wraps a factory so that its connections are shaped.
 *
 * Data written too fast is queued: `bufferedBytes` includes it, producers are paused and resumed as usual, `loseConnection`
 * sends it first, and `abortConnection` drops it. Data received too fast is delivered; then nothing is received until enough
 * time has passed.
 *
 * @example
 * const write = { perConnection: { bytesPerSecond: 100_000 }, total: { bytesPerSecond: 1_000_000 } };
 * reactor.listenTCP(80, new ShapingFactory(Download, { clock: reactor, write }));
 */
export class ShapingFactory extends WrappingFactory {
  readonly #makers: BucketMakers;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(wrapped: FactoryLike, options: ShapingFactoryOptions) {
    super(wrapped);
    checkOptions('ShapingFactory', options, OPTIONS);
    this.#makers = {
      read: bucketMaker('read', options.clock, options.read),
      write: bucketMaker('write', options.clock, options.write),
    };
  }

  protected override wrap(protocol: StreamProtocol, _address: Address): ProtocolWrapper {
    return new ShapedProtocol(protocol, this, this.#makers);
  }
}

/** Each connection has its own, so it uses TypeScript's `private`, which costs no memory. */
class ShapedProtocol extends ProtocolWrapper {
  private readonly makers: BucketMakers;
  private readBucket: TokenBucket | undefined = undefined;
  private writeBucket: TokenBucket | undefined = undefined;
  private reader: ShapedReader | undefined = undefined;
  private writer: ShapedWriter | undefined = undefined;

  constructor(protocol: StreamProtocol, factory: ShapingFactory, makers: BucketMakers) {
    super(protocol, factory);
    this.makers = makers;
  }

  override get bufferedBytes(): number {
    return this.writer?.bufferedBytes ?? super.bufferedBytes;
  }

  override makeConnection(transport: Transport): void {
    const readBucket = this.makers.read(transport);
    if (readBucket !== undefined) this.reader = new ShapedReader(transport, readBucket);
    const writeBucket = this.makers.write(transport);
    if (writeBucket !== undefined) this.writer = new ShapedWriter(transport, writeBucket);
    this.readBucket = readBucket;
    this.writeBucket = writeBucket;
    readBucket?.join();
    writeBucket?.join();
    super.makeConnection(transport);
  }

  override dataReceived(data: Buffer): void {
    this.reader?.received(data.byteLength);
    super.dataReceived(data);
  }

  override connectionLost(reason: Error): void {
    this.reader?.drop();
    this.writer?.drop();
    this.readBucket?.leave();
    this.writeBucket?.leave();
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

  override startTLS(context: TLSContext, options?: StartTLSOptions): Transport {
    this.writer?.sendQueued();
    super.startTLS(context, options);
    this.reader?.moveTo(this.transport);
    this.writer?.moveTo(this.transport);
    return this;
  }

  override loseWriteConnection(): void {
    // In this order: if the call throws, the writer is unchanged.
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
  const { perConnection, perPeer, total } = limits;
  const rates = {
    perConnection,
    perPeer: perPeer instanceof BucketFilter ? undefined : perPeer,
    total: total instanceof TokenBucket ? undefined : total,
  };
  for (const [name, rate] of Object.entries(rates)) {
    if (rate !== undefined) checkOptions(`ShapingFactory.${direction}.${name}`, rate, RATE);
  }
  const above = peerBuckets(clock, perPeer, totalBucket(clock, total));
  if (perConnection === undefined) return above;
  const options = { ...perConnection, clock };
  // Created now, so that invalid options are refused here and not at the first connection.
  new TokenBucket(options);
  return (transport) => {
    const parent = above(transport);
    return new TokenBucket(parent === undefined ? options : { ...options, parent });
  };
}

function peerBuckets(
  clock: Clock,
  perPeer: ShapingLimits['perPeer'],
  total: TokenBucket | undefined,
): BucketMaker {
  if (perPeer === undefined) return () => total;
  if (perPeer instanceof BucketFilter) {
    if (total === undefined) return (transport) => perPeer.bucketFor(transport.getPeer());
    throw new InvalidArgumentValueError('total', 'the parent of the BucketFilter instead', total);
  }
  const parent = total === undefined ? {} : { parent: total };
  const filter = new BucketFilter({ ...perPeer, ...parent, clock });
  return (transport) => filter.bucketFor(transport.getPeer());
}

function totalBucket(clock: Clock, total: ShapingLimits['total']): TokenBucket | undefined {
  if (total === undefined || total instanceof TokenBucket) return total;
  return new TokenBucket({ ...total, clock });
}
