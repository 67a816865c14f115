/**
 * One token bucket for each peer, or for each class of peers, as in hierarchical traffic shaping. A bucket that is unused and
 * full is discarded; a peer that connects again earlier gets its old bucket. No timer is involved: the buckets are checked
 * each time their number has doubled.
 */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { checkFunction } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { peerKey } from './peer-key.js';
import { type Rate, TokenBucket, type TokenBucketOptions } from './token-bucket.js';

/** `bytesPerSecond` and `burstBytes` apply to each bucket. */
export interface BucketFilterOptions extends Rate {
  /** Measures the time: usually the reactor. */
  readonly clock: Clock;
  /**
   * Peers with the same key share a bucket; keys are compared as in a Map. Default: one bucket for each IPv4 address, one
   * for each IPv6 network of 64 bits, and one for all UNIX peers.
   */
  readonly keyOf?: (peer: Address) => unknown;
  /** The parent of each bucket, or a filter that chooses the parent. */
  readonly parent?: TokenBucket | BucketFilter;
}

const OPTIONS: OptionNames<BucketFilterOptions> = {
  bytesPerSecond: true,
  burstBytes: true,
  clock: true,
  keyOf: true,
  parent: true,
};
const IPV6_PREFIX_BITS = 64;
/** With fewer buckets than this, none is checked. */
const MIN_SWEPT = 64;

/**
 * Gives each peer a bucket of its own below a common parent.
 *
 * @example
 * const uplink = new TokenBucket({ clock: reactor, bytesPerSecond: 10_000_000 });
 * const peers = new BucketFilter({ clock: reactor, bytesPerSecond: 500_000, parent: uplink });
 * reactor.listenTCP(80, new ShapingFactory(Download, { clock: reactor, write: { perPeer: peers } }));
 */
export class BucketFilter {
  readonly parent: TokenBucket | BucketFilter | undefined;
  readonly #bucketOptions: TokenBucketOptions;
  readonly #keyOf: (peer: Address) => unknown;
  readonly #buckets: Map<unknown, TokenBucket> = new Map();
  #sweepAt = MIN_SWEPT;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: BucketFilterOptions) {
    checkOptions('BucketFilter', options, OPTIONS);
    const { parent, keyOf = (peer) => peerKey(peer, IPV6_PREFIX_BITS), ...bucketOptions } = options;
    checkFunction('keyOf', keyOf);
    if (
      parent !== undefined &&
      !(parent instanceof TokenBucket || parent instanceof BucketFilter)
    ) {
      throw new InvalidArgumentTypeError('parent', 'a TokenBucket or a BucketFilter', parent);
    }
    // Creates a bucket now, so that invalid options are refused here and not at the first connection.
    new TokenBucket(bucketOptions);
    this.parent = parent;
    this.#bucketOptions = bucketOptions;
    this.#keyOf = keyOf;
  }

  /** The number of buckets kept: those in use, those that are not full, and others not discarded yet. */
  get size(): number {
    return this.#buckets.size;
  }

  /** The bucket of a peer. Call this each time: a bucket may be discarded while no shaped connection uses it. */
  bucketFor(peer: Address): TokenBucket {
    const key = this.#keyOf(peer);
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    if (this.#buckets.size >= this.#sweepAt) this.#sweep();
    const parent = this.parent instanceof BucketFilter ? this.parent.bucketFor(peer) : this.parent;
    const bucket = new TokenBucket(
      parent === undefined ? this.#bucketOptions : { ...this.#bucketOptions, parent },
    );
    parent?.join();
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #sweep(): void {
    for (const [key, bucket] of this.#buckets) {
      if (bucket.users > 0 || bucket.level < bucket.burstBytes) continue;
      this.#buckets.delete(key);
      bucket.parent?.leave();
    }
    this.#sweepAt = Math.max(MIN_SWEPT, 2 * this.#buckets.size);
  }
}
