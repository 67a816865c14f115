/** Limits the number of simultaneous connections of each peer. */
import type { Address } from '../core/address.js';
import type { FactoryLike } from '../core/factory.js';
import type { ClientProtocolFactory } from '../core/protocol-factory.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import { reportRejection } from '../defer/callback-result.js';
import { checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { limitedOverflow } from './limit-total-connections.js';
import { type ConnectionLimit, LimitedProtocol } from './limited-protocol.js';
import { peerKey } from './peer-key.js';
import type { ProtocolWrapper } from './protocol-wrapper.js';
import { WrappingFactory } from './wrapping-factory.js';

export interface LimitConnectionsByPeerOptions {
  /** The limit for one peer. 0 refuses all. */
  readonly maxConnections: number;
  /**
   * The number of leading bits of an IPv6 address that identify a peer. Default 64, the network of one subscriber; 128 counts
   * each address separately. An IPv4 address is always one peer.
   */
  readonly ipv6PrefixBits?: number;
  /** Serves connections over the limit, to say why they are refused. Default: they are closed without an answer. */
  readonly overflow?: FactoryLike;
  /** The number of connections, of all peers together, that `overflow` serves at a time. Default 100. */
  readonly maxOverflow?: number;
}

const OPTIONS: OptionNames<LimitConnectionsByPeerOptions> = {
  maxConnections: true,
  ipv6PrefixBits: true,
  overflow: true,
  maxOverflow: true,
};

/**
 * Counts as {@link LimitTotalConnectionsFactory} does, separately for each peer. Nothing is stored for peers without connections.
 *
 * @example
 * reactor.listenTCP(25, new LimitConnectionsByPeerFactory(Mail, { maxConnections: 10 }));
 */
export class LimitConnectionsByPeerFactory extends WrappingFactory implements ConnectionLimit {
  readonly maxConnections: number;
  readonly ipv6PrefixBits: number;
  readonly #overflow: ClientProtocolFactory | undefined;
  readonly #counts: Map<string, number> = new Map();
  #refused = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(wrapped: FactoryLike, options: LimitConnectionsByPeerOptions) {
    super(wrapped);
    checkOptions('LimitConnectionsByPeerFactory', options, OPTIONS);
    const { maxConnections, ipv6PrefixBits = 64 } = options;
    this.maxConnections = checkInteger(
      'maxConnections',
      maxConnections,
      0,
      Number.MAX_SAFE_INTEGER,
    );
    this.ipv6PrefixBits = checkInteger('ipv6PrefixBits', ipv6PrefixBits, 1, 128);
    this.#overflow = limitedOverflow(options);
  }

  /** The number of connections over the limit so far, including those that `overflow` served. */
  get refused(): number {
    return this.#refused;
  }

  /** The number of peers with connections. */
  get peers(): number {
    return this.#counts.size;
  }

  /** The number of connections of the peer at `address`. */
  connectionsOf(address: Address): number {
    return this.#counts.get(peerKey(address, this.ipv6PrefixBits)) ?? 0;
  }

  override buildProtocol(address: Address): StreamProtocol | null {
    if (!this.full(peerKey(address, this.ipv6PrefixBits))) return super.buildProtocol(address);
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
  override wrapperConnected(wrapper: ProtocolWrapper): void {
    super.wrapperConnected(wrapper);
    const { key } = wrapper as LimitedProtocol;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** @internal */
  override wrapperDisconnected(wrapper: ProtocolWrapper): void {
    super.wrapperDisconnected(wrapper);
    const { key } = wrapper as LimitedProtocol;
    const count = this.#counts.get(key) ?? 0;
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
  }

  /** @internal */
  full(key: string): boolean {
    return (this.#counts.get(key) ?? 0) >= this.maxConnections;
  }

  /** @internal */
  refusedOne(): void {
    this.#refused++;
  }

  protected override wrap(protocol: StreamProtocol, address: Address): LimitedProtocol {
    return new LimitedProtocol(protocol, this, peerKey(address, this.ipv6PrefixBits));
  }
}
