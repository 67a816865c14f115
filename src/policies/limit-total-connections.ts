/** Limits the number of simultaneous connections of a factory. */
import type { Address } from '../core/address.js';
import { type FactoryLike, toFactory } from '../core/factory.js';
import type { ClientProtocolFactory } from '../core/protocol-factory.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import { reportRejection } from '../defer/callback-result.js';
import { checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { type ConnectionLimit, DEFAULT_MAX_OVERFLOW, LimitedProtocol } from './limited-protocol.js';
import { WrappingFactory } from './wrapping-factory.js';

export interface LimitTotalConnectionsOptions {
  /** 0 refuses all. */
  readonly maxConnections: number;
  /** Serves connections over the limit, to say why they are refused. Default: they are closed without an answer. */
  readonly overflow?: FactoryLike;
  /** The number of connections that `overflow` serves at a time; others are closed without an answer. Default 100. */
  readonly maxOverflow?: number;
}

const OPTIONS: OptionNames<LimitTotalConnectionsOptions> = {
  maxConnections: true,
  overflow: true,
  maxOverflow: true,
};

/**
 * A connection counts from immediately before its protocol's `makeConnection` until immediately before its `connectionLost`,
 * even if these throw. A protocol that could not be built never counts.
 *
 * @example
 * const options = { maxConnections: 1_000, overflow: Busy };
 * reactor.listenTCP(25, new LimitTotalConnectionsFactory(Mail, options));
 */
export class LimitTotalConnectionsFactory extends WrappingFactory implements ConnectionLimit {
  readonly maxConnections: number;
  readonly #overflow: ClientProtocolFactory | undefined;
  #refused = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(wrapped: FactoryLike, options: LimitTotalConnectionsOptions) {
    super(wrapped);
    checkOptions('LimitTotalConnectionsFactory', options, OPTIONS);
    this.maxConnections = checkInteger(
      'maxConnections',
      options.maxConnections,
      0,
      Number.MAX_SAFE_INTEGER,
    );
    this.#overflow = limitedOverflow(options);
  }

  /** The number of connections over the limit so far, including those that `overflow` served. */
  get refused(): number {
    return this.#refused;
  }

  override buildProtocol(address: Address): StreamProtocol | null {
    if (!this.full()) return super.buildProtocol(address);
    this.#refused++;
    return this.#overflow?.buildProtocol(address) ?? null;
  }

  override doStart(): void {
    super.doStart();
    reportRejection(this.#overflow?.doStart(), 'startFactory');
  }

  override doStop(): void {
    super.doStop();
    reportRejection(this.#overflow?.doStop(), 'stopFactory');
  }

  /** @internal */
  full(): boolean {
    return this.protocols.size >= this.maxConnections;
  }

  /** @internal */
  refusedOne(): void {
    this.#refused++;
  }

  protected override wrap(protocol: StreamProtocol, _address: Address): LimitedProtocol {
    return new LimitedProtocol(protocol, this, '');
  }
}

/** @internal The factory for connections over a limit, which itself has a limit. */
export function limitedOverflow(options: {
  readonly overflow?: FactoryLike;
  readonly maxOverflow?: number;
}): ClientProtocolFactory | undefined {
  const { overflow, maxOverflow = DEFAULT_MAX_OVERFLOW } = options;
  checkInteger('maxOverflow', maxOverflow, 0, Number.MAX_SAFE_INTEGER);
  if (overflow === undefined) return undefined;
  return new LimitTotalConnectionsFactory(toFactory(overflow), { maxConnections: maxOverflow });
}
