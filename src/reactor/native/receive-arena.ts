/** The memory that the core receives into, turn after turn: see native/reactor/shared_memory.h. */
import { givenCopyOf, markLent, poison } from '../../internal/lent-bytes.js';
import type { NativeLoop } from '../../native.js';
import type { ReceivedBytes } from '../streams/received-bytes.js';
import { isViewOf, ReceivedView } from './received-view.js';

/** How many views are kept, and how far apart those lie that find room beside each other. */
const VIEWS = 256;
const VIEW_STEP_BYTES = 64;

export class ReceiveArena implements ReceivedBytes {
  readonly poisons: boolean;
  readonly #loop: NativeLoop;
  #bytes!: Uint8Array<ArrayBuffer>;
  /** The buffer of `#bytes`: asking for it is a call into C++. */
  #buffer!: ArrayBuffer;
  /** Views that were lent: batches of equal messages lie where those before them did, and take their views again. */
  readonly #views: (Buffer | undefined)[] = new Array(VIEWS).fill(undefined);

  constructor(loop: NativeLoop, poisons: boolean) {
    this.#loop = loop;
    this.poisons = poisons;
    this.#map();
  }

  lend(offset: number, length: number): Buffer {
    if (this.#bytes.length === 0) this.#map();
    const slot = (offset / VIEW_STEP_BYTES) & (VIEWS - 1);
    const known = this.#views[slot];
    // One that was detached has no bytes.
    if (known !== undefined && known.length === length && known.byteOffset === offset) return known;
    const view = new ReceivedView(this.#buffer, offset, length);
    this.#views[slot] = view;
    return view;
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

  /**
   * Once, and again whenever a receiver has transferred the buffer of what it was lent: the core has the bytes all the same.
   * Not `markAsUntransferable`: Node 24 detaches external buffers when it ends, and aborts where that is forbidden.
   */
  #map(): void {
    this.#buffer = this.#loop.arena();
    this.#bytes = new Uint8Array(this.#buffer);
    markLent(this.#buffer);
  }
}
