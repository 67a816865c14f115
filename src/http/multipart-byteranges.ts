/** The body of a 206 with several ranges (RFC 9110 section 14.6): its framing, and its exact length beforehand. */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { isToken } from '../protocols/http/octets.js';
import { isBoundary } from './boundaries.js';
import { type ByteRange, contentRange, lengthOf } from './ranges.js';

/** Bytes of the answer itself, or of the representation. */
export type BodyPiece = Buffer | ByteRange;

export interface MultipartByteranges {
  /** The Content-Type field. */
  readonly contentType: string;
  /** The Content-Length field. */
  readonly length: number;
  /** The body, in order. */
  readonly pieces: readonly BodyPiece[];
}

/**
 * @param size Length of the representation in bytes.
 * @param contentType Of the representation; undefined if it has none.
 * @param boundary 1 to 70 characters (RFC 2046 section 5.1.1) that the content does not contain: at least 16 random bytes as text,
 *   because the content is not searched.
 * @throws InvalidArgumentValueError
 */
export function multipartByteranges(
  ranges: readonly ByteRange[],
  size: number,
  contentType: string | undefined,
  boundary: string,
): MultipartByteranges {
  if (!isBoundary(boundary)) {
    throw new InvalidArgumentValueError('boundary', 'a boundary of RFC 2046', boundary);
  }
  const type = contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`;
  const pieces: BodyPiece[] = [];
  let length = 0;
  for (const [index, range] of ranges.entries()) {
    const delimiter = `${index === 0 ? '' : '\r\n'}--${boundary}\r\n`;
    const head = `${delimiter}${type}Content-Range: ${contentRange(range, size)}\r\n\r\n`;
    const bytes = Buffer.from(head, 'latin1');
    pieces.push(bytes, range);
    length += bytes.length + lengthOf(range);
  }
  const end = Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1');
  pieces.push(end);
  return {
    contentType: `multipart/byteranges; boundary=${isToken(boundary) ? boundary : `"${boundary}"`}`,
    length: length + end.length,
    pieces,
  };
}
