import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../src/core/errors/arguments.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

describe('ManualClock', () => {
  it('runs what falls due, each call at its own time', () => {
    const clock = new ManualClock();
    const log: [string, number][] = [];
    const note = (name: string): void => void log.push([name, clock.now()]);
    clock.callLater(20, note, 'second');
    clock.callLater(10, () => {
      note('first');
      clock.callLater(5, note, 'between');
    });
    clock.callLater(31, note, 'later');
    clock.advance(30);
    expect(log).toEqual([
      ['first', 10],
      ['between', 15],
      ['second', 20],
    ]);
    expect([clock.now(), clock.nextTime]).toEqual([30, 31]);
    clock.pump([0.5, 0.5]);
    expect(log.at(-1)).toEqual(['later', 31]);
    expect(clock.nextTime).toBeUndefined();
  });

  it('goes step by step: what a call makes for the same time waits for the next', () => {
    const clock = new ManualClock();
    const log: string[] = [];
    clock.callLater(10, () => {
      log.push('a');
      clock.callLater(0, () => log.push('c'));
    });
    clock.callLater(10, () => log.push('b'));
    expect([clock.step(), clock.now(), ...log]).toEqual([true, 10, 'a', 'b']);
    expect([clock.step(), clock.now(), ...log]).toEqual([true, 10, 'a', 'b', 'c']);
    expect(clock.step()).toBe(false);
  });

  it('runs what falls due in an advance inside a call, each at its own time', () => {
    const clock = new ManualClock();
    const log: [string, number][] = [];
    const note = (name: string): void => void log.push([name, clock.now()]);
    clock.callLater(1, () => {
      note('first');
      clock.callLater(3, note, 'made inside');
      clock.pump([2, 3]);
      note('end of the first');
    });
    clock.callLater(1, note, 'due with the first');
    clock.callLater(2, note, 'due in the inner advance');
    clock.callLater(8, note, 'due in the outer advance');
    clock.callLater(11, note, 'due later');
    clock.advance(10);
    expect(log).toEqual([
      ['first', 1],
      ['due with the first', 1],
      ['due in the inner advance', 2],
      ['made inside', 4],
      ['end of the first', 6],
      ['due in the outer advance', 8],
    ]);
    expect([clock.now(), clock.nextTime]).toEqual([10, 11]);
  });

  it('is not set back by an advance that ends before an inner one', () => {
    const clock = new ManualClock();
    clock.callLater(1, () => clock.advance(5));
    clock.advance(2);
    expect(clock.now()).toBe(6);
  });

  it('steps inside a call', () => {
    const clock = new ManualClock();
    const log: unknown[] = [];
    clock.callLater(1, () => {
      log.push(clock.step(), clock.now(), clock.step());
    });
    clock.callLater(3, () => log.push('second'));
    clock.step();
    expect(log).toEqual(['second', true, 3, false]);
  });

  it('reports errors of a call, and continues', () => {
    const errors: unknown[] = [];
    const clock = new ManualClock((error) => errors.push(error));
    const failure = new Error('a bug');
    clock.callLater(1, () => {
      throw failure;
    });
    let ran = false;
    clock.callLater(1, () => {
      ran = true;
    });
    clock.advance(1);
    expect([errors, ran]).toEqual([[failure], true]);
  });

  it('never goes back', () => {
    const clock = new ManualClock();
    expect(() => clock.advance(-1)).toThrow(InvalidArgumentValueError);
    clock.advance(10);
    const call = clock.callLater(5, () => {});
    call.delay(-100);
    clock.advance(0);
    expect(clock.now()).toBe(10);
    expect(call.active()).toBe(false);
  });
});
