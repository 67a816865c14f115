import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMilliseconds,
  group,
  sparkline,
} from '../../src/cli/figures.js';

describe('formatCount', () => {
  it.each([
    [0, '0'],
    [0.4, '0'],
    [999, '999'],
    [1000, '1,000'],
    [99_999.4, '99,999'],
    [99_999.5, '100 k'],
    [123_456, '123 k'],
    [999_499, '999 k'],
    [999_500, '1.00 M'],
    [1_234_567, '1.23 M'],
    [98_765_432_109, '98.8 G'],
  ])('writes %d as %s', (value, text) => {
    expect(formatCount(value)).toBe(text);
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [9_994, '9.99 kB'],
    [9_995, '10.0 kB'],
    [99_949, '99.9 kB'],
    [99_950, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [63_700_000, '63.7 MB'],
    [4e18, '4000 PB'],
    [-1500, '-1.50 kB'],
  ])('writes %d as %s', (value, text) => {
    expect(formatBytes(value)).toBe(text);
  });
});

describe('formatMilliseconds', () => {
  it.each([
    [0, '0.000 ms'],
    [0.0421, '0.042 ms'],
    [1.234, '1.23 ms'],
    [12.34, '12.3 ms'],
    [1234, '1234 ms'],
  ])('writes %d as %s', (value, text) => {
    expect(formatMilliseconds(value)).toBe(text);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0:00'],
    [59.9, '0:59'],
    [60, '1:00'],
    [754, '12:34'],
    [3723, '1:02:03'],
    [360_000, '100:00:00'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('group', () => {
  it.each([
    [1, '1'],
    [1234, '1,234'],
    [123_456_789, '123,456,789'],
  ])('writes %d as %s', (value, text) => {
    expect(group(value)).toBe(text);
  });
});

describe('sparkline', () => {
  it('draws the newest value rightmost, scaled to the highest shown', () => {
    expect(sparkline([0, 1, 7], 3)).toBe('▁▂█');
    expect(sparkline([1000, 1, 7], 2)).toBe('▂█');
  });

  it('shows that something is not nothing', () => {
    expect(sparkline([0, 1, 1_000_000], 3)).toBe('▁▂█');
  });

  it('fills up on the left where values are few', () => {
    expect(sparkline([5], 4)).toBe('   █');
    expect(sparkline([], 4)).toBe('    ');
  });

  it('draws a flat line where all is zero', () => {
    expect(sparkline([0, 0], 2)).toBe('▁▁');
  });

  it('draws nothing where there is no room', () => {
    expect(sparkline([1, 2], 0)).toBe('');
  });
});
