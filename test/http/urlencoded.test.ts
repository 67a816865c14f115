import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../src/core/errors/arguments.js';
import { FormTooLargeError } from '../../src/http/errors.js';
import {
  parseUrlencoded,
  type UrlencodedOptions,
  UrlencodedParser,
} from '../../src/http/urlencoded.js';
import { everySplit } from '../../src/testing/every-split.js';
import { unknownOptionOf } from '../support/unknown-option.js';

type Pair = [name: string, value: string];

/** Overwrites each chunk after it was read, as a transport does with lent bytes. */
function parse(chunks: readonly Buffer[], options?: UrlencodedOptions): Pair[] {
  const parser = new UrlencodedParser(options);
  const pairs: Pair[] = [];
  const readAll = (): void => {
    for (let field = parser.next(); field !== undefined; field = parser.next()) {
      pairs.push([field.name, field.value]);
    }
  };
  for (const chunk of chunks) {
    parser.receive(chunk);
    readAll();
    chunk.fill(0x26);
  }
  parser.end();
  readAll();
  return pairs;
}

function faultOf(call: () => unknown): FormTooLargeError {
  try {
    call();
  } catch (error) {
    if (error instanceof FormTooLargeError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const TEXTS = [
  '',
  'a=1&b=2',
  'a&b=&=c&=',
  '&&a=1&&',
  'a=b=c',
  'a+b=%20c%2B+',
  '%zz=%&%4=%41%4',
  'n%C3%A4me=%E2%82%AC',
  'a=%ff%C3&b=%EF%BB%BFx',
  'a=1;b=2',
  '__proto__=1&constructor=2',
];

describe('UrlencodedParser', () => {
  it.each(TEXTS)('reads %j as URLSearchParams does, however it is cut', (text) => {
    for (const chunks of everySplit(Buffer.from(text))) {
      expect(parse(chunks)).toEqual([...new URLSearchParams(text)]);
    }
  });

  it('reads any ASCII text as URLSearchParams does', () => {
    const part = fc.oneof(
      fc.constantFrom('&', '=', '+', '%', '%41', '%c3', '%A4', '%e2%82%ac', 'a', ';'),
      fc.string({ unit: 'binary-ascii', maxLength: 3 }),
    );
    const text = fc.array(part, { maxLength: 20 }).map((parts) => `x${parts.join('')}`);
    fc.assert(
      // Node's URLSearchParams misreads escapes next to other characters.
      fc.property(text, (body) => {
        expect(parse([Buffer.from(body)])).toEqual([...new URLSearchParams(body)]);
      }),
    );
  });

  it('keeps lent bytes that were not read', () => {
    const parser = new UrlencodedParser();
    const chunk = Buffer.from('a=1&b=2&c');
    parser.receive(chunk);
    expect(parser.next()).toEqual({ name: 'a', value: '1' });
    parser.keepRest();
    chunk.fill(0);
    parser.end();
    expect(parser.next()).toEqual({ name: 'b', value: '2' });
    expect(parser.next()).toEqual({ name: 'c', value: '' });
    expect(parser.next()).toBeUndefined();
  });

  it.each([
    ['maxFields', { maxFields: 2 }, 'a&b', 'a&b&c'],
    ['maxNameBytes', { maxNameBytes: 2 }, '%C3%A4=abc', '%C3%A4a=abc'],
    ['maxNameBytes', { maxNameBytes: 2 }, 'ab', 'abc'],
    ['maxValueBytes', { maxValueBytes: 2 }, 'abc=%41b', 'abc=%41bc'],
    ['maxValueBytes', { maxValueBytes: 0 }, 'a=', 'a=b'],
  ] as const)('limits %s', (option, options, accepted, refused) => {
    for (const chunks of everySplit(Buffer.from(accepted))) {
      expect(() => parse(chunks, options)).not.toThrow();
    }
    for (const chunks of everySplit(Buffer.from(refused))) {
      const fault = faultOf(() => parse(chunks, options));
      expect(fault).toMatchObject({ option, status: 413, limit: Object.values(options)[0] });
    }
  });

  it.each([
    ['maxFields', 1000, (count: number) => 'a&'.repeat(count)],
    ['maxNameBytes', 1024, (count: number) => 'a'.repeat(count)],
    ['maxValueBytes', 1_048_576, (count: number) => `a=${'b'.repeat(count)}`],
  ] as const)('limits %s to %i by default', (option, limit, make) => {
    expect(() => parse([Buffer.from(make(limit))])).not.toThrow();
    expect(faultOf(() => parse([Buffer.from(make(limit + 1))])).option).toBe(option);
  });

  it('refuses a field before it is complete, and stays refused', () => {
    const parser = new UrlencodedParser({ maxNameBytes: 10, maxValueBytes: 10 });
    parser.receive(Buffer.from(`a=${'b'.repeat(60)}`));
    const fault = faultOf(() => parser.next());
    expect(fault.option).toBe('maxValueBytes');
    expect(faultOf(() => parser.next())).toBe(fault);
    expect(faultOf(() => parser.receive(Buffer.from('a')))).toBe(fault);
    const other = new UrlencodedParser({ maxNameBytes: 10, maxValueBytes: 10 });
    other.receive(Buffer.from('b'.repeat(62)));
    expect(faultOf(() => other.next()).option).toBe('maxNameBytes');
  });

  it('checks its options', async () => {
    for (const wrong of [{ maxFields: 0 }, { maxNameBytes: 0 }, { maxValueBytes: -1 }]) {
      expect(() => new UrlencodedParser(wrong)).toThrow(InvalidArgumentValueError);
    }
    const error = await unknownOptionOf(() => new UrlencodedParser({ nonsense: 1 } as never));
    expect(error.known).toEqual(['maxFields', 'maxNameBytes', 'maxValueBytes']);
  });
});

describe('parseUrlencoded', () => {
  it('reads queries with and without the question mark', () => {
    const fields = [
      { name: 'a', value: 'ä' },
      { name: '?b', value: '' },
    ];
    expect(parseUrlencoded('?a=ä&?b')).toEqual(fields);
    expect(parseUrlencoded('a=%C3%A4&?b')).toEqual(fields);
    expect(parseUrlencoded('')).toEqual([]);
  });

  it('has the same limits', () => {
    expect(faultOf(() => parseUrlencoded('a&b', { maxFields: 1 })).option).toBe('maxFields');
  });
});
