/**
 * Token buckets in a tree, as in hierarchical traffic shaping (htb): a byte that passes takes a token from its bucket and
 * from every bucket above. Tokens are counted when somebody looks; a delayed call exists only while a claim waits.
 *
 * Who waits stands in a queue of the bucket that is short. When it has tokens again they are shared out among those who
 * wait, in the order they came, each going to the end of the queue until it has all it wants.
 */
import type { Clock, DelayedCall } from '../core/clock.js';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { ROOT_CONTEXT } from '../internal/async-context.js';
import { checkClock, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

/** How many bytes may pass. */
export interface Rate {
  /** 1 or more. */
  readonly bytesPerSecond: number;
  /**
   * How many tokens a bucket holds, full at the beginning: what may pass at once. One that holds less than comes between
   * two calls of the clock, a millisecond or more apart, overflows and lets less than `bytesPerSecond` pass. Default: the
   * tokens of one second.
   */
  readonly burstBytes?: number;
}

export interface TokenBucketOptions extends Rate {
  /** Counts the time: the reactor, as a rule. */
  readonly clock: Clock;
  /** Takes its tokens too for each byte. */
  readonly parent?: TokenBucket;
}

/** What waits for tokens. */
export interface WaitingClaim {
  /** The least number of tokens that is worth a turn; no more than the bucket can hold. */
  readonly need: number;
  /** The bucket has them: take at most `share`. Does not throw. */
  takeTurn(bucket: TokenBucket, share: number): void;
}

/** Tokens are not handed out in crumbs, as long as the buckets hold so many. */
export const MIN_GRANT_BYTES: number = 4 * 1024;

const OPTIONS: OptionNames<TokenBucketOptions> = {
  clock: true,
  bytesPerSecond: true,
  burstBytes: true,
  parent: true,
};

/**
 * Lets `bytesPerSecond` pass on average and `burstBytes` at once: in any stretch of time no more than
 * `burstBytes + bytesPerSecond * seconds`. Each shaped connection has one or two, so its private fields are
 * TypeScript's: `#methods` cost 8 bytes each instance.
 *
 * @example
 * const total = new TokenBucket({ clock: reactor, bytesPerSecond: 1_000_000 });
 * const one = new TokenBucket({ clock: reactor, bytesPerSecond: 100_000, parent: total });
 * const bytes = one.take(64 * 1024); // as many as may pass now
 */
export class TokenBucket {
  readonly bytesPerSecond: number;
  readonly burstBytes: number;
  readonly parent: TokenBucket | undefined;
  /** @internal Connections that use it, and buckets of filters below it. */
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

  /** How many bytes {@link take} would give. */
  get availableBytes(): number {
    const own = Math.floor(this.level);
    return this.parent === undefined ? own : Math.min(own, this.parent.availableBytes);
  }

  /** How many connections wait for tokens of this very bucket. */
  get waiting(): number {
    return this.queue?.size ?? 0;
  }

  /**
   * Takes tokens here and in all buckets above, at once and whether others wait or not.
   * @param maxBytes 0 or more.
   * @returns How many bytes may pass: 0 to `maxBytes`.
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

  /** @internal Tokens of this bucket alone, with fractions. */
  get level(): number {
    const now = this.clock.now();
    const gained = ((now - this.time) * this.bytesPerSecond) / 1000;
    this.time = now;
    this.tokens = Math.min(this.burstBytes, this.tokens + gained);
    return this.tokens;
  }

  /** @internal A connection begins to use this bucket and those above it, or a filter a bucket below. */
  join(): void {
    for (let bucket: TokenBucket | undefined = this; bucket; bucket = bucket.parent) bucket.users++;
  }

  /** @internal It uses them no more. */
  leave(): void {
    for (let bucket: TokenBucket | undefined = this; bucket; bucket = bucket.parent) bucket.users--;
  }

  /** @internal Puts a claim at the end of the queue. */
  enqueue(claim: WaitingClaim): void {
    this.queue ??= new Set();
    this.queue.add(claim);
    this.arm();
  }

  /** @internal Takes a claim out of the queue. */
  dequeue(claim: WaitingClaim): void {
    this.queue?.delete(claim);
    if (this.waiting > 0 || this.call === undefined) return;
    this.call.cancel();
    this.call = undefined;
  }

  /** The call serves many: it is made in nobody's context. */
  private arm(): void {
    const [first] = this.queue ?? [];
    if (first === undefined || this.call !== undefined) return;
    const missing = first.need - this.level;
    // Whole milliseconds: a wait too short to move the clock would come to nothing for ever.
    const waitMs = missing > 0 ? Math.ceil((missing * 1000) / this.bytesPerSecond) : 0;
    ROOT_CONTEXT.runInAsyncScope(() => {
      this.call = this.clock.callLater(waitMs, () => this.serve());
      this.call.whenDropped(() => {
        this.call = undefined;
      });
    });
  }

  /** Each of those who wait now has at most one turn; who comes meanwhile waits for the next call. */
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
