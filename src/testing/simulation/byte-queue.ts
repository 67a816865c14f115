/** Bytes in order: added by the buffer, removed by the number. Buffers are kept, not copied. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import type { PumpPolicy } from '../pump-policy.js';

export class ByteQueue {
  #parts: Buffer[] = [];
  #byteLength = 0;

  get byteLength(): number {
    return this.#byteLength;
  }

  push(part: Buffer): void {
    if (part.byteLength === 0) return;
    this.#parts.push(part);
    this.#byteLength += part.byteLength;
  }

  /** The first part as it was added; undefined if there is none. */
  get first(): Buffer | undefined {
    return this.#parts[0];
  }

  /** Cuts the queued bytes into other parts. @throws InvalidArgumentValueError their total length differs. */
  recut(cut: PumpPolicy): void {
    const parts: Buffer[] = [];
    let byteLength = 0;
    for (const part of cut(this.#parts)) {
      if (part.byteLength === 0) continue;
      parts.push(Buffer.from(part.buffer, part.byteOffset, part.byteLength));
      byteLength += part.byteLength;
    }
    if (byteLength !== this.#byteLength) {
      const expected = `pieces of ${this.#byteLength} bytes together`;
      throw new InvalidArgumentValueError('the result of pumpPolicy', expected, byteLength);
    }
    this.#parts = parts;
  }

  /** Takes the first `bytes`, or all if there are fewer. */
  take(bytes: number): Buffer {
    const taken: Buffer[] = [];
    let left = Math.min(bytes, this.#byteLength);
    this.#byteLength -= left;
    while (left > 0) {
      const part = this.#parts.shift() as Buffer;
      taken.push(part.subarray(0, left));
      if (part.byteLength > left) this.#parts.unshift(part.subarray(left));
      left -= Math.min(left, part.byteLength);
    }
    return taken.length === 1 ? (taken[0] as Buffer) : Buffer.concat(taken);
  }

  clear(): void {
    this.#parts = [];
    this.#byteLength = 0;
  }
}
