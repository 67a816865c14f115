import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../src/core/errors/arguments.js';
import {
  formatEntityTag,
  isEntityTag,
  parseEntityTags,
  stronglyEqual,
  weakened,
  weaklyEqual,
} from '../../src/http/entity-tags.js';

describe('entity tags', () => {
  /** The table of RFC 9110 section 8.8.3.2. */
  it.each([
    ['W/"1"', 'W/"1"', false, true],
    ['W/"1"', 'W/"2"', false, false],
    ['W/"1"', '"1"', false, true],
    ['"1"', '"1"', true, true],
  ])('%s and %s are compared strongly and weakly', (one, other, strongly, weakly) => {
    expect(stronglyEqual(one, other)).toBe(strongly);
    expect(stronglyEqual(other, one)).toBe(strongly);
    expect(weaklyEqual(one, other)).toBe(weakly);
    expect(weaklyEqual(other, one)).toBe(weakly);
  });

  it('are made of values', () => {
    expect(formatEntityTag('1-a')).toBe('"1-a"');
    expect(formatEntityTag('1-a', true)).toBe('W/"1-a"');
    for (const value of ['a"b', 'a b', 'a\n', 'a\x7f', '\u0100']) {
      expect(() => formatEntityTag(value)).toThrow(InvalidArgumentValueError);
    }
  });

  it('become weak once', () => {
    expect(weakened('"a"')).toBe('W/"a"');
    expect(weakened('W/"a"')).toBe('W/"a"');
  });

  it.each(['""', '"a,b"', 'W/""', '"\xe4"'])('include %s', (text) => {
    expect(isEntityTag(text)).toBe(true);
  });

  it.each(['', 'a', '"a', 'a"', 'w/"a"', 'W/ "a"', '"a""', '*'])('do not include %j', (text) => {
    expect(isEntityTag(text)).toBe(false);
  });
});

describe('parseEntityTags', () => {
  it.each([
    ['*', '*'],
    ['"a"', ['"a"']],
    ['W/"a", "b"', ['W/"a"', '"b"']],
    [',, "a,b" ,\t"",', ['"a,b"', '""']],
  ])('reads %j', (value, tags) => {
    expect(parseEntityTags(value)).toEqual(tags);
  });

  it.each(['', ',', 'a', '"a" "b"', '"a"b', '"a", b', '*, "a"', '"a", *', '"a"; q=1', 'w/"a"'])(
    'refuses %j',
    (value) => {
      expect(parseEntityTags(value)).toBeUndefined();
    },
  );
});
