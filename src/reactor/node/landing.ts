/**
 * The buffer into which Node's sockets read: one for all, whose bytes are copied out before the next socket is read. It is
 * never exposed, because libuv writes to its memory even after JavaScript has transferred it: lent bytes are in a second
 * buffer, which may be detached and is then replaced.
 */
import { givenCopy, markLent, poison } from '../../internal/lent-bytes.js';
import type { ReceivedBytes } from '../streams/received-bytes.js';

/** The size of each read, and thereby the maximum for one `dataReceived`. */
export const LANDING_BYTES: number = 64 * 1024;

export class Landing implements ReceivedBytes {
  readonly poisons: boolean;
  /** For Node's `onread`. */
  readonly buffer: Buffer = Buffer.allocUnsafeSlow(LANDING_BYTES);
  #lent: Buffer = lentBuffer();

  constructor(poisons: boolean) {
    this.poisons = poisons;
  }

  lend(offset: number, length: number): Buffer {
    if (this.#lent.length === 0) this.#lent = lentBuffer();
    this.buffer.copy(this.#lent, 0, offset, offset + length);
    return this.#lent.subarray(0, length);
  }

  give(offset: number, length: number): Buffer {
    return givenCopy(this.buffer, offset, length);
  }

  poison(_offset: number, length: number): void {
    poison(this.#lent, 0, length);
  }
}

function lentBuffer(): Buffer {
  const buffer = Buffer.allocUnsafeSlow(LANDING_BYTES);
  markLent(buffer.buffer);
  return buffer;
}
