/**
 * The token buckets of clients by name, in bounded memory.
 *
 * Theory of operation. The map has the order of the last requests. A hand walks over it: what it passes is removed, or put at the
 * end, so everything before it is gone and the next entry is the oldest. (A new iteration would skip the places of removed entries
 * one by one.) A full table loses the oldest client that may make a request now. Clients that must wait stay, as far as the hand looks:
 * otherwise a client at its limit would escape it by requests with other names.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import { type Rate, TokenBucket } from '../policies/token-bucket.js';

/** Longer names are replaced by their hashes. */
export const MAX_NAME_LENGTH = 64;
/** Clients that are looked at to find one to forget. */
const LOOKS = 8;

export class ClientBuckets {
  readonly #clock: Clock;
  readonly #rate: Rate;
  readonly #cost: number;
  readonly #maxClients: number;
  readonly #buckets = new Map<string, TokenBucket>();
  #hand: Iterator<string, undefined> = this.#buckets.keys();

  /**
   * @param cost The tokens of one request.
   * @param maxClients 1 or more.
   */
  constructor(clock: Clock, rate: Rate, cost: number, maxClients: number) {
    this.#clock = clock;
    this.#rate = rate;
    this.#cost = cost;
    this.#maxClients = maxClients;
  }

  /** The number of clients. */
  get size(): number {
    return this.#buckets.size;
  }

  /** The bucket of a client, which is now the one whose last request is the latest. */
  of(client: string): TokenBucket {
    const name = client.length > MAX_NAME_LENGTH ? hashOf(client) : client;
    const known = this.#buckets.get(name);
    if (known !== undefined) {
      this.#putLast(name, known);
      return known;
    }
    if (this.#buckets.size >= this.#maxClients) this.#forgetOne();
    const bucket = new TokenBucket({ clock: this.#clock, ...this.#rate });
    this.#buckets.set(ownCopy(name), bucket);
    return bucket;
  }

  #forgetOne(): void {
    let best: string | undefined;
    let most = -1;
    for (let looks = Math.min(LOOKS, this.#buckets.size); looks > 0; looks--) {
      const [name, bucket] = this.#oldest();
      const { availableBytes } = bucket;
      if (availableBytes > most) {
        best = name;
        most = availableBytes;
      }
      if (availableBytes >= this.#cost) break;
      this.#putLast(name, bucket);
    }
    if (best !== undefined) this.#buckets.delete(best);
  }

  #oldest(): readonly [string, TokenBucket] {
    let next = this.#hand.next();
    if (next.done === true) {
      this.#hand = this.#buckets.keys();
      next = this.#hand.next();
    }
    const name = next.value as string;
    return [name, this.#buckets.get(name) as TokenBucket];
  }

  #putLast(name: string, bucket: TokenBucket): void {
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
  }
}

/** 43 characters after a prefix. Names that differ only in lone surrogates differ here too. */
function hashOf(name: string): string {
  return `#${createHash('sha256').update(name, 'utf16le').digest('base64url')}`;
}

/** A part of a string, such as an element of a list in a field, keeps all of it in memory. */
function ownCopy(name: string): string {
  const copy = Buffer.from(name, 'latin1').toString('latin1');
  return copy === name ? copy : Buffer.from(name, 'utf16le').toString('utf16le');
}
