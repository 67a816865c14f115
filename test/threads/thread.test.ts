import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CancelledError, Deferred, InvalidArgumentTypeError } from '../../src/index.js';
import {
  blockingCallFromThread,
  callSignal,
  deferToThread,
  NotInThreadError,
  type Thread,
  ThreadExitedError,
  ThreadFunctionError,
  ThreadMessageError,
  threadModule,
} from '../../src/threads/index.js';
import { latch, within } from '../support/deadline.js';
import { OutOfStockError } from './programs/functions.js';
import { functions, programUrl, startThread } from './started-thread.js';

function thread(): Thread {
  const started = startThread();
  onTestFinished(() => started.terminate());
  return started;
}

const failureOf = (deferred: PromiseLike<unknown>): Promise<unknown> =>
  within(
    Promise.resolve(deferred).then(
      (value) => expect.unreachable(`succeeded with ${value}`),
      (error: unknown) => error,
    ),
    'a failure',
  );

describe('a thread', () => {
  it('calls a function, and any number of them in order', async () => {
    const one = thread();
    const sums = [1, 2, 3].map((n) => one.call(functions, 'add', [n, n]));
    expect(one.pendingCalls).toBe(3);
    expect(await within(Promise.all(sums), 'sums')).toEqual([2, 4, 6]);
    expect(one.pendingCalls).toBe(0);
  });

  it('starts a call after the promise of the previous one', async () => {
    const one = thread();
    const calls = ['a', 'b'].map((name) => one.call(functions, 'noted', [name]));
    const [, order] = await within(Promise.all(calls), 'both');
    expect(order).toEqual(['a began', 'a ended', 'b began', 'b ended']);
  });

  it('takes one result of a promise that settles twice', async () => {
    const one = thread();
    const calls = [
      one.call(functions, 'broken', ['settles twice']),
      one.call(functions, 'noted', ['x']),
      one.call(functions, 'noted', ['y']),
    ];
    const [first, , order] = await within(Promise.all(calls), 'all');
    expect(first).toBe('first');
    expect(order).toEqual(['x began', 'x ended', 'y began', 'y ended']);
  });

  it('calls functions of modules whose types are unknown', async () => {
    expect(await thread().call(programUrl('functions'), 'add', [1, 2])).toBe(3);
  });

  it('keeps the context of the caller', async () => {
    const storage = new AsyncLocalStorage<string>();
    const one = thread();
    const seen = ['x', 'y'].map((store) =>
      storage.run(store, () => {
        const deferred = one.call(functions, 'later', ['']);
        return deferred.addCallback(() => storage.getStore());
      }),
    );
    expect(await within(Promise.all(seen), 'both')).toEqual(['x', 'y']);
  });

  it('moves what is transferred, in both directions', async () => {
    const one = thread();
    const data = new Uint8Array(1_000);
    const length = one.call(functions, 'byteLength', [data], { transfer: [data.buffer] });
    expect(data.byteLength).toBe(0);
    expect(await length).toBe(1_000);
    expect(await one.call(functions, 'keep', [500])).toHaveLength(500);
    expect(await one.call(functions, 'keptLength', [])).toBe(0);
  });
});

describe('the error of a call', () => {
  it('has its class, text, stack, fields and cause', async () => {
    const error = await failureOf(thread().call(functions, 'fail', ['type']));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({
      name: 'TypeError',
      message: 'outer',
      cause: { code: 'EACCES' },
      stack: expect.stringContaining('functions.js'),
    });
  });

  it('has a class of the program if the module names it', async () => {
    const one = thread();
    const plain = await failureOf(one.call(functions, 'fail', ['own']));
    expect(plain).not.toBeInstanceOf(OutOfStockError);
    expect(plain).toMatchObject({ code: 'ERR_OUT_OF_STOCK', left: 3 });
    const named = threadModule<typeof import('./programs/functions.js')>(programUrl('functions'), {
      errors: [OutOfStockError],
    });
    expect(await failureOf(one.call(named, 'fail', ['own']))).toBeInstanceOf(OutOfStockError);
  });

  it('is an Error if another value was thrown', async () => {
    const error = await failureOf(thread().call(functions, 'fail', ['string']));
    expect(error).toMatchObject({ message: 'thrown: a string' });
  });

  it('has the errors of an AggregateError', async () => {
    const error = await failureOf(thread().call(functions, 'fail', ['aggregate']));
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors[0]).toBeInstanceOf(RangeError);
  });

  it('is that of a promise whose then throws', async () => {
    const one = thread();
    const failure = failureOf(one.call(functions, 'broken', ['throws']));
    expect(await failure).toMatchObject({ name: 'RangeError', message: 'from then' });
    expect(await one.call(functions, 'add', [1, 1])).toBe(2);
  });

  it('says that there is no such function or module', async () => {
    const one = thread();
    const absent = await failureOf(one.call(programUrl('functions'), 'notAFunction', []));
    expect(absent).toBeInstanceOf(ThreadFunctionError);
    expect(absent).toMatchObject({
      function: 'notAFunction',
      message: `${programUrl('functions')} exports no function notAFunction`,
    });
    const unloaded = await failureOf(one.call(programUrl('absent'), 'add', []));
    expect(unloaded).toBeInstanceOf(ThreadFunctionError);
    expect(unloaded).toMatchObject({ cause: { code: 'ERR_MODULE_NOT_FOUND' } });
    expect(await one.call(functions, 'add', [1, 1])).toBe(2);
  });

  it('says how a thread loads TypeScript, and how a path becomes a URL', async () => {
    const cause = Object.assign(new TypeError('Unknown file extension ".ts"'), {
      code: 'ERR_UNKNOWN_FILE_EXTENSION',
    });
    expect(new ThreadFunctionError('file:///sums.ts', 'add', { cause }).message).toMatch(
      /Unknown file extension "\.ts"\. A thread loads TypeScript if .*--import/,
    );
    expect(() => thread().call('./sums.js' as never, 'add', [])).toThrow(
      'module must be a URL or the result of threadModule, not "./sums.js": new URL(path, import.meta.url) makes one',
    );
    expect(() => threadModule('./sums.js')).toThrow('makes one of a relative path');
    expect(() => deferToThread(functions as never, functions, 'add', [1, 1])).toThrow(
      'reactor must be a reactor, not an object (Object)',
    );
  });

  it('says that the arguments or the result cannot be sent', async () => {
    const one = thread();
    const refused = await failureOf(one.call(programUrl('functions'), 'add', [() => {}]));
    expect(refused).toBeInstanceOf(ThreadMessageError);
    expect(refused).toMatchObject({ part: 'arguments', function: 'add' });
    const kept = await failureOf(one.call(functions, 'unsendable', []));
    expect(kept).toBeInstanceOf(ThreadMessageError);
    expect(kept).toMatchObject({ part: 'result', function: 'unsendable' });
    expect(await one.call(functions, 'add', [1, 1])).toBe(2);
  });

  it('is thrown if an argument of the call has the wrong type', () => {
    const one = thread();
    expect(() => one.call('functions.js' as never, 'add', [1] as never)).toThrow(
      InvalidArgumentTypeError,
    );
    expect(() => one.call(functions, 'add', 1 as never)).toThrow('args must be an array');
  });
});

describe('a cancelled call', () => {
  it('does not begin if it has not begun', async () => {
    const one = thread();
    const first = one.call(functions, 'noted', ['first']);
    const second = one.call(functions, 'noted', ['second']);
    second.cancel();
    expect(await failureOf(second)).toBeInstanceOf(CancelledError);
    await first;
    const order = await one.call(functions, 'noted', ['third']);
    expect(order.filter((line) => line.startsWith('second'))).toEqual([]);
  });

  it('tells a function that waits', async () => {
    const one = thread();
    const started = latch();
    const controller = new AbortController();
    const call = one.call(functions, 'waitUntilCancelled', [], {
      signal: controller.signal,
      functions: { started: () => started.open() },
    });
    await within(started.promise, 'the start');
    controller.abort('enough');
    expect(await failureOf(call)).toMatchObject({ code: 'ERR_CANCELLED', cause: 'enough' });
    expect(await one.call(functions, 'abortsHeard', [])).toBe(1);
  });

  it('tells a function that computes', async () => {
    const one = thread();
    const started = latch();
    const call = one.call(functions, 'computeUntilCancelled', [], {
      functions: { started: () => started.open() },
    });
    await within(started.promise, 'the start');
    call.cancel();
    expect(await failureOf(call)).toBeInstanceOf(CancelledError);
    expect(await within(one.call(functions, 'add', [1, 1]), 'the next call')).toBe(2);
  });

  it.each([0, 1])('ends the thread after %d ms if that is asked', async (terminateAfterMs) => {
    const one = thread();
    const started = latch();
    const call = one.call(functions, 'compute', [], {
      terminateAfterMs,
      functions: { started: () => started.open() },
    });
    const next = failureOf(one.call(functions, 'add', [1, 1]));
    await within(started.promise, 'the start');
    call.cancel();
    expect(await failureOf(call)).toBeInstanceOf(CancelledError);
    expect(await next).toMatchObject({ code: 'ERR_THREAD_EXITED', asked: true });
    expect(await within(one.ended, 'the end')).toMatchObject({ asked: true });
  });

  it('may have been cancelled before it was made', async () => {
    const signal = AbortSignal.abort();
    const call = thread().call(functions, 'compute', [], { signal, terminateAfterMs: 0 });
    expect(await failureOf(call)).toBeInstanceOf(CancelledError);
  });
});

describe('the end of a thread', () => {
  it('fails its calls, with the exit code', async () => {
    const one = thread();
    const calls = [one.call(functions, 'exit', [7]), one.call(functions, 'add', [1, 1])];
    for (const error of await Promise.all(calls.map(failureOf))) {
      expect(error).toBeInstanceOf(ThreadExitedError);
      expect(error).toMatchObject({ exitCode: 7, asked: false });
    }
    expect(await one.ended).toEqual({ asked: false, exitCode: 7, error: undefined });
    expect(await failureOf(one.call(functions, 'add', [1, 1]))).toMatchObject({ exitCode: 7 });
  });

  it('has the exception that no call caught', async () => {
    const one = thread();
    const error = await failureOf(one.call(functions, 'crash', []));
    expect(error).toBeInstanceOf(ThreadExitedError);
    expect(error).toMatchObject({ exitCode: 1, cause: { message: 'crashed' } });
  });

  it('comes after the pending calls with stop', async () => {
    const one = thread();
    const sum = one.call(functions, 'add', [1, 2]);
    const stopped = one.stop();
    expect(await failureOf(one.call(functions, 'add', [1, 2]))).toBeInstanceOf(ThreadExitedError);
    await within(stopped, 'the end');
    expect(await sum).toBe(3);
  });

  it('comes at once with terminate', async () => {
    const one = thread();
    const started = latch();
    const call = one.call(functions, 'compute', [], { functions: { started: started.open } });
    await within(started.promise, 'the start');
    const failed = failureOf(call);
    await within(one.terminate(), 'the end');
    expect(await failed).toMatchObject({ asked: true });
  });

  it('comes at once if it cannot start', async () => {
    const one = startThread({ execArgv: ['--no-such-flag'] });
    expect(await failureOf(one.call(functions, 'add', [1, 2]))).toMatchObject({
      code: 'ERR_THREAD_EXITED',
      exitCode: null,
      asked: false,
      cause: { code: 'ERR_WORKER_INVALID_EXEC_ARGV' },
    });
    expect(await within(one.ended, 'the end')).toMatchObject({ exitCode: null, asked: false });
  });

  it('has the reason if the heap is full', async () => {
    const one = startThread({ resourceLimits: { maxOldGenerationSizeMb: 8 } });
    const call = one.call(programUrl('hoard'), 'hoard', []);
    expect(await failureOf(call)).toMatchObject({
      cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' },
    });
  });
});

describe('a function of the caller', () => {
  const offered = {
    double: (n: number) => n * 2,
    slowly: (n: number) => Deferred.fromPromise(Promise.resolve(n + 1)),
    fails: () => {
      throw new RangeError('not today');
    },
    rejects: () => Promise.reject(new TypeError('not tomorrow')),
    unsendable: () => () => {},
  };

  it.each(['ask', 'askLater'] as const)('is called by %s', async (how) => {
    const one = thread();
    const options = { functions: offered };
    expect(await one.call(functions, how, ['double', 4], options)).toBe(8);
    expect(await one.call(functions, how, ['slowly', 4], options)).toBe(5);
    expect(await failureOf(one.call(functions, how, ['fails'], options))).toBeInstanceOf(
      RangeError,
    );
    const rejected = await failureOf(one.call(functions, how, ['rejects'], options));
    expect(rejected).toMatchObject({ name: 'TypeError', message: 'not tomorrow' });
    const unsendable = await failureOf(one.call(functions, how, ['unsendable'], options));
    expect(unsendable).toMatchObject({ code: 'ERR_THREAD_MESSAGE', part: 'result' });
    const absent = await failureOf(one.call(functions, how, ['toString'], options));
    expect(absent).toBeInstanceOf(ThreadFunctionError);
    expect(absent).toMatchObject({
      function: 'toString',
      message: 'the call has no function toString in its option functions',
    });
  });

  it('is no longer waited for if the call is cancelled', async () => {
    const one = thread();
    const asked = latch();
    const call = one.call(functions, 'ask', ['forever'], {
      functions: {
        forever: () => {
          asked.open();
          return new Deferred<void>();
        },
      },
    });
    await within(asked.promise, 'the question');
    call.cancel();
    expect(await failureOf(call)).toBeInstanceOf(CancelledError);
    expect(await within(one.call(functions, 'add', [1, 1]), 'the next call')).toBe(2);
  });

  it('is refused on the main thread, and outside calls', () => {
    expect(() => blockingCallFromThread('double', 1)).toThrow(NotInThreadError);
    expect(() => callSignal()).toThrow('callSignal works only in a thread');
  });
});
