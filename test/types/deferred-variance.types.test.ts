/** Where a Deferred of one type is one of another, and code that is generic over Deferreds. */
import { describe, expectTypeOf, it } from 'vitest';
import { ConnectionLost } from '../../src/core/errors/connection.js';
import { type CallbackResult, Deferred } from '../../src/defer/deferred.js';
import type { Failure } from '../../src/defer/failure.js';
import { type Coroutine, inlineCallbacks } from '../../src/defer/inline-callbacks.js';
import { fail, succeed } from '../../src/defer/succeed.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

const error = new ConnectionLost();

describe('a Deferred of a narrower type', () => {
  it('is one of a wider type', () => {
    expectTypeOf<Deferred<number>>().toExtend<Deferred<unknown>>();
    expectTypeOf<Deferred<number>>().toExtend<Deferred<number | string>>();
    expectTypeOf<Deferred<never>>().toExtend<Deferred<string>>();
    const mixed: Deferred<unknown>[] = [succeed(1), succeed('text')];
    expectTypeOf(mixed).toEqualTypeOf<Deferred<unknown>[]>();
  });

  it('is none of an unrelated or narrower type', () => {
    expectTypeOf<Deferred<number>>().not.toExtend<Deferred<string>>();
    expectTypeOf<Deferred<number>>().not.toExtend<Deferred<1>>();
    expectTypeOf<Deferred<unknown>>().not.toExtend<Deferred<number>>();
  });

  it('may be returned where a failed one was kept in a variable', () => {
    const refuse = (): Deferred<string> => {
      const failed = fail(error);
      return failed;
    };
    expectTypeOf(refuse).returns.toEqualTypeOf<Deferred<string>>();
  });
});

describe('a failure that is passed on', () => {
  it('is no result: addErrback, addCallbacks, addTimeout', () => {
    const seen = new Deferred<string>().addErrback((failure) => failure);
    expectTypeOf(seen).toEqualTypeOf<Deferred<string>>();
    const counted = new Deferred<string>().addCallbacks(
      (text) => text.length,
      (failure) => failure,
    );
    expectTypeOf(counted).toEqualTypeOf<Deferred<number>>();
    const late = new Deferred<string>().addTimeout(1, new ManualClock(), (result) => result);
    expectTypeOf(late).toEqualTypeOf<Deferred<string>>();
  });

  it('does not make a failure of what may be anything', () => {
    const parsed = new Deferred<string>().addCallback((text) => JSON.parse(text));
    // biome-ignore lint/suspicious/noExplicitAny: what JSON.parse gives
    expectTypeOf(parsed).toEqualTypeOf<Deferred<any>>();
    const either = new Deferred<string>().addErrback(({ message }) => JSON.parse(message));
    // biome-ignore lint/suspicious/noExplicitAny: what JSON.parse gives
    expectTypeOf(either).toEqualTypeOf<Deferred<any>>();
    const unknown = new Deferred<string>().addCallback((text): unknown => text);
    expectTypeOf(unknown).toEqualTypeOf<Deferred<unknown>>();
  });

  it('is no result of a coroutine, and a returned Deferred is waited for', () => {
    const chained = inlineCallbacks(function* () {
      yield* succeed();
      return succeed(1);
    });
    expectTypeOf(chained()).toEqualTypeOf<Deferred<number>>();
    const strict = inlineCallbacks(function* (given: number | Failure) {
      yield* succeed();
      return given;
    });
    expectTypeOf(strict(1)).toEqualTypeOf<Deferred<number>>();
  });
});

describe('code that is generic over Deferreds', () => {
  function mapped<T, U>(one: Deferred<T>, map: (value: T) => CallbackResult<U>): Deferred<U> {
    return one.addCallback(map);
  }

  function recovered<T>(one: Deferred<T>, recover: () => CallbackResult<T>): Deferred<T> {
    return one.addErrback(recover);
  }

  function watched<T>(one: Deferred<T>): Deferred<T> {
    return one
      .addErrback((failure) => failure)
      .addCallback((value) => value)
      .addBoth((result) => result);
  }

  function awaited<T>(one: Deferred<T>): Promise<T> {
    return one.addErrback((failure) => failure).toPromise();
  }

  function coroutine<T>(body: () => Coroutine<CallbackResult<T>>): Deferred<T> {
    return inlineCallbacks(body)();
  }

  it('compiles without casts', () => {
    expectTypeOf(mapped(succeed('text'), (text) => text.length)).toEqualTypeOf<Deferred<number>>();
    expectTypeOf(recovered(succeed(1), () => 2)).toEqualTypeOf<Deferred<number>>();
    expectTypeOf(watched(succeed(1))).toEqualTypeOf<Deferred<number>>();
    expectTypeOf(awaited(succeed(1))).toEqualTypeOf<Promise<number>>();
    const one = coroutine(function* () {
      return yield* succeed(1);
    });
    expectTypeOf(one).toEqualTypeOf<Deferred<number>>();
  });
});
