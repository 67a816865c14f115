import { describe, expect, it } from 'vitest';
import { everySplit } from '../../src/testing/every-split.js';

describe('everySplit', () => {
  it('gives the bytes whole, in two at every position, and one by one', () => {
    const splits = [...everySplit(Buffer.from('abcd'))].map((chunks) => chunks.map(String));
    expect(splits).toEqual([
      ['abcd'],
      ['a', 'bcd'],
      ['ab', 'cd'],
      ['abc', 'd'],
      ['a', 'b', 'c', 'd'],
    ]);
  });

  it.each([
    ['', [[]]],
    ['a', [['a']]],
    ['ab', [['ab'], ['a', 'b']]],
  ])('gives each split of %j once', (text, splits) => {
    const given = [...everySplit(Buffer.from(text))].map((chunks) => chunks.map(String));
    expect(given).toEqual(splits);
  });

  it('gives Buffers of a memory of their own, and leaves the bytes alone', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    for (const chunks of everySplit(bytes)) {
      for (const chunk of chunks) {
        expect(Buffer.isBuffer(chunk)).toBe(true);
        expect(chunk.buffer.byteLength).toBe(chunk.length);
        chunk.fill(0);
      }
    }
    expect([...bytes]).toEqual([1, 2, 3]);
  });
});
