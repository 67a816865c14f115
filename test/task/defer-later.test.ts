import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { Deferred } from '../../src/defer/deferred.js';
import { CancelledError, ReactorStoppedError } from '../../src/defer/errors.js';
import { deferLater } from '../../src/task/defer-later.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { none, outcomeOf } from '../defer/outcome.js';

describe('deferLater', () => {
  it('calls the function after the delay and fires with its result', () => {
    const clock = new ManualClock();
    const sum = deferLater(clock, 10, (a: number, b: number) => a + b, 1, 2);
    expectTypeOf(sum).toEqualTypeOf<Deferred<number>>();
    const outcome = outcomeOf(sum);
    clock.advance(9);
    expect(outcome.value).toBe(none);
    clock.advance(1);
    expect(outcome.value).toBe(3);
  });

  it('fires without a function as well', () => {
    const clock = new ManualClock();
    const later = deferLater(clock, 10);
    expectTypeOf(later).toEqualTypeOf<Deferred<void>>();
    clock.advance(10);
    expect(outcomeOf(later).value).toBe(undefined);
  });

  it('fails with the error that the function throws', () => {
    const clock = new ManualClock();
    const error = new Error('no');
    const outcome = outcomeOf(
      deferLater(clock, 0, () => {
        throw error;
      }),
    );
    clock.advance(0);
    expect(outcome.value).toBe(error);
  });

  it('does not call the function once it is cancelled', () => {
    const clock = new ManualClock();
    let called = false;
    const later = deferLater(clock, 10, () => {
      called = true;
    });
    later.cancel();
    clock.advance(10);
    expect([called, clock.getDelayedCalls()]).toEqual([false, []]);
    expect(outcomeOf(later).value).toBeInstanceOf(CancelledError);
  });

  it('cancels the Deferred that the function returned', () => {
    const clock = new ManualClock();
    const inner = new Deferred<void>();
    const later = deferLater(clock, 0, () => inner);
    clock.advance(0);
    later.cancel();
    expect(inner.fired).toBe(true);
    expect(outcomeOf(later).value).toBeInstanceOf(CancelledError);
  });

  it('fails if the reactor is stopped first, and does not call the function', () => {
    const clock = new ManualClock();
    let called = false;
    const later = deferLater(clock, 10, () => {
      called = true;
    });
    clock.dropCalls();
    clock.advance(10);
    const { value } = outcomeOf(later);
    expect(value).toBeInstanceOf(ReactorStoppedError);
    expect(value).toBeInstanceOf(CancelledError);
    expect(called).toBe(false);
  });

  it('refuses an invalid delay, and values that are not functions', () => {
    const clock = new ManualClock();
    expect(() => deferLater(clock, -1)).toThrow(InvalidArgumentValueError);
    expect(() => deferLater(clock, 1, 'f' as never)).toThrow(InvalidArgumentTypeError);
    expect(clock.getDelayedCalls()).toEqual([]);
  });
});
