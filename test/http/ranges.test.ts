import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { type ByteRange, contentRange, lengthOf, parseRange } from '../../src/http/ranges.js';
import { unknownOptionOf } from '../support/unknown-option.js';

const pairs = (ranges: ReturnType<typeof parseRange>): unknown =>
  Array.isArray(ranges) ? ranges.map(({ first, last }: ByteRange) => [first, last]) : ranges;

describe('parseRange', () => {
  it.each([
    ['bytes=0-499', [[0, 499]]],
    ['bytes=500-999', [[500, 999]]],
    ['bytes=9500-', [[9500, 9999]]],
    ['bytes=-500', [[9500, 9999]]],
    ['bytes=-20000', [[0, 9999]]],
    ['bytes=9000-20000', [[9000, 9999]]],
    ['Bytes=0-0', [[0, 0]]],
    [
      'bytes= 0-0 ,\t-1 ,',
      [
        [0, 0],
        [9999, 9999],
      ],
    ],
    [
      'bytes=500-600,0-10',
      [
        [500, 600],
        [0, 10],
      ],
    ],
    ['bytes=9999-9999', [[9999, 9999]]],
    ['bytes=0-0,10000-10001', [[0, 0]]],
    [`bytes=0-${'9'.repeat(400)}`, [[0, 9999]]],
  ])('reads %j of 10,000 bytes', (field, expected) => {
    expect(pairs(parseRange(field, 10_000))).toEqual(expected);
  });

  it.each([
    'bytes=10000-',
    'bytes=10000-10001',
    'bytes=-0',
    'bytes=20000-,-0',
    `bytes=${'9'.repeat(400)}-`,
  ])('cannot satisfy %j of 10,000 bytes', (field) => {
    expect(parseRange(field, 10_000)).toBe('unsatisfiable');
  });

  it.each([
    '',
    'bytes',
    'bytes=',
    'bytes=,',
    'bytes=-',
    'bytes=1',
    'bytes=2-1',
    'bytes=a-b',
    'bytes=0-1,x',
    'bytes=+0-1',
    'bytes=0x0-1',
    'bytes=0-1-2',
    'bytes=0 - 1',
    'bytes =0-1',
    'lines=0-1',
    'bytes=0-1;2-3',
    'bytes=1.5-2',
  ])('ignores %j', (field) => {
    expect(parseRange(field, 10_000)).toBeUndefined();
  });

  it('ignores ranges of nothing', () => {
    expect(parseRange('bytes=0-', 0)).toBeUndefined();
    expect(parseRange('bytes=-5', 0)).toBeUndefined();
  });

  it('merges ranges that overlap, touch or are close, at the place of the first', () => {
    const read = (field: string): unknown => pairs(parseRange(field, 10_000));
    expect(read('bytes=0-10,5-20')).toEqual([[0, 20]]);
    expect(read('bytes=0-10,11-20')).toEqual([[0, 20]]);
    expect(read('bytes=0-10,91-100')).toEqual([[0, 100]]);
    expect(read('bytes=0-10,92-100')).toEqual([
      [0, 10],
      [92, 100],
    ]);
    expect(read('bytes=0-100,20-30')).toEqual([[0, 100]]);
    expect(read('bytes=5000-5100,0-1,5050-5200')).toEqual([
      [5000, 5200],
      [0, 1],
    ]);
    expect(read('bytes=0-1,5050-5200,5000-5100')).toEqual([
      [0, 1],
      [5000, 5200],
    ]);
  });

  describe('against abuse', () => {
    const many = (count: number): string =>
      `bytes=${Array.from({ length: count }, (_, i) => `${i * 200}-${i * 200}`).join()}`;

    it('ignores more than maxRanges, 16 by default', () => {
      expect(parseRange(many(16), 10_000)).toHaveLength(16);
      expect(parseRange(many(17), 10_000)).toBeUndefined();
      expect(parseRange(many(2), 10_000, { maxRanges: 2 })).toHaveLength(2);
      expect(parseRange(many(3), 10_000, { maxRanges: 2 })).toBeUndefined();
    });

    it('counts unsatisfiable ranges, and ignores long lists of empty elements', () => {
      expect(parseRange(`bytes=${'20000-,'.repeat(17)}`, 10_000)).toBeUndefined();
      expect(parseRange(`bytes=0-1${','.repeat(10_000)}`, 10_000)).toBeUndefined();
    });

    it('ignores ranges that ask for more than the representation (CVE-2011-3192)', () => {
      expect(parseRange(`bytes=0-${',5-'.repeat(10)}`, 10_000)).toBeUndefined();
      expect(parseRange('bytes=0-,-1', 10_000)).toBeUndefined();
    });
  });

  it('never sends a byte twice, nor one that was not near a wanted one', () => {
    const spec = fc
      .tuple(fc.nat(999), fc.nat(999))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 16 }), (specs) => {
        const ranges = parseRange(`bytes=${specs.map((s) => s.join('-')).join()}`, 1000);
        const total = specs.reduce((sum, [a = 0, b = 0]) => sum + b - a + 1, 0);
        if (total > 1000) {
          expect(ranges).toBeUndefined();
          return;
        }
        const sent = new Uint8Array(1000);
        for (const { first, last } of ranges as readonly ByteRange[]) {
          for (let at = first; at <= last; at++) sent[at] = (sent[at] ?? 0) + 1;
        }
        expect(Math.max(...sent)).toBe(1);
        for (const [a = 0, b = 0] of specs) expect(sent.subarray(a, b + 1)).not.toContain(0);
      }),
    );
  });

  it('checks its arguments', async () => {
    for (const maxRanges of [0, 1001, 1.5]) {
      expect(() => parseRange('bytes=0-', 1, { maxRanges })).toThrow(InvalidArgumentValueError);
    }
    expect(() => parseRange('bytes=0-', -1)).toThrow(InvalidArgumentValueError);
    expect(() => parseRange('bytes=0-', '1' as never)).toThrow(InvalidArgumentTypeError);
    const error = await unknownOptionOf(() => parseRange('bytes=0-', 1, { nonsense: 1 } as never));
    expect(error.known).toEqual(['maxRanges']);
  });
});

describe('contentRange', () => {
  it('names the range, or none', () => {
    expect(contentRange({ first: 0, last: 499 }, 1234)).toBe('bytes 0-499/1234');
    expect(contentRange(undefined, 1234)).toBe('bytes */1234');
  });

  it('has a length', () => {
    expect(lengthOf({ first: 5, last: 5 })).toBe(1);
  });
});
