/** Splits a stream of bytes into frames of a given length, which may change from frame to frame. */
import { checkInteger } from '../internal/check.js';
import { ByteQueue } from './byte-queue.js';
import { type FrameDecoder, MAX_FRAME_BYTES } from './frame-decoder.js';

/** Returns `length` bytes each time. All bytes are valid: no input of the peer makes it fail. */
export class FixedLengthDecoder implements FrameDecoder {
  readonly #queue: ByteQueue = new ByteQueue();
  #length: number;

  /**
   * @param length Bytes, 1 to 2^31 - 1. Up to this many are buffered while a frame is incomplete.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(length: number) {
    this.#length = checkInteger('length', length, 1, MAX_FRAME_BYTES);
  }

  get bufferedBytes(): number {
    return this.#queue.length;
  }

  /** The number of bytes that `next` returns. May be set between two frames. */
  get length(): number {
    return this.#length;
  }

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  set length(length: number) {
    this.#length = checkInteger('length', length, 1, MAX_FRAME_BYTES);
  }

  /** {@link FrameDecoder.receive}. */
  receive(chunk: Buffer): void {
    this.#queue.push(chunk);
  }

  /** The next `length` bytes: {@link FrameDecoder.next}. */
  next(): Buffer | undefined {
    return this.nextFrame(false);
  }

  /** {@link FrameDecoder.nextGiven}. */
  nextGiven(): Buffer | undefined {
    return this.nextFrame(true);
  }

  /** {@link FrameDecoder.takeRest}. */
  takeRest(): Buffer {
    return this.#queue.takeRest();
  }

  /** {@link FrameDecoder.keepRest}. */
  keepRest(): void {
    this.#queue.keep();
  }

  private nextFrame(given: boolean): Buffer | undefined {
    const queue = this.#queue;
    const length = this.#length;
    if (queue.length < length) {
      queue.settle(length);
      return undefined;
    }
    return given ? queue.cutGiven(0, length, length) : queue.cut(0, length, length);
  }
}
