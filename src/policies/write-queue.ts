/** Copies of unsent bytes, in order: small pieces are combined, large ones kept separately. */
import { LARGE_WRITE_BYTES } from '../core/transport.js';
import { givenCopyOf } from '../internal/lent-bytes.js';

const MIN_BLOCK_BYTES = 1024;
const MAX_BLOCK_BYTES = LARGE_WRITE_BYTES;

/** Bytes that were taken out are never overwritten. */
export class WriteQueue {
  #parts: Uint8Array[] = [];
  /** The first part that has not been taken. */
  #first = 0;
  /** The block into which small pieces are copied, and the range of it that is filled and not taken. It follows all parts. */
  #block: Buffer | undefined;
  #blockStart = 0;
  #blockEnd = 0;
  #length = 0;

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  /** @param data Always copied: it may be lent, and stays here longer than that. */
  add(data: Uint8Array): void {
    this.#length += data.byteLength;
    if (data.byteLength >= LARGE_WRITE_BYTES) {
      this.#closeBlock();
      this.#parts.push(givenCopyOf(data));
      return;
    }
    if (this.#block === undefined || this.#block.byteLength - this.#blockEnd < data.byteLength) {
      this.#closeBlock();
      const bytes = Math.max(MIN_BLOCK_BYTES, data.byteLength, this.#length);
      this.#block = Buffer.allocUnsafeSlow(Math.min(bytes, MAX_BLOCK_BYTES));
    }
    this.#block.set(data, this.#blockEnd);
    this.#blockEnd += data.byteLength;
  }

  /** Takes the first `bytes`, or all if there are fewer. */
  take(bytes: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let rest = Math.min(bytes, this.#length);
    this.#length -= rest;
    for (let part = this.#parts[this.#first]; rest > 0 && part; part = this.#parts[this.#first]) {
      if (part.byteLength > rest) {
        taken.push(part.subarray(0, rest));
        this.#parts[this.#first] = part.subarray(rest);
        return taken;
      }
      taken.push(part);
      rest -= part.byteLength;
      this.#dropFirst();
    }
    if (rest > 0 && this.#block !== undefined) {
      taken.push(this.#block.subarray(this.#blockStart, this.#blockStart + rest));
      this.#blockStart += rest;
    }
    if (this.#length === 0) this.clear();
    return taken;
  }

  clear(): void {
    this.#parts = [];
    this.#first = 0;
    this.#length = 0;
    this.#block = undefined;
    this.#blockStart = 0;
    this.#blockEnd = 0;
  }

  #dropFirst(): void {
    this.#first++;
    if (this.#first < 64 || this.#first * 2 < this.#parts.length) return;
    this.#parts = this.#parts.slice(this.#first);
    this.#first = 0;
  }

  #closeBlock(): void {
    if (this.#block !== undefined && this.#blockEnd > this.#blockStart) {
      this.#parts.push(this.#block.subarray(this.#blockStart, this.#blockEnd));
    }
    this.#block = undefined;
    this.#blockStart = 0;
    this.#blockEnd = 0;
  }
}
