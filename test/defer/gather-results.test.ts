import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { gatherResults } from '../../src/defer/gather-results.js';
import { fail, succeed } from '../../src/defer/succeed.js';
import { takeUnhandledFailures } from '../../src/defer/unhandled.js';
import { none, outcomeOf } from './outcome.js';

afterEach(() => void takeUnhandledFailures());

describe('gatherResults', () => {
  it('fires with the results in the order of the list', () => {
    const one = new Deferred<number>();
    const two = new Deferred<string>();
    const gathered = outcomeOf(gatherResults([one, two]));
    two.callback('b');
    expect(gathered.value).toBe(none);
    one.callback(1);
    expect(gathered.value).toEqual([1, 'b']);
  });

  it('fires at once when the list is empty', () => {
    expect(outcomeOf(gatherResults([])).value).toEqual([]);
  });

  it('fails at the first failure, while the others go on', () => {
    const other = new Deferred<number>();
    const error = new Error('no');
    const gathered = gatherResults([other, fail(error)], { consumeErrors: true });
    expect(outcomeOf(gathered).value).toMatchObject({
      code: 'ERR_FIRST_FAILED',
      index: 1,
      cause: error,
    });
    expect(other.fired).toBe(false);
  });

  it('leaves failures to the members, and takes them away with consumeErrors', () => {
    outcomeOf(gatherResults([fail(new Error('a'))]));
    expect(takeUnhandledFailures()).toHaveLength(1);
    outcomeOf(gatherResults([fail(new Error('a'))], { consumeErrors: true }));
    expect(takeUnhandledFailures()).toEqual([]);
  });

  it('cancels all members', () => {
    const members = [new Deferred<void>(), new Deferred<void>()];
    const gathered = gatherResults(members, { consumeErrors: true });
    gathered.cancel();
    expect(members.map(({ fired }) => fired)).toEqual([true, true]);
    expect(outcomeOf(gathered).value).toMatchObject({ cause: { code: 'ERR_CANCELLED' } });
  });

  it('comes to the same as Promise.all', async () => {
    const members = [succeed(1), Promise.resolve('two'), succeed({ three: 3 })] as const;
    expect(await gatherResults(members)).toEqual(await Promise.all(members));
  });

  it('is typed by its list', () => {
    const tuple = gatherResults([new Deferred<number>(), Promise.resolve('a')]);
    expectTypeOf(tuple).toEqualTypeOf<Deferred<[number, string]>>();
    const array = gatherResults([1, 2].map((n) => succeed(n)));
    expectTypeOf(array).toEqualTypeOf<Deferred<number[]>>();
  });
});
