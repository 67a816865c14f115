/** What TypeScript knows of several Deferreds waited for together, and of locks and queues. */
import { describe, expectTypeOf, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { deferredList, type ListFailure, type ListOutcome } from '../../src/defer/deferred-list.js';
import type { Failure } from '../../src/defer/failure.js';
import { gatherResults } from '../../src/defer/gather-results.js';
import { DeferredLock } from '../../src/defer/lock.js';
import { DeferredQueue } from '../../src/defer/queue.js';
import { race } from '../../src/defer/race.js';
import { DeferredSemaphore } from '../../src/defer/semaphore.js';

/** Never fired: what is added to it is looked at by the type checker only. */
function pending<T>(): Deferred<T> {
  return new Deferred<T>();
}

describe('gatherResults', () => {
  it('gives a tuple for a tuple of Deferreds and promises', () => {
    const gathered = gatherResults([pending<number>(), pending<string>(), Promise.resolve(true)]);
    expectTypeOf(gathered).toEqualTypeOf<Deferred<[number, string, boolean]>>();
    gathered.addCallback(([count, text]) => {
      expectTypeOf(count).toEqualTypeOf<number>();
      expectTypeOf(text).toEqualTypeOf<string>();
    });
  });

  it('gives an array for an array', () => {
    const list: Deferred<number>[] = [];
    expectTypeOf(gatherResults(list)).toEqualTypeOf<Deferred<number[]>>();
    const frozen: readonly Deferred<number>[] = list;
    expectTypeOf(gatherResults(frozen)).toEqualTypeOf<Deferred<number[]>>();
    expectTypeOf(gatherResults([1, 2].map(() => pending<string>()))).toEqualTypeOf<
      Deferred<string[]>
    >();
  });

  it('refuses what can not be waited for', () => {
    // @ts-expect-error a number is neither a Deferred nor a promise
    const gather = (): unknown => gatherResults([1]);
    expectTypeOf(gather).toBeFunction();
  });
});

describe('deferredList', () => {
  it('gives outcomes, the result or the failure by the boolean before it', () => {
    const list = deferredList([pending<number>(), pending<string>()]);
    expectTypeOf(list).toEqualTypeOf<Deferred<[ListOutcome<number>, ListOutcome<string>]>>();
    list.addCallback(([[succeeded, result]]) => {
      if (succeeded) expectTypeOf(result).toEqualTypeOf<number>();
      else expectTypeOf(result).toEqualTypeOf<Failure>();
    });
  });

  it('gives what its options make of it', () => {
    const pair = (): [Deferred<number>, Deferred<string>] => [pending(), pending()];
    expectTypeOf(deferredList(pair(), { fireOnOneCallback: true })).toEqualTypeOf<
      Deferred<readonly [result: number | string, index: number] | ListFailure[]>
    >();
    expectTypeOf(deferredList(pair(), { fireOnOneErrback: true })).toEqualTypeOf<
      Deferred<[readonly [true, number], readonly [true, string]]>
    >();
    expectTypeOf(deferredList(pair(), { consumeErrors: true })).toEqualTypeOf<
      Deferred<[ListOutcome<number>, ListOutcome<string>]>
    >();
    expectTypeOf(
      deferredList(pair(), { fireOnOneCallback: true, fireOnOneErrback: true }),
    ).toEqualTypeOf<Deferred<readonly [result: number | string, index: number]>>();
  });
});

describe('race', () => {
  it('gives the place and the result of whoever wins', () => {
    expectTypeOf(race([pending<number>(), pending<string>()])).toEqualTypeOf<
      Deferred<readonly [index: number, result: number | string]>
    >();
  });
});

describe('locks and queues', () => {
  it('gives what the function that was run gives', () => {
    const lock = new DeferredLock();
    const length = (text: string): number => text.length;
    expectTypeOf(lock.run(length, 'text')).toEqualTypeOf<Deferred<number>>();
    expectTypeOf(lock.run(async () => 'text')).toEqualTypeOf<Deferred<string>>();
    const run = (): unknown => {
      // @ts-expect-error the function takes a string
      return lock.run(length, 1);
    };
    expectTypeOf(run).toBeFunction();
  });

  it('fires acquire with the lock or semaphore itself', () => {
    expectTypeOf(new DeferredLock().acquire()).toEqualTypeOf<Deferred<DeferredLock>>();
    expectTypeOf(new DeferredSemaphore(1).acquire()).toEqualTypeOf<Deferred<DeferredSemaphore>>();
  });

  it('takes and gives values of one type', () => {
    const queue = new DeferredQueue<string>();
    expectTypeOf(queue.get()).toEqualTypeOf<Deferred<string>>();
    expectTypeOf(queue.put).parameters.toEqualTypeOf<[string]>();
    expectTypeOf(queue[Symbol.asyncIterator]().next).returns.toEqualTypeOf<
      Promise<IteratorResult<string, void>>
    >();
    // @ts-expect-error a number is no string
    queue.put(1);
  });
});
