/**
 * Nonces of HTTP Digest, each of which proves when this server made it.
 *
 * Making a nonce needs no memory, so challenges cannot be used to exhaust it. A nonce gets an entry when a response to it was right: the
 * counts that were used, in a window of 64. If entries are dropped because there are too many, all nonces up to the age of the
 * dropped ones are stale: dropping one never allows a replay.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RandomBytes } from '../secrets.js';

const TIME_BYTES = 8;
const RANDOM_BYTE_COUNT = 12;
const MAC_BYTES = 16;
const NONCE_BYTES = TIME_BYTES + RANDOM_BYTE_COUNT + MAC_BYTES;
const WINDOW = 64n;

interface Used {
  readonly madeAt: number;
  highest: bigint;
  /** Bit i: the count `highest - i` was used. */
  bits: bigint;
}

export class DigestNonces {
  readonly #key: Uint8Array;
  readonly #randomBytes: RandomBytes;
  readonly #lifetimeMs: number;
  readonly #maxRemembered: number;
  readonly #used: Map<string, Used> = new Map();
  /** Nonces without an entry that were made at this time or earlier are stale. */
  #forgottenUntil = Number.NEGATIVE_INFINITY;

  constructor(randomBytes: RandomBytes, lifetimeMs: number, maxRemembered: number) {
    this.#key = randomBytes(32);
    this.#randomBytes = randomBytes;
    this.#lifetimeMs = lifetimeMs;
    this.#maxRemembered = maxRemembered;
  }

  get remembered(): number {
    return this.#used.size;
  }

  make(now: number): string {
    const head = Buffer.alloc(TIME_BYTES + RANDOM_BYTE_COUNT);
    head.writeDoubleBE(now, 0);
    head.set(this.#randomBytes(RANDOM_BYTE_COUNT), TIME_BYTES);
    return Buffer.concat([head, this.#mac(head)]).toString('base64url');
  }

  /** Whether the nonce is of this server and not too old, and the count was not used. */
  isFresh(nonce: string, count: number, now: number): boolean {
    const madeAt = this.#madeAt(nonce);
    if (madeAt === undefined || now - madeAt > this.#lifetimeMs) return false;
    const used = this.#used.get(nonce);
    if (used === undefined) return madeAt > this.#forgottenUntil;
    const behind = used.highest - BigInt(count);
    if (behind < 0n) return true;
    return behind < WINDOW && ((used.bits >> behind) & 1n) === 0n;
  }

  /** Marks a count as used. @returns False if it is not fresh. */
  use(nonce: string, count: number, now: number): boolean {
    if (!this.isFresh(nonce, count, now)) return false;
    const used = this.#used.get(nonce) ?? this.#remember(nonce, now);
    const ahead = BigInt(count) - used.highest;
    if (ahead > 0n) {
      used.bits = ahead >= WINDOW ? 1n : ((used.bits << ahead) | 1n) & ((1n << WINDOW) - 1n);
      used.highest = BigInt(count);
    } else used.bits |= 1n << -ahead;
    return true;
  }

  #remember(nonce: string, now: number): Used {
    for (const [old, { madeAt }] of this.#used) {
      const expired = now - madeAt > this.#lifetimeMs;
      if (!expired && this.#used.size < this.#maxRemembered) break;
      if (!expired) this.#forgottenUntil = Math.max(this.#forgottenUntil, madeAt);
      this.#used.delete(old);
    }
    const used: Used = { madeAt: this.#madeAt(nonce) as number, highest: 0n, bits: 1n };
    this.#used.set(nonce, used);
    return used;
  }

  #madeAt(nonce: string): number | undefined {
    const octets = Buffer.from(nonce, 'base64url');
    // Other spellings of the same octets would be other keys of the table.
    if (octets.length !== NONCE_BYTES || octets.toString('base64url') !== nonce) return undefined;
    const head = octets.subarray(0, TIME_BYTES + RANDOM_BYTE_COUNT);
    const valid = timingSafeEqual(octets.subarray(head.length), this.#mac(head));
    return valid ? head.readDoubleBE(0) : undefined;
  }

  #mac(head: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(head).digest().subarray(0, MAC_BYTES);
  }
}
