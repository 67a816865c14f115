/**
 * Written bytes that a socket of Node's has not been given yet. Libuv sends from the buffer itself for as long as that
 * takes, even if JavaScript changes it meanwhile, so it gets copies of the application's bytes.
 */
import { LARGE_WRITE_BYTES } from '../../core/transport.js';
import { systemError } from '../../internal/system-error.js';

interface Part {
  bytes: Uint8Array;
  /** The length of `bytes` when they were written; it is less if their memory has been transferred. */
  readonly length: number;
  /** Whether the memory is the application's, which may transfer it. */
  readonly borrowed: boolean;
}

/** Finished parts are removed in groups of this many. */
const COMPACT_PARTS = 64;

export class PartQueue {
  #parts: Part[] = [];
  /** The first part that is not wholly taken, and how much of it is. */
  #first = 0;
  #taken = 0;
  /** The first part that may be in a slab that others use. */
  #slabbed = 0;

  get empty(): boolean {
    return this.#first === this.#parts.length;
  }

  push(bytes: Uint8Array, borrowed: boolean): void {
    this.#parts.push({ bytes, length: bytes.byteLength, borrowed });
  }

  /**
   * Takes the next bytes, as many as there is room for in `copies`. Borrowed bytes are copied there, and so are small parts that
   * follow each other: the system takes one piece faster than many.
   * @throws SystemError EFAULT: their memory was transferred, or made shorter.
   */
  take(copies: Uint8Array): Uint8Array {
    let used = 0;
    for (let part = this.#parts[this.#first]; part !== undefined; part = this.#parts[this.#first]) {
      if (part.bytes.byteLength < part.length) throw systemError('write', 'EFAULT');
      const count = Math.min(part.length - this.#taken, copies.byteLength - used);
      if (count === 0) break;
      const piece = part.bytes.subarray(this.#taken, this.#taken + count);
      const alone = used === 0 && (count === copies.byteLength || this.#isLast);
      this.#taken += count;
      if (this.#taken === part.length) this.#next();
      if (alone && !part.borrowed) return piece;
      copies.set(piece, used);
      used += count;
    }
    return copies.subarray(0, used);
  }

  /** Copies small parts out of slabs: they may wait for long, and would keep a whole slab alive for a few bytes. */
  leaveSlabs(): void {
    for (const part of this.#parts.slice(Math.max(this.#slabbed, this.#first))) {
      if (!part.borrowed && part.length < LARGE_WRITE_BYTES) part.bytes = Buffer.from(part.bytes);
    }
    this.#slabbed = this.#parts.length;
  }

  get #isLast(): boolean {
    return this.#first === this.#parts.length - 1;
  }

  #next(): void {
    this.#taken = 0;
    this.#first += 1;
    if (this.#first < COMPACT_PARTS || this.#first * 2 < this.#parts.length) return;
    this.#parts = this.#parts.slice(this.#first);
    this.#slabbed = Math.max(0, this.#slabbed - this.#first);
    this.#first = 0;
  }
}
