import { describe, expect, it, vi } from 'vitest';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import { ReactorAlreadyRunningError } from '../../src/core/errors/reactor.js';
import type { Reactor } from '../../src/core/reactor.js';
import { type CallbackResult, Deferred } from '../../src/defer/deferred.js';
import { CancelledError } from '../../src/defer/errors.js';
import { fail, succeed } from '../../src/defer/succeed.js';
import { createReactor } from '../../src/reactor/create-reactor.js';
import { ExitError } from '../../src/task/errors.js';
import { react } from '../../src/task/react.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { Child, runProgram } from '../support/child.js';
import { within } from '../support/deadline.js';

const PROGRAM = new URL('./programs/react.ts', import.meta.url);

/** Runs `main` on a reactor of its own: the exit codes, and the errors that were reported. */
async function run(
  main: (reactor: Reactor) => CallbackResult<unknown>,
): Promise<{ codes: number[]; errors: unknown[] }> {
  await using reactor = createReactor({ kind: 'node' });
  using capture = captureLoggedErrors();
  const codes: number[] = [];
  const ran = react(main, {
    reactor,
    installSignalHandlers: false,
    exit: (code) => codes.push(code),
  });
  await within(ran, 'react to be through');
  expect(reactor.running).toBe(false);
  return { codes, errors: capture.flush().map(({ error }) => error) };
}

describe('react', () => {
  it('calls main with the reactor and the arguments, before the reactor runs', async () => {
    await using reactor = createReactor({ kind: 'node' });
    let seen: unknown[] = [];
    const main = (given: Reactor, ...argv: [string, number]): void => {
      seen = [given === reactor, given.running, ...argv];
    };
    await react(main, { reactor, argv: ['a', 1], exit: () => {}, installSignalHandlers: false });
    expect(seen).toEqual([true, false, 'a', 1]);
  });

  it.each([
    ['a value', () => 5],
    ['a Deferred that has fired', () => succeed(5)],
    ['a promise', () => Promise.resolve()],
    [
      'a Deferred',
      (reactor: Reactor) => {
        const deferred = new Deferred<void>();
        reactor.callLater(1, () => deferred.callback());
        return deferred;
      },
    ],
  ])('exits with 0 where main gives %s', async (_what, main) => {
    expect(await run(main)).toEqual({ codes: [0], errors: [] });
  });

  it('exits with 1 if main fails, and reports the error', async () => {
    const error = new Error('no');
    expect(await run(() => fail(error))).toEqual({ codes: [1], errors: [error] });
    expect(await run(() => Promise.reject(error))).toEqual({ codes: [1], errors: [error] });
    const throwing = (): never => {
      throw error;
    };
    expect(await run(throwing)).toEqual({ codes: [1], errors: [error] });
  });

  it('exits with the code of an ExitError, and reports nothing', async () => {
    expect(await run(() => fail(new ExitError(42)))).toEqual({ codes: [42], errors: [] });
    expect(new ExitError(3).message).toBe('exit with code 3');
  });

  it('reports a CancelledError without a cancellation', async () => {
    const error = new CancelledError();
    expect(await run(() => fail(error))).toEqual({ codes: [1], errors: [error] });
  });

  describe('if the reactor is stopped before main has finished', () => {
    const stopSoon = (reactor: Reactor): void => {
      reactor.callWhenRunning(() => reactor.stop());
    };

    it('cancels it, and exits with 0', async () => {
      let cancelled = 0;
      const result = await run((reactor) => {
        stopSoon(reactor);
        return new Deferred<void>(() => {
          cancelled += 1;
        });
      });
      expect([result, cancelled]).toEqual([{ codes: [0], errors: [] }, 1]);
    });

    it('waits for main to handle it', async () => {
      const outcomes = [succeed('fine'), fail(new ExitError(9)), fail(new Error('broken'))];
      const results = [];
      for (const outcome of outcomes) {
        const result = await run((reactor) => {
          stopSoon(reactor);
          return new Deferred<unknown>((deferred) => deferred.callback(outcome));
        });
        results.push([result.codes, result.errors.length]);
      }
      expect(results).toEqual([
        [[0], 0],
        [[9], 0],
        [[1], 1],
      ]);
    });

    it('does not stop it twice if main stops it and ends', async () => {
      const result = await run((reactor) => {
        const deferred = new Deferred<void>();
        reactor.callWhenRunning(() => {
          reactor.stop();
          deferred.callback();
        });
        return deferred;
      });
      expect(result).toEqual({ codes: [0], errors: [] });
    });
  });

  it('reports errors of stopping', async () => {
    const error = new Error('can not stop');
    const result = await run((reactor) => {
      const { stop } = reactor;
      reactor.stop = () => {
        reactor.stop = stop;
        reactor.callLater(0, () => reactor.stop());
        throw error;
      };
      return succeed();
    });
    expect(result).toEqual({ codes: [0], errors: [error] });
  });

  it('refuses a running reactor, and a main that is not a function', async () => {
    await using reactor = createReactor({ kind: 'node' });
    const running = reactor.run({ installSignalHandlers: false });
    const started = new Deferred<void>();
    reactor.callWhenRunning(() => started.callback());
    await started;
    let called = false;
    const main = (): void => {
      called = true;
    };
    await expect(react(main, { reactor })).rejects.toBeInstanceOf(ReactorAlreadyRunningError);
    await expect(react(1 as never, { reactor })).rejects.toBeInstanceOf(InvalidArgumentTypeError);
    expect(called).toBe(false);
    reactor.stop();
    await running;
  });

  it('ends the process by default', async () => {
    await using reactor = createReactor({ kind: 'node' });
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never);
    await react(() => fail(new ExitError(5)), { reactor, installSignalHandlers: false });
    expect(exit.mock.calls).toEqual([[5]]);
  });

  describe('as a program', () => {
    it.each([
      ['succeed', 0, 'done\n', /^$/],
      ['exit', 42, '', /^$/],
      ['fail', 1, '', /main has failed/],
      ['throw', 1, '', /main has thrown/],
    ])('%s: exits with %d', async (ending, code, stdout, stderr) => {
      const result = await runProgram(PROGRAM, [ending]);
      expect(result).toMatchObject({ code, stdout, signal: null });
      expect(result.stderr).toMatch(stderr);
    });

    it.each([
      ['wait', 0, 'waiting\ncancelled\n'],
      ['wait and clean up', 7, 'waiting\ncancelled\ncleaned up\n'],
    ])('%s: is cancelled on SIGINT, and exits with %d', async (ending, code, stdout) => {
      await using child = new Child(PROGRAM, [ending]);
      await child.printed(/waiting\n/);
      child.process.kill('SIGINT');
      expect(await child.result()).toEqual({ code, stdout, stderr: '', signal: null });
    });
  });
});
