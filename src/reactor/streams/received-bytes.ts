/**
 * Bytes that were received into memory that is used again soon. A receiver that says so (`acceptsLentBytes`) is lent them
 * where they lie; all others are given a copy whose memory nobody shares.
 */
import { givenCopy, markLent, poison } from '../../internal/lent-bytes.js';

export interface ReceivedBytes {
  /** Whether lent bytes are to be overwritten when their receiver returns: `poisonLentBytes`. */
  readonly poisons: boolean;
  /** A view that holds until the receiver returns. */
  lend(offset: number, length: number): Buffer;
  /** A copy for keeps. @throws RangeError there is no memory for it. */
  give(offset: number, length: number): Buffer;
  /** Overwrites what was lent. */
  poison(offset: number, length: number): void;
}

/** Received bytes that have memory of their own: nothing has to be copied for any receiver. */
export class OwnBytes implements ReceivedBytes {
  readonly poisons: boolean;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, poisons: boolean) {
    this.#bytes = bytes;
    this.poisons = poisons;
  }

  /** Nobody else has the memory: only where it is going to be overwritten, what is written of it has to be copied. */
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
