/** The texts of the character generator and of quotes. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { checkString } from '../../internal/check.js';
import { toNetworkText } from '../../internal/network-text.js';
import { MAX_QUOTE_BYTES } from './events.js';

/** The 95 printable characters of ASCII, in order. */
const CHARACTERS: string = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join(
  '',
);
const LINE_LENGTH = 72;
/** After these lines the pattern repeats (RFC 864). */
const PATTERN: Buffer = Buffer.from(
  Array.from({ length: CHARACTERS.length }, (_, first) => {
    const line = CHARACTERS.repeat(2).slice(first, first + LINE_LENGTH);
    return `${line}\r\n`;
  }).join(''),
);

/** The bytes of the character generator. */
export const CHARGEN_PERIOD: number = PATTERN.length;

/** @param offset From 0 to {@link CHARGEN_PERIOD} - 1. @param length At most the rest of the period. @returns A view: do not write to it. */
export function chargenBytes(offset: number, length: number): Buffer {
  return PATTERN.subarray(offset, offset + length);
}

/**
 * A quote with CRLF between lines and visible control characters.
 * @throws InvalidArgumentTypeError
 * @throws InvalidArgumentValueError it has more than 512 bytes.
 */
export function quoteBytes(text: string): Buffer {
  const bytes = toNetworkText(checkString('the quote', text));
  if (bytes.length <= MAX_QUOTE_BYTES) return bytes;
  const expected = `at most ${MAX_QUOTE_BYTES} bytes long`;
  throw new InvalidArgumentValueError('the quote', expected, text, `it has ${bytes.length}`);
}
