/** Checks a delimiter that an application chose. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';

/** The longest delimiter. In the worst case, the search takes time proportional to this length for each byte received. */
const MAX_DELIMITER_BYTES = 256;

/** A copy of the delimiter's bytes; the caller may change the original afterwards. Text is encoded as UTF-8. */
export function checkDelimiter(delimiter: unknown): Buffer {
  if (typeof delimiter !== 'string' && !(delimiter instanceof Uint8Array)) {
    throw new InvalidArgumentTypeError('delimiter', 'a Uint8Array or a string', delimiter);
  }
  const bytes = Buffer.from(delimiter as string);
  if (bytes.length === 0 || bytes.length > MAX_DELIMITER_BYTES) {
    const expected = `1 to ${MAX_DELIMITER_BYTES} bytes`;
    throw new InvalidArgumentValueError('delimiter', expected, `${bytes.length} bytes`);
  }
  return bytes;
}
