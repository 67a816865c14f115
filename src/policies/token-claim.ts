/** One who takes tokens and waits for those that are missing: one direction of a connection. */
import { reportError } from '../internal/error-report.js';
import { MIN_GRANT_BYTES, type TokenBucket, type WaitingClaim } from './token-bucket.js';

/** Is told of each part of a claim that was waited for. */
export interface ClaimOwner {
  granted(bytes: number): void;
}

/**
 * Waits in one bucket's queue at a time: first below, then above. One lives for each shaped direction of a connection, so
 * its private fields are TypeScript's.
 */
export class TokenClaim implements WaitingClaim {
  private readonly bucket: TokenBucket;
  private readonly owner: ClaimOwner;
  /** The least that is worth a turn, if so much is wanted. */
  private readonly unit: number;
  private missing = 0;
  /** In whose queue it stands. */
  private place: TokenBucket | undefined = undefined;

  constructor(bucket: TokenBucket, owner: ClaimOwner) {
    this.bucket = bucket;
    this.owner = owner;
    let unit = MIN_GRANT_BYTES;
    for (let at: TokenBucket | undefined = bucket; at; at = at.parent) {
      unit = Math.min(unit, at.burstBytes);
    }
    this.unit = unit;
  }

  /** What it waits for. */
  get wanted(): number {
    return this.missing;
  }

  get need(): number {
    return Math.min(this.missing, this.unit);
  }

  /**
   * Asks for tokens for `bytes` more.
   * @returns How many are granted at once; the rest is waited for. 0 where it waits already.
   */
  want(bytes: number): number {
    this.missing += bytes;
    if (this.place !== undefined || this.missing === 0) return 0;
    const got = this.take(this.missing, undefined);
    this.wait(undefined);
    return got;
  }

  /** Wants nothing any more. */
  cancel(): void {
    this.missing = 0;
    this.place?.dequeue(this);
    this.place = undefined;
  }

  /** @internal */
  takeTurn(bucket: TokenBucket, share: number): void {
    this.place = undefined;
    const got = this.take(share, bucket);
    this.wait(bucket);
    if (got === 0) return;
    try {
      this.owner.granted(got);
    } catch (error) {
      reportError(error, 'traffic shaping');
    }
  }

  private take(most: number, turn: TokenBucket | undefined): number {
    if (this.blocking(turn) !== undefined) return 0;
    const got = this.bucket.take(Math.min(this.missing, most));
    this.missing -= got;
    return got;
  }

  private wait(turn: TokenBucket | undefined): void {
    if (this.missing === 0) return;
    this.place = this.blocking(turn) ?? turn ?? this.bucket;
    this.place.enqueue(this);
  }

  /**
   * The lowest bucket that is short, or has a queue that this claim has not been through: it goes up from queue to queue,
   * and down only where tokens are missing, so that somebody is served each time.
   */
  private blocking(turn: TokenBucket | undefined): TokenBucket | undefined {
    let queues = turn === undefined;
    for (let bucket: TokenBucket | undefined = this.bucket; bucket; bucket = bucket.parent) {
      if (bucket.level < this.need || (queues && bucket.waiting > 0)) return bucket;
      if (bucket === turn) queues = true;
    }
    return undefined;
  }
}
