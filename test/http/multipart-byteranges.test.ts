import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../src/core/errors/arguments.js';
import { multipartByteranges } from '../../src/http/multipart-byteranges.js';

const CONTENT = Buffer.from('0123456789');
const RANGES = [
  { first: 7, last: 9 },
  { first: 0, last: 1 },
];

function bodyOf({ pieces }: ReturnType<typeof multipartByteranges>): Buffer {
  return Buffer.concat(
    pieces.map((piece) =>
      Buffer.isBuffer(piece) ? piece : CONTENT.subarray(piece.first, piece.last + 1),
    ),
  );
}

describe('multipartByteranges', () => {
  it('frames each range and knows the length beforehand', () => {
    const multipart = multipartByteranges(RANGES, 10, 'text/plain', 'THIS_STRING');
    expect(multipart.contentType).toBe('multipart/byteranges; boundary=THIS_STRING');
    const body = bodyOf(multipart);
    expect(body.toString()).toBe(
      [
        '--THIS_STRING',
        'Content-Type: text/plain',
        'Content-Range: bytes 7-9/10',
        '',
        '789',
        '--THIS_STRING',
        'Content-Type: text/plain',
        'Content-Range: bytes 0-1/10',
        '',
        '01',
        '--THIS_STRING--',
        '',
      ].join('\r\n'),
    );
    expect(multipart.length).toBe(body.length);
  });

  it('omits an unknown media type', () => {
    const multipart = multipartByteranges(RANGES, 10, undefined, 'x');
    const body = bodyOf(multipart);
    expect(body.toString()).toContain('--x\r\nContent-Range: bytes 7-9/10\r\n\r\n789\r\n--x\r\n');
    expect(multipart.length).toBe(body.length);
  });

  it('quotes a boundary that is no token', () => {
    const { contentType } = multipartByteranges(RANGES, 10, undefined, 'a b:c');
    expect(contentType).toBe('multipart/byteranges; boundary="a b:c"');
  });

  it.each(['', 'a ', 'a"', 'a\r\nb', 'ä', 'x'.repeat(71)])(
    'refuses the boundary %j',
    (boundary) => {
      expect(() => multipartByteranges(RANGES, 10, undefined, boundary)).toThrow(
        InvalidArgumentValueError,
      );
    },
  );

  it('accepts a boundary of 70 characters', () => {
    expect(multipartByteranges(RANGES, 10, undefined, 'x'.repeat(70)).length).toBeGreaterThan(0);
  });
});
