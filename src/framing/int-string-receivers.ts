/** Protocols that receive and send strings prefixed with a length of 8, 16 or 32 bits. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { RemoteProtocolError } from '../core/errors/base.js';
import type { MaybeAsync } from '../core/maybe-async.js';
import { checkData } from '../internal/check.js';
import { givenCopyOf } from '../internal/lent-bytes.js';
import type { FrameTooLongError, InvalidFrameLengthError } from './errors.js';
import { FrameReceiver } from './frame-receiver.js';
import {
  LengthPrefixDecoder,
  type LengthPrefixDecoderOptions,
  type LengthPrefixOptions,
  lengthPrefix,
  type PrefixBits,
} from './length-prefix.js';

const NAMES = {
  8: 'Int8StringReceiver',
  16: 'Int16StringReceiver',
  32: 'Int32StringReceiver',
} as const;

/** The common base of the three. Override {@link stringReceived}. */
export abstract class IntNStringReceiver extends FrameReceiver {
  readonly #bits: PrefixBits;
  readonly #options: LengthPrefixOptions;
  readonly #decoder: LengthPrefixDecoder;
  /** The refused bytes, beginning with the offending prefix. */
  #refused: Buffer | undefined = undefined;

  /**
   * @param options Kept, not copied.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(bits: PrefixBits, options: LengthPrefixDecoderOptions = {}) {
    const decoder = new LengthPrefixDecoder(bits, options, NAMES[bits]);
    super(decoder);
    this.#decoder = decoder;
    this.#bits = bits;
    this.#options = options;
  }

  /**
   * Longest string accepted from the peer, in bytes: Twisted's `MAX_LENGTH`. It can be changed at any time, for instance after
   * authentication, and applies to every string that has not been delivered yet. It does not limit {@link sendString}.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError by the setter
   */
  get maxLength(): number {
    return this.#decoder.maxLength;
  }

  set maxLength(bytes: number) {
    this.#decoder.maxLength = bytes;
  }

  /**
   * The unprocessed bytes: everything behind the last delivered string, prefixes included. After {@link lengthLimitExceeded}
   * they begin with the offending prefix. Reading makes a copy. Assigning replaces them, which is how a protocol switches in
   * the middle of a stream: read `recvd`, empty it, and pass the bytes to the next protocol.
   * @throws InvalidArgumentTypeError by the setter
   */
  get recvd(): Buffer {
    if (this.#refused !== undefined) return givenCopyOf(this.#refused);
    const bytes = this.takeUnprocessed();
    this.#decoder.receive(bytes);
    return givenCopyOf(bytes);
  }

  set recvd(bytes: Uint8Array) {
    if (!(bytes instanceof Uint8Array)) {
      throw new InvalidArgumentTypeError('recvd', 'a Uint8Array', bytes);
    }
    if (this.#refused === undefined) this.replaceUnprocessed(bytes);
    else this.#refused = givenCopyOf(bytes);
  }

  /** A string arrived. @param string Without its length; yours to keep, unless {@link acceptsLentFrames}. */
  abstract stringReceived(string: Buffer): MaybeAsync;

  /**
   * The peer announced a string longer than `maxLength`, or with `signed` a negative length: called at most once. By default
   * throws `error`, which ends the connection with it as the reason.
   *
   * @param _length The announced length.
   */
  lengthLimitExceeded(
    _length: number,
    error: FrameTooLongError | InvalidFrameLengthError,
  ): MaybeAsync {
    throw error;
  }

  /**
   * Sends a string, text as UTF-8, with its length before it.
   * @throws StringTooLongError the length does not fit the prefix. Nothing was sent.
   * @throws InvalidArgumentTypeError
   */
  sendString(string: string | Uint8Array): void {
    checkData(string);
    const length = Buffer.byteLength(string);
    this.transport.write(lengthPrefix(length, this.#bits, this.#options));
    this.transport.write(string);
  }

  override frameReceived(frame: Buffer): MaybeAsync {
    return this.stringReceived(frame);
  }

  override frameError(error: RemoteProtocolError, rest: Buffer): MaybeAsync {
    this.#refused = givenCopyOf(rest);
    const lengthError = error as FrameTooLongError | InvalidFrameLengthError;
    return this.lengthLimitExceeded(lengthError.length as number, lengthError);
  }
}

/** Strings of up to 255 bytes with a length of one byte. */
export abstract class Int8StringReceiver extends IntNStringReceiver {
  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options?: LengthPrefixDecoderOptions) {
    super(8, options);
  }
}

/** Strings of up to 65,535 bytes with a length of two bytes. */
export abstract class Int16StringReceiver extends IntNStringReceiver {
  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options?: LengthPrefixDecoderOptions) {
    super(16, options);
  }
}

/** Strings with a length of four bytes. Received ones are limited by `maxLength`, 99,999 bytes by default. */
export abstract class Int32StringReceiver extends IntNStringReceiver {
  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options?: LengthPrefixDecoderOptions) {
    super(32, options);
  }
}
