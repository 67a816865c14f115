/** What TypeScript knows of a Deferred's result, from the first callback to the last. The type checker is the test. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { ConnectionDone, ConnectionLost } from '../../src/core/errors/connection.js';
import { type CallbackResult, type Canceller, Deferred } from '../../src/defer/deferred.js';
import { CancelledError } from '../../src/defer/errors.js';
import { type ErrorOf, Failure } from '../../src/defer/failure.js';
import { ensureDeferred, inlineCallbacks } from '../../src/defer/inline-callbacks.js';
import { fail, maybeDeferred, succeed } from '../../src/defer/succeed.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

/** Never fired: what is added to it is looked at by the type checker only. */
function pending<T>(): Deferred<T> {
  return new Deferred<T>();
}

const error = new ConnectionLost();
const clock = new ManualClock();

describe('callback and errback', () => {
  it('takes a result of the type, a promise or Deferred of it, or a Failure', () => {
    expectTypeOf<Deferred<string>['callback']>()
      .parameter(0)
      .toEqualTypeOf<CallbackResult<string>>();
    pending<string>().callback('text');
    pending<string>().callback(Promise.resolve('text'));
    pending<string>().callback(succeed('text'));
    const failed = pending<string>();
    failed.callback(new Failure(error));
    failed.addErrback(() => 'handled');
  });

  it('refuses a result of another type', () => {
    // @ts-expect-error a number is no string
    pending<string>().callback(1);
    // @ts-expect-error a promise of a number is none of a string
    pending<string>().callback(Promise.resolve(1));
    // @ts-expect-error nothing is no string
    pending<string>().callback();
    // @ts-expect-error null is no string
    pending<string>().callback(null);
  });

  it('takes no result where there is none to give', () => {
    pending<void>().callback();
    pending<void>().callback(undefined);
    // @ts-expect-error a string is not nothing
    pending<void>().callback('text');
  });

  it('has an unknown result where none was named', () => {
    expectTypeOf(new Deferred()).toEqualTypeOf<Deferred<unknown>>();
  });
});

describe('addCallback', () => {
  it('gives a Deferred of what the callback returns', () => {
    const lengths = pending<string>().addCallback((text) => text.length);
    expectTypeOf(lengths).toEqualTypeOf<Deferred<number>>();
    expectTypeOf(lengths.addCallback((length) => [length])).toEqualTypeOf<Deferred<number[]>>();
  });

  it('gives a Deferred of what a promise or Deferred will give', () => {
    const text = pending<string>();
    expectTypeOf(text.addCallback(async (it) => it.length)).toEqualTypeOf<Deferred<number>>();
    const promised = pending<string>().addCallback((it) => Promise.resolve(it.length));
    expectTypeOf(promised).toEqualTypeOf<Deferred<number>>();
    const deferred = pending<string>().addCallback((it) => succeed(it.length));
    expectTypeOf(deferred).toEqualTypeOf<Deferred<number>>();
    const twice = pending<string>().addCallback((it) => succeed(succeed(it.length)));
    expectTypeOf(twice).toEqualTypeOf<Deferred<number>>();
  });

  it('leaves failures and throws out of the result', () => {
    const parsed = pending<string>().addCallback((it) => {
      if (it === '') return new Failure(error);
      if (it === '-') return fail(error);
      if (it === '+') throw error;
      return it.length;
    });
    expectTypeOf(parsed).toEqualTypeOf<Deferred<number>>();
    const thrown = pending<string>().addCallback((): never => {
      throw error;
    });
    expectTypeOf(thrown).toEqualTypeOf<Deferred<never>>();
  });

  it('keeps null, undefined and unions', () => {
    const perhaps = pending<string>().addCallback((it) => (it === '' ? undefined : it));
    expectTypeOf(perhaps).toEqualTypeOf<Deferred<string | undefined>>();
    const either = pending<string>().addCallback((it): string | number => it);
    expectTypeOf(either).toEqualTypeOf<Deferred<string | number>>();
    expectTypeOf(pending<string>().addCallback(() => {})).toEqualTypeOf<Deferred<void>>();
    expectTypeOf(pending<string>().addCallback(console.log)).toEqualTypeOf<Deferred<void>>();
  });

  it('accepts a declared return type with a promise, a Deferred or a Failure in it', () => {
    const declared = pending<string>().addCallback(
      (it): number | Promise<number> | Deferred<number> | Failure => it.length,
    );
    expectTypeOf(declared).toEqualTypeOf<Deferred<number>>();
  });

  it('refuses a callback for another type', () => {
    // @ts-expect-error the result is a string
    pending<string>().addCallback((it: number) => it);
    // @ts-expect-error strings have no such property
    pending<string>().addCallback((it) => it.toFixed());
    // @ts-expect-error a string is no function
    const add = (): unknown => pending<string>().addCallback('text');
    expectTypeOf(add).toBeFunction();
  });
});

describe('addErrback', () => {
  it('adds what the errback returns to the result', () => {
    const text = pending<string>().addErrback((failure) => {
      expectTypeOf(failure).toEqualTypeOf<Failure>();
      return null;
    });
    expectTypeOf(text).toEqualTypeOf<Deferred<string | null>>();
    expectTypeOf(pending<string>().addErrback(() => 'none')).toEqualTypeOf<Deferred<string>>();
    const later = pending<string>().addErrback(async () => 0);
    expectTypeOf(later).toEqualTypeOf<Deferred<string | number>>();
  });

  it('leaves the result as it is where the errback passes the failure on', () => {
    const raised = pending<string>().addErrback((failure) => failure.raise());
    expectTypeOf(raised).toEqualTypeOf<Deferred<string>>();
    const some = pending<string>().addErrback((failure) =>
      failure.check(ConnectionLost) ? 'lost' : failure,
    );
    expectTypeOf(some).toEqualTypeOf<Deferred<string>>();
  });

  it('adds what follows a trap', () => {
    const trapped = pending<string>().addErrback((failure) => failure.trap(ConnectionLost) && '');
    expectTypeOf(trapped).toEqualTypeOf<Deferred<string>>();
  });
});

describe('addCallbacks and addBoth', () => {
  it('gives a Deferred of what either returns', () => {
    const length = pending<string>().addCallbacks(
      (text) => text.length,
      (failure) => failure.message,
    );
    expectTypeOf(length).toEqualTypeOf<Deferred<number | string>>();
  });

  it('leaves the result to the callback where the errback only throws', () => {
    const length = pending<string>().addCallbacks(
      (text) => text.length,
      (failure) => failure.raise(),
    );
    expectTypeOf(length).toEqualTypeOf<Deferred<number>>();
  });

  it('gives one function the result or the failure', () => {
    const seen = pending<string>().addBoth((result) => {
      expectTypeOf(result).toEqualTypeOf<string | Failure>();
      return result instanceof Failure ? 0 : result.length;
    });
    expectTypeOf(seen).toEqualTypeOf<Deferred<number>>();
  });

  it('keeps the type where the function passes on what it is given', () => {
    const same = pending<string>().addBoth((result) => result);
    expectTypeOf(same).toEqualTypeOf<Deferred<string>>();
  });
});

describe('await, then and toPromise', () => {
  it('gives the result', async () => {
    expectTypeOf(await succeed('text')).toEqualTypeOf<string>();
    expectTypeOf<Awaited<Deferred<Deferred<number>>>>().toEqualTypeOf<number>();
    expectTypeOf(pending<string>().toPromise()).toEqualTypeOf<Promise<string>>();
  });

  it('types then as a promise types it', () => {
    const text = pending<string>();
    expectTypeOf(text.then()).toEqualTypeOf<Promise<string>>();
    expectTypeOf(text.then((it) => it.length)).toEqualTypeOf<Promise<number>>();
    const either = text.then(
      (it) => it.length,
      (reason) => reason,
    );
    expectTypeOf(either).toEqualTypeOf<Promise<number | Error>>();
  });

  it('is taken by Promise.all and Promise.race', () => {
    const all = Promise.all([pending<string>(), pending<number>(), 1n]);
    expectTypeOf(all).toEqualTypeOf<Promise<[string, number, bigint]>>();
    const first = Promise.race([pending<string>(), pending<number>()]);
    expectTypeOf(first).toEqualTypeOf<Promise<string | number>>();
  });

  it('is a PromiseLike and no Promise', () => {
    expectTypeOf<Deferred<string>>().toExtend<PromiseLike<string>>();
    expectTypeOf<Deferred<string>>().not.toExtend<Promise<string>>();
  });
});

describe('cancellation, timeouts and chaining', () => {
  it('gives the canceller the Deferred of its type', () => {
    const canceller: Canceller<string> = (deferred) => {
      expectTypeOf(deferred).toEqualTypeOf<Deferred<string>>();
      deferred.callback('so far');
    };
    new Deferred<string>(canceller);
    new Deferred<string>((deferred) => {
      // @ts-expect-error a number is no string
      deferred.callback(1);
    });
  });

  it('keeps the type under cancelOn and addTimeout', () => {
    const { signal } = new AbortController();
    expectTypeOf(pending<string>().cancelOn(signal)).toEqualTypeOf<Deferred<string>>();
    expectTypeOf(pending<string>().addTimeout(1, clock)).toEqualTypeOf<Deferred<string>>();
  });

  it('adds what onTimeoutCancel returns', () => {
    const perhaps = pending<string>().addTimeout(1, clock, (result, timeoutMs) => {
      expectTypeOf(result).toEqualTypeOf<string | Failure>();
      expectTypeOf(timeoutMs).toEqualTypeOf<number>();
      return null;
    });
    expectTypeOf(perhaps).toEqualTypeOf<Deferred<string | null>>();
  });

  it('chains to a Deferred of the same type only, and is left without a result', () => {
    const text = pending<string>();
    expectTypeOf(text.chainDeferred(pending<string>())).toEqualTypeOf<Deferred<void>>();
    // @ts-expect-error the other one waits for a number
    pending<string>().chainDeferred(pending<number>());
  });
});

describe('Deferreds of what is there already', () => {
  it('types succeed by what it is given', () => {
    expectTypeOf(succeed()).toEqualTypeOf<Deferred<void>>();
    expectTypeOf(succeed(1)).toEqualTypeOf<Deferred<number>>();
    expectTypeOf(succeed(Promise.resolve(1))).toEqualTypeOf<Deferred<number>>();
    expectTypeOf(succeed(succeed(1))).toEqualTypeOf<Deferred<number>>();
  });

  it('takes the result type of fail from where it goes', () => {
    const sum = (ok: boolean): Deferred<number> => (ok ? succeed(1) : fail(error));
    expectTypeOf(sum).returns.toEqualTypeOf<Deferred<number>>();
    expectTypeOf(fail<number>).returns.toEqualTypeOf<Deferred<number>>();
    const failed = fail(error);
    expectTypeOf(failed).toEqualTypeOf<Deferred<never>>();
    failed.addErrback(() => 0);
  });

  it('types maybeDeferred by what the function returns, and its arguments by what it takes', () => {
    const length = (text: string, more = 0): number => text.length + more;
    expectTypeOf(maybeDeferred(length, 'text')).toEqualTypeOf<Deferred<number>>();
    expectTypeOf(maybeDeferred(length, 'text', 1)).toEqualTypeOf<Deferred<number>>();
    expectTypeOf(maybeDeferred(async () => 'text')).toEqualTypeOf<Deferred<string>>();
    expectTypeOf(maybeDeferred(() => succeed('text'))).toEqualTypeOf<Deferred<string>>();
    expectTypeOf(maybeDeferred(() => {})).toEqualTypeOf<Deferred<void>>();
    // @ts-expect-error it takes a string
    maybeDeferred(length, 1).addErrback(() => 0);
    // @ts-expect-error it takes an argument
    maybeDeferred(length).addErrback(() => 0);
  });

  it('types fromPromise by what the promise gives', () => {
    expectTypeOf(Deferred.fromPromise(Promise.resolve(1))).toEqualTypeOf<Deferred<number>>();
    expectTypeOf(Deferred.fromPromise(succeed(1))).toEqualTypeOf<Deferred<number>>();
    const started = Deferred.fromPromise(async (signal) => {
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      return signal.aborted;
    });
    expectTypeOf(started).toEqualTypeOf<Deferred<boolean>>();
  });
});

describe('inlineCallbacks', () => {
  it('types what yield* gives, the arguments and the result', () => {
    const total = inlineCallbacks(function* (text: string, count: number) {
      const first = yield* succeed(text);
      expectTypeOf(first).toEqualTypeOf<string>();
      const second = yield* succeed(count);
      expectTypeOf(second).toEqualTypeOf<number>();
      return first.length + second;
    });
    expectTypeOf(total('text', 1)).toEqualTypeOf<Deferred<number>>();
    expectTypeOf(total).parameters.toEqualTypeOf<[string, number]>();
    // @ts-expect-error the first argument is a string
    total(1, 1).addErrback(() => 0);
  });

  it('can not know what a bare yield gives', () => {
    const bare = inlineCallbacks(function* () {
      const result = yield succeed(1);
      expectTypeOf(result).toEqualTypeOf<unknown>();
    });
    expectTypeOf(bare()).toEqualTypeOf<Deferred<void>>();
  });

  it('keeps `this` and type parameters', () => {
    const own = inlineCallbacks(function* (this: { readonly size: number }) {
      return yield* succeed(this.size);
    });
    expectTypeOf(own.call({ size: 1 })).toEqualTypeOf<Deferred<number>>();
    // @ts-expect-error `this` has no size
    own.call({}).addErrback(() => 0);
    const same = inlineCallbacks(function* <T>(value: T) {
      return yield* succeed(value);
    });
    expectTypeOf(same(1 as number)).toEqualTypeOf<Deferred<number>>();
  });

  it('is a method where it is a field of a class', () => {
    class Counter {
      count = 1;
      readonly add = inlineCallbacks(function* (this: Counter, more: number) {
        this.count += yield* succeed(more);
        return this.count;
      });
    }
    expectTypeOf(new Counter().add(1)).toEqualTypeOf<Deferred<number>>();
  });

  it('types ensureDeferred by the generator, the promise or the Deferred', () => {
    const generator = function* (): Generator<Deferred<number>, string> {
      return `${yield* succeed(1)}`;
    };
    expectTypeOf(ensureDeferred(generator())).toEqualTypeOf<Deferred<string>>();
    expectTypeOf(ensureDeferred(Promise.resolve(1))).toEqualTypeOf<Deferred<number>>();
    expectTypeOf(ensureDeferred(succeed(1))).toEqualTypeOf<Deferred<number>>();
  });
});

describe('Failure', () => {
  const failure = new Failure<Error>(error);

  it('narrows its value by check: a class, several classes, a code', () => {
    if (failure.check(CancelledError)) {
      expectTypeOf(failure.value).toEqualTypeOf<CancelledError>();
    }
    if (failure.check(CancelledError, ConnectionLost)) {
      expectTypeOf(failure.value).toEqualTypeOf<CancelledError | ConnectionLost>();
    }
    if (failure.check('ECONNRESET')) {
      expectTypeOf(failure.value).toEqualTypeOf<Error & { readonly code: 'ECONNRESET' }>();
    }
  });

  it('narrows to a class or a code', () => {
    if (failure.check(ConnectionDone, 'ECONNRESET')) {
      expectTypeOf(failure.value).toEqualTypeOf<
        ConnectionDone | (Error & { readonly code: 'ECONNRESET' })
      >();
    }
  });

  it('is as it was where the check fails', () => {
    if (failure.check(ConnectionLost)) return;
    expectTypeOf(failure.value).toEqualTypeOf<Error>();
  });

  it('gives what was trapped', () => {
    const trap = (): void => {
      expectTypeOf(failure.trap(ConnectionLost)).toEqualTypeOf<ConnectionLost>();
      expectTypeOf(failure.trap('EPIPE').code).toEqualTypeOf<'EPIPE'>();
      expectTypeOf(failure.trap(ConnectionLost, RangeError)).toEqualTypeOf<
        ConnectionLost | RangeError
      >();
    };
    expectTypeOf(trap).toBeFunction();
  });

  it('takes classes of errors only, abstract ones included', () => {
    abstract class Odd extends Error {}
    expectTypeOf<ErrorOf<typeof Odd>>().toEqualTypeOf<Odd>();
    const check = (): void => {
      // @ts-expect-error a Date is no error
      failure.check(Date);
      // @ts-expect-error a number is no kind of error
      failure.check(104);
    };
    expectTypeOf(check).toBeFunction();
  });

  it('is made of errors only, and from anything', () => {
    // @ts-expect-error a string is no error
    expect(() => new Failure('text')).toThrow('value must be an Error');
    expectTypeOf(Failure.from('text')).toEqualTypeOf<Failure>();
    expectTypeOf(failure.raise).returns.toEqualTypeOf<never>();
    expectTypeOf(new Failure(error).value).toEqualTypeOf<ConnectionLost>();
  });
});
