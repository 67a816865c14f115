/** Lines that wait to be written, of limited size. */

/** The bytes of one write: Node's threads copy them while further lines are collected. */
const MAX_BATCH_BYTES = 262_144;

export class LineBuffer {
  readonly #maxBytes: number;
  #lines: string[] = [];
  /** The lines before this one were taken. */
  #taken = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#taken === this.#lines.length;
  }

  get length(): number {
    return this.#lines.length - this.#taken;
  }

  /** Bytes of the first line. */
  get nextBytes(): number {
    return Buffer.byteLength(this.#lines[this.#taken] ?? '');
  }

  /** Returns false, and adds nothing, if the buffer is full. */
  add(line: string): boolean {
    const bytes = Buffer.byteLength(line);
    if (this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    this.#lines.push(line);
    return true;
  }

  /** Takes whole lines, at least one, of at most `room` bytes unless the first one is longer. */
  take(room: number): Buffer {
    const limit = Math.min(room, MAX_BATCH_BYTES);
    const start = this.#taken;
    let bytes = 0;
    for (; this.#taken < this.#lines.length; this.#taken++) {
      const next = this.nextBytes;
      if (bytes > 0 && bytes + next > limit) break;
      bytes += next;
    }
    const batch = Buffer.from(this.#lines.slice(start, this.#taken).join(''));
    this.#bytes -= bytes;
    if (this.isEmpty) {
      this.#lines = [];
      this.#taken = 0;
    }
    return batch;
  }
}
