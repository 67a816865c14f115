/** The memory that the core receives into, turn after turn: see native/reactor/shared_memory.h. */
import { markAsUntransferable } from 'node:worker_threads';

import { givenCopyOf, markLent, poison } from '../../internal/lent-bytes.js';
import type { NativeLoop } from '../../native.js';
import type { ReceivedBytes } from '../received-bytes.js';
import { isViewOf, ReceivedView } from './received-view.js';

export class ReceiveArena implements ReceivedBytes {
  readonly poisons: boolean;
  readonly #loop: NativeLoop;
  #bytes!: Uint8Array<ArrayBuffer>;
  /** The buffer of `#bytes`: asking for it is a call into C++. */
  #buffer!: ArrayBuffer;

  constructor(loop: NativeLoop, poisons: boolean) {
    this.#loop = loop;
    this.poisons = poisons;
    this.#map();
  }

  lend(offset: number, length: number): Buffer {
    if (this.#bytes.length === 0) this.#map();
    return new ReceivedView(this.#buffer, offset, length);
  }

  give(offset: number, length: number): Buffer {
    if (this.#bytes.length === 0) this.#map();
    return givenCopyOf(new Uint8Array(this.#buffer, offset, length));
  }

  poison(offset: number, length: number): void {
    poison(this.#bytes, offset, length);
  }

  /** Whether `data` lies in this memory. */
  has(data: Uint8Array): boolean {
    return isViewOf(data, this.#buffer);
  }

  /** Once, and again whenever a receiver has transferred the buffer of what it was lent: the core has the bytes all the same. */
  #map(): void {
    this.#buffer = this.#loop.arena();
    this.#bytes = new Uint8Array(this.#buffer);
    markAsUntransferable(this.#buffer);
    markLent(this.#buffer);
  }
}
