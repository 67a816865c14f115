import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import { Deferred } from '../../src/defer/deferred.js';
import { CancelledError } from '../../src/defer/errors.js';
import { Failure } from '../../src/defer/failure.js';
import {
  type Coroutine,
  ensureDeferred,
  inlineCallbacks,
} from '../../src/defer/inline-callbacks.js';
import { fail, maybeDeferred, succeed } from '../../src/defer/succeed.js';
import { takeUnhandledFailures } from '../../src/defer/unhandled.js';
import { resultOf } from './outcome.js';

const boom = new Error('boom');

afterEach(() => {
  expect(takeUnhandledFailures().map(({ failure }) => failure.value)).toEqual([]);
});

describe('inlineCallbacks', () => {
  it('runs synchronously to the first unfired Deferred', () => {
    const order: string[] = [];
    const waited = new Deferred<string>();
    const run = inlineCallbacks(function* () {
      order.push('begun');
      order.push(yield* succeed('fired'));
      order.push(yield* waited);
      return 'end';
    });
    const deferred = run();
    order.push('returned');
    waited.callback('waited');
    order.push('after');
    expect(order).toEqual(['begun', 'fired', 'returned', 'waited', 'after']);
    expect(resultOf(deferred)).toBe('end');
  });

  it('gives what the generator returns: a value, a Deferred, a failure', () => {
    const value = inlineCallbacks(function* (n: number) {
      return (yield* succeed(n)) + 1;
    });
    expect(resultOf(value(1))).toBe(2);
    const thrown = inlineCallbacks(function* (): Coroutine<number> {
      yield* succeed(1);
      throw boom;
    });
    expect(resultOf(thrown())).toBe(boom);
    const chained = inlineCallbacks(function* () {
      yield* succeed(1);
      return succeed(7);
    });
    expect(resultOf(chained())).toBe(7);
  });

  it('throws the error of a failed one in at the yield', () => {
    const run = inlineCallbacks(function* () {
      try {
        yield* fail(boom);
      } catch (error) {
        return error;
      }
      return 'not thrown';
    });
    expect(resultOf(run())).toBe(boom);
    const later = new Deferred<number>();
    const waiting = inlineCallbacks(function* () {
      try {
        return yield* later;
      } catch (error) {
        return error;
      }
    });
    const deferred = waiting();
    later.errback(boom);
    expect(resultOf(deferred)).toBe(boom);
  });

  it('waits for what yield is given, Deferred or promise, and sends anything else back as it is', async () => {
    const run = inlineCallbacks(function* () {
      const sent: unknown[] = [];
      sent.push(yield succeed(1));
      sent.push(yield Promise.resolve(2));
      sent.push(yield 3, yield null, yield undefined);
      sent.push(yield { not: 'thenable' });
      return sent;
    });
    expect(await run()).toEqual([1, 2, 3, null, undefined, { not: 'thenable' }]);
  });

  it('throws in what a hostile thenable throws when it is looked at', () => {
    const run = inlineCallbacks(function* () {
      try {
        yield {
          get then(): never {
            throw boom;
          },
        };
      } catch (error) {
        return error;
      }
      return 'not thrown';
    });
    expect(resultOf(run())).toBe(boom);
  });

  it('takes the result from what was yielded, which has none afterwards', () => {
    const waited = succeed(1);
    resultOf(
      inlineCallbacks(function* () {
        yield* waited;
      })(),
    );
    expect(resultOf(waited)).toBe(undefined);
  });

  it('needs no stack for 100,000 yields, fired or fired by one another', () => {
    const many = inlineCallbacks(function* () {
      let sum = 0;
      for (let i = 0; i < 100_000; i++) sum += yield* succeed(1);
      return sum;
    });
    expect(resultOf(many())).toBe(100_000);
  });

  it('passes this and arguments', () => {
    const counter = {
      base: 10,
      add: inlineCallbacks(function* (this: { base: number }, n: number) {
        return this.base + (yield* succeed(n));
      }),
    };
    expect(resultOf(counter.add(5))).toBe(15);
  });

  it('works in a generator that yields to another', () => {
    function* half(n: number): Coroutine<number> {
      return (yield* succeed(n)) / 2;
    }
    const run = inlineCallbacks(function* () {
      return (yield* half(10)) + (yield* half(4));
    });
    expect(resultOf(run())).toBe(7);
  });

  it('runs finally blocks of a generator that fails inside yield*', () => {
    const log: string[] = [];
    const run = inlineCallbacks(function* () {
      try {
        yield* fail(boom);
      } finally {
        log.push('finally');
      }
    });
    expect(resultOf(run())).toBe(boom);
    expect(log).toEqual(['finally']);
  });

  it('keeps the AsyncLocalStorage context in which it began', () => {
    const storage = new AsyncLocalStorage<number>();
    const waited = new Deferred<void>();
    const again = new Deferred<void>();
    const seen: unknown[] = [];
    const run = inlineCallbacks(function* () {
      yield* waited;
      seen.push(storage.getStore());
      yield* again;
      seen.push(storage.getStore());
    });
    const deferred = storage.run(5, run);
    waited.callback();
    storage.run(6, () => again.callback());
    expect(seen).toEqual([5, 5]);
    expect(resultOf(deferred)).toBe(undefined);
  });

  it('must be given a function', () => {
    expect(() => inlineCallbacks(5 as never)).toThrow(InvalidArgumentTypeError);
  });
});

describe('cancelling inlineCallbacks', () => {
  it('cancels what is waited for, and CancelledError comes out', () => {
    const cancelled = vi.fn();
    const deferred = inlineCallbacks(function* () {
      yield* new Deferred<void>(cancelled);
    })();
    deferred.cancel();
    expect(cancelled).toHaveBeenCalledOnce();
    expect(resultOf(deferred)).toBeInstanceOf(CancelledError);
  });

  it('gives what the generator returns where it catches the error', () => {
    const deferred = inlineCallbacks(function* () {
      try {
        yield* new Deferred<void>();
      } catch (error) {
        return error instanceof CancelledError ? 'caught' : error;
      }
      return 'not cancelled';
    })();
    deferred.cancel();
    expect(resultOf(deferred)).toBe('caught');
  });

  it('waits on where the generator catches the error and waits for something else', () => {
    const second = new Deferred<string>();
    const deferred = inlineCallbacks(function* () {
      try {
        yield* new Deferred<void>();
      } catch {
        return yield* second;
      }
      return '';
    })();
    deferred.cancel();
    expect(resultOf(deferred)).toBe('none yet');
    const seen: unknown[] = [];
    deferred.addBoth((result) => {
      seen.push(result);
    });
    second.callback('second');
    expect(second.fired).toBe(true);
  });

  it('twice cancels what is waited for then', () => {
    const cancelled: string[] = [];
    const deferred = inlineCallbacks(function* () {
      try {
        yield* new Deferred<void>(() => void cancelled.push('first'));
      } catch {
        yield* new Deferred<void>(() => void cancelled.push('second'));
      }
    })();
    deferred.cancel();
    deferred.cancel();
    expect(cancelled).toEqual(['first', 'second']);
    expect(resultOf(deferred)).toBeInstanceOf(CancelledError);
  });

  it('from inside the generator cuts the next wait short', () => {
    const start = new Deferred<void>();
    const cancelled = vi.fn();
    const deferred: Deferred<void> = inlineCallbacks(function* (): Coroutine<void> {
      yield* start;
      deferred.cancel();
      yield* new Deferred<void>(cancelled);
    })();
    start.callback();
    expect(cancelled).toHaveBeenCalledOnce();
    expect(resultOf(deferred)).toBeInstanceOf(CancelledError);
  });

  it('after the end does nothing', () => {
    const deferred = inlineCallbacks(function* () {
      return yield* succeed(1);
    })();
    deferred.cancel();
    expect(resultOf(deferred)).toBe(1);
  });
});

describe('ensureDeferred', () => {
  it('runs a generator at once, not in a later turn', () => {
    const log: string[] = [];
    const deferred = ensureDeferred(
      (function* (): Coroutine<string> {
        log.push('run');
        return yield* succeed('result');
      })(),
    );
    expect(log).toEqual(['run']);
    expect(resultOf(deferred)).toBe('result');
  });

  it('takes the promise of an async function', async () => {
    const deferred = ensureDeferred((async () => 5)());
    expect(deferred).toBeInstanceOf(Deferred);
    expect(await deferred).toBe(5);
  });

  it('gives a Deferred back', () => {
    const deferred = succeed(1);
    expect(ensureDeferred(deferred)).toBe(deferred);
  });

  it('refuses anything else', () => {
    for (const other of [5, null, undefined, {}, () => {}]) {
      expect(() => ensureDeferred(other as never)).toThrow(InvalidArgumentTypeError);
    }
  });
});

describe('maybeDeferred', () => {
  it('makes a Deferred of whatever a call gives', async () => {
    expect(resultOf(maybeDeferred((a: number, b: number) => a + b, 1, 2))).toBe(3);
    const same = succeed(4);
    expect(maybeDeferred(() => same)).toBe(same);
    expect(await maybeDeferred(async () => 5)).toBe(5);
    expect(resultOf(maybeDeferred(() => new Failure(boom)))).toBe(boom);
  });

  it('makes a failed one of what a call throws', () => {
    expect(
      resultOf(
        maybeDeferred((): number => {
          throw boom;
        }),
      ),
    ).toBe(boom);
  });
});

describe('succeed', () => {
  it('takes no result, a value, or what will have one', async () => {
    expect(resultOf(succeed())).toBe(undefined);
    expect(resultOf(succeed(0))).toBe(0);
    expect(await succeed(Promise.resolve(2))).toBe(2);
    expect(resultOf(succeed<number>(new Failure(boom)))).toBe(boom);
  });
});
