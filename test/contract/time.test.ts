/** The reactor as a clock: delayed calls, and calls from elsewhere. */
import { expect, it } from 'vitest';
import {
  AlreadyCalledError,
  AlreadyCancelledError,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors.js';
import type { DelayedCall } from '../../src/index.js';
import { contract } from '../support/contract.js';
import { latch, Pulse, within } from '../support/deadline.js';

contract('time', (rig) => {
  it('calls back once, with the arguments, in a later turn', async () => {
    const calls: unknown[][] = [];
    rig.reactor.callLater(0, (...args: [number, string]) => void calls.push(args), 7, 'seven');
    expect(calls).toEqual([]);
    await rig.turns(3);
    expect(calls).toEqual([[7, 'seven']]);
  });

  it('calls in the order of times, whatever the order of asking', async () => {
    const order: number[] = [];
    for (const ms of [9, 3, 12, 0, 6]) rig.reactor.callLater(ms, () => void order.push(ms));
    await within(
      new Promise<void>((done) => void rig.reactor.callLater(15, done)),
      'the last call',
    );
    expect(order).toEqual([0, 3, 6, 9, 12]);
  });

  it('calls those of equal time in the order of asking', async () => {
    const order: number[] = [];
    const calls = Array.from({ length: 50 }, (_, i) =>
      rig.reactor.callLater(5, () => void order.push(i)),
    );
    const sameTime = calls.every((call) => call.getTime() === calls[0]?.getTime());
    await within(new Promise<void>((done) => void rig.reactor.callLater(10, done)), 'the calls');
    expect(order).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(order.length, `equal times: ${sameTime}`).toBe(50);
  });

  it('runs a call with no delay that was made inside a call in the next turn', async () => {
    const order: string[] = [];
    const done = latch();
    rig.reactor.callLater(0, () => {
      order.push('first');
      rig.reactor.callLater(0, () => {
        order.push('nested');
        done.open();
      });
    });
    rig.reactor.callLater(0, () => void order.push('second'));
    await within(done.promise, 'the nested call');
    expect(order).toEqual(['first', 'second', 'nested']);
  });

  it('runs callFromThread ahead of delayed calls of the same turn', async () => {
    const order: string[] = [];
    const done = latch();
    rig.reactor.callLater(0, () => {
      rig.reactor.callLater(0, () => {
        order.push('callLater');
        done.open();
      });
      rig.reactor.callFromThread(() => void order.push('callFromThread'));
    });
    await within(done.promise, 'the nested call');
    expect(order).toEqual(['callFromThread', 'callLater']);
  });

  it('keeps a callFromThread made inside another for the next turn', async () => {
    const order: string[] = [];
    const done = latch();
    rig.reactor.callFromThread(() => {
      order.push('first');
      rig.reactor.callFromThread(() => {
        order.push('nested');
        done.open();
      });
    });
    rig.reactor.callFromThread(
      (...args) => void order.push(`second ${args.join(' ')}`),
      'with',
      'arguments',
    );
    expect(order).toEqual([]);
    await within(done.promise, 'the nested call');
    expect(order).toEqual(['first', 'second with arguments', 'nested']);
  });

  it('runs callFromThread asked for in a foreign callback', async () => {
    const done = latch<string>();
    setTimeout(() => rig.reactor.callFromThread(done.open, 'woken'), 1);
    expect(await within(done.promise, 'callFromThread')).toBe('woken');
  });

  it('reports what callFromThread throws and runs the others', async () => {
    const done = latch();
    rig.reactor.callFromThread(() => {
      throw new Error('from a thread');
    });
    rig.reactor.callFromThread(done.open, undefined);
    await within(done.promise, 'the second call');
    expect(rig.takeReports()).toMatchObject([{ error: { message: 'from a thread' } }]);
  });

  it('never calls before its time by now()', async () => {
    const early: string[] = [];
    const done = latch();
    const delays = [0, 0.25, 0.5, 0.9, 1, 1.1, 1.9, 2.5, 3.3, 7.7, 10.01, 15.99];
    let left = delays.length;
    for (const ms of delays) {
      const from = rig.reactor.now();
      const call: DelayedCall = rig.reactor.callLater(ms, () => {
        const now = rig.reactor.now();
        if (now < call.getTime() || now - from < ms) early.push(`${ms}: ${now - from}`);
        left -= 1;
        if (left === 0) done.open();
      });
    }
    await within(done.promise, 'the calls');
    expect(early).toEqual([]);
  });

  it('tells times with fractions, on the scale of now()', () => {
    const before = rig.reactor.now();
    const call = rig.reactor.callLater(1000.5, () => {});
    const after = rig.reactor.now();
    expect(call.getTime()).toBeGreaterThanOrEqual(before + 1000.5);
    expect(call.getTime()).toBeLessThanOrEqual(after + 1000.5);
    call.cancel();
  });

  it('has a clock that never goes back and knows fractions of a millisecond', () => {
    const times = Array.from({ length: 1000 }, () => rig.reactor.now());
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.some((time) => !Number.isInteger(time))).toBe(true);
  });

  it('does not call what was cancelled', async () => {
    let called = false;
    const call = rig.reactor.callLater(0, () => {
      called = true;
    });
    expect(call.active()).toBe(true);
    call.cancel();
    expect(call.active()).toBe(false);
    await rig.turns(3);
    expect(called).toBe(false);
  });

  it('lets a call cancel another that is due in the same turn', async () => {
    const order: string[] = [];
    let second: DelayedCall | undefined;
    rig.reactor.callLater(0, () => {
      order.push('first');
      second?.cancel();
    });
    second = rig.reactor.callLater(0, () => void order.push('second'));
    rig.reactor.callLater(0, () => void order.push('third'));
    await rig.turns(2);
    expect(order).toEqual(['first', 'third']);
  });

  it.each(['cancel', 'reset', 'delay'] as const)(
    'throws from %s after the call ran',
    async (method) => {
      const call = rig.reactor.callLater(0, () => {});
      await rig.turns(2);
      expect(call.active()).toBe(false);
      expect(() => call[method](1)).toThrow(AlreadyCalledError);
    },
  );

  it.each(['cancel', 'reset', 'delay'] as const)('throws from %s after cancel', (method) => {
    const call = rig.reactor.callLater(0, () => {});
    call.cancel();
    expect(() => call[method](1)).toThrow(AlreadyCancelledError);
  });

  it('is no longer active within its own callback', async () => {
    const done = latch<boolean>();
    const call: DelayedCall = rig.reactor.callLater(0, () => {
      expect(() => call.cancel()).toThrow(AlreadyCalledError);
      done.open(call.active());
    });
    expect(await within(done.promise, 'the call')).toBe(false);
  });

  it('moves a call later by reset and delay', async () => {
    const order: string[] = [];
    const reset = rig.reactor.callLater(1, () => void order.push('reset to 12'));
    const delayed = rig.reactor.callLater(1, () => void order.push('delayed to 8'));
    rig.reactor.callLater(4, () => void order.push('4'));
    reset.reset(12);
    delayed.delay(7);
    await within(new Promise<void>((done) => void rig.reactor.callLater(16, done)), 'the calls');
    expect(order).toEqual(['4', 'delayed to 8', 'reset to 12']);
  });

  it('moves a call earlier by reset and by a negative delay', async () => {
    const order: string[] = [];
    const done = latch();
    const reset = rig.reactor.callLater(60_000, () => void order.push('reset to 1'));
    const delayed = rig.reactor.callLater(60_000, () => void order.push('delayed to 3'));
    rig.reactor.callLater(9, done.open, undefined);
    delayed.delay(-59_997);
    reset.reset(1);
    await within(done.promise, 'the calls');
    expect(order).toEqual(['reset to 1', 'delayed to 3']);
  });

  it('takes a delay that moves the time into the past as now', async () => {
    let called = false;
    const call = rig.reactor.callLater(60_000, () => {
      called = true;
    });
    call.delay(-120_000);
    expect(called).toBe(false);
    await rig.turns(2);
    expect(called).toBe(true);
  });

  it('reports what a call throws and runs the others', async () => {
    const done = latch();
    rig.reactor.callLater(0, () => {
      throw new Error('a late failure');
    });
    rig.reactor.callLater(0, done.open, undefined);
    await within(done.promise, 'the second call');
    expect(rig.takeReports()).toMatchObject([{ error: { message: 'a late failure' } }]);
  });

  it('lists the calls that wait and no others', async () => {
    expect(rig.reactor.getDelayedCalls()).toEqual([]);
    const soon = rig.reactor.callLater(0, () => {});
    const late = rig.reactor.callLater(60_000, () => {});
    const cancelled = rig.reactor.callLater(60_000, () => {});
    cancelled.cancel();
    expect(new Set(rig.reactor.getDelayedCalls())).toEqual(new Set([soon, late]));
    await rig.turns(2);
    expect(rig.reactor.getDelayedCalls()).toEqual([late]);
    late.cancel();
    expect(rig.reactor.getDelayedCalls()).toEqual([]);
  });

  it('does not take a delay of more than 2^31 ms for none', async () => {
    let called = false;
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', onWarning);
    const call = rig.reactor.callLater(2 ** 31 + 1, () => {
      called = true;
    });
    const longest = rig.reactor.callLater(2 ** 53, () => {
      called = true;
    });
    await rig.turns(5);
    await within(new Promise((done) => setTimeout(done, 5)), 'a timer of Node');
    await within(new Promise<void>((done) => void rig.reactor.callLater(5, done)), 'a call');
    await within(new Promise((done) => setTimeout(done, 5)), 'a timer of Node');
    expect(called).toBe(false);
    process.off('warning', onWarning);
    expect(warnings, 'timers of Node that were set too far').toEqual([]);
    longest.cancel();
    call.reset(0);
    await rig.turns(2);
    expect(called).toBe(true);
  });

  it('keeps the order of 2,000 random delays, cancellations and moves', async () => {
    const fired: number[] = [];
    const expected = new Set<number>();
    const pulse = new Pulse();
    let state = 42;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    const calls = new Map<number, DelayedCall>();
    const times: number[] = [];
    for (let i = 0; i < 2000; i++) {
      expected.add(i);
      const call = rig.reactor.callLater(random(40), () => {
        times.push(call.getTime());
        fired.push(i);
        pulse.notify();
      });
      calls.set(i, call);
    }
    for (const [i, call] of calls) {
      const what = random(4);
      if (what === 0) {
        call.cancel();
        expected.delete(i);
      } else if (what === 1) call.reset(random(60));
      else if (what === 2) call.delay(random(30) - 15);
    }
    await pulse.until(() => fired.length >= expected.size, 'the calls');
    await rig.turns(2);
    expect(new Set(fired)).toEqual(expected);
    expect(fired.length).toBe(expected.size);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it.each([Number.NaN, -1, -0.001, Number.POSITIVE_INFINITY, 2 ** 53 + 2])(
    'refuses a delay of %s',
    (delay) => {
      expect(() => rig.reactor.callLater(delay, () => {})).toThrow(InvalidArgumentValueError);
      const call = rig.reactor.callLater(1000, () => {});
      expect(() => call.reset(delay)).toThrow(InvalidArgumentValueError);
      expect(call.active()).toBe(true);
      call.cancel();
    },
  );

  it.each([undefined, null, '5', {}, 5n])('refuses a delay that is no number: %s', (delay) => {
    expect(() => rig.reactor.callLater(delay as never, () => {})).toThrow(InvalidArgumentTypeError);
    expect(rig.reactor.getDelayedCalls()).toEqual([]);
  });

  it.each([undefined, null, 'f', {}])('refuses a callback that is no function: %s', (callback) => {
    expect(() => rig.reactor.callLater(1, callback as never)).toThrow(InvalidArgumentTypeError);
    expect(() => rig.reactor.callFromThread(callback as never)).toThrow(InvalidArgumentTypeError);
  });
});
