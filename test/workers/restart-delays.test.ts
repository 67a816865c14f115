import { describe, expect, it } from 'vitest';
import { RESTART_DEFAULTS, RestartDelays } from '../../src/workers/restart-delays.js';

function delays(options = {}, random: () => number = () => 0): RestartDelays {
  return new RestartDelays({ ...RESTART_DEFAULTS, ...options }, random);
}

describe('RestartDelays', () => {
  it('has the documented defaults', () => {
    expect(RESTART_DEFAULTS).toEqual({
      initialDelayMs: 100,
      maxDelayMs: 30_000,
      factor: 2,
      jitter: 0.2,
      healthyAfterMs: 10_000,
    });
  });

  it('returns a longer delay each time, up to the longest', () => {
    const waits = delays();
    const row = Array.from({ length: 11 }, () => waits.next(undefined));
    const expected = [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000];
    expect(row).toEqual(expected);
    expect(waits.failures).toBe(11);
  });

  it('begins again after a healthy time, and only after that', () => {
    const waits = delays();
    expect(waits.next(undefined)).toBe(100);
    expect(waits.next(9_999)).toBe(200);
    expect(waits.next(10_000)).toBe(100);
    expect(waits.failures).toBe(1);
    expect(waits.next(0)).toBe(200);
  });

  it('never treats a worker that was not ready as healthy', () => {
    const waits = delays({ healthyAfterMs: 0 });
    expect([waits.next(undefined), waits.next(undefined), waits.next(0)]).toEqual([100, 200, 100]);
  });

  it('shortens a wait by up to the jitter, and never lengthens it', () => {
    expect(delays({}, () => 0.5).next(undefined)).toBe(90);
    expect(delays({ jitter: 1 }, () => 0.999).next(undefined)).toBeCloseTo(0.1);
    const waits = delays({}, () => 1);
    for (let i = 0; i < 20; i++) waits.next(undefined);
    expect(waits.next(undefined)).toBe(24_000);
  });

  it('stays a number after ten thousand failures', () => {
    for (const initialDelayMs of [0, 100]) {
      const waits = delays({ initialDelayMs, factor: 1e9 });
      for (let i = 0; i < 10_000; i++) waits.next(undefined);
      expect(waits.next(undefined)).toBe(initialDelayMs === 0 ? 0 : 30_000);
    }
  });

  it('never waits longer than the longest, the first time either', () => {
    expect(delays({ maxDelayMs: 10 }).next(undefined)).toBe(10);
  });
});
