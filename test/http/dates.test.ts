import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../src/core/errors/arguments.js';
import { formatHttpDate, parseHttpDate, secondOf } from '../../src/http/dates.js';

const NOW = Date.UTC(2026, 10, 29);
/** The example of RFC 9110 section 5.6.7. */
const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('formatHttpDate', () => {
  it('writes an IMF-fixdate', () => {
    expect(formatHttpDate(EXAMPLE)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
  });

  it('drops fractions, also before 1970', () => {
    expect(formatHttpDate(EXAMPLE + 999.9)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
    expect(formatHttpDate(-1)).toBe('Wed, 31 Dec 1969 23:59:59 GMT');
    expect(secondOf(-0.5)).toBe(-1000);
  });

  it.each([-62_167_219_200_001, 253_402_300_800_000, Number.NaN])('refuses the time %s', (time) => {
    expect(() => formatHttpDate(time)).toThrow(InvalidArgumentValueError);
  });
});

describe('parseHttpDate', () => {
  it.each([
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
    'Mon, 06 Nov 1994 08:49:37 GMT',
  ])('reads %s', (text) => {
    expect(parseHttpDate(text, NOW)).toBe(EXAMPLE);
  });

  it('reads all dates that are written', () => {
    const times = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });
    fc.assert(
      fc.property(times, (seconds) => {
        expect(parseHttpDate(formatHttpDate(seconds * 1000), NOW)).toBe(seconds * 1000);
      }),
    );
  });

  it.each([
    ['26', 2026],
    ['76', 2076],
    ['77', 1977],
    ['00', 2000],
    ['99', 1999],
  ])('reads the year %s as at most 50 years ahead', (year, full) => {
    const text = `Sunday, 06-Nov-${year} 00:00:00 GMT`;
    expect(parseHttpDate(text, NOW)).toBe(Date.UTC(full, 10, 6));
  });

  it('chooses the century also near its end', () => {
    const text = 'Sunday, 06-Nov-10 00:00:00 GMT';
    expect(parseHttpDate(text, Date.UTC(2090, 0))).toBe(Date.UTC(2110, 10, 6));
  });

  it('reads a leap second and a leap day', () => {
    expect(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT', NOW)).toBe(Date.UTC(2017, 0));
    expect(parseHttpDate('Thu, 29 Feb 2024 00:00:00 GMT', NOW)).toBe(Date.UTC(2024, 1, 29));
  });

  it.each([
    '',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37 GMT ',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'sun, 06 Nov 1994 08:49:37 GMT',
    'Xxx, 06 Nov 1994 08:49:37 GMT',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 29 Feb 2023 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    '1994-11-06T08:49:37Z',
    '784111777',
  ])('refuses %j', (text) => {
    expect(parseHttpDate(text, NOW)).toBeUndefined();
  });
});
