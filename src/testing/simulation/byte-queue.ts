/** Bytes in order: put in by the buffer, taken out by the number. Buffers are kept, not copied. */

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

  /** The first part as it was put in; undefined where there is none. */
  get first(): Buffer | undefined {
    return this.#parts[0];
  }

  /** Takes the first `bytes`, or all where there are fewer. */
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
