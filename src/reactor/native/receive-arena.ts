/** The memory that the core receives into, turn after turn: see native/reactor/shared_memory.h. */
import { markAsUntransferable } from 'node:worker_threads';
import { givenCopy, markLent, poison } from '../../internal/lent-bytes.js';
import type { NativeLoop } from '../../native.js';
import type { ReceivedBytes } from '../received-bytes.js';
import { isViewOf, ReceivedView } from './received-view.js';

export class ReceiveArena implements ReceivedBytes {
  readonly poisons: boolean;
  readonly #loop: NativeLoop;
  #bytes: Uint8Array<ArrayBuffer>;

  constructor(loop: NativeLoop, poisons: boolean) {
    this.#loop = loop;
    this.poisons = poisons;
    this.#bytes = mapArena(loop);
  }

  lend(offset: number, length: number): Buffer {
    return new ReceivedView(this.#present().buffer, offset, length);
  }

  give(offset: number, length: number): Buffer {
    return givenCopy(this.#present(), offset, length);
  }

  poison(offset: number, length: number): void {
    poison(this.#bytes.subarray(offset, offset + length));
  }

  /** Whether `data` lies in this memory. */
  has(data: Uint8Array): boolean {
    return isViewOf(data, this.#bytes.buffer);
  }

  /** A receiver may have transferred the buffer of what it was lent. The core then has the bytes all the same. */
  #present(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length === 0) this.#bytes = mapArena(this.#loop);
    return this.#bytes;
  }
}

function mapArena(loop: NativeLoop): Uint8Array<ArrayBuffer> {
  const buffer = loop.arena();
  markAsUntransferable(buffer);
  markLent(buffer);
  return new Uint8Array(buffer);
}
