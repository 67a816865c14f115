import { afterEach, describe, expect, it } from 'vitest';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import { Deferred } from '../../src/defer/deferred.js';
import { CancelledError } from '../../src/defer/errors.js';
import { fail, succeed } from '../../src/defer/succeed.js';
import { takeUnhandledFailures } from '../../src/defer/unhandled.js';
import { resultOf } from './outcome.js';

const boom = new Error('boom');

afterEach(() => {
  expect(takeUnhandledFailures().map(({ failure }) => failure.value)).toEqual([]);
});

describe('a callback that returns a promise', () => {
  it('pauses the chain until it settles', async () => {
    const deferred = succeed(1).addCallback(async (n) => n + 1);
    expect(deferred.paused).toBe(true);
    expect(await deferred).toBe(2);
    const failed = succeed(1).addCallback(() => Promise.reject<number>(boom));
    await expect(failed.toPromise()).rejects.toBe(boom);
  });

  it('may return any thenable, and a hostile one fails the chain', async () => {
    const thenable = { then: (resolve: (n: number) => void) => void resolve(7) };
    const adopted = succeed(1).addCallback(() => thenable as unknown as PromiseLike<number>);
    expect(await adopted).toBe(7);
    const hostile = {
      get then(): never {
        throw boom;
      },
    };
    expect(resultOf(succeed(1).addCallback(() => hostile))).toBe(boom);
    const throwing = {
      then(): never {
        throw boom;
      },
    };
    expect(resultOf(succeed(1).addCallback(() => throwing as PromiseLike<number>))).toBe(boom);
    const both = {
      then(resolve: (n: number) => void): never {
        resolve(8);
        throw boom;
      },
    };
    expect(resultOf(succeed(1).addCallback(() => both as unknown as PromiseLike<number>))).toBe(8);
  });

  it('leaves functions, null and plain objects alone', () => {
    const callable = (): number => 1;
    expect(resultOf(succeed(1).addCallback(() => callable))).toBe(callable);
    expect(resultOf(succeed(1).addCallback(() => null))).toBe(null);
    const plain = { then: 5 };
    expect(resultOf(succeed(1).addCallback(() => plain))).toBe(plain);
  });
});

describe('await and promises', () => {
  it('await gives the result or throws the error', async () => {
    expect(await succeed(1)).toBe(1);
    await expect((async () => await fail(boom))()).rejects.toBe(boom);
    const later = new Deferred<string>();
    setImmediate(() => later.callback('late'));
    expect(await later).toBe('late');
  });

  it('await of a fired one yields all the same: JavaScript always takes a microtask', async () => {
    const order: string[] = [];
    const body = (async () => {
      await succeed(1);
      order.push('after await');
    })();
    order.push('after the call');
    await body;
    expect(order).toEqual(['after the call', 'after await']);
  });

  it('keep the result in the chain: several can wait', async () => {
    const deferred = new Deferred<number>();
    const both = Promise.all([deferred, deferred]);
    deferred.callback(1);
    expect(await both).toEqual([1, 1]);
    expect(await deferred).toBe(1);
    expect(resultOf(deferred)).toBe(1);
  });

  it('see the chain as it is when they begin to wait', async () => {
    const deferred = new Deferred<number>();
    const early = deferred.toPromise();
    deferred.addCallback((n) => n + 1);
    const late = deferred.toPromise();
    deferred.callback(1);
    expect([await early, await late]).toEqual([1, 2]);
  });

  it('take a failure over: it is handled, and still there for the next', async () => {
    const deferred = fail(boom);
    const promise = deferred.toPromise();
    expect(takeUnhandledFailures()).toEqual([]);
    await expect(promise).rejects.toBe(boom);
    await expect(deferred.toPromise()).rejects.toBe(boom);
    expect(resultOf(deferred)).toBe(boom);
  });

  it('then works as that of a promise', async () => {
    expect(await succeed(1).then((n) => n + 1)).toBe(2);
    expect(await fail(boom).then(undefined, (error) => error.message)).toBe('boom');
    expect(await succeed(1).then()).toBe(1);
    expect(await Promise.resolve(succeed(5))).toBe(5);
  });

  it('fromPromise gives a Deferred for a promise', async () => {
    const deferred = Deferred.fromPromise(Promise.resolve(1));
    expect(deferred).toBeInstanceOf(Deferred);
    expect(await deferred).toBe(1);
    await expect(Deferred.fromPromise(Promise.reject(boom)).toPromise()).rejects.toBe(boom);
    const same = succeed(1);
    expect(Deferred.fromPromise(same)).toBe(same);
  });

  it('fromPromise refuses what is neither', () => {
    for (const source of [5, undefined, null, {}]) {
      expect(() => Deferred.fromPromise(source as never)).toThrow(InvalidArgumentTypeError);
    }
  });

  it('fromPromise of a function that throws fails', () => {
    const deferred = Deferred.fromPromise((): Promise<number> => {
      throw boom;
    });
    expect(resultOf(deferred)).toBe(boom);
  });

  it('a promise whose Deferred was cancelled is not listened to any more', async () => {
    let resolve: (n: number) => void = () => {};
    const deferred = Deferred.fromPromise(
      new Promise<number>((r) => {
        resolve = r;
      }),
    );
    const other = Deferred.fromPromise(Promise.reject(boom));
    deferred.cancel();
    other.cancel();
    resolve(1);
    await new Promise(setImmediate);
    expect(resultOf(deferred)).toBeInstanceOf(CancelledError);
    expect(resultOf(other)).toBeInstanceOf(CancelledError);
  });
});
