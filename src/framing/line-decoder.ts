/** Splits a stream of bytes into lines. Lines are bytes: the application decodes text, because it knows the encoding. */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkChoice, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { checkDelimiter } from './delimiter.js';
import { LineTooLongError } from './errors.js';
import { type FrameDecoder, MAX_FRAME_BYTES } from './frame-decoder.js';
import { TerminatedBytes } from './terminated-bytes.js';

/**
 * The end of a line. `any`: LF or CRLF. `crlf`: CRLF only; a single CR or LF is part of the line. `lf`: LF only; a CR before
 * it is part of the line.
 */
export type LineEnding = 'any' | 'crlf' | 'lf';

export interface LineDecoderOptions {
  /** Default `any`. */
  readonly ending?: LineEnding;
  /** Other bytes that end a line, 1 to 256 of them, instead of `ending`. Text is encoded as UTF-8. */
  readonly delimiter?: Uint8Array | string;
  /** Longest line accepted, in bytes, terminator excluded: 1 to 2^31 - 1. Default 16,384. */
  readonly maxLength?: number;
}

const ENDINGS = ['any', 'crlf', 'lf'] as const;
const CRLF: Buffer = Buffer.from('\r\n');
const LF: Buffer = Buffer.from('\n');
const DEFAULT_MAX_LENGTH = 16_384;

const lineTooLong = (maxLength: number): LineTooLongError => new LineTooLongError(maxLength);

const OPTIONS: OptionNames<LineDecoderOptions> = { ending: true, delimiter: true, maxLength: true };

/**
 * Splits a stream of bytes into lines, returned without their terminators.
 *
 * A line that is too long is refused as soon as that is certain, whether its terminator has arrived or not.
 */
export class LineDecoder implements FrameDecoder {
  readonly #lines: TerminatedBytes;

  /**
   * @param what Names the class that was given the options, in errors. Default `LineDecoder`.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(options: LineDecoderOptions = {}, what = 'LineDecoder') {
    checkOptions(what, options, OPTIONS);
    const { delimiter, maxLength = DEFAULT_MAX_LENGTH } = options;
    const ending = checkChoice('ending', options.ending ?? 'any', ENDINGS);
    checkInteger('maxLength', maxLength, 1, MAX_FRAME_BYTES);
    if (delimiter !== undefined && options.ending !== undefined) {
      throw new InvalidArgumentValueError('ending', 'omitted if delimiter is given', ending);
    }
    const crOptional = delimiter === undefined && ending === 'any';
    this.#lines = new TerminatedBytes(terminatorOf(options), crOptional, maxLength, lineTooLong);
  }

  get bufferedBytes(): number {
    return this.#lines.bufferedBytes;
  }

  /** {@link FrameDecoder.receive}. */
  receive(chunk: Buffer): void {
    this.#lines.receive(chunk);
  }

  /**
   * The next line without its terminator: {@link FrameDecoder.next}.
   * @throws LineTooLongError
   */
  next(): Buffer | undefined {
    return this.#lines.next(false);
  }

  /** {@link FrameDecoder.nextGiven}. */
  nextGiven(): Buffer | undefined {
    return this.#lines.next(true);
  }

  /** {@link FrameDecoder.takeRest}. */
  takeRest(): Buffer {
    return this.#lines.takeRest();
  }

  /** {@link FrameDecoder.keepRest}. */
  keepRest(): void {
    this.#lines.keepRest();
  }
}

/** The terminator with which lines are sent, and with which received lines end. */
export function terminatorOf({ ending, delimiter }: LineDecoderOptions): Buffer {
  if (delimiter !== undefined) return checkDelimiter(delimiter);
  return ending === 'lf' ? LF : CRLF;
}
