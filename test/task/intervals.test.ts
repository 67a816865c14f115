import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Intervals } from '../../src/task/intervals.js';

describe('Intervals', () => {
  it('counts exactly, whatever fractions the times are', () => {
    const shape = fc.record({
      /** The interval is `parts` units of `numerator / denominator` ms. */
      parts: fc.integer({ min: 1, max: 50 }),
      numerator: fc.integer({ min: 1, max: 1000 }),
      denominator: fc.integer({ min: 1, max: 1000 }),
      startMs: fc.constantFrom(0, 0.1, 12_345.678, 1e7 / 3),
      first: fc.constantFrom(0 as const, 1 as const),
      /** How many units late each call is, and how many it takes. */
      delays: fc.array(fc.tuple(fc.nat({ max: 120 }), fc.nat({ max: 120 })), { maxLength: 40 }),
    });
    fc.assert(
      fc.property(shape, ({ parts, numerator, denominator, startMs, first, delays }) => {
        const unitMs = numerator / denominator;
        const intervals = new Intervals(parts * unitMs, startMs, first);
        let units = 0;
        let taken = first - 1;
        let sum = 0;
        let nowMs = startMs;
        const pass = (count: number): void => {
          units += count;
          nowMs = startMs + units * unitMs;
        };
        if (first === 0) {
          expect(intervals.take(nowMs)).toBe(1);
          taken = 0;
        }
        for (const [late, long] of delays) {
          const missing = parts - (units % parts);
          expect(intervals.wait(nowMs)).toBeCloseTo(missing * unitMs, 6);
          pass(missing + late);
          const tick = Math.floor(units / parts);
          const count = intervals.take(nowMs);
          expect(count).toBe(tick - taken);
          sum += count;
          taken = tick;
          pass(long);
        }
        if (delays.length > 0) expect(sum).toBe(taken);
      }),
      { numRuns: 500 },
    );
  });

  it.each([0.1, 1 / 3, 0.7, 1e-3, 33.3, 1000])(
    'comes to each tick of %d ms on a clock that adds them up',
    (intervalMs) => {
      const intervals = new Intervals(intervalMs, 0, 1);
      let nowMs = 0;
      for (let tick = 1; tick <= 1000; tick++) {
        expect(intervals.wait(nowMs)).toBe(intervalMs);
        nowMs += intervalMs;
        expect(intervals.take(nowMs)).toBe(1);
      }
    },
  );

  it('does not drift although each call is slightly late', () => {
    const intervals = new Intervals(10, 0, 1);
    let nowMs = 0;
    for (let tick = 1; tick <= 1000; tick++) {
      nowMs += intervals.wait(nowMs) + 0.25;
      expect(intervals.take(nowMs)).toBe(1);
    }
    expect(nowMs).toBe(10_000.25);
  });

  it('counts a tick once although the clock is early', () => {
    const intervals = new Intervals(10, 0, 1);
    intervals.wait(0);
    expect(intervals.take(9)).toBe(1);
    expect(intervals.wait(9)).toBe(11);
    expect(intervals.take(20)).toBe(1);
  });

  it('always continues, however short the interval and large the time', () => {
    for (const intervalMs of [5e-324, 1e-300, 1e-9, 1e-3, Number.MAX_SAFE_INTEGER]) {
      for (const startMs of [0, 1.7e12, Number.MAX_SAFE_INTEGER]) {
        const intervals = new Intervals(intervalMs, startMs, 1);
        let nowMs = startMs;
        for (let tick = 0; tick < 5; tick++) {
          const wait = intervals.wait(nowMs);
          expect(wait >= 0 && wait <= Number.MAX_SAFE_INTEGER).toBe(true);
          nowMs += wait;
          expect(intervals.take(nowMs)).toBeGreaterThan(0);
        }
      }
    }
  });

  it('is always due with interval 0', () => {
    const intervals = new Intervals(0, 5, 1);
    expect([intervals.wait(5), intervals.take(5), intervals.take(99)]).toEqual([0, 1, 1]);
    intervals.restart(100);
    expect([intervals.wait(100), intervals.take(100)]).toEqual([0, 1]);
  });

  it('starts again with restart, and still counts skipped ticks', () => {
    const intervals = new Intervals(10, 0, 0);
    intervals.take(0);
    intervals.restart(55); // five are left out
    expect(intervals.wait(55)).toBe(10);
    expect(intervals.take(65)).toBe(6);
    intervals.restart(67);
    expect([intervals.wait(67), intervals.take(77)]).toEqual([10, 1]);
  });
});
