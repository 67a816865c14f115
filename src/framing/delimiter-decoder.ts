/** Splits a stream of bytes at a delimiter that the application chooses. */
import { checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { checkDelimiter } from './delimiter.js';
import { FrameTooLongError } from './errors.js';
import { type FrameDecoder, MAX_FRAME_BYTES } from './frame-decoder.js';
import { TerminatedBytes } from './terminated-bytes.js';

export interface DelimiterDecoderOptions {
  /** Longest frame accepted, in bytes, delimiter excluded: 1 to 2^31 - 1. Default 99,999. */
  readonly maxLength?: number;
}

const DEFAULT_MAX_LENGTH = 99_999;

const frameTooLong = (maxLength: number): FrameTooLongError => new FrameTooLongError(maxLength);

const OPTIONS: OptionNames<DelimiterDecoderOptions> = { maxLength: true };

/** Returns the bytes before each delimiter. A frame that is too long is refused as soon as that is certain. */
export class DelimiterDecoder implements FrameDecoder {
  readonly #frames: TerminatedBytes;

  /**
   * @param delimiter 1 to 256 bytes, copied. Text is encoded as UTF-8.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(delimiter: Uint8Array | string, options: DelimiterDecoderOptions = {}) {
    checkOptions('DelimiterDecoder', options, OPTIONS);
    const { maxLength = DEFAULT_MAX_LENGTH } = options;
    checkInteger('maxLength', maxLength, 1, MAX_FRAME_BYTES);
    this.#frames = new TerminatedBytes(checkDelimiter(delimiter), false, maxLength, frameTooLong);
  }

  get bufferedBytes(): number {
    return this.#frames.bufferedBytes;
  }

  /** {@link FrameDecoder.receive}. */
  receive(chunk: Buffer): void {
    this.#frames.receive(chunk);
  }

  /**
   * The next frame without its delimiter: {@link FrameDecoder.next}.
   * @throws FrameTooLongError
   */
  next(): Buffer | undefined {
    return this.#frames.next(false);
  }

  /** {@link FrameDecoder.nextGiven}. */
  nextGiven(): Buffer | undefined {
    return this.#frames.next(true);
  }

  /** {@link FrameDecoder.takeRest}. */
  takeRest(): Buffer {
    return this.#frames.takeRest();
  }

  /** {@link FrameDecoder.keepRest}. */
  keepRest(): void {
    this.#frames.keepRest();
  }
}
