/** Received content that its reader does not want yet: bounded by the window of its stream, whatever the size of the frames. */

const MIN_BYTES = 256;
const MAX_BYTES = 16_384;
const NOTHING: Buffer = Buffer.alloc(0);

/** Small pieces are gathered, so that each byte costs about one byte. */
export class UnreadContent {
  private readonly pieces: Buffer[] = [];
  /** The piece that is being filled. */
  private filling: Buffer = NOTHING;
  private filled = 0;
  /** Of all pieces. */
  private held = 0;

  get bytes(): number {
    return this.held;
  }

  get isEmpty(): boolean {
    return this.held === 0;
  }

  /** @param data Copied. */
  add(data: Uint8Array): void {
    this.held += data.length;
    const free = this.filling.length - this.filled;
    const fitting = Math.min(free, data.length);
    this.filling.set(data.subarray(0, fitting), this.filled);
    this.filled += fitting;
    if (fitting === data.length) return;
    this.shelve();
    const rest = data.length - fitting;
    // Doubled: little content needs little memory, and much needs few pieces.
    const size = Math.max(rest, Math.min(MAX_BYTES, 2 * this.filling.length), MIN_BYTES);
    this.filling = Buffer.allocUnsafe(size);
    this.filling.set(data.subarray(fitting));
    this.filled = rest;
  }

  /** The oldest piece. @returns Empty if there is none. */
  take(): Buffer {
    const piece = this.pieces.shift();
    if (piece !== undefined) {
      this.held -= piece.length;
      return piece;
    }
    const last = this.filling.subarray(0, this.filled);
    this.clear();
    return last;
  }

  clear(): void {
    this.pieces.length = 0;
    this.filling = NOTHING;
    this.filled = 0;
    this.held = 0;
  }

  private shelve(): void {
    if (this.filled > 0) this.pieces.push(this.filling.subarray(0, this.filled));
    this.filled = 0;
  }
}
