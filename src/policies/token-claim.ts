/** A claim takes tokens and waits for missing ones, for one direction of a connection. */
import { reportError } from '../internal/error-report.js';
import { MIN_GRANT_BYTES, type TokenBucket, type WaitingClaim } from './token-bucket.js';

/** Called for each part of a claim that had to wait. */
export interface ClaimOwner {
  granted(bytes: number): void;
}

/**
 * Waits in the queue of one bucket at a time: first of the lowest, then of those above. Each shaped direction of a connection
 * has one, so its private fields are TypeScript's.
 */
export class TokenClaim implements WaitingClaim {
  private readonly bucket: TokenBucket;
  private readonly owner: ClaimOwner;
  /** The smallest number of tokens worth a turn, unless fewer are missing. */
  private readonly unit: number;
  private missing = 0;
  /** The bucket in whose queue it waits. */
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

  /** The number of missing tokens. */
  get wanted(): number {
    return this.missing;
  }

  get need(): number {
    return Math.min(this.missing, this.unit);
  }

  /**
   * Claims `bytes` more tokens.
   * @returns The number granted immediately; the claim waits for the rest. 0 if it is waiting already.
   */
  want(bytes: number): number {
    this.missing += bytes;
    if (this.place !== undefined || this.missing === 0) return 0;
    const got = this.take(this.missing, undefined);
    this.wait(undefined);
    return got;
  }

  /** Cancels the claim. */
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
   * The lowest bucket that lacks tokens, or whose queue this claim has not passed. The claim moves up from queue to queue, and
   * down only if tokens are missing, so that some claim is served each time.
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
