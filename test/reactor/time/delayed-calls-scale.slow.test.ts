import { describe, expect, it } from 'vitest';
import type { DelayedCall } from '../../../src/core/clock.js';
import { Bench } from './delayed-calls-bench.js';

describe('DelayedCalls with 1,000,000 calls pending', () => {
  const COUNT = 1_000_000;
  const LEVELS = Math.log(COUNT) / Math.log(4);

  /** Times in no order, with many equal ones. */
  const scatter = (i: number): number => (Math.imul(i, 0x9e3779b1) >>> 0) % 100_000;
  const nothing = (): void => {};

  it('takes at most a few heap levels for each insertion, cancellation and run', () => {
    const bench = new Bench();
    const pending: DelayedCall[] = [];
    for (let i = 0; i < COUNT; i++) {
      pending.push(bench.calls.callLater(scatter(i), nothing, []));
    }
    const inserted = bench.calls.steps;
    expect(inserted).toBeLessThan(COUNT * LEVELS);

    for (let i = 0; i < COUNT; i++) if (i % 3 > 0) pending[i]?.cancel();
    const cancelled = bench.calls.steps - inserted;
    expect(cancelled).toBeLessThan(COUNT * 2);
    expect(bench.calls.size).toBe(Math.ceil(COUNT / 3));

    bench.advance(100_000);
    const ran = bench.calls.steps - inserted - cancelled;
    expect(ran).toBeLessThan(COUNT * LEVELS);
    expect(bench.calls.size).toBe(0);
  });

  it('takes no heap level for a reset to a later time', () => {
    const bench = new Bench();
    const pending: DelayedCall[] = [];
    for (let i = 0; i < COUNT; i++) {
      pending.push(bench.calls.callLater(scatter(i), nothing, []));
    }
    const before = bench.calls.steps;
    for (let round = 1; round <= 3; round++) {
      for (const call of pending) call.delay(50_000);
    }
    expect(bench.calls.steps).toBe(before);

    // An entry that comes up too early is filed once more, however often its call was moved.
    bench.advance(100_000);
    expect(bench.calls.size).toBe(COUNT);
    expect(bench.calls.steps - before).toBeLessThan(COUNT * LEVELS);
  });

  it('takes at most a few heap levels for a reset to an earlier time, and drops old entries', () => {
    const bench = new Bench();
    const pending: DelayedCall[] = [];
    for (let i = 0; i < COUNT; i++) {
      pending.push(bench.calls.callLater(100_000 + scatter(i), nothing, []));
    }
    const before = bench.calls.steps;
    for (let round = 1; round <= 3; round++) {
      for (const call of pending) call.delay(-30_000);
    }
    expect(bench.calls.steps - before).toBeLessThan(3 * COUNT * (LEVELS + 2));
    expect(bench.calls.size).toBe(COUNT);
    expect(bench.calls.getDelayedCalls()).toHaveLength(COUNT);
  });
});
