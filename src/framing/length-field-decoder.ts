/**
 * Frames with a length field anywhere in their header: the decoder for existing binary protocols.
 *
 *     +-------------------+-------------+----------------------------------+
 *     | lengthFieldOffset | length      | length + lengthAdjustment        |
 *     | bytes             | field       | bytes                            |
 *     +-------------------+-------------+----------------------------------+
 *     '-- initialBytesToStrip --'------------- result of `next` -----------'
 *
 * The options have the meaning of those of Netty's LengthFieldBasedFrameDecoder.
 */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { type RemoteProtocolError, withoutStack } from '../core/errors/base.js';
import { checkBoolean, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { ByteQueue } from './byte-queue.js';
import { FrameTooLongError, InvalidFrameLengthError } from './errors.js';
import { type FrameDecoder, MAX_FRAME_BYTES } from './frame-decoder.js';

export interface LengthFieldDecoderOptions {
  /** Size of the length field in bytes. */
  readonly lengthFieldLength: 1 | 2 | 3 | 4 | 6 | 8;
  /** Bytes before the length field: 0 to 2^31 - 1. Default 0. */
  readonly lengthFieldOffset?: number;
  /**
   * Added to the field's value to get the number of bytes that follow the field. Negative if the field counts itself or the
   * bytes before it. Default 0.
   */
  readonly lengthAdjustment?: number;
  /** Bytes to remove from the beginning of each frame: 0 to `maxFrameLength`. Default 0. */
  readonly initialBytesToStrip?: number;
  /** Longest frame accepted, in bytes, header included, before anything is stripped: 1 to 2^31 - 1. Default 99,999. */
  readonly maxFrameLength?: number;
  /** The field's least significant byte comes first. Default false: network byte order. */
  readonly littleEndian?: boolean;
  /**
   * Refuses a frame that is too long as soon as its length is known. If false, its bytes are dropped as they arrive and the
   * error is thrown after the last of them, so that an answer is not sent while the frame is still arriving; `takeRest` then
   * returns the bytes that follow. Default true.
   */
  readonly failFast?: boolean;
}

const DEFAULT_MAX_FRAME_LENGTH = 99_999;
const FIELD_LENGTHS: readonly unknown[] = [1, 2, 3, 4, 6, 8];
const UNKNOWN = -1;

const OPTIONS: OptionNames<LengthFieldDecoderOptions> = {
  lengthFieldLength: true,
  lengthFieldOffset: true,
  lengthAdjustment: true,
  initialBytesToStrip: true,
  maxFrameLength: true,
  littleEndian: true,
  failFast: true,
};

/** Splits a stream into frames by a length field. */
export class LengthFieldDecoder implements FrameDecoder {
  readonly #fieldOffset: number;
  readonly #fieldLength: number;
  readonly #adjustment: number;
  readonly #strip: number;
  readonly #maxFrameLength: number;
  readonly #littleEndian: boolean;
  readonly #failFast: boolean;
  readonly #queue: ByteQueue = new ByteQueue();
  /** The length of the frame that has begun, header included. */
  #frameLength: number = UNKNOWN;
  /** The number of bytes to drop before `#tooLong` is thrown. */
  #toDrop = 0;
  #tooLong: FrameTooLongError | undefined = undefined;
  #failure: RemoteProtocolError | undefined = undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError also if no frame is possible with the options. */
  constructor(options: LengthFieldDecoderOptions) {
    checkOptions('LengthFieldDecoder', options, OPTIONS);
    const {
      lengthFieldLength,
      lengthFieldOffset = 0,
      lengthAdjustment = 0,
      initialBytesToStrip = 0,
      maxFrameLength = DEFAULT_MAX_FRAME_LENGTH,
      littleEndian = false,
      failFast = true,
    } = options;
    if (!FIELD_LENGTHS.includes(lengthFieldLength)) {
      const expected = '1, 2, 3, 4, 6 or 8';
      throw new InvalidArgumentValueError('lengthFieldLength', expected, lengthFieldLength);
    }
    const max = checkInteger('maxFrameLength', maxFrameLength, 1, MAX_FRAME_BYTES);
    this.#fieldLength = lengthFieldLength;
    this.#fieldOffset = checkInteger('lengthFieldOffset', lengthFieldOffset, 0, MAX_FRAME_BYTES);
    this.#adjustment = checkInteger(
      'lengthAdjustment',
      lengthAdjustment,
      -MAX_FRAME_BYTES,
      MAX_FRAME_BYTES,
    );
    this.#strip = checkInteger('initialBytesToStrip', initialBytesToStrip, 0, max);
    this.#maxFrameLength = max;
    this.#littleEndian = checkBoolean('littleEndian', littleEndian);
    this.#failFast = checkBoolean('failFast', failFast);
    this.checkPossible();
  }

  get bufferedBytes(): number {
    return this.#queue.length;
  }

  /** {@link FrameDecoder.receive}. */
  receive(chunk: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#queue.push(chunk);
  }

  /**
   * The next frame without the stripped bytes: {@link FrameDecoder.next}.
   * @throws FrameTooLongError, InvalidFrameLengthError
   */
  next(): Buffer | undefined {
    return this.nextFrame(false);
  }

  /** {@link FrameDecoder.nextGiven}. */
  nextGiven(): Buffer | undefined {
    return this.nextFrame(true);
  }

  /** {@link FrameDecoder.takeRest}. The rest begins with the header of the unfinished frame. */
  takeRest(): Buffer {
    this.#frameLength = UNKNOWN;
    return this.#queue.takeRest();
  }

  /** {@link FrameDecoder.keepRest}. */
  keepRest(): void {
    this.#queue.keep();
  }

  private nextFrame(given: boolean): Buffer | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#tooLong !== undefined) return this.drop(this.#tooLong);
    const queue = this.#queue;
    if (this.#frameLength === UNKNOWN) {
      if (queue.length < this.headerEnd) {
        queue.settle(this.headerEnd);
        return undefined;
      }
      this.#frameLength = this.readFrameLength();
      if (this.#frameLength > this.#maxFrameLength) return this.refuse(this.#frameLength);
    }
    const size = this.#frameLength;
    if (queue.length < size) {
      queue.settle(size);
      return undefined;
    }
    this.#frameLength = UNKNOWN;
    return given ? queue.cutGiven(this.#strip, size, size) : queue.cut(this.#strip, size, size);
  }

  /** The end of the length field. */
  private get headerEnd(): number {
    return this.#fieldOffset + this.#fieldLength;
  }

  private readFrameLength(): number {
    const value = this.#queue.readUnsigned(
      this.#fieldOffset,
      this.#fieldLength,
      this.#littleEndian,
    );
    const length = value + this.#adjustment + this.headerEnd;
    if (length < this.headerEnd) throw this.fail(invalid(length, 'less than its header'));
    if (length < this.#strip) throw this.fail(invalid(length, 'less than initialBytesToStrip'));
    return length;
  }

  private refuse(length: number): undefined {
    const tooLong = withoutStack(
      () => new FrameTooLongError(this.#maxFrameLength, length, 'maxFrameLength'),
    );
    if (this.#failFast) throw this.fail(tooLong);
    this.#tooLong = tooLong;
    this.#toDrop = length;
    return this.drop(tooLong);
  }

  private drop(tooLong: FrameTooLongError): undefined {
    const bytes = this.#queue.takeRest();
    if (bytes.length >= this.#toDrop) {
      this.#queue.push(bytes.subarray(this.#toDrop));
      throw this.fail(tooLong);
    }
    this.#toDrop -= bytes.length;
    return undefined;
  }

  private fail(failure: RemoteProtocolError): RemoteProtocolError {
    this.#failure = failure;
    return failure;
  }

  /** Checks that the options allow an acceptable frame. */
  private checkPossible(): void {
    const shortest = Math.max(this.headerEnd, this.headerEnd + this.#adjustment, this.#strip);
    if (shortest > this.#maxFrameLength) {
      const expected = `at least ${shortest}, the shortest frame with these options`;
      throw new InvalidArgumentValueError('maxFrameLength', expected, this.#maxFrameLength);
    }
    const highest = 256 ** this.#fieldLength - 1;
    if (this.headerEnd + highest + this.#adjustment < Math.max(this.headerEnd, this.#strip)) {
      const expected = 'such that the length field can express the length of a whole frame';
      throw new InvalidArgumentValueError('lengthAdjustment', expected, this.#adjustment);
    }
  }
}

function invalid(length: number, why: string): InvalidFrameLengthError {
  return withoutStack(() => new InvalidFrameLengthError(length, why));
}
