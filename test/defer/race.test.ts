import { describe, expect, expectTypeOf, it } from 'vitest';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import { Deferred } from '../../src/defer/deferred.js';
import { AllFailedError, CancelledError } from '../../src/defer/errors.js';
import { race } from '../../src/defer/race.js';
import { fail, succeed } from '../../src/defer/succeed.js';
import { none, outcomeOf } from './outcome.js';

describe('race', () => {
  it('fires with the index and the result of the first to succeed, and cancels the others', () => {
    let cancelled = '';
    const members = ['a', 'b', 'c'].map((name) => {
      return new Deferred<string>(() => {
        cancelled += name;
      });
    });
    const result = outcomeOf(race(members));
    members[1]?.callback('won');
    expect(result.value).toEqual([1, 'won']);
    expect(cancelled).toBe('ac');
  });

  it('takes one that has a result already, and cancels those behind it too', () => {
    const slow = new Deferred<number>();
    expect(outcomeOf(race([succeed(7), slow])).value).toEqual([0, 7]);
    expect(slow.fired).toBe(true);
  });

  it('waits for a success as long as there may be one', () => {
    const member = new Deferred<number>();
    const result = outcomeOf(race([fail(new Error('no')), member]));
    expect(result.value).toBe(none);
    member.callback(1);
    expect(result.value).toEqual([1, 1]);
  });

  it('fails with all the failures, in the order of the list, when all have failed', () => {
    const first = new Deferred<number>();
    const errors = [new Error('a'), new Error('b')];
    const result = outcomeOf(race([first, fail(errors[1])]));
    first.errback(errors[0]);
    expect(result.value).toBeInstanceOf(AllFailedError);
    const { failures, message } = result.value as AllFailedError;
    expect(failures.map(({ value }) => value)).toEqual(errors);
    expect(message).toBe('all 2 failed: a; b');
  });

  it('fails at once when nobody takes part', () => {
    expect(outcomeOf(race([])).value).toMatchObject({ code: 'ERR_ALL_FAILED', failures: [] });
  });

  it('ignores losers that succeed all the same', () => {
    const stubborn = new Deferred<string>((deferred) => deferred.callback('me too'));
    const winner = new Deferred<string>();
    const result = outcomeOf(race([stubborn, winner]));
    winner.callback('won');
    expect(result.value).toEqual([1, 'won']);
  });

  it('cancels all when it is cancelled, and fails with CancelledError', () => {
    const members = [new Deferred<number>(), new Deferred<number>()];
    const result = race(members);
    result.cancel('enough');
    expect(members.map(({ fired }) => fired)).toEqual([true, true]);
    expect(outcomeOf(result).value).toBeInstanceOf(CancelledError);
    expect(outcomeOf(members[0] ?? fail(new Error())).value).toBe(undefined);
  });

  it('takes promises', async () => {
    const never = new Promise<string>(() => {});
    expect(await race([never, Promise.resolve('a')])).toEqual([1, 'a']);
  });

  it('refuses what can not be waited for', () => {
    expect(() => race([1 as never])).toThrow(InvalidArgumentTypeError);
  });

  it('is typed by its list', () => {
    const result = race([succeed(1), Promise.resolve('a')]);
    expectTypeOf(result).toEqualTypeOf<
      Deferred<readonly [index: number, result: number | string]>
    >();
  });
});
