/**
 * Netstrings: a length in decimal, a colon, that many bytes and a comma, as in `5:hello,`
 * (https://cr.yp.to/proto/netstrings.txt). Strict: digits only, no leading zeros, no white space.
 */
import { type RemoteProtocolError, withoutStack } from '../core/errors/base.js';
import { checkData, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { ByteQueue } from './byte-queue.js';
import { FrameTooLongError, InvalidNetstringError } from './errors.js';
import { type FrameDecoder, MAX_FRAME_BYTES } from './frame-decoder.js';

export interface NetstringDecoderOptions {
  /** Longest string accepted, in bytes: 1 to 2^31 - 1. Default 99,999. */
  readonly maxLength?: number;
}

const DEFAULT_MAX_LENGTH = 99_999;
const ZERO = 0x30;
const COLON = 0x3a;
const COMMA = 0x2c;

const OPTIONS: OptionNames<NetstringDecoderOptions> = { maxLength: true };

/** Splits a stream of netstrings into strings. A length is refused at the first digit that is invalid or makes it too large. */
export class NetstringDecoder implements FrameDecoder {
  readonly #maxLength: number;
  readonly #queue: ByteQueue = new ByteQueue();
  #digits = 0;
  #length = 0;
  /** Whether the length is complete. */
  #lengthKnown = false;
  #failure: RemoteProtocolError | undefined = undefined;

  /**
   * @param what Names the class that was given the options, in errors. Default `NetstringDecoder`.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(options: NetstringDecoderOptions = {}, what = 'NetstringDecoder') {
    checkOptions(what, options, OPTIONS);
    const { maxLength = DEFAULT_MAX_LENGTH } = options;
    this.#maxLength = checkInteger('maxLength', maxLength, 1, MAX_FRAME_BYTES);
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
   * The next string: {@link FrameDecoder.next}.
   * @throws FrameTooLongError, InvalidNetstringError
   */
  next(): Buffer | undefined {
    return this.nextFrame(false);
  }

  /** {@link FrameDecoder.nextGiven}. */
  nextGiven(): Buffer | undefined {
    return this.nextFrame(true);
  }

  /** {@link FrameDecoder.takeRest}. */
  takeRest(): Buffer {
    this.forgetLength();
    return this.#queue.takeRest();
  }

  /** {@link FrameDecoder.keepRest}. */
  keepRest(): void {
    this.#queue.keep();
  }

  private nextFrame(given: boolean): Buffer | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const queue = this.#queue;
    if (!this.#lengthKnown) this.readLength();
    const start = this.#digits + 1;
    const comma = start + this.#length;
    if (!this.#lengthKnown || queue.length <= comma) {
      queue.settle(comma + 1);
      return undefined;
    }
    if (queue.byteAt(comma) !== COMMA) {
      throw this.fail(() => new InvalidNetstringError('no comma after a netstring'));
    }
    this.forgetLength();
    return given ? queue.cutGiven(start, comma, comma + 1) : queue.cut(start, comma, comma + 1);
  }

  private readLength(): void {
    const queue = this.#queue;
    for (const available = queue.length; this.#digits < available; this.#digits++) {
      const byte = queue.byteAt(this.#digits);
      if (byte === COLON && this.#digits > 0) {
        this.#lengthKnown = true;
        return;
      }
      this.addDigit(byte - ZERO);
    }
  }

  private addDigit(digit: number): void {
    if (digit < 0 || digit > 9) {
      throw this.fail(() => new InvalidNetstringError('a netstring without a length'));
    }
    if (this.#length === 0 && this.#digits > 0) {
      throw this.fail(() => new InvalidNetstringError('a netstring whose length begins with 0'));
    }
    this.#length = this.#length * 10 + digit;
    if (this.#length > this.#maxLength) {
      throw this.fail(() => new FrameTooLongError(this.#maxLength));
    }
  }

  private forgetLength(): void {
    this.#digits = 0;
    this.#length = 0;
    this.#lengthKnown = false;
  }

  private fail(makeError: () => RemoteProtocolError): RemoteProtocolError {
    const failure = withoutStack(makeError);
    this.#failure = failure;
    return failure;
  }
}

/**
 * Makes a netstring of bytes, or of text as UTF-8.
 * @throws InvalidArgumentTypeError `data` is neither a `Uint8Array` nor a string.
 */
export function encodeNetstring(data: Uint8Array | string): Buffer {
  checkData(data);
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes, Buffer.of(COMMA)]);
}
