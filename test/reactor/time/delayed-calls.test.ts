import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DelayedCall } from '../../../src/core/clock.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../../src/core/errors/arguments.js';
import { AlreadyCalledError, AlreadyCancelledError } from '../../../src/core/errors/reactor.js';
import { DelayedCalls } from '../../../src/reactor/time/delayed-calls.js';
import { Bench } from './delayed-calls-bench.js';
import { NaiveDelayedCalls, operations, play } from './delayed-calls-model.js';

describe('DelayedCalls', () => {
  describe('callLater', () => {
    it('runs the callback once, with its arguments, when its time has come', () => {
      const bench = new Bench();
      const seen: unknown[][] = [];
      bench.calls.callLater(5, (...args) => seen.push(args), ['a', 2]);
      bench.advance(4.5);
      expect(seen).toEqual([]);
      bench.advance(0.5);
      bench.advance(100);
      expect(seen).toEqual([['a', 2]]);
    });

    it('runs calls in the order of their times, equal times in the order they were made', () => {
      const bench = new Bench();
      for (const name of ['a', 'b', 'c']) bench.later(5, name);
      bench.later(1, 'first');
      for (const name of ['d', 'e', 'f']) bench.later(5, name);
      bench.advance(10);
      expect(bench.ran.join('')).toBe('firstabcdef');
    });

    it('never runs the callback before it returns, even without delay', () => {
      const bench = new Bench();
      bench.later(0);
      expect(bench.ran).toEqual([]);
    });

    it.each([undefined, null, '5', 5n])('refuses the delay %s', (delay) => {
      const { calls } = new Bench();
      expect(() => calls.callLater(delay as unknown as number, () => {}, [])).toThrow(
        InvalidArgumentTypeError,
      );
    });

    it.each([-1, Number.NaN, Infinity, 2 ** 53 + 2])('refuses the delay %d', (delay) => {
      const { calls } = new Bench();
      expect(() => calls.callLater(delay, () => {}, [])).toThrow(InvalidArgumentValueError);
      expect(calls.size).toBe(0);
    });

    it('refuses a callback that is not a function', () => {
      const { calls } = new Bench();
      expect(() => calls.callLater(1, 'no' as never, [])).toThrow(InvalidArgumentTypeError);
    });
  });

  describe('a delayed call', () => {
    it('is active until it begins', () => {
      const bench = new Bench();
      const during: boolean[] = [];
      const call: DelayedCall = bench.later(1, 'x', () => during.push(call.active()));
      expect(call.active()).toBe(true);
      bench.advance(1);
      expect(during).toEqual([false]);
    });

    it('knows its time, also when it is over', () => {
      const bench = new Bench();
      const ran = bench.later(1.25);
      const cancelled = bench.later(2);
      cancelled.cancel();
      bench.advance(5);
      expect([ran.getTime(), cancelled.getTime()]).toEqual([1001.25, 1002]);
    });

    it('does not run once cancelled', () => {
      const bench = new Bench();
      bench.later(1, 'a');
      const call = bench.later(1, 'b');
      bench.later(1, 'c');
      call.cancel();
      expect(call.active()).toBe(false);
      expect(bench.calls.size).toBe(2);
      bench.advance(1);
      expect(bench.ran).toEqual(['a', 'c']);
    });

    it('releases callback and arguments when cancelled and when called', () => {
      const bench = new Bench();
      const held = { token: 'held' };
      const callback = (_held: object): void => {};
      const cancelled = bench.calls.callLater(1, callback, [held]);
      const called = bench.calls.callLater(1, callback, [held]);
      cancelled.cancel();
      bench.advance(1);
      for (const call of [cancelled, called]) {
        const values: unknown[] = Object.values(call);
        expect(values).not.toContain(callback);
        expect(values.flat()).not.toContain(held);
      }
    });

    it('throws AlreadyCalledError for cancel, reset and delay once it began', () => {
      const bench = new Bench();
      const codes: unknown[] = [];
      const attempt = (): void => {
        for (const act of [() => call.cancel(), () => call.reset(1), () => call.delay(1)]) {
          expect(act).toThrow(AlreadyCalledError);
          codes.push('thrown');
        }
      };
      const call: DelayedCall = bench.later(1, 'x', attempt);
      bench.advance(1);
      attempt();
      expect(codes).toHaveLength(6);
      expect(bench.reported).toEqual([]);
    });

    it('throws AlreadyCancelledError for cancel, reset and delay once cancelled', () => {
      const call = new Bench().later(1);
      call.cancel();
      for (const act of [() => call.cancel(), () => call.reset(1), () => call.delay(1)]) {
        expect(act).toThrow(AlreadyCancelledError);
      }
    });

    it('counts a reset from now and a delay from its time', () => {
      const bench = new Bench();
      const reset = bench.later(10);
      const delayed = bench.later(10);
      bench.time += 4;
      reset.reset(10);
      delayed.delay(10);
      expect([reset.getTime(), delayed.getTime()]).toEqual([1014, 1020]);
    });

    it('can be moved later, earlier, and into the past', () => {
      const bench = new Bench();
      bench.later(5, 'later').reset(20);
      bench.later(20, 'earlier').reset(5);
      bench.later(10, 'past').delay(-100);
      bench.later(10, 'unmoved');
      bench.advance(0);
      expect(bench.ran).toEqual(['past']);
      bench.advance(30);
      expect(bench.ran).toEqual(['past', 'earlier', 'unmoved', 'later']);
    });

    it('runs after those that had its new time before it', () => {
      const bench = new Bench();
      const moved = [bench.later(5, 'up'), bench.later(50, 'down'), bench.later(10, 'same')];
      bench.later(10, 'old');
      for (const call of moved) call.reset(10);
      bench.later(10, 'young');
      bench.advance(10);
      expect(bench.ran).toEqual(['old', 'up', 'down', 'same', 'young']);
    });

    it('refuses a malformed time and stays as it was', () => {
      const call = new Bench().later(5);
      expect(() => call.reset('1' as never)).toThrow(InvalidArgumentTypeError);
      expect(() => call.reset(-1)).toThrow(InvalidArgumentValueError);
      expect(() => call.delay('1' as never)).toThrow(InvalidArgumentTypeError);
      expect(() => call.delay(-Infinity)).toThrow(InvalidArgumentValueError);
      expect(call.getTime()).toBe(1005);
    });
  });

  describe('runDue', () => {
    it('reads the time once', () => {
      let reads = 0;
      const calls = new DelayedCalls({ now: () => reads++, report: () => {}, arm: () => {} });
      for (let i = 0; i < 5; i++) calls.callLater(0, () => {}, []);
      reads = 100;
      calls.runDue();
      expect(reads).toBe(101);
    });

    it('leaves calls made in a due call to the next time, even those without delay', () => {
      const bench = new Bench();
      bench.later(1, 'outer', () => bench.later(0, 'inner'));
      bench.later(5, 'also due');
      bench.advance(5);
      expect(bench.ran).toEqual(['outer', 'also due']);
      bench.advance(0);
      expect(bench.ran).toEqual(['outer', 'also due', 'inner']);
    });

    it('leaves calls moved in a due call to the next time, wherever they were moved', () => {
      const bench = new Bench();
      bench.later(1, 'mover', () => {
        wasDue.reset(0);
        wasPending.delay(-1000);
      });
      const wasDue = bench.later(2, 'was due');
      const wasPending = bench.later(100, 'was pending');
      bench.advance(5);
      expect(bench.ran).toEqual(['mover']);
      bench.advance(0);
      expect(bench.ran).toEqual(['mover', 'was pending', 'was due']);
    });

    it('skips a due call that an earlier one cancelled', () => {
      const bench = new Bench();
      bench.later(1, 'a', () => doomed.cancel());
      const doomed = bench.later(1, 'b');
      bench.later(1, 'c');
      bench.advance(1);
      expect(bench.ran).toEqual(['a', 'c']);
      expect(bench.calls.size).toBe(0);
    });

    it('reports the error of a call and runs the others', () => {
      const bench = new Bench();
      const error = new Error('boom');
      bench.later(1, 'a', () => {
        throw error;
      });
      bench.later(1, 'b');
      bench.advance(1);
      expect(bench.ran).toEqual(['a', 'b']);
      expect(bench.reported).toEqual([[error, 'delayed call']]);
    });

    it('runs what is due inside a due call, the rest of the outer run included', () => {
      const bench = new Bench();
      bench.later(1, 'a', () => {
        bench.later(0, 'made');
        bench.advance(10);
        bench.ran.push('end of a');
      });
      bench.later(2, 'b');
      bench.later(20, 'c');
      bench.advance(2);
      expect(bench.ran).toEqual(['a', 'b', 'made', 'end of a']);
      expect([bench.calls.size, bench.armed.at(-1)]).toEqual([1, 1020]);
    });

    it('counts and lists the due calls that have not begun', () => {
      const bench = new Bench();
      const seen: unknown[] = [];
      bench.later(1, 'a', () => {
        const { calls } = bench;
        seen.push(calls.size, calls.nextTime, new Set(calls.getDelayedCalls()));
      });
      const b = bench.later(2);
      const c = bench.later(30);
      bench.advance(5);
      expect(seen).toEqual([2, 1002, new Set([b, c])]);
    });

    it('loses no call when the reporter throws', () => {
      let time = 0;
      const ran: string[] = [];
      const report = (error: unknown): void => {
        throw error;
      };
      const calls = new DelayedCalls({ now: () => time, report, arm: () => {} });
      calls.callLater(1, () => {
        throw new RangeError('boom');
      }, []);
      calls.callLater(2, (name) => ran.push(name), ['b']);
      time = 5;
      expect(() => calls.runDue()).toThrow(RangeError);
      expect(calls.nextTime).toBe(2);
      calls.runDue();
      expect(ran).toEqual(['b']);
    });
  });

  describe('arm', () => {
    it('is called when the earliest time becomes earlier, and for no other new call', () => {
      const bench = new Bench();
      for (const delay of [10, 20, 10, 5, 7]) bench.later(delay);
      bench.later(30).reset(2);
      expect(bench.armed).toEqual([1010, 1005, 1002]);
    });

    it('is called with undefined when the last call is cancelled', () => {
      const bench = new Bench();
      const calls = [bench.later(1), bench.later(2)];
      for (const call of calls) call.cancel();
      expect(bench.armed).toEqual([1001, undefined]);
      bench.later(9);
      expect(bench.armed).toEqual([1001, undefined, 1009]);
    });

    it('is not called when the earliest time becomes later: an early runDue sets it right', () => {
      const bench = new Bench();
      const call = bench.later(5);
      for (let i = 0; i < 10; i++) {
        bench.time += 0.25;
        call.reset(5);
      }
      expect(bench.armed).toEqual([1005]);
      expect(bench.calls.nextTime).toBe(1007.5);
      bench.advance(2.5);
      expect(bench.ran).toEqual([]);
      expect(bench.armed).toEqual([1005, 1007.5]);
    });

    it('is called once by a runDue, at its end', () => {
      const bench = new Bench();
      bench.later(1, 'a', () => {
        bench.later(0).cancel();
        bench.later(3);
        bench.later(2);
        expect(bench.armed).toEqual([1001]);
      });
      bench.advance(1);
      expect(bench.armed).toEqual([1001, 1003]);
    });

    it('is called again for the same time by a runDue that came too early', () => {
      const bench = new Bench();
      bench.later(2);
      bench.advance(1.5);
      expect(bench.armed).toEqual([1002, 1002]);
    });

    it('is not called by a runDue when nothing was or is pending', () => {
      const bench = new Bench();
      bench.calls.runDue();
      expect(bench.armed).toEqual([]);
    });

    it('is sufficient for an owner: each call runs at its time', () => {
      const delays = fc.array(fc.tuple(fc.nat(50), fc.nat(50), fc.nat(2)), { maxLength: 80 });
      fc.assert(
        fc.property(delays, (plans) => {
          const bench = new Bench();
          const late: number[] = [];
          for (const [first, second, what] of plans) {
            const check = (): number => late.push(bench.time - call.getTime());
            const call: DelayedCall = bench.later(first, first, () => check());
            const mover = (): void => {
              if (call.active()) [() => call.cancel(), () => call.reset(second), check][what]?.();
            };
            if (what < 2) bench.later(second, 'mover', mover);
          }
          for (let armed = bench.armed.at(-1); armed !== undefined; armed = bench.armed.at(-1)) {
            expect(armed).toBeGreaterThanOrEqual(bench.time);
            bench.time = armed;
            bench.calls.runDue();
          }
          expect(bench.calls.size).toBe(0);
          expect(late.every((ms) => ms === 0)).toBe(true);
        }),
      );
    });
  });

  describe('drop', () => {
    it('ends all', () => {
      const bench = new Bench();
      const calls = [bench.later(1), bench.later(2)];
      bench.calls.drop();
      expect(calls.map((call) => call.active())).toEqual([false, false]);
      expect([bench.calls.size, bench.calls.nextTime]).toEqual([0, undefined]);
      expect(bench.armed).toEqual([1001, undefined]);
      bench.advance(10);
      expect(bench.ran).toEqual([]);
    });

    it('drops the rest when a due call requests it', () => {
      const bench = new Bench();
      bench.later(1, 'a', () => bench.calls.drop());
      const rest = [bench.later(1), bench.later(50)];
      bench.advance(1);
      expect(bench.ran).toEqual(['a']);
      expect(rest.map((call) => call.active())).toEqual([false, false]);
      expect(bench.armed).toEqual([1001, undefined]);
    });
  });

  describe('dropAll', () => {
    it('also ends the calls that callbacks of whenDropped make', () => {
      const bench = new Bench();
      const told: string[] = [];
      bench.later(1).whenDropped(() => {
        told.push('first');
        bench.later(1, 'second').whenDropped(() => void told.push('second'));
      });
      bench.calls.dropAll();
      bench.advance(10);
      expect(told).toEqual(['first', 'second']);
      expect([bench.ran, bench.calls.size]).toEqual([[], 0]);
    });

    it('ends even if each callback makes another call', () => {
      const bench = new Bench();
      const again = (): void => bench.later(1).whenDropped(again);
      again();
      bench.calls.dropAll();
      expect([bench.calls.size, bench.calls.nextTime]).toEqual([0, undefined]);
      expect(bench.armed.at(-1)).toBeUndefined();
    });
  });

  it('behaves like a sorted list under any operations', () => {
    fc.assert(
      fc.property(fc.array(operations, { maxLength: 60, size: 'max' }), (script) => {
        expect(play(script, (options) => new DelayedCalls(options))).toEqual(
          play(script, (options) => new NaiveDelayedCalls(options)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the order when entries that no longer count are dropped', () => {
    const plans = fc.array(fc.tuple(fc.nat(40), fc.nat(40), fc.boolean()), {
      minLength: 120,
      maxLength: 400,
      size: 'max',
    });
    fc.assert(
      fc.property(plans, (times) => {
        const bench = new Bench();
        const calls = times.map(([first]) => bench.later(first));
        const kept: DelayedCall[] = [];
        for (const [index, call] of calls.entries()) call.delay(times[index]?.[1] ?? 0);
        for (const [index, call] of calls.entries()) {
          if (index % 4 === 0 || (times[index]?.[2] && index % 4 === 1)) kept.push(call);
          else call.cancel();
        }
        expect(bench.calls.entries).toBeLessThan(calls.length);
        const ran: number[] = [];
        while (bench.calls.size > 0) {
          bench.time = bench.calls.nextTime ?? Number.NaN;
          const before = bench.ran.length;
          bench.calls.runDue();
          for (let i = before; i < bench.ran.length; i++) ran.push(bench.time);
        }
        expect(ran).toEqual(kept.map((call) => call.getTime()).sort((a, b) => a - b));
      }),
    );
  });

  it('holds at most twice as many entries as calls, or 50 more', () => {
    const bench = new Bench();
    const calls: DelayedCall[] = [];
    const limit = (): number => Math.max(bench.calls.size * 2, bench.calls.size + 50);
    for (let i = 0; i < 2000; i++) {
      calls.push(bench.later(500 + (i % 7)));
      calls[(i * 7) % calls.length]?.reset(400 - (i % 11));
      if (i % 5 !== 0) calls.splice((i * 3) % calls.length, 1)[0]?.cancel();
      expect(bench.calls.entries).toBeLessThanOrEqual(limit());
    }
    for (const call of calls) {
      call.cancel();
      expect(bench.calls.entries).toBeLessThanOrEqual(limit());
    }
    for (let i = 0; i < 1000; i++) bench.later(5).cancel();
    const mover = bench.later(1000);
    for (let i = 0; i < 1000; i++) mover.delay(i % 2 === 0 ? -1 : 1);
    expect(bench.calls.entries).toBeLessThanOrEqual(51);
  });
});
