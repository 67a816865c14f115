/**
 * Bytes that were received into memory that is used again soon. A receiver that says so (`acceptsLentBytes`) is lent them
 * where they lie; all others are given a copy whose memory nobody shares.
 */
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

/** What lent bytes are overwritten with. */
export const POISON_BYTE = 0xdb;

/** Received bytes that have memory of their own: nothing has to be copied for any receiver. */
export class OwnBytes implements ReceivedBytes {
  readonly poisons: boolean;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, poisons: boolean) {
    this.#bytes = bytes;
    this.poisons = poisons;
  }

  lend(offset: number, length: number): Buffer {
    return this.#bytes.subarray(offset, offset + length);
  }

  give(offset: number, length: number): Buffer {
    const bytes = this.#bytes;
    const whole = length === bytes.length && length === bytes.buffer.byteLength;
    return whole ? bytes : givenCopy(bytes, offset, length);
  }

  poison(offset: number, length: number): void {
    this.#bytes.fill(POISON_BYTE, offset, offset + length);
  }
}

/** The engine keeps typed arrays of up to so many bytes on its own heap, where they cost a tenth. */
const MAX_ON_HEAP_BYTES = 64;
/** For fewer bytes a loop is faster than a view and a copy. */
const MAX_LOOP_BYTES = 16;

/**
 * A copy of `length` bytes of `source`, from `offset` on, in memory of its own: its ArrayBuffer has these bytes and no others.
 * @throws RangeError there is no memory for it.
 */
export function givenCopy(source: Uint8Array, offset: number, length: number): Buffer {
  if (length > MAX_ON_HEAP_BYTES) {
    const copy = Buffer.allocUnsafeSlow(length);
    copy.set(new Uint8Array(source.buffer, source.byteOffset + offset, length));
    return copy;
  }
  const copy = Buffer.alloc(length);
  if (length > MAX_LOOP_BYTES) {
    copy.set(new Uint8Array(source.buffer, source.byteOffset + offset, length));
  } else {
    for (let i = 0; i < length; i++) copy[i] = source[offset + i] as number;
  }
  return copy;
}
