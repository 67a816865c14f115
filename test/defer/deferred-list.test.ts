import fc from 'fast-check';
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import { Deferred } from '../../src/defer/deferred.js';
import { deferredList, type ListFailure, type ListOutcome } from '../../src/defer/deferred-list.js';
import { CancelledError, FirstError } from '../../src/defer/errors.js';
import { Failure } from '../../src/defer/failure.js';
import { fail, succeed } from '../../src/defer/succeed.js';
import { takeUnhandledFailures } from '../../src/defer/unhandled.js';
import { none, outcomeOf } from './outcome.js';

const some = (count: number): Deferred<number>[] =>
  Array.from({ length: count }, () => new Deferred<number>());

/** Outcomes with the errors' messages in place of the failures. */
function plain(outcomes: unknown): unknown {
  return (outcomes as ListOutcome<unknown>[]).map(([succeeded, result]) =>
    succeeded ? result : (result as Failure).message,
  );
}

afterEach(() => void takeUnhandledFailures());

describe('deferredList', () => {
  it('fires when all have, with what became of each in the order of the list', () => {
    const one = new Deferred<number>();
    const two = new Deferred<string>();
    const list = outcomeOf(deferredList([one, two], { consumeErrors: true }));
    two.errback(new Error('no'));
    expect(list.value).toBe(none);
    one.callback(1);
    expect(list.value).toEqual([
      [true, 1],
      [false, expect.any(Failure)],
    ]);
    expect(plain(list.value)).toEqual([1, 'no']);
  });

  it('fires at once with those that have results already', () => {
    const list = deferredList([succeed(1), succeed('a')]);
    expect(plain(outcomeOf(list).value)).toEqual([1, 'a']);
  });

  it('fires at once when it is empty', () => {
    expect(outcomeOf(deferredList([])).value).toEqual([]);
    expect(outcomeOf(deferredList([], { fireOnOneErrback: true })).value).toEqual([]);
  });

  it('never fires when it is empty and waits for one to succeed', () => {
    expect(deferredList([], { fireOnOneCallback: true }).fired).toBe(false);
  });

  it('leaves the members their results', () => {
    const member = new Deferred<number>();
    deferredList([member]);
    member.callback(5);
    expect(outcomeOf(member).value).toBe(5);
  });

  it('leaves failures to the members: unhandled, if nobody looks at them', () => {
    const error = new Error('mine');
    deferredList([fail(error)]);
    expect(takeUnhandledFailures().map(({ failure }) => failure.value)).toEqual([error]);
  });

  it('takes the failures away with consumeErrors', () => {
    const member = fail(new Error('mine'));
    deferredList([member], { consumeErrors: true });
    expect(takeUnhandledFailures()).toEqual([]);
    expect(outcomeOf(member)).toEqual({ value: undefined, failed: false });
  });

  it('sees what callbacks added before made of the result, and not those added later', () => {
    const member = new Deferred<number>();
    const list = deferredList([member.addCallback((n) => n + 1)]);
    member.addCallback(() => 99);
    member.callback(1);
    expect(plain(outcomeOf(list).value)).toEqual([2]);
  });

  it('takes the same member twice', () => {
    const member = new Deferred<number>();
    const list = outcomeOf(deferredList([member, member]));
    member.callback(3);
    expect(plain(list.value)).toEqual([3, 3]);
  });

  describe('with fireOnOneCallback', () => {
    it('fires with the first result and its index', () => {
      const [a, b] = [new Deferred<string>(), new Deferred<string>()];
      const list = outcomeOf(deferredList([a, b], { fireOnOneCallback: true }));
      b.callback('b');
      a.callback('a');
      expect(list.value).toEqual(['b', 1]);
    });

    it('leaves the members that come later their results too', () => {
      const members = some(2);
      const list = outcomeOf(deferredList(members, { fireOnOneCallback: true }));
      members[1]?.callback(1);
      members[0]?.callback(0);
      expect(list.value).toEqual([1, 1]);
      expect(members.map((member) => outcomeOf(member).value)).toEqual([0, 1]);
    });

    it('fires with the list where all fail', () => {
      const options = { fireOnOneCallback: true, consumeErrors: true } as const;
      const list = deferredList([fail(new Error('x')), fail(new Error('y'))], options);
      expect(plain(outcomeOf(list).value)).toEqual(['x', 'y']);
    });
  });

  describe('with fireOnOneErrback', () => {
    it('fails at the first failure, with its index', () => {
      const members = some(3);
      const options = { fireOnOneErrback: true, consumeErrors: true } as const;
      const list = outcomeOf(deferredList(members, options));
      const error = new Error('first');
      members[2]?.errback(error);
      members[0]?.errback(new Error('second'));
      const { failed, value } = list;
      expect(failed).toBe(true);
      expect(value).toBeInstanceOf(FirstError);
      expect(value).toMatchObject({ index: 2, cause: error, failure: { value: error } });
    });

    it('fires with the list where none fails', () => {
      const list = deferredList([succeed(1)], { fireOnOneErrback: true });
      expect(outcomeOf(list).value).toEqual([[true, 1]]);
    });

    it('does whichever comes first, with fireOnOneCallback as well', () => {
      const both = {
        fireOnOneErrback: true,
        fireOnOneCallback: true,
        consumeErrors: true,
      } as const;
      expect(outcomeOf(deferredList([succeed(1), fail(new Error())], both)).value).toEqual([1, 0]);
      const failing = outcomeOf(deferredList([fail(new Error()), succeed(1)], both));
      expect(failing.value).toMatchObject({ code: 'ERR_FIRST_FAILED', index: 0 });
    });
  });

  describe('cancel', () => {
    it('cancels the members; what they make of it is the result', () => {
      const own = new Deferred<string>((deferred) => deferred.callback('own'));
      const list = deferredList([new Deferred<string>(), own, succeed('done')], {
        consumeErrors: true,
      });
      list.cancel();
      const { value, failed } = outcomeOf(list);
      expect(failed).toBe(false);
      expect(value).toEqual([
        [false, new Failure(new CancelledError())],
        [true, 'own'],
        [true, 'done'],
      ]);
    });

    it('does nothing once it has fired, though members have not', () => {
      const members = some(2);
      const list = deferredList(members, { fireOnOneCallback: true });
      members[0]?.callback(1);
      list.cancel();
      expect(members[1]?.fired).toBe(false);
    });

    it('fails with CancelledError where no member can tell', () => {
      const list = deferredList([], { fireOnOneCallback: true });
      list.cancel();
      expect(outcomeOf(list).value).toBeInstanceOf(CancelledError);
      const paused = new Deferred<void>();
      paused.pause();
      const waiting = deferredList([paused], { consumeErrors: true });
      waiting.cancel();
      expect(outcomeOf(waiting).value).toBeInstanceOf(CancelledError);
      paused.unpause(); // comes too late
    });
  });

  describe('of promises', () => {
    it('waits for them, and counts their failures as handled', async () => {
      const list = deferredList([
        Promise.resolve(1),
        Promise.reject(new Error('no')),
        succeed('a'),
      ]);
      expect(plain(await list)).toEqual([1, 'no', 'a']);
      expect(takeUnhandledFailures()).toEqual([]);
    });

    it('waits for them no more when it is cancelled', () => {
      const list = deferredList([new Promise(() => {})]);
      list.cancel();
      expect(plain(outcomeOf(list).value)).toEqual(['cancelled']);
    });
  });

  it.each([[[1]], [[undefined]], [[() => Promise.resolve()]], ['ab'], [new Set()], [undefined]])(
    'refuses the list %j',
    (list) => {
      expect(() => deferredList(list as never)).toThrow(InvalidArgumentTypeError);
    },
  );

  it('comes to the same as Promise.allSettled, in whatever order they fire', async () => {
    const outcome = fc.record({ fails: fc.boolean(), value: fc.nat(), at: fc.nat() });
    const check = async (outcomes: { fails: boolean; value: number; at: number }[]) => {
      const members = some(outcomes.length);
      const settled = Promise.allSettled(members.map((member) => member.toPromise()));
      const list = deferredList(members, { consumeErrors: true });
      const order = outcomes.map((_, index) => index);
      order.sort((a, b) => (outcomes[a]?.at ?? 0) - (outcomes[b]?.at ?? 0));
      for (const index of order) {
        const { fails, value } = outcomes[index] ?? { fails: false, value: 0 };
        if (fails) members[index]?.errback(new Error(String(value)));
        else members[index]?.callback(value);
      }
      const expected = (await settled).map((each) =>
        each.status === 'fulfilled' ? each.value : each.reason.message,
      );
      expect(plain(await list)).toEqual(expected);
    };
    await fc.assert(fc.asyncProperty(fc.array(outcome, { maxLength: 8 }), check), { numRuns: 50 });
  });

  it('is typed by its list and options', () => {
    const tuple = deferredList([new Deferred<number>(), Promise.resolve('a')]);
    expectTypeOf(tuple).toEqualTypeOf<Deferred<[ListOutcome<number>, ListOutcome<string>]>>();
    const array = deferredList(some(2));
    expectTypeOf(array).toEqualTypeOf<Deferred<ListOutcome<number>[]>>();
    const first = deferredList(some(1), { fireOnOneCallback: true });
    expectTypeOf(first).toEqualTypeOf<Deferred<readonly [number, number] | ListFailure[]>>();
    const successes = deferredList(some(1), { fireOnOneErrback: true });
    expectTypeOf(successes).toEqualTypeOf<Deferred<(readonly [true, number])[]>>();
    const either = deferredList(some(1), { fireOnOneErrback: true, fireOnOneCallback: true });
    expectTypeOf(either).toEqualTypeOf<Deferred<readonly [number, number]>>();
  });
});
