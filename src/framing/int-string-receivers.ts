/** Protocols that receive and send strings behind a length of 8, 16 or 32 bits. */
import type { RemoteProtocolError } from '../core/errors/base.js';
import { checkData } from '../internal/check.js';
import type { FrameTooLongError, InvalidFrameLengthError } from './errors.js';
import { FrameReceiver } from './frame-receiver.js';
import {
  LengthPrefixDecoder,
  type LengthPrefixDecoderOptions,
  type LengthPrefixOptions,
  lengthPrefix,
  type PrefixBits,
} from './length-prefix.js';

/** What the three have in common. Override {@link stringReceived}. */
export abstract class IntNStringReceiver extends FrameReceiver {
  readonly #bits: PrefixBits;
  readonly #options: LengthPrefixOptions;

  /**
   * @param options Kept, not copied.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(bits: PrefixBits, options: LengthPrefixDecoderOptions = {}) {
    super(new LengthPrefixDecoder(bits, options));
    this.#bits = bits;
    this.#options = options;
  }

  /** A string came. @param string Without its length; yours to keep, unless {@link acceptsLentFrames}. */
  abstract stringReceived(string: Buffer): void;

  /**
   * The peer announced a string longer than `maxLength`, or with `signed` a negative length: called at most once. By default
   * throws `error`, which ends the connection with it as the reason.
   *
   * @param _length What was announced.
   */
  lengthLimitExceeded(_length: number, error: FrameTooLongError | InvalidFrameLengthError): void {
    throw error;
  }

  /**
   * Sends a string, text as UTF-8, behind its length.
   * @throws StringTooLongError its length does not fit the prefix. Nothing was sent.
   * @throws InvalidArgumentTypeError
   */
  sendString(string: string | Uint8Array): void {
    checkData(string);
    const length = Buffer.byteLength(string);
    this.transport.write(lengthPrefix(length, this.#bits, this.#options));
    this.transport.write(string);
  }

  override frameReceived(frame: Buffer): void {
    this.stringReceived(frame);
  }

  override frameError(error: RemoteProtocolError): void {
    const lengthError = error as FrameTooLongError | InvalidFrameLengthError;
    this.lengthLimitExceeded(lengthError.length as number, lengthError);
  }
}

/** Strings of up to 255 bytes behind their length in one byte. */
export abstract class Int8StringReceiver extends IntNStringReceiver {
  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options?: LengthPrefixDecoderOptions) {
    super(8, options);
  }
}

/** Strings of up to 65,535 bytes behind their length in two bytes. */
export abstract class Int16StringReceiver extends IntNStringReceiver {
  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options?: LengthPrefixDecoderOptions) {
    super(16, options);
  }
}

/** Strings behind their length in four bytes. Those received are limited by `maxLength`, 99,999 bytes by default. */
export abstract class Int32StringReceiver extends IntNStringReceiver {
  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options?: LengthPrefixDecoderOptions) {
    super(32, options);
  }
}
