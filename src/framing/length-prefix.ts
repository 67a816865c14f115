/**
 * Frames that begin with their length, the simplest binary framing:
 *
 *     +----------------+----------------------+
 *     | length n       | payload              |
 *     | 1, 2, 4 bytes  | n bytes, may be none |
 *     +----------------+----------------------+
 *
 * If other fields precede the payload, see `length-field-decoder.ts`.
 */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { type RemoteProtocolError, withoutStack } from '../core/errors/base.js';
import { checkBoolean, checkData, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { ByteQueue } from './byte-queue.js';
import { FrameTooLongError, InvalidFrameLengthError, StringTooLongError } from './errors.js';
import { type FrameDecoder, MAX_FRAME_BYTES } from './frame-decoder.js';

/** The size of a length prefix in bits. */
export type PrefixBits = 8 | 16 | 32;

export interface LengthPrefixOptions {
  /** Least significant byte first. Default false: network byte order. */
  readonly littleEndian?: boolean;
  /** The highest bit is a sign: the greatest length is half as large, and negative lengths are refused. Default false. */
  readonly signed?: boolean;
}

export interface LengthPrefixDecoderOptions extends LengthPrefixOptions {
  /** Longest payload accepted, in bytes: 1 to 2^31 - 1. Default 99,999. */
  readonly maxLength?: number;
}

const DEFAULT_MAX_LENGTH = 99_999;
const UNKNOWN = -1;

const OPTIONS: OptionNames<LengthPrefixOptions> = { littleEndian: true, signed: true };
const DECODER_OPTIONS: OptionNames<LengthPrefixDecoderOptions> = { ...OPTIONS, maxLength: true };

/** Splits a stream into payloads. A length is checked as soon as its prefix is complete, before any memory is allocated for it. */
export class LengthPrefixDecoder implements FrameDecoder {
  readonly #prefixBytes: number;
  readonly #littleEndian: boolean;
  /** Lengths from here on are negative. */
  readonly #negativeFrom: number;
  #maxLength: number;
  readonly #queue: ByteQueue = new ByteQueue();
  #length: number = UNKNOWN;
  #failure: RemoteProtocolError | undefined = undefined;

  /**
   * @param what Names the class that was given the options, in errors. Default `LengthPrefixDecoder`.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(
    bits: PrefixBits,
    options: LengthPrefixDecoderOptions = {},
    what = 'LengthPrefixDecoder',
  ) {
    checkOptions(what, options, DECODER_OPTIONS);
    const { littleEndian = false, signed = false, maxLength = DEFAULT_MAX_LENGTH } = options;
    this.#prefixBytes = checkBits(bits) / 8;
    this.#littleEndian = checkBoolean('littleEndian', littleEndian);
    this.#negativeFrom = longestString(bits, checkBoolean('signed', signed)) + 1;
    this.#maxLength = checkInteger('maxLength', maxLength, 1, MAX_FRAME_BYTES);
  }

  get bufferedBytes(): number {
    return this.#queue.length;
  }

  /** Longest payload accepted, in bytes. A new limit applies to every payload that has not been returned yet. */
  get maxLength(): number {
    return this.#maxLength;
  }

  set maxLength(bytes: number) {
    this.#maxLength = checkInteger('maxLength', bytes, 1, MAX_FRAME_BYTES);
    // The prefix of an unfinished frame is still in the queue: it is read and checked again.
    this.#length = UNKNOWN;
  }

  /** {@link FrameDecoder.receive}. */
  receive(chunk: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#queue.push(chunk);
  }

  /**
   * The next payload: {@link FrameDecoder.next}.
   * @throws FrameTooLongError, InvalidFrameLengthError
   */
  next(): Buffer | undefined {
    return this.nextFrame(false);
  }

  /** {@link FrameDecoder.nextGiven}. */
  nextGiven(): Buffer | undefined {
    return this.nextFrame(true);
  }

  /** {@link FrameDecoder.takeRest}. The rest begins with the prefix of the unfinished frame. */
  takeRest(): Buffer {
    this.#length = UNKNOWN;
    return this.#queue.takeRest();
  }

  /** {@link FrameDecoder.keepRest}. */
  keepRest(): void {
    this.#queue.keep();
  }

  private nextFrame(given: boolean): Buffer | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const queue = this.#queue;
    const prefixBytes = this.#prefixBytes;
    const available = queue.length;
    if (this.#length === UNKNOWN) {
      if (available < prefixBytes) {
        queue.settle(prefixBytes);
        return undefined;
      }
      this.#length = this.checked(queue.readUnsigned(0, prefixBytes, this.#littleEndian));
    }
    const size = prefixBytes + this.#length;
    if (available < size) {
      queue.settle(size);
      return undefined;
    }
    this.#length = UNKNOWN;
    return given ? queue.cutGiven(prefixBytes, size, size) : queue.cut(prefixBytes, size, size);
  }

  private checked(length: number): number {
    if (length >= this.#negativeFrom) {
      const signed = length - 2 * this.#negativeFrom;
      throw this.fail(() => new InvalidFrameLengthError(signed, 'it is negative'));
    }
    if (length > this.#maxLength) {
      throw this.fail(() => new FrameTooLongError(this.#maxLength, length));
    }
    return length;
  }

  private fail(makeError: () => RemoteProtocolError): RemoteProtocolError {
    const failure = withoutStack(makeError);
    this.#failure = failure;
    return failure;
  }
}

/**
 * Makes the prefix for a payload of `length` bytes.
 * @throws StringTooLongError the length does not fit the prefix.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function encodeLengthPrefix(
  length: number,
  bits: PrefixBits,
  options: LengthPrefixOptions = {},
): Buffer {
  checkOptions('encodeLengthPrefix', options, OPTIONS);
  return lengthPrefix(length, bits, options);
}

/** @internal {@link encodeLengthPrefix} with options that have been checked: called for each frame. */
export function lengthPrefix(
  length: number,
  bits: PrefixBits,
  options: LengthPrefixOptions,
): Buffer {
  checkInteger('length', length, 0, Number.MAX_SAFE_INTEGER);
  const { littleEndian = false, signed = false } = options;
  const most = longestString(checkBits(bits), checkBoolean('signed', signed));
  if (length > most) throw new StringTooLongError(most, length);
  const prefix = Buffer.allocUnsafe(bits / 8);
  if (checkBoolean('littleEndian', littleEndian)) prefix.writeUIntLE(length, 0, prefix.length);
  else prefix.writeUIntBE(length, 0, prefix.length);
  return prefix;
}

/**
 * Makes a frame of bytes, or of text as UTF-8: the prefix and a copy of `data` in one piece.
 * @throws StringTooLongError the length of `data` does not fit the prefix.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function encodeLengthPrefixed(
  data: Uint8Array | string,
  bits: PrefixBits,
  options: LengthPrefixOptions = {},
): Buffer {
  checkData(data);
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  return Buffer.concat([encodeLengthPrefix(bytes.length, bits, options), bytes]);
}

function longestString(bits: PrefixBits, signed: boolean): number {
  return 2 ** (signed ? bits - 1 : bits) - 1;
}

function checkBits(bits: unknown): PrefixBits {
  if (bits === 8 || bits === 16 || bits === 32) return bits;
  throw new InvalidArgumentValueError('bits', '8, 16 or 32', bits);
}
