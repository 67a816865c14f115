import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { LoopingCall } from '../../src/task/looping-call.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { none, outcomeOf } from '../defer/outcome.js';
import { TurnClock } from './turn-clock.js';

describe('LoopingCall.withCount', () => {
  it('passes the number of ticks since the last call', () => {
    const clock = new TurnClock();
    const counts: number[] = [];
    const loop = LoopingCall.withCount(clock, (count) => counts.push(count));
    loop.start(10);
    for (const ms of [10, 35, 5, 10]) clock.turn(ms);
    expect(counts).toEqual([1, 1, 3, 1, 1]);
  });

  it('begins with 1 if the first call is made later, or is late itself', () => {
    const clock = new TurnClock();
    const counts: number[] = [];
    const loop = LoopingCall.withCount(clock, (count) => counts.push(count));
    loop.start(10, false);
    clock.turn(10);
    loop.stop();
    loop.start(10, false);
    clock.turn(29);
    expect(counts).toEqual([1, 2]);
  });

  it('passes arguments after the count', () => {
    const seen: unknown[] = [];
    const f = (count: number, name: string): void => void seen.push([count, name]);
    const loop = LoopingCall.withCount(new ManualClock(), f, 'a');
    expectTypeOf(loop).toEqualTypeOf<LoopingCall<[string]>>();
    loop.start(10);
    expect(seen).toEqual([[1, 'a']]);
  });

  it('counts 1 in each turn with interval 0', () => {
    const clock = new TurnClock();
    const counts: number[] = [];
    LoopingCall.withCount(clock, (count) => counts.push(count)).start(0);
    for (const ms of [0, 10, 0]) clock.turn(ms);
    expect(counts).toEqual([1, 1, 1, 1]);
  });

  it('counts the ticks that a slow call covered', () => {
    const clock = new ManualClock();
    const counts: number[] = [];
    let pending = new Deferred<void>();
    LoopingCall.withCount(clock, (count) => {
      counts.push(count);
      return pending;
    }).start(10);
    clock.advance(35);
    const first = pending;
    pending = new Deferred();
    first.callback();
    clock.advance(5);
    expect(counts).toEqual([1, 4]);
  });

  it('counts every tick exactly once, whatever the times of the turns', () => {
    const shape = fc.record({
      parts: fc.integer({ min: 1, max: 20 }),
      denominator: fc.integer({ min: 1, max: 1000 }),
      now: fc.boolean(),
      turns: fc.array(fc.nat({ max: 60 }), { maxLength: 60 }),
    });
    fc.assert(
      fc.property(shape, ({ parts, denominator, now, turns }) => {
        const clock = new TurnClock();
        let units = 0;
        let sum = now ? -1 : 0;
        const loop = LoopingCall.withCount(clock, (count) => {
          sum += count;
          expect(sum).toBe(Math.floor(units / parts));
        });
        const ended = outcomeOf(loop.start(parts / denominator, now));
        for (const passed of turns) {
          units += passed;
          clock.turn(passed / denominator); // adds up rounding errors
          // A tick that falls due just now may seem a bit away to a clock that has added up.
          if (units % parts > 0) expect(sum).toBe(Math.floor(units / parts));
        }
        expect(ended.value).toBe(none);
      }),
      { numRuns: 300 },
    );
  });
});
