/**
 * Token buckets in a tree, as in hierarchical traffic shaping (htb): a byte that passes takes a token from its bucket and
 * from every bucket above it. Tokens are counted when they are needed; a delayed call exists only while a claim waits.
 *
 * Claims wait in the queue of the bucket that lacks tokens. When it has tokens again, they are shared among the waiting
 * claims in order of arrival; each claim goes to the end of the queue until it has all its tokens.
 */
import type { Clock, DelayedCall } from '../core/clock.js';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { ROOT_CONTEXT } from '../internal/async-context.js';
import { checkClock, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

/** The rate at which bytes may pass. */
export interface Rate {
  /** 1 or more. */
  readonly bytesPerSecond: number;
  /**
   * The number of tokens that a bucket holds, and has at the beginning: the bytes that may pass at once. If a bucket holds less
   * than the tokens gained between two calls of the clock, a millisecond or more apart, it overflows and lets less than
   * `bytesPerSecond` pass. Default: the tokens of one second.
   */
  readonly burstBytes?: number;
}

export interface TokenBucketOptions extends Rate {
  /** Measures the time: usually the reactor. */
  readonly clock: Clock;
  /** Each byte also takes a token from this bucket. */
  readonly parent?: TokenBucket;
}

/** A claim that waits for tokens. */
export interface WaitingClaim {
  /** The smallest number of tokens worth a turn; at most the capacity of the bucket. */
  readonly need: number;
  /** The bucket has tokens: take at most `share`. Must not throw. */
  takeTurn(bucket: TokenBucket, share: number): void;
}

/** The smallest grant, provided that the buckets can hold so many tokens. */
export const MIN_GRANT_BYTES: number = 4 * 1024;

const OPTIONS: OptionNames<TokenBucketOptions> = {
  clock: true,
  bytesPerSecond: true,
  burstBytes: true,
  parent: true,
};

/**
 * Lets `bytesPerSecond` pass on average and `burstBytes` at once: in any period at most
 * `burstBytes + bytesPerSecond * seconds`. Each shaped connection has one or two, so its private fields are
 * TypeScript's: `#methods` cost 8 bytes per instance.
 *
 * @example
 * const total = new TokenBucket({ clock: reactor, bytesPerSecond: 1_000_000 });
 * const one = new TokenBucket({ clock: reactor, bytesPerSecond: 100_000, parent: total });
 * const bytes = one.take(64 * 1024); // the number of bytes that may pass now
 */
export class TokenBucket {
  readonly bytesPerSecond: number;
  readonly burstBytes: number;
  readonly parent: TokenBucket | undefined;
  /** @internal The connections that use it, and the buckets of filters below it. */
  users = 0;
  private readonly clock: Clock;
  /** Tokens at `time`. */
  private tokens: number;
  private time: number;
  private queue: Set<WaitingClaim> | undefined = undefined;
  private call: DelayedCall | undefined = undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: TokenBucketOptions) {
    checkOptions('TokenBucket', options, OPTIONS);
    const { clock, bytesPerSecond, burstBytes = bytesPerSecond, parent } = options;
    checkClock('clock', clock);
    if (parent !== undefined && !(parent instanceof TokenBucket)) {
      throw new InvalidArgumentTypeError('parent', 'a TokenBucket', parent);
    }
    this.bytesPerSecond = checkInteger(
      'bytesPerSecond',
      bytesPerSecond,
      1,
      Number.MAX_SAFE_INTEGER,
    );
    this.burstBytes = checkInteger('burstBytes', burstBytes, 1, Number.MAX_SAFE_INTEGER);
    this.parent = parent;
    this.clock = clock;
    this.tokens = this.burstBytes;
    this.time = clock.now();
  }

  /** The number of bytes that {@link take} would grant. */
  get availableBytes(): number {
    const own = Math.floor(this.level);
    return this.parent === undefined ? own : Math.min(own, this.parent.availableBytes);
  }

  /** The number of claims that wait for tokens of this particular bucket. */
  get waiting(): number {
    return this.queue?.size ?? 0;
  }

  /**
   * Takes tokens here and from all buckets above, immediately, even if claims are waiting.
   * @param maxBytes 0 or more.
   * @returns The number of bytes that may pass: 0 to `maxBytes`.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  take(maxBytes: number): number {
    checkInteger('maxBytes', maxBytes, 0, Number.MAX_SAFE_INTEGER);
    const bytes = Math.min(maxBytes, this.availableBytes);
    for (let bucket: TokenBucket | undefined = this; bucket; bucket = bucket.parent) {
      bucket.tokens -= bytes;
    }
    return bytes;
  }

  /** @internal The tokens of this bucket alone, with fractions. */
  get level(): number {
    const now = this.clock.now();
    const gained = ((now - this.time) * this.bytesPerSecond) / 1000;
    this.time = now;
    this.tokens = Math.min(this.burstBytes, this.tokens + gained);
    return this.tokens;
  }

  /** @internal A connection starts to use this bucket and those above it, or a filter adds a bucket below. */
  join(): void {
    for (let bucket: TokenBucket | undefined = this; bucket; bucket = bucket.parent) bucket.users++;
  }

  /** @internal The opposite of {@link join}. */
  leave(): void {
    for (let bucket: TokenBucket | undefined = this; bucket; bucket = bucket.parent) bucket.users--;
  }

  /** @internal Adds a claim at the end of the queue. */
  enqueue(claim: WaitingClaim): void {
    this.queue ??= new Set();
    this.queue.add(claim);
    this.arm();
  }

  /** @internal Removes a claim from the queue. */
  dequeue(claim: WaitingClaim): void {
    this.queue?.delete(claim);
    if (this.waiting > 0 || this.call === undefined) return;
    this.call.cancel();
    this.call = undefined;
  }

  /** The call serves many connections, so it is made in the root context. */
  private arm(): void {
    const [first] = this.queue ?? [];
    if (first === undefined || this.call !== undefined) return;
    const missing = first.need - this.level;
    // Whole milliseconds: a wait too short to advance the clock would be repeated forever.
    const waitMs = missing > 0 ? Math.ceil((missing * 1000) / this.bytesPerSecond) : 0;
    ROOT_CONTEXT.runInAsyncScope(() => {
      this.call = this.clock.callLater(waitMs, () => this.serve());
      this.call.whenDropped(() => {
        this.call = undefined;
      });
    });
  }

  /** Each claim that waits now has at most one turn; claims that arrive meanwhile wait for the next call. */
  private serve(): void {
    this.call = undefined;
    const { queue, waiting: turns } = this;
    const share = Math.max(MIN_GRANT_BYTES, Math.floor(this.level / turns));
    for (let turn = 0; turn < turns; turn++) {
      const [first] = queue ?? [];
      if (first === undefined || this.level < first.need) break;
      this.queue?.delete(first);
      first.takeTurn(this, share);
    }
    this.arm();
  }
}
