import { describe, expect, it } from 'vitest';
import {
  essenceOf,
  parseParameterized,
  splitOutsideQuotes,
  trimOWS,
  weightOf,
} from '../../src/http/field-values.js';
import { isToken } from '../../src/protocols/http/octets.js';

describe('splitOutsideQuotes', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    [' a ,\tb,, c,', ['a', 'b', 'c']],
    ['"a,b",c', ['"a,b"', 'c']],
    ['"a\\",b",c', ['"a\\",b"', 'c']],
    ['"open, b', ['"open, b']],
    ['"open\\', ['"open\\']],
    ['a\\,b', ['a\\', 'b']],
  ])('splits %j', (value, elements) => {
    expect(splitOutsideQuotes(value, ',')).toEqual(elements);
  });
});

describe('trimOWS', () => {
  it('removes spaces and tabs only', () => {
    expect(trimOWS(' \ta b\u00a0\t ')).toBe('a b\u00a0');
    expect(trimOWS(' \t ')).toBe('');
  });
});

describe('isToken', () => {
  it.each(['gzip', 'x-gzip', "!#$%&'*+.^_`|~09"])('accepts %j', (text) => {
    expect(isToken(text)).toBe(true);
  });

  it.each(['', 'a b', 'a"', 'a/b', 'ä', 'a\n'])('refuses %j', (text) => {
    expect(isToken(text)).toBe(false);
  });
});

describe('parseParameterized', () => {
  it('reads tokens and quoted strings, and names in any case', () => {
    const parsed = parseParameterized('Text/HTML ; Charset="u\\"t\\\\f" ;a=b;a=c');
    expect(parsed?.value).toBe('Text/HTML');
    expect([...(parsed?.parameters ?? [])]).toEqual([
      ['charset', 'u"t\\f'],
      ['a', 'b'],
    ]);
  });

  it.each([
    'a;b',
    'a;=c',
    'a;b=',
    'a;b=c d',
    'a;b="c',
    'a;b="',
    'a;b="c"d"',
    'a;b="c\\"',
    'a;b c=d',
  ])('refuses %j', (text) => {
    expect(parseParameterized(text)).toBeUndefined();
  });
});

describe('weightOf', () => {
  const weight = (text: string): number | undefined => {
    const parsed = parseParameterized(text);
    return parsed && weightOf(parsed);
  };

  it.each([
    ['a', 1000],
    ['a;q=1', 1000],
    ['a;Q=1.000', 1000],
    ['a;q=0', 0],
    ['a;q=0.', 0],
    ['a;q=0.001', 1],
    ['a;q=0.57', 570],
  ])('of %j is %j', (text, thousandths) => {
    expect(weight(text)).toBe(thousandths);
  });

  it.each(['a;q=', 'a;q=1.001', 'a;q=2', 'a;q=-1', 'a;q=0.0001', 'a;q=.5', 'a;q=1e-1', 'a;q=NaN'])(
    'of %j does not exist',
    (text) => {
      expect(weight(text)).toBeUndefined();
    },
  );
});

describe('essenceOf', () => {
  it('is the media type in lower case', () => {
    expect(essenceOf('Text/HTML ; charset=utf-8')).toBe('text/html');
    expect(essenceOf('a/b')).toBe('a/b');
  });
});
