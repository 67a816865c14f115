import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BackoffOptions, backoffPolicy } from '../../src/clients/backoff-policy.js';

const delays = (options: BackoffOptions, count: number, random = () => 0): number[] =>
  Array.from({ length: count }, (_, i) => backoffPolicy(options)(i + 1, random));

describe('backoffPolicy', () => {
  it('begins with the initial delay, and grows up to the longest', () => {
    const options = { initialDelayMs: 100, maxDelayMs: 1_000, factor: 2 };
    expect(delays(options, 6)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(delays({}, 3)).toEqual([1_000, 1_500, 2_250]);
  });

  it('shortens a delay by up to the jitter', () => {
    const options = { initialDelayMs: 100, factor: 1, jitter: 0.5 };
    expect(delays(options, 1, () => 0.5)).toEqual([75]);
    expect(delays({ ...options, jitter: 0 }, 1, () => 0.5)).toEqual([100]);
  });

  it('returns a delay from 0 to the longest, after any number of failures', () => {
    const options = fc.record({
      initialDelayMs: fc.nat(100_000),
      maxDelayMs: fc.nat(100_000),
      factor: fc.double({ min: 1, max: 1e9, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(options, fc.integer({ min: 1 }), random, (given, failures, value) => {
        const delayMs = backoffPolicy(given)(failures, () => value);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(given.maxDelayMs);
      }),
    );
  });

  it.each([
    { initialDelayMs: -1 },
    { maxDelayMs: Number.NaN },
    { factor: 0.9 },
    { factor: Number.NaN },
    { factor: '2' },
    { jitter: 1.1 },
    { jitter: -0.1 },
  ])('refuses %j', (options) => {
    expect(() => backoffPolicy(options as BackoffOptions)).toThrow(/must be/);
  });
});
