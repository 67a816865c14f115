/** Limits the number of unsent bytes: of each connection, and of all together. */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import type { FactoryLike } from '../core/factory.js';
import type { PullProducer, PushProducer } from '../core/producer.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { StartTLSOptions } from '../core/tls.js';
import type { TLSContext, Transport } from '../core/transport.js';
import { checkChoice, checkClock, checkData, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { TooManyUnsentBytesError } from './errors.js';
import { ProtocolWrapper } from './protocol-wrapper.js';
import { UnsentBytesBudget, type UnsentBytesHolder } from './unsent-bytes-budget.js';
import { UnsentBytesValve } from './unsent-bytes-valve.js';
import { WrappingFactory } from './wrapping-factory.js';

export interface LimitUnsentBytesOptions {
  /** Reports the end of a turn: usually the reactor. */
  readonly clock: Clock;
  /** The limit for each connection. Default 1 MiB. */
  readonly maxBytes?: number;
  /** The limit for all connections together. Several factories can share a budget that you pass. Default 64 MiB. */
  readonly total?: number | UnsentBytesBudget;
  /**
   * The treatment of a connection over a limit. Default `end`.
   *
   * `end`: it is aborted at the end of the turn, if it is still over the limit after its bytes were offered to the system. If
   * all together are over their limit, those with the most unsent bytes are aborted. `connectionLost` receives a
   * {@link TooManyUnsentBytesError}.
   *
   * `pause`: nothing is received from its peer, and its push producer is paused, until everything is sent. For protocols that
   * write only in answer to their peer: it does not hold back other writes.
   */
  readonly outcome?: 'end' | 'pause';
}

export const MAX_UNSENT_BYTES: number = 1024 * 1024;
export const MAX_TOTAL_UNSENT_BYTES: number = 64 * 1024 * 1024;

const OPTIONS: OptionNames<LimitUnsentBytesOptions> = {
  clock: true,
  maxBytes: true,
  total: true,
  outcome: true,
};

/**
 * Wraps a factory so that peers that do not read cannot exhaust the memory. It counts the unsent bytes of the transport below;
 * around a `ShapingFactory` these include the bytes that the shaping holds back.
 *
 * @example
 * reactor.listenTCP(7, new LimitUnsentBytesFactory(Chat, { clock: reactor, maxBytes: 256 * 1024 }));
 */
export class LimitUnsentBytesFactory extends WrappingFactory {
  readonly maxBytes: number;
  readonly outcome: 'end' | 'pause';
  /** The limit for all connections together, and their unsent bytes. */
  readonly total: UnsentBytesBudget;
  #ended = 0;
  #paused = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(wrapped: FactoryLike, options: LimitUnsentBytesOptions) {
    super(wrapped);
    checkOptions('LimitUnsentBytesFactory', options, OPTIONS);
    const { clock, maxBytes = MAX_UNSENT_BYTES, total = MAX_TOTAL_UNSENT_BYTES } = options;
    checkClock('clock', clock);
    this.maxBytes = checkInteger('maxBytes', maxBytes, 1, Number.MAX_SAFE_INTEGER);
    this.outcome = checkChoice('outcome', options.outcome ?? 'end', ['end', 'pause']);
    if (total instanceof UnsentBytesBudget) this.total = total;
    else {
      checkInteger('total', total, 1, Number.MAX_SAFE_INTEGER);
      this.total = new UnsentBytesBudget({ clock, maxBytes: total });
    }
  }

  /** The number of connections ended so far because they were over a limit. */
  get ended(): number {
    return this.#ended;
  }

  /** The number of times that a connection was paused. */
  get paused(): number {
    return this.#paused;
  }

  /** @internal */
  override wrapperConnected(wrapper: ProtocolWrapper): void {
    if (this.protocols.size === 0) this.total.join(this.#holders);
    super.wrapperConnected(wrapper);
  }

  /** @internal */
  override wrapperDisconnected(wrapper: ProtocolWrapper): void {
    super.wrapperDisconnected(wrapper);
    this.total.forget(wrapper as EndingProtocol | PausingProtocol);
    if (this.protocols.size === 0) this.total.leave(this.#holders);
  }

  /** @internal */
  endedOne(): void {
    this.#ended++;
  }

  /** @internal */
  pausedOne(): void {
    this.#paused++;
  }

  protected override wrap(protocol: StreamProtocol, _address: Address): ProtocolWrapper {
    return this.outcome === 'end'
      ? new EndingProtocol(protocol, this)
      : new PausingProtocol(protocol, this);
  }

  get #holders(): Iterable<UnsentBytesHolder> {
    return this.protocols as ReadonlySet<EndingProtocol | PausingProtocol>;
  }
}

/** Each connection has its own: ends the connection if it exceeds a limit. */
class EndingProtocol extends ProtocolWrapper implements UnsentBytesHolder {
  counted = 0;
  private failure: TooManyUnsentBytesError | undefined = undefined;

  get maxBytes(): number {
    return this.factory.maxBytes;
  }

  override connectionLost(reason: Error): void {
    super.connectionLost(this.failure ?? reason);
  }

  override write(data: Uint8Array | string): void {
    super.write(data);
    this.wrote();
  }

  override writeSequence(parts: Iterable<Uint8Array | string>): void {
    super.writeSequence(parts);
    this.wrote();
  }

  endFor(error: TooManyUnsentBytesError): void {
    if (!this.connected) return;
    this.failure = error;
    this.factory.endedOne();
    this.abortConnection();
  }

  private wrote(): void {
    if (!this.connected) return;
    const { total, maxBytes } = this.factory;
    const bytes = this.bufferedBytes;
    if (total.wrote(this, bytes) || bytes > maxBytes) total.suspect(this);
  }

  private get factory(): LimitUnsentBytesFactory {
    return this.owner as LimitUnsentBytesFactory;
  }
}

/** Each connection has its own: stops receiving while a limit is exceeded. */
class PausingProtocol extends ProtocolWrapper implements UnsentBytesHolder {
  counted = 0;
  private valve: UnsentBytesValve | undefined = undefined;

  get maxBytes(): number {
    return this.factory.maxBytes;
  }

  get endFor(): undefined {
    return undefined;
  }

  override write(data: Uint8Array | string): void {
    if (this.valve?.dropsWrites) {
      checkData(data);
      return;
    }
    super.write(data);
    this.wrote();
  }

  override writeSequence(parts: Iterable<Uint8Array | string>): void {
    if (this.valve?.dropsWrites) {
      for (const part of parts) checkData(part);
      return;
    }
    super.writeSequence(parts);
    this.wrote();
  }

  override startTLS(context: TLSContext, options?: StartTLSOptions): Transport {
    super.startTLS(context, options);
    this.valve?.moveTo(this.transport);
    return this;
  }

  override loseWriteConnection(): void {
    // In this order: if the call throws, the valve is unchanged.
    super.loseWriteConnection();
    this.ensureValve().end();
  }

  override pauseProducing(): void {
    this.ensureValve().pauseReading();
  }

  override resumeProducing(): void {
    this.ensureValve().resumeReading();
  }

  override registerProducer(producer: PushProducer, streaming: true): void;
  override registerProducer(producer: PullProducer, streaming: false): void;
  override registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.ensureValve().registerProducer(producer, streaming);
  }

  override unregisterProducer(): void {
    this.valve?.unregisterProducer();
  }

  private wrote(): void {
    if (!this.connected) return;
    const { total, maxBytes } = this.factory;
    const bytes = this.bufferedBytes;
    const over = total.wrote(this, bytes) || bytes > maxBytes;
    const news = over && bytes > 0 && !this.disconnecting && this.ensureValve().close();
    if (news) this.factory.pausedOne();
    this.valve?.regulate();
  }

  /** Most connections never need it. */
  private ensureValve(): UnsentBytesValve {
    this.valve ??= new UnsentBytesValve(this.transport);
    return this.valve;
  }

  private get factory(): LimitUnsentBytesFactory {
    return this.owner as LimitUnsentBytesFactory;
  }
}
