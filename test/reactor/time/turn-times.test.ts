import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TurnTimes } from '../../../src/reactor/time/turn-times.js';

describe('TurnTimes', () => {
  it('returns 0 if nothing was recorded', () => {
    expect(new TurnTimes().take()).toEqual({ p50Ms: 0, p99Ms: 0 });
  });

  it('returns the median and the 99th percentile', () => {
    const times = new TurnTimes();
    for (let ms = 1; ms <= 1000; ms++) times.record(ms);
    const { p50Ms, p99Ms } = times.take();
    expect(p50Ms).toBeGreaterThanOrEqual(500);
    expect(p50Ms).toBeLessThanOrEqual(500 * (17 / 16));
    expect(p99Ms).toBeGreaterThanOrEqual(990);
    expect(p99Ms).toBeLessThanOrEqual(990 * (17 / 16));
  });

  it('forgets times that it has returned', () => {
    const times = new TurnTimes();
    times.record(5);
    times.take();
    times.record(0.003);
    expect(times.take()).toEqual({ p50Ms: 0.004, p99Ms: 0.004 });
    expect(times.take()).toEqual({ p50Ms: 0, p99Ms: 0 });
  });

  it('has a histogram of all times, which are not forgotten', () => {
    const times = new TurnTimes();
    for (const ms of [0.003, 5, 5, 700]) times.record(ms);
    times.take();
    const { limitsMs, counts } = times.histogram();
    const found = limitsMs.flatMap((limit, bucket) => Array(counts[bucket]).fill(limit));
    expect(found[0]).toBe(0.004);
    for (const [index, ms] of [
      [1, 5],
      [2, 5],
      [3, 700],
    ] as const) {
      expect(found[index]).toBeGreaterThanOrEqual(ms);
      expect(found[index]).toBeLessThanOrEqual(ms * (17 / 16));
    }
    expect(found.length).toBe(4);
  });

  it('returns no less than was recorded, and at most a sixteenth or a microsecond more', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 4_000_000, noNaN: true }), (ms) => {
        const times = new TurnTimes();
        times.record(ms);
        const { p50Ms, p99Ms } = times.take();
        expect(p99Ms).toBe(p50Ms);
        expect(p50Ms).toBeGreaterThanOrEqual(ms);
        expect(p50Ms).toBeLessThanOrEqual(Math.max(ms * (17 / 16), ms + 0.001) + 1e-6);
      }),
    );
  });

  it('counts times out of range as the longest', () => {
    const times = new TurnTimes();
    times.record(1e12);
    expect(times.take().p50Ms).toBeGreaterThan(4_000_000);
  });
});
