/** The memory that the core receives into, turn after turn: see native/reactor/shared_memory.h. */
import { givenCopyOf, markLent, poison } from '../../internal/lent-bytes.js';
import type { MasksInPlace } from '../../internal/masks-in-place.js';
import type { NativeLoop } from '../../native.js';
import type { ReceivedBytes } from '../streams/received-bytes.js';
import { isViewOf, ReceivedView } from './received-view.js';

/** The number of views kept, and the minimum distance between those kept side by side. */
const VIEWS = 256;
const VIEW_STEP_BYTES = 64;

export class ReceiveArena implements ReceivedBytes, MasksInPlace {
  readonly poisons: boolean;
  readonly #loop: NativeLoop;
  #bytes!: Uint8Array<ArrayBuffer>;
  /** The buffer of `#bytes`, kept because getting it is a call into C++. */
  #buffer!: ArrayBuffer;
  /** Lent views: batches of equal messages have the same positions as earlier ones, and reuse their views. */
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
    // A detached one has no bytes.
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

  maskReceived(data: Uint8Array, at: number, length: number, key: number): boolean | undefined {
    if (!this.has(data)) return undefined;
    return this.#loop.maskReceived(data.byteOffset + at, length, key);
  }

  /** Whether `data` is in this memory. */
  has(data: Uint8Array): boolean {
    return isViewOf(data, this.#buffer);
  }

  /**
   * Called once, and again whenever a receiver has transferred the buffer of lent bytes: the core still has the bytes.
   * Not `markAsUntransferable`: Node 24 detaches external buffers at exit, and aborts if that is forbidden.
   */
  #map(): void {
    this.#buffer = this.#loop.arena();
    this.#bytes = new Uint8Array(this.#buffer);
    markLent(this.#buffer);
  }
}
