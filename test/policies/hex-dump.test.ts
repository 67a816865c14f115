import { describe, expect, it } from 'vitest';
import { hexDump } from '../../src/policies/hex-dump.js';

describe('hexDump', () => {
  it('writes 16 bytes a line, with their offset and their ASCII', () => {
    expect(hexDump(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n'))).toBe(
      '00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|\n' +
        '00000010  48 6f 73 74 3a 20 61 0d  0a                       |Host: a..|',
    );
  });

  it('writes dots for bytes that are not printable', () => {
    expect(hexDump(Uint8Array.of(0x1f, 0x20, 0x7e, 0x7f, 0x80, 0xff))).toContain('|. ~...|');
  });

  it('writes nothing for no bytes', () => {
    expect(hexDump(new Uint8Array(0))).toBe('');
  });

  it('writes nothing but printable characters, and every byte once', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const lines = hexDump(bytes).split('\n');
    expect(lines).toHaveLength(16);
    const read = lines.flatMap((line) => line.slice(10, 58).trim().split(/ +/));
    expect(Buffer.from(read.join(''), 'hex').equals(bytes)).toBe(true);
    for (const line of lines) expect(line).toMatch(/^[ -~]{78}$/);
  });
});
