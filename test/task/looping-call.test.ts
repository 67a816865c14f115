import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { Deferred } from '../../src/defer/deferred.js';
import { CancelledError } from '../../src/defer/errors.js';
import { Failure } from '../../src/defer/failure.js';
import { LoopingCallStateError } from '../../src/task/errors.js';
import { LoopingCall } from '../../src/task/looping-call.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { loggedBy, none, outcomeOf } from '../defer/outcome.js';
import { TurnClock } from './turn-clock.js';

/** A loop that notes when it was called. */
function notingLoop(clock: ManualClock | TurnClock): { loop: LoopingCall; times: number[] } {
  const times: number[] = [];
  return { loop: new LoopingCall(clock, () => void times.push(clock.now())), times };
}

describe('LoopingCall', () => {
  it('calls at once and then every interval, with the arguments that it was made with', () => {
    const clock = new ManualClock();
    const calls: unknown[] = [];
    const loop = new LoopingCall(clock, (...args: [string, number]) => calls.push(args), 'a', 1);
    loop.start(1000);
    expect(calls).toEqual([['a', 1]]);
    clock.advance(3500);
    expect(calls).toHaveLength(4);
    expectTypeOf(loop).toEqualTypeOf<LoopingCall<[string, number]>>();
  });

  it('waits for the interval first if now is false', () => {
    const clock = new ManualClock();
    const { loop, times } = notingLoop(clock);
    loop.start(1000, false);
    expect(times).toEqual([]);
    clock.advance(2000);
    expect(times).toEqual([1000, 2000]);
  });

  it('counts from its start: late calls do not delay others', () => {
    const clock = new TurnClock();
    const { loop, times } = notingLoop(clock);
    loop.start(10);
    clock.turn(14);
    clock.turn(5); // 19
    clock.turn(1);
    clock.turn(10);
    expect(times).toEqual([0, 14, 20, 30]);
  });

  it('skips the ticks that it missed', () => {
    const clock = new TurnClock();
    const { loop, times } = notingLoop(clock);
    loop.start(10);
    clock.turn(45);
    clock.turn(4);
    clock.turn(1);
    expect(times).toEqual([0, 45, 50]);
  });

  it('is called by a clock that is advanced by exactly the interval', () => {
    const clock = new ManualClock();
    const { loop, times } = notingLoop(clock);
    loop.start(0.1);
    for (let i = 0; i < 1000; i++) clock.advance(0.1);
    expect(times).toHaveLength(1001);
  });

  it('calls once in each turn with interval 0', () => {
    const clock = new TurnClock();
    const { loop, times } = notingLoop(clock);
    loop.start(0);
    for (let i = 0; i < 3; i++) clock.turn();
    expect(times).toEqual([0, 0, 0, 0]);
  });

  it.each([
    [() => new Deferred<void>()],
    [() => Deferred.fromPromise(new Promise<void>(() => {}))],
  ])('calls again when what was returned has a result, at the next tick', (make) => {
    const clock = new ManualClock();
    const pending: Deferred<void>[] = [];
    const loop = new LoopingCall(clock, () => {
      const deferred = make();
      pending.push(deferred);
      return deferred;
    });
    loop.start(10);
    clock.advance(25);
    expect(pending).toHaveLength(1);
    pending[0]?.callback();
    clock.advance(4);
    expect(pending).toHaveLength(1);
    clock.advance(1);
    expect(pending).toHaveLength(2);
  });

  it('waits for promises', async () => {
    const clock = new ManualClock();
    let calls = 0;
    const loop = new LoopingCall(clock, async () => {
      calls += 1;
    });
    loop.start(10);
    clock.advance(30);
    expect(calls).toBe(1);
    await Promise.resolve();
    clock.advance(10);
    expect(calls).toBe(2);
  });

  it('reports whether it is running, and its interval', () => {
    const clock = new ManualClock();
    const running: boolean[] = [];
    const loop: LoopingCall = new LoopingCall(clock, () => void running.push(loop.running));
    expect([loop.running, loop.intervalMs]).toEqual([false, undefined]);
    loop.start(5);
    expect([loop.running, loop.intervalMs, running]).toEqual([true, 5, [true]]);
    loop.stop();
    expect([loop.running, loop.intervalMs]).toEqual([false, 5]);
  });

  describe('stop', () => {
    it('fires the Deferred of start with the loop, and makes no more calls', () => {
      const clock = new ManualClock();
      const { loop, times } = notingLoop(clock);
      const deferred = loop.start(10);
      expectTypeOf(deferred).toEqualTypeOf<Deferred<LoopingCall>>();
      const ended = outcomeOf(deferred);
      expect(ended.value).toBe(none);
      loop.stop();
      expect(ended.value).toBe(loop);
      clock.advance(100);
      expect(times).toEqual([0]);
      expect(clock.getDelayedCalls()).toEqual([]);
    });

    it('can be called by the function', () => {
      const clock = new ManualClock();
      let calls = 0;
      const loop: LoopingCall = new LoopingCall(clock, () => {
        calls += 1;
        if (calls === 3) loop.stop();
      });
      const ended = outcomeOf(loop.start(1));
      clock.advance(10);
      expect([calls, ended.value]).toEqual([3, loop]);
    });

    it('waits for the call in progress', () => {
      const pending = new Deferred<void>();
      const loop = new LoopingCall(new ManualClock(), () => pending);
      const ended = outcomeOf(loop.start(1));
      loop.stop();
      expect([loop.running, ended.value]).toEqual([false, none]);
      expect(() => loop.start(1)).toThrow(LoopingCallStateError);
      expect(() => loop.stop()).toThrow(LoopingCallStateError);
      pending.callback();
      expect(ended.value).toBe(loop);
    });

    it('can be followed by another start', () => {
      const clock = new ManualClock();
      const { loop, times } = notingLoop(clock);
      loop.start(10);
      loop.stop();
      clock.advance(5);
      loop.start(20);
      clock.advance(20);
      expect(times).toEqual([0, 5, 25]);
    });

    it('comes with the end of the reactor, after which the loop can be started again', () => {
      const clock = new ManualClock();
      const { loop, times } = notingLoop(clock);
      const ended = outcomeOf(loop.start(10));
      clock.dropCalls();
      expect([ended.value, loop.running]).toEqual([loop, false]);
      clock.advance(5);
      loop.start(10);
      clock.advance(10);
      expect(times).toEqual([0, 5, 15]);
    });

    it('is refused if the loop is not running', () => {
      const { loop } = notingLoop(new ManualClock());
      expect(() => loop.stop()).toThrow(LoopingCallStateError);
      expect(() => loop.reset()).toThrow(LoopingCallStateError);
    });
  });

  describe('a failure', () => {
    it.each([
      [
        'thrown',
        (error: Error) => {
          throw error;
        },
      ],
      ['returned', (error: Error) => new Failure(error)],
      [
        'in a Deferred',
        (error: Error) => {
          const d = new Deferred<void>();
          d.errback(error);
          return d;
        },
      ],
    ] as const)('%s ends the loop', (_how, f) => {
      const clock = new ManualClock();
      const error = new Error('no');
      const loop = new LoopingCall<[Error]>(clock, f, error);
      const ended = outcomeOf(loop.start(1));
      expect(ended.value).toBe(error);
      expect([loop.running, clock.getDelayedCalls()]).toEqual([false, []]);
      outcomeOf(loop.start(1)); // may be started again
    });

    it('after stop fails the Deferred of start too', () => {
      const pending = new Deferred<void>();
      const loop = new LoopingCall(new ManualClock(), () => pending);
      const ended = outcomeOf(loop.start(1));
      loop.stop();
      const error = new Error('no');
      pending.errback(error);
      expect(ended.value).toBe(error);
    });

    it('of the clock itself fails the Deferred of start', () => {
      const clock = new ManualClock();
      const { loop } = notingLoop(clock);
      clock.callLater = () => {
        throw new Error('disposed');
      };
      expect(outcomeOf(loop.start(1)).value).toMatchObject({ message: 'disposed' });
    });
  });

  describe('cancelling the Deferred of start', () => {
    it('stops the loop', () => {
      const clock = new ManualClock();
      const { loop, times } = notingLoop(clock);
      const started = loop.start(10);
      started.cancel();
      clock.advance(100);
      expect([loop.running, times]).toEqual([false, [0]]);
      expect(outcomeOf(started).value).toBeInstanceOf(CancelledError);
    });

    it('after stop no longer waits for the call in progress', () => {
      const pending = new Deferred<void>();
      const loop = new LoopingCall(new ManualClock(), () => pending);
      const started = loop.start(10);
      loop.stop();
      started.cancel();
      expect(outcomeOf(started).value).toBeInstanceOf(CancelledError);
      pending.callback();
      expect(loop.running).toBe(false);
    });

    it('lets the call in progress finish, and reports its failure', () => {
      const clock = new ManualClock();
      let pending = new Deferred<void>();
      const loop = new LoopingCall(clock, () => pending);
      const cancelled = (): void => {
        const started = loop.start(10);
        started.cancel();
        expect(outcomeOf(started).value).toBeInstanceOf(CancelledError);
        expect(() => loop.start(10)).toThrow(LoopingCallStateError);
      };
      cancelled();
      pending.callback();
      pending = new Deferred();
      cancelled();
      const error = new Error('no');
      expect(loggedBy(() => pending.errback(error))).toEqual([error]);
      pending = new Deferred();
      cancelled();
    });
  });

  describe('reset', () => {
    it('restarts the interval', () => {
      const clock = new ManualClock();
      const { loop, times } = notingLoop(clock);
      loop.start(10);
      clock.advance(6);
      loop.reset();
      clock.advance(9);
      expect(times).toEqual([0]);
      clock.advance(11);
      expect(times).toEqual([0, 16, 26]);
    });

    it('also counts from now while a call is in progress', () => {
      const clock = new ManualClock();
      const pending: Deferred<void>[] = [];
      const loop = new LoopingCall(clock, () => {
        const deferred = new Deferred<void>();
        pending.push(deferred);
        return deferred;
      });
      loop.start(10);
      clock.advance(4);
      loop.reset();
      pending[0]?.callback();
      clock.advance(9);
      expect(pending).toHaveLength(1);
      clock.advance(1);
      expect(pending).toHaveLength(2);
    });
  });

  describe('another interval', () => {
    it('begins after the pending call', () => {
      const clock = new ManualClock();
      const { loop, times } = notingLoop(clock);
      loop.start(10);
      clock.advance(15);
      loop.intervalMs = 3;
      expect(loop.intervalMs).toBe(3);
      clock.advance(12);
      expect(times).toEqual([0, 10, 20, 23, 26]);
    });

    it('set within a call begins with that call', () => {
      const clock = new ManualClock();
      const times: number[] = [];
      const loop: LoopingCall = new LoopingCall(clock, () => {
        times.push(clock.now());
        loop.intervalMs = times.length * 10;
      });
      loop.start(1, false);
      clock.advance(100);
      expect(times).toEqual([1, 11, 31, 61]);
    });

    it('set while waiting for a result counts from the call', () => {
      const clock = new ManualClock();
      const times: number[] = [];
      let pending = new Deferred<void>();
      const loop = new LoopingCall(clock, () => {
        times.push(clock.now());
        return pending;
      });
      loop.start(10);
      clock.advance(4);
      loop.intervalMs = 5;
      clock.advance(4);
      const first = pending;
      pending = new Deferred();
      first.callback();
      clock.advance(2);
      expect(times).toEqual([0, 10]);
    });

    it('leads to and from every turn', () => {
      const clock = new TurnClock();
      const { loop, times } = notingLoop(clock);
      loop.start(10);
      loop.intervalMs = 0;
      for (let i = 0; i < 12; i++) clock.turn(1);
      expect(times).toEqual([0, 10, 11, 12]);
      loop.intervalMs = 2;
      for (let i = 0; i < 6; i++) clock.turn(1);
      expect(times).toEqual([0, 10, 11, 12, 13, 14, 16, 18]);
    });

    it('loses no tick of withCount', () => {
      const clock = new TurnClock();
      const counts: number[] = [];
      const loop = LoopingCall.withCount(clock, (count) => void counts.push(count));
      loop.start(10, false);
      clock.turn(35); // 10, 20, 30; then 40 is waited for
      loop.intervalMs = 2;
      clock.turn(10); // 40, 42, 44
      loop.intervalMs = 10;
      clock.turn(1); // 46, then 56
      clock.turn(9);
      clock.turn(1);
      expect(counts).toEqual([3, 3, 1, 1]);
    });

    it('is refused if the loop is not running or the value is invalid', () => {
      const { loop } = notingLoop(new ManualClock());
      const set = (intervalMs: number) => (): void => {
        loop.intervalMs = intervalMs;
      };
      expect(set(5)).toThrow(LoopingCallStateError);
      loop.start(1);
      expect(set(-1)).toThrow(InvalidArgumentValueError);
      expect(set('5' as never)).toThrow(InvalidArgumentTypeError);
      expect(loop.intervalMs).toBe(1);
    });
  });

  it.each([-1, Number.NaN, Infinity])('refuses the interval %d', (intervalMs) => {
    const { loop } = notingLoop(new ManualClock());
    expect(() => loop.start(intervalMs)).toThrow(InvalidArgumentValueError);
    expect(loop.running).toBe(false);
  });

  it('refuses arguments of wrong types', () => {
    const clock = new ManualClock();
    expect(() => new LoopingCall(clock, 'f' as never)).toThrow(InvalidArgumentTypeError);
    expect(() => LoopingCall.withCount(clock, 1 as never)).toThrow(InvalidArgumentTypeError);
    const { loop } = notingLoop(clock);
    expect(() => loop.start('1' as never)).toThrow(InvalidArgumentTypeError);
    expect(() => loop.start(1, 1 as never)).toThrow(InvalidArgumentTypeError);
  });

  it('refuses to be started twice', () => {
    const { loop } = notingLoop(new ManualClock());
    loop.start(1);
    expect(() => loop.start(1)).toThrow(LoopingCallStateError);
  });
});
