import { AsyncLocalStorage } from 'node:async_hooks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { IdleTimeout } from '../../src/policies/idle-timeout.js';
import { IdleTimeouts } from '../../src/policies/idle-timeouts.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';

/** Timeouts that write down when they fire. */
class Bench {
  readonly clock = new ManualClock();
  readonly timeouts: IdleTimeouts;
  readonly fired: { name: number; at: number }[] = [];

  constructor(tickMs: number) {
    this.timeouts = new IdleTimeouts(this.clock, { tickMs });
  }

  make(name: number): IdleTimeout {
    return new IdleTimeout(
      this.timeouts,
      new MemoryTransport(),
      () => void this.fired.push({ name, at: this.clock.now() }),
    );
  }
}

describe('IdleTimeouts', () => {
  it('ticks each second and allows five seconds to close by default', () => {
    const clock = new ManualClock();
    expect(new IdleTimeouts(clock)).toMatchObject({ tickMs: 1_000, graceMs: 5_000 });
    expect(new IdleTimeouts(clock, { tickMs: 0.5, graceMs: 7 })).toMatchObject({
      tickMs: 0.5,
      graceMs: 7,
    });
  });

  it.each(['tickMs', 'graceMs'])('refuses an invalid %s', (option) => {
    const make = (value: unknown) => () => new IdleTimeouts(new ManualClock(), { [option]: value });
    for (const value of [0, -1, Number.NaN, Infinity]) {
      expect(make(value)).toThrow(InvalidArgumentValueError);
    }
    expect(make('1')).toThrow(InvalidArgumentTypeError);
  });

  it('refuses values that are not clocks', () => {
    for (const clock of [undefined, null, {}]) {
      expect(() => new IdleTimeouts(clock as never)).toThrow(InvalidArgumentTypeError);
    }
  });

  it('uses one delayed call for all, and none while no timeout is set', () => {
    const bench = new Bench(10);
    const all = Array.from({ length: 100 }, (_, i) => bench.make(i));
    expect(bench.clock.getDelayedCalls()).toHaveLength(0);
    for (const timeout of all) timeout.set(100);
    expect(bench.timeouts.size).toBe(100);
    expect(bench.clock.getDelayedCalls()).toHaveLength(1);
    bench.clock.advance(55);
    expect(bench.clock.getDelayedCalls()).toHaveLength(1);
    for (const timeout of all) timeout.set(null);
    expect(bench.timeouts.size).toBe(0);
    expect(bench.clock.getDelayedCalls()).toHaveLength(0);
    all[0]?.set(100);
    bench.clock.advance(1_000);
    expect(bench.fired).toHaveLength(1);
    expect(bench.clock.getDelayedCalls()).toHaveLength(0);
  });

  it('counts on once a timeout is set after the reactor was stopped', () => {
    const bench = new Bench(10);
    const [left, unset, set] = [bench.make(0), bench.make(1), bench.make(2)];
    left.set(100);
    unset.set(100);
    bench.clock.advance(50);
    bench.clock.dropCalls();
    unset.set(null);
    bench.clock.advance(1_000);
    expect([bench.timeouts.size, bench.fired]).toEqual([1, []]);
    set.set(100);
    bench.clock.advance(1_000);
    expect(bench.fired).toEqual([
      { name: 0, at: 1_110 },
      { name: 2, at: 1_160 },
    ]);
  });

  it('unsets all timeouts after the reactor was stopped', () => {
    const bench = new Bench(10);
    const timeout = bench.make(0);
    timeout.set(100);
    bench.clock.dropCalls();
    timeout.set(null);
    expect([bench.timeouts.size, bench.clock.getDelayedCalls()]).toEqual([0, []]);
    timeout.set(100);
    bench.clock.advance(1_000);
    expect(bench.fired).toEqual([{ name: 0, at: 110 }]);
  });

  it('fires timeouts that are far beyond the wheel', () => {
    const bench = new Bench(10);
    const timeout = bench.make(1);
    timeout.set(100_000);
    bench.clock.advance(100_000);
    expect(bench.fired).toEqual([]);
    bench.clock.advance(10);
    expect(bench.fired).toEqual([{ name: 1, at: 100_010 }]);
  });

  it('lets a callback set, unset and reset others', () => {
    const clock = new ManualClock();
    const timeouts = new IdleTimeouts(clock, { tickMs: 10 });
    const fired: string[] = [];
    const make = (name: string, act: () => void = () => {}): IdleTimeout =>
      new IdleTimeout(timeouts, new MemoryTransport(), () => {
        fired.push(`${name} ${clock.now()}`);
        act();
      });
    const again = make('again');
    const unset = make('unset');
    const reset = make('reset');
    const first = make('first', () => {
      unset.set(null);
      reset.reset();
      again.set(10);
    });
    for (const timeout of [first, unset, reset]) timeout.set(30);
    clock.advance(1_000);
    expect(fired).toEqual(['first 40', 'again 60', 'reset 80']);
  });

  it('counts a stall of the process as one tick', () => {
    const clock = new ManualClock();
    const timeouts = new IdleTimeouts(clock, { tickMs: 10 });
    let fired = 0;
    const timeout = new IdleTimeout(timeouts, new MemoryTransport(), () => fired++);
    timeout.set(50);
    // The call comes late: while the process stood still, time went on.
    clock.getDelayedCalls()[0]?.delay(5_000);
    clock.advance(5_010);
    expect(fired).toBe(0);
    clock.advance(50);
    expect(fired).toBe(1);
  });

  it('makes its call in the root context', () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const clock = new ManualClock();
    const noting: Clock = {
      now: () => clock.now(),
      callLater(delayMs, callback, ...args) {
        seen.push(storage.getStore());
        return clock.callLater(delayMs, callback, ...args);
      },
      getDelayedCalls: () => clock.getDelayedCalls(),
    };
    const timeouts = new IdleTimeouts(noting, { tickMs: 10 });
    const timeout = new IdleTimeout(timeouts, new MemoryTransport());
    storage.run('a connection', () => timeout.set(100));
    expect(seen).toEqual([undefined]);
  });

  it('fires each timeout within its precision of a naive model', () => {
    const operation = fc.record({
      name: fc.nat(4),
      what: fc.constantFrom('reset', 'reset', 'reset', 'set', 'unset'),
      ms: fc.integer({ min: 1, max: 2_000 }),
      advanceMs: fc.integer({ min: 0, max: 400 }),
    });
    const property = fc.property(
      fc.integer({ min: 1, max: 25 }),
      fc.array(operation, { maxLength: 60 }),
      (tickMs, operations) => {
        const bench = new Bench(tickMs);
        const timeouts = Array.from({ length: 5 }, (_, name) => bench.make(name));
        /** When each was set or last active, and its length. */
        const model = new Map<number, { since: number; ms: number }>();
        const check = (): void => {
          for (const { name, at } of bench.fired.splice(0)) {
            const { since, ms } = model.get(name) ?? { since: Number.NaN, ms: 0 };
            expect(at).toBeGreaterThanOrEqual(since + ms);
            const ticks = ms % tickMs === 0 ? 1 : 2;
            expect(at).toBeLessThanOrEqual(since + ms + ticks * tickMs);
            model.delete(name);
          }
          for (const { since, ms } of model.values()) {
            expect(bench.clock.now()).toBeLessThanOrEqual(since + ms + 2 * tickMs);
          }
        };
        for (const { name, what, ms, advanceMs } of operations) {
          const since = bench.clock.now();
          const set = model.get(name);
          if (what === 'reset') {
            timeouts[name]?.reset();
            if (set !== undefined) set.since = since;
          } else if (what === 'set') {
            timeouts[name]?.set(ms);
            model.set(name, { since, ms });
          } else {
            timeouts[name]?.set(null);
            model.delete(name);
          }
          expect(bench.timeouts.size).toBe(model.size);
          // Step by step, so that the model sees each firing at its own time.
          for (let left = advanceMs; left > 0; left -= tickMs) {
            bench.clock.advance(Math.min(left, tickMs));
            check();
          }
        }
        bench.clock.advance(3_000);
        expect(bench.timeouts.size).toBe(0);
      },
    );
    fc.assert(property, { numRuns: 300 });
  });
});
