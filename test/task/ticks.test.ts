import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../src/core/errors/arguments.js';
import { ticks } from '../../src/task/ticks.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

/** Asks for the next tick, lets time pass, and gives the count. */
async function next(iterator: AsyncIterator<number>, clock: ManualClock, ms: number) {
  const result = iterator.next();
  await nextTurn();
  clock.advance(ms);
  return result;
}

describe('ticks', () => {
  it('ticks at once and then every interval', async () => {
    const clock = new ManualClock();
    const counts = ticks(clock, 10);
    expect(await next(counts, clock, 0)).toEqual({ done: false, value: 1 });
    expect(await next(counts, clock, 10)).toEqual({ done: false, value: 1 });
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('waits for the interval first if now is false', async () => {
    const clock = new ManualClock();
    const first = ticks(clock, 10, { now: false }).next();
    await nextTurn();
    expect(clock.nextTime).toBe(10);
    clock.advance(10);
    expect(await first).toEqual({ done: false, value: 1 });
  });

  it('counts the ticks that a slow body covered, and queues none', async () => {
    const clock = new ManualClock();
    const counts = ticks(clock, 10);
    await counts.next();
    clock.advance(1_000_005);
    expect(clock.getDelayedCalls()).toEqual([]);
    expect(await next(counts, clock, 5)).toEqual({ done: false, value: 100_001 });
  });

  it('ticks in each turn with interval 0', async () => {
    const clock = new ManualClock();
    const counts = ticks(clock, 0);
    for (let i = 0; i < 3; i++) {
      expect(await next(counts, clock, 0)).toEqual({ done: false, value: 1 });
    }
  });

  it('ends when the signal aborts, waiting or not, and leaves no call behind', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const counts = ticks(clock, 10, { signal: controller.signal });
    await counts.next();
    const waiting = counts.next();
    await nextTurn();
    controller.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(clock.getDelayedCalls()).toEqual([]);
    const late = ticks(clock, 10, { signal: controller.signal });
    expect(await late.next()).toEqual({ done: true, value: undefined });
  });

  it('yields no tick after the signal, even if one is due', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const waiting = ticks(clock, 10, { signal: controller.signal, now: false }).next();
    await nextTurn();
    clock.advance(10);
    controller.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('ends when the reactor is stopped, and runs again afterwards', async () => {
    const clock = new ManualClock();
    const waiting = ticks(clock, 10, { now: false }).next();
    await nextTurn();
    clock.dropCalls();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await next(ticks(clock, 10, { now: false }), clock, 10)).toMatchObject({ value: 1 });
  });

  it('ends with the loop that iterates', async () => {
    const clock = new ManualClock();
    for await (const count of ticks(clock, 10)) {
      expect(count).toBe(1);
      break;
    }
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('refuses an impossible interval at the call', () => {
    expect(() => ticks(new ManualClock(), -1)).toThrow(InvalidArgumentValueError);
  });
});
