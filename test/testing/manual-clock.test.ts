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

  it('reports what a call throws, and goes on', () => {
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
