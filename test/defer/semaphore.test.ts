import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { Deferred } from '../../src/defer/deferred.js';
import { CancelledError, NotAcquiredError } from '../../src/defer/errors.js';
import { DeferredSemaphore } from '../../src/defer/semaphore.js';
import { none, outcomeOf } from './outcome.js';

describe('DeferredSemaphore', () => {
  it('gives as many tokens as it has, and then makes wait', () => {
    const semaphore = new DeferredSemaphore(2);
    const asked = [1, 2, 3].map(() => outcomeOf(semaphore.acquire()));
    expect(asked.map(({ value }) => value === semaphore)).toEqual([true, true, false]);
    expect([semaphore.available, semaphore.waiting, semaphore.limit]).toEqual([0, 1, 2]);
  });

  it('gives a token that comes back to who has waited longest', () => {
    const semaphore = new DeferredSemaphore(1);
    semaphore.acquire();
    const [first, second] = [outcomeOf(semaphore.acquire()), outcomeOf(semaphore.acquire())];
    semaphore.release();
    expect([first.value, second.value]).toEqual([semaphore, none]);
    semaphore.release();
    expect(second.value).toBe(semaphore);
    semaphore.release();
    expect(semaphore.available).toBe(1);
  });

  it('refuses a token too many', () => {
    const semaphore = new DeferredSemaphore(1);
    expect(() => semaphore.release()).toThrow(NotAcquiredError);
    expect(semaphore.available).toBe(1);
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])('refuses to have %d tokens', (tokens) => {
    expect(() => new DeferredSemaphore(tokens)).toThrow(InvalidArgumentValueError);
  });

  it('refuses tokens that are no number', () => {
    expect(() => new DeferredSemaphore('1' as never)).toThrow(InvalidArgumentTypeError);
  });

  it('takes who is cancelled out of the line', () => {
    const semaphore = new DeferredSemaphore(1);
    semaphore.acquire();
    const pending = [semaphore.acquire(), semaphore.acquire(), semaphore.acquire()];
    pending[1]?.cancel();
    expect(semaphore.waiting).toBe(2);
    const outcomes = pending.map(outcomeOf);
    semaphore.release();
    semaphore.release();
    expect(outcomes[1]?.value).toBeInstanceOf(CancelledError);
    expect(outcomes.map(({ failed }) => failed)).toEqual([false, true, false]);
  });

  it('passes over who has fired the Deferred by themselves', () => {
    const semaphore = new DeferredSemaphore(1);
    semaphore.acquire();
    semaphore.acquire().callback(semaphore);
    const last = outcomeOf(semaphore.acquire());
    semaphore.release();
    expect(last.value).toBe(semaphore);
  });

  it('lets nobody pass those who wait while tokens are handed out', () => {
    const semaphore = new DeferredSemaphore(2);
    const order: string[] = [];
    const acquire = (name: string, andThen = () => {}): void => {
      semaphore.acquire().addCallback(() => {
        order.push(name);
        andThen();
      });
    };
    acquire('a');
    acquire('b');
    acquire('c', () => {
      semaphore.release();
      acquire('late');
    });
    acquire('d');
    acquire('e');
    semaphore.release();
    expect(order.join(' ')).toBe('a b c d');
    semaphore.release();
    semaphore.release();
    expect(order.join(' ')).toBe('a b c d e late');
  });

  it('serves a long line without recursion', () => {
    const semaphore = new DeferredSemaphore(1);
    let served = 0;
    semaphore.acquire();
    for (let i = 0; i < 50_000; i++) semaphore.run(() => served++);
    semaphore.release();
    expect([served, semaphore.available]).toEqual([50_000, 1]);
  });

  it('holds never more than its limit, first come first served, whoever is cancelled', () => {
    const operation = fc.oneof(
      { weight: 3, arbitrary: fc.constant('acquire' as const) },
      { weight: 2, arbitrary: fc.constant('release' as const) },
      { weight: 1, arbitrary: fc.nat() },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(operation), (limit, operations) => {
        const semaphore = new DeferredSemaphore(limit);
        const asked: Deferred<unknown>[] = [];
        const served: number[] = [];
        const model = { free: limit, line: [] as number[], served: [] as number[] };
        for (const act of operations) {
          if (act === 'acquire') {
            const id = asked.length;
            if (model.free > 0) {
              model.free -= 1;
              model.served.push(id);
            } else model.line.push(id);
            asked.push(
              semaphore.acquire().addCallbacks(
                () => void served.push(id),
                () => {},
              ),
            );
          } else if (act === 'release') {
            if (model.free === limit) {
              expect(() => semaphore.release()).toThrow(NotAcquiredError);
              continue;
            }
            const next = model.line.shift();
            if (next === undefined) model.free += 1;
            else model.served.push(next);
            semaphore.release();
          } else {
            const id = act % Math.max(1, asked.length);
            asked[id]?.cancel();
            model.line = model.line.filter((waiting) => waiting !== id);
          }
          expect(served).toEqual(model.served);
          expect([semaphore.available, semaphore.waiting]).toEqual([model.free, model.line.length]);
        }
      }),
    );
  });

  describe('run', () => {
    it('calls the function with its arguments and gives its result', () => {
      const semaphore = new DeferredSemaphore(1);
      const sum = semaphore.run((a: number, b: number) => a + b, 1, 2);
      expectTypeOf(sum).toEqualTypeOf<Deferred<number>>();
      expect(outcomeOf(sum).value).toBe(3);
      expect(semaphore.available).toBe(1);
    });

    it('holds the token until what the function returned has a result', () => {
      const semaphore = new DeferredSemaphore(1);
      const inner = new Deferred<string>();
      const outcome = outcomeOf(semaphore.run(() => inner));
      expect(semaphore.available).toBe(0);
      inner.callback('done');
      expect([outcome.value, semaphore.available]).toEqual(['done', 1]);
    });

    it('gives the token back when the function throws, and when it fails later', async () => {
      const semaphore = new DeferredSemaphore(1);
      const error = new Error('no');
      const thrown = semaphore.run(() => {
        throw error;
      });
      expect(outcomeOf(thrown).value).toBe(error);
      await expect(semaphore.run(() => Promise.reject(error))).rejects.toBe(error);
      expect(semaphore.available).toBe(1);
    });

    it('does not call the function when it is cancelled in the line', () => {
      const semaphore = new DeferredSemaphore(1);
      semaphore.acquire();
      let called = false;
      const run = semaphore.run(() => {
        called = true;
      });
      run.cancel();
      semaphore.release();
      expect(outcomeOf(run).value).toBeInstanceOf(CancelledError);
      expect([called, semaphore.available]).toEqual([false, 1]);
    });

    it('cancels what the function returned, and gives the token back', () => {
      const semaphore = new DeferredSemaphore(1);
      const run = semaphore.run(() => new Deferred<void>());
      run.cancel();
      expect(outcomeOf(run).value).toBeInstanceOf(CancelledError);
      expect(semaphore.available).toBe(1);
    });

    it('refuses what is no function, and keeps the token', () => {
      const semaphore = new DeferredSemaphore(1);
      expect(() => semaphore.run('no' as never)).toThrow(InvalidArgumentTypeError);
      expect(semaphore.available).toBe(1);
    });
  });

  describe('hold', () => {
    it('gives the token back at the end of the block', async () => {
      const semaphore = new DeferredSemaphore(1);
      {
        using held = await semaphore.hold();
        expect([semaphore.available, typeof held]).toEqual([0, 'object']);
      }
      expect(semaphore.available).toBe(1);
    });

    it('gives it back once, though disposed of twice', () => {
      const semaphore = new DeferredSemaphore(1);
      let hold: Disposable | undefined;
      semaphore.hold().addCallback((given) => {
        hold = given;
      });
      hold?.[Symbol.dispose]();
      hold?.[Symbol.dispose]();
      expect(semaphore.available).toBe(1);
    });
  });
});
