/**
 * Bytes that were received into memory that is reused soon. To a receiver with `acceptsLentBytes` they are lent
 * in place; others get a copy in memory of its own.
 */
import { givenCopy, markLent, poison } from '../../internal/lent-bytes.js';

export interface ReceivedBytes {
  /** Whether to overwrite lent bytes when their receiver returns: `poisonLentBytes`. */
  readonly poisons: boolean;
  /** A view that is valid until the receiver returns. */
  lend(offset: number, length: number): Buffer;
  /** A copy that the receiver may keep. @throws RangeError there is no memory for it. */
  give(offset: number, length: number): Buffer;
  /** Overwrites lent bytes. */
  poison(offset: number, length: number): void;
}

/** Received bytes in memory of their own, which need not be copied for any receiver. */
export class OwnBytes implements ReceivedBytes {
  readonly poisons: boolean;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, poisons: boolean) {
    this.#bytes = bytes;
    this.poisons = poisons;
  }

  /** The memory is not shared: data written from it must be copied only if it is going to be overwritten. */
  lend(offset: number, length: number): Buffer {
    if (this.poisons) markLent(this.#bytes.buffer);
    return this.#bytes.subarray(offset, offset + length);
  }

  give(offset: number, length: number): Buffer {
    const bytes = this.#bytes;
    const whole = length === bytes.length && length === bytes.buffer.byteLength;
    return whole ? bytes : givenCopy(bytes, offset, length);
  }

  poison(offset: number, length: number): void {
    poison(this.#bytes, offset, length);
  }
}
