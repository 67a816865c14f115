/** The rules of Deferreds, each a test. */
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { getDebugging, setDebugging } from '../../src/defer/debugging.js';
import { Deferred } from '../../src/defer/deferred.js';
import { AlreadyFiredError, NotPausedError } from '../../src/defer/errors.js';
import { Failure } from '../../src/defer/failure.js';
import { NotAnErrorError } from '../../src/defer/not-an-error.js';
import { fail, succeed } from '../../src/defer/succeed.js';
import { takeUnhandledFailures } from '../../src/defer/unhandled.js';
import { loggedBy, resultOf } from './outcome.js';

const boom = new Error('boom');

afterEach(() => {
  expect(takeUnhandledFailures().map(({ failure }) => failure.value)).toEqual([]);
});

describe('firing', () => {
  it('runs callbacks in order, each with what the one before returned', () => {
    const deferred = new Deferred<number>();
    const seen: unknown[] = [];
    deferred
      .addCallback((n) => {
        seen.push(n);
        return `${n}`;
      })
      .addCallback((text) => {
        seen.push(text);
      })
      .addCallback((nothing) => {
        seen.push(nothing);
      });
    expect(seen).toEqual([]);
    deferred.callback(1);
    expect(seen).toEqual([1, '1', undefined]);
  });

  it('is done once: a second callback or errback throws AlreadyFiredError', () => {
    const deferred = new Deferred<number>();
    deferred.callback(1);
    expect(() => deferred.callback(2)).toThrow(AlreadyFiredError);
    expect(() => deferred.errback(boom)).toThrow(AlreadyFiredError);
    expect(resultOf(deferred)).toBe(1);
    const failed = fail(boom);
    expect(() => failed.callback(2 as never)).toThrow(AlreadyFiredError);
    expect(resultOf(failed)).toBe(boom);
  });

  it('runs callbacks synchronously, at once when added to one that has fired', () => {
    const seen: number[] = [];
    succeed(1).addCallback((n) => {
      seen.push(n);
    });
    expect(seen).toEqual([1]);
  });

  it('appends callbacks that are added inside a running callback, and runs them after it', () => {
    const seen: string[] = [];
    const deferred = new Deferred<void>();
    deferred
      .addCallback(() => {
        deferred.addCallback(() => {
          seen.push('added inside');
        });
        seen.push('first');
      })
      .addCallback(() => {
        seen.push('second');
      });
    deferred.callback();
    expect(seen).toEqual(['first', 'second', 'added inside']);
  });

  it('takes callback(Failure) for errback', () => {
    const deferred = new Deferred<number>();
    deferred.callback(new Failure(boom));
    expect(resultOf(deferred)).toBe(boom);
  });

  it('wraps what errback is given where it is not a Failure', () => {
    const failure = new Failure(boom);
    const deferred = new Deferred<number>();
    deferred.errback(failure);
    let seen: Failure | undefined;
    deferred.addErrback((given) => {
      seen = given;
    });
    expect(seen).toBe(failure);
    expect(resultOf(fail('a string'))).toMatchObject({ thrown: 'a string' });
  });

  it('makes errback() without an error a NotAnErrorError: JavaScript has no current exception', () => {
    const deferred = new Deferred<number>();
    (deferred.errback as () => void)();
    expect(resultOf(deferred)).toBeInstanceOf(NotAnErrorError);
  });

  it('waits for a Deferred or a promise that callback was given', async () => {
    const inner = new Deferred<number>();
    const outer = new Deferred<number>();
    outer.callback(inner);
    expect(outer).toMatchObject({ fired: true, paused: true });
    expect(resultOf(outer)).toBe('none yet');
    inner.callback(5);
    const other = new Deferred<number>();
    other.callback(Promise.resolve(6));
    expect(await other).toBe(6);
  });
});

describe('callbacks and errbacks', () => {
  it('turn what is thrown into a failure, and what an errback returns into a result', () => {
    const seen: unknown[] = [];
    succeed(1)
      .addCallback((): number => {
        throw boom;
      })
      .addCallback((n) => {
        seen.push(['skipped', n]);
        return n;
      })
      .addErrback((failure) => {
        seen.push(failure.value);
        return 'recovered';
      })
      .addErrback(() => {
        seen.push('skipped');
      })
      .addCallback((result) => {
        seen.push(result);
      });
    expect(seen).toEqual([boom, 'recovered']);
  });

  it('pass on what a pair does not handle', () => {
    expect(resultOf(succeed(1).addErrback(() => 2))).toBe(1);
    expect(resultOf(fail(boom).addCallback(() => 2))).toBe(boom);
    expect(resultOf(fail(boom).addErrback((failure) => failure))).toBe(boom);
    expect(resultOf(succeed(1).addCallback(() => new Failure(boom)))).toBe(boom);
  });

  it('addCallbacks calls the one or the other', () => {
    const pair = (d: Deferred<number>): Deferred<string> =>
      d.addCallbacks(
        (n) => `ok ${n}`,
        (failure) => `failed ${failure.message}`,
      );
    expect(resultOf(pair(succeed(1)))).toBe('ok 1');
    expect(resultOf(pair(fail(boom)))).toBe('failed boom');
  });

  it('an error of the first of a pair does not go to its own errback', () => {
    const errback = vi.fn();
    const deferred = succeed(1).addCallbacks(() => {
      throw boom;
    }, errback);
    expect(resultOf(deferred)).toBe(boom);
    expect(errback).not.toHaveBeenCalled();
  });

  it('a thrown Failure is the failure', () => {
    const failure = new Failure(boom);
    let seen: unknown;
    succeed(1)
      .addCallback(() => {
        throw failure as unknown as Error;
      })
      .addErrback((given) => {
        seen = given;
      });
    expect(seen).toBe(failure);
  });

  it('must be functions, as a canceller must', () => {
    expect(() => new Deferred(5 as never)).toThrow('canceller must be a function');
    const deferred = new Deferred<number>();
    const bad = 5 as unknown as () => number;
    expect(() => deferred.addCallback(bad)).toThrow('onCallback must be a function');
    expect(() => deferred.addErrback(bad)).toThrow('onErrback must be a function');
    expect(() => deferred.addBoth(bad)).toThrow('onEither must be a function');
    expect(() => deferred.addCallbacks(() => 1, bad)).toThrow('onErrback must be a function');
    expect(() => deferred.addCallbacks(bad, () => 1)).toThrow('onCallback must be a function');
  });
});

describe('a callback that returns a Deferred', () => {
  it('takes over its result at once where it has one, which is undefined there from then on', () => {
    const inner = succeed(2);
    const outer = succeed(1).addCallback(() => inner);
    expect(resultOf(outer)).toBe(2);
    expect(resultOf(inner)).toBe(undefined);
  });

  it('takes over its failure, which is no longer unhandled there', () => {
    const inner = fail(boom);
    const outer = succeed(1).addCallback(() => inner);
    expect(resultOf(outer)).toBe(boom);
    expect(takeUnhandledFailures()).toEqual([]);
    expect(resultOf(inner)).toBe(undefined);
  });

  it('pauses the chain until it fires', () => {
    const inner = new Deferred<number>();
    const outer = succeed(1).addCallback(() => inner);
    const seen: unknown[] = [];
    outer.addCallback((n) => {
      seen.push(n);
    });
    expect(outer.paused).toBe(true);
    inner.callback(2);
    expect(seen).toEqual([2]);
    expect(outer.paused).toBe(false);
  });

  it('is waited for too where it has a result but is paused', () => {
    const inner = succeed(2);
    inner.pause();
    const outer = succeed(1).addCallback(() => inner);
    expect(outer.paused).toBe(true);
    inner.unpause();
    expect(resultOf(outer)).toBe(2);
  });

  it('gives callbacks that are added to the inner one later nothing', () => {
    const inner = new Deferred<number>();
    const outer = succeed(1).addCallback(() => inner);
    inner.callback(2);
    expect(resultOf(inner)).toBe(undefined);
    expect(resultOf(outer)).toBe(2);
  });

  it('gets what the inner chain had made of the result where the link was added', () => {
    const inner = new Deferred<number>();
    inner.addCallback((n) => n * 10);
    const outer = succeed(1).addCallback(() => inner);
    const order: unknown[] = [];
    inner.addCallback((nothing) => {
      order.push(['inner', nothing]);
    });
    outer.addCallback((n) => {
      order.push(['outer', n]);
    });
    inner.callback(2);
    expect(order).toEqual([
      ['outer', 20],
      ['inner', undefined],
    ]);
  });

  it('may be itself: that is reported, and the result is undefined', () => {
    const deferred = new Deferred<number>();
    let seen: unknown = 'nothing';
    const errors = loggedBy(() => {
      deferred.addCallback(() => deferred as unknown as Deferred<number>);
      deferred.addCallback((result) => {
        seen = result;
      });
      deferred.callback(1);
    });
    expect(errors).toMatchObject([{ message: expect.stringContaining('returned the Deferred') }]);
    expect(seen).toBe(undefined);
  });

  it('may be one whose callback is on the stack: its whole chain is waited for', () => {
    const outer = new Deferred<void>();
    const inner = new Deferred<number>();
    const result = outer.addCallback(() => inner);
    inner
      .addCallback((n) => {
        outer.callback();
        return n + 1;
      })
      .addCallback((n) => n * 100);
    inner.callback(1);
    expect(resultOf(result)).toBe(200);
  });

  it('may be 100,000 deep: one that waits for one that waits ...', () => {
    const depth = 100_000;
    const first = new Deferred<number>();
    let deferred = first;
    for (let i = 0; i < depth; i++) {
      const next = new Deferred<number>();
      const waited = deferred;
      next.callback(0);
      deferred = next.addCallback(() => waited).addCallback((n) => n + 1);
    }
    first.callback(0);
    expect(resultOf(deferred)).toBe(depth);
  });

  it('may be 100,000 deep where each has its result already', () => {
    let deferred = succeed(0);
    for (let i = 0; i < 100_000; i++) {
      const waited = deferred;
      deferred = succeed(0)
        .addCallback(() => waited)
        .addCallback((n) => n + 1);
    }
    expect(resultOf(deferred)).toBe(100_000);
  });

  it('may come 100,000 times in one chain', () => {
    const deferred = new Deferred<number>();
    for (let i = 0; i < 100_000; i++) deferred.addCallback((n) => succeed(n + 1));
    deferred.callback(0);
    expect(resultOf(deferred)).toBe(100_000);
  });

  it('may be waited for in turn by many: the first gets the result', () => {
    const inner = new Deferred<number>();
    const first = succeed(1).addCallback(() => inner);
    const second = succeed(1).addCallback(() => inner);
    inner.callback(2);
    expect([resultOf(first), resultOf(second)]).toEqual([2, undefined]);
  });
});

describe('pause and unpause', () => {
  it('are counted', () => {
    const deferred = new Deferred<number>();
    let seen = 0;
    deferred.addCallback((n) => {
      seen = n;
    });
    deferred.pause();
    deferred.pause();
    deferred.callback(1);
    deferred.unpause();
    expect([seen, deferred.paused]).toEqual([0, true]);
    deferred.unpause();
    expect([seen, deferred.paused]).toEqual([1, false]);
  });

  it('work before it is fired', () => {
    const deferred = new Deferred<number>();
    deferred.pause();
    deferred.unpause();
    deferred.callback(1);
    expect(resultOf(deferred)).toBe(1);
  });

  it('refuse an unpause too many, also while the chain waits for another Deferred', () => {
    const deferred = new Deferred<number>();
    expect(() => deferred.unpause()).toThrow(NotPausedError);
    const inner = new Deferred<number>();
    deferred.callback(inner);
    expect(() => deferred.unpause()).toThrow(NotPausedError);
    deferred.pause();
    deferred.unpause();
    inner.callback(3);
    expect(resultOf(deferred)).toBe(3);
  });

  it('hold a chain that has also waited for another Deferred', () => {
    const inner = new Deferred<number>();
    const outer = succeed(1).addCallback(() => inner);
    outer.pause();
    inner.callback(2);
    expect(resultOf(inner)).toBe(undefined);
    let seen: unknown;
    outer.addCallback((n) => {
      seen = n;
    });
    expect(seen).toBe(undefined);
    outer.unpause();
    expect(seen).toBe(2);
  });

  it('inside a callback stop the chain behind it', () => {
    const deferred = new Deferred<number>();
    const seen: number[] = [];
    deferred
      .addCallback((n) => {
        deferred.pause();
        return n;
      })
      .addCallback((n) => {
        seen.push(n);
      });
    deferred.callback(1);
    expect(seen).toEqual([]);
    deferred.unpause();
    expect(seen).toEqual([1]);
  });
});

describe('chainDeferred', () => {
  it('fires the other with the result or the failure, and leaves none here', () => {
    const other = new Deferred<number>();
    const chained = succeed(1).chainDeferred(other);
    expect([resultOf(other), resultOf(chained)]).toEqual([1, undefined]);
    const third = new Deferred<number>();
    const failed = fail<number>(boom).chainDeferred(third);
    expect([resultOf(third), resultOf(failed)]).toEqual([boom, undefined]);
  });
});

describe('inspect', () => {
  it('says how it stands', () => {
    expect(inspect(new Deferred())).toBe('Deferred { <not fired> }');
    expect(inspect(succeed('x'))).toBe("Deferred { 'x' }");
    expect(String(succeed('x'))).toBe("Deferred { 'x' }");
    const failed = fail(boom);
    expect(inspect(failed)).toMatch(/^Deferred \{ <failed> Error: boom/);
    failed.addErrback(() => {});
    expect(inspect(succeed(1).addCallback(() => new Deferred()))).toBe('Deferred { <paused> }');
    const paused = new Deferred();
    paused.pause();
    expect(inspect(paused)).toBe('Deferred { <not fired, paused> }');
  });
});

describe('setDebugging', () => {
  beforeEach(() => setDebugging(true));
  afterEach(() => setDebugging(false));

  it('makes AlreadyFiredError say where the Deferred was made and fired', () => {
    expect(getDebugging()).toBe(true);
    const makeIt = (): Deferred<number> => new Deferred<number>();
    const fireIt = (d: Deferred<number>): void => d.callback(1);
    const deferred = makeIt();
    fireIt(deferred);
    let error: AlreadyFiredError | undefined;
    try {
      deferred.callback(2);
    } catch (thrown) {
      error = thrown as AlreadyFiredError;
    }
    expect(error?.history).toMatch(/made at:\n.*makeIt[\s\S]*fired at:\n.*fireIt/);
    expect(error?.history).not.toMatch(/src[\\/]defer/);
    expect(error?.message).toContain(error?.history);
  });

  it('tells of unhandled failures where they come from', () => {
    fail(boom);
    const [unhandled] = takeUnhandledFailures();
    expect(unhandled?.history).toMatch(/made at:[\s\S]*deferred\.test/);
  });

  it('knows of no firing before it comes', () => {
    expect(new Deferred().history()).toMatch(/^made at:/);
    expect(new Deferred().history()).not.toContain('fired at');
  });

  it('is off by default and costs nothing then', () => {
    setDebugging(false);
    const deferred = succeed(1);
    expect(deferred.history()).toBe(undefined);
    expect(() => deferred.callback(2)).toThrow(/^the Deferred has fired already$/);
  });

  it('leaves Deferreds made before it alone', () => {
    setDebugging(false);
    const deferred = new Deferred<number>();
    setDebugging(true);
    deferred.callback(1);
    expect(deferred.history()).toBe(undefined);
  });
});
