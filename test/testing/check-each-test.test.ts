/** The checks around each test, under a runner of this file's own. In vitest: vitest-setup.test.ts. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { createReactor, Protocol, type Reactor } from '../../src/index.js';
import { reportError } from '../../src/internal/error-report.js';
import {
  checkEachTest,
  type EachTestOptions,
  type TestHooks,
} from '../../src/testing/check-each-test.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { UncleanTestError } from '../../src/testing/unclean-test-error.js';
import { runProgram } from '../support/child.js';

type Vitest = typeof import('vitest');
type NodeTest = typeof import('node:test');

/** Runs a test as a runner would; gives what the hooks throw after it, and after the file. */
async function around(
  options: EachTestOptions,
  test: () => unknown,
): Promise<{ afterTest: unknown; afterFile: unknown }> {
  const hooks: Record<string, () => unknown> = {};
  const keep = (name: string) => (hook: () => unknown) => {
    hooks[name] = hook;
  };
  const caught = async (name: string): Promise<unknown> => {
    try {
      return await hooks[name]?.();
    } catch (error) {
      return error;
    }
  };
  const [beforeEach, afterEach, afterAll] = ['before', 'after', 'last'].map(keep);
  if (beforeEach === undefined || afterEach === undefined || afterAll === undefined)
    throw new Error();
  checkEachTest({ beforeEach, afterEach, afterAll }, options);
  await caught('before');
  await test();
  return { afterTest: await caught('after'), afterFile: await caught('last') };
}

describe('the checks around a test', () => {
  it('throw one error with all that was left, and the first cause of it', async () => {
    const [failed, logged] = [new RangeError('failed'), new TypeError('logged')];
    let reactor: Reactor | undefined;
    const { afterTest, afterFile } = await around({}, () => {
      new Deferred<void>().errback(failed);
      reportError(logged, 'somewhere');
      reactor = createReactor({ kind: 'node' });
      reactor.listenTCP(0, Protocol, { interface: '127.0.0.1' });
    });
    await reactor?.[Symbol.asyncDispose]();
    expect(afterTest).toBeInstanceOf(UncleanTestError);
    expect(afterTest).toMatchObject({
      name: 'UncleanTestError',
      code: 'ERR_UNCLEAN_TEST',
      cause: failed,
      failures: [{ failure: { value: failed } }],
      errors: [{ error: logged, where: 'somewhere' }],
    });
    const { leaks } = afterTest as UncleanTestError;
    expect(leaks.map((leak) => leak.reactor)).toEqual([reactor]);
    expect((afterFile as UncleanTestError).leaks, 'the port is still open then').toHaveLength(1);
    expect((afterFile as UncleanTestError).errors, 'the rest was told already').toEqual([]);
  });

  it('throw nothing after a clean test', async () => {
    const { afterTest, afterFile } = await around({}, () => {});
    expect([afterTest, afterFile]).toEqual([undefined, undefined]);
  });

  it('wait two turns for a reactor to finish what it is about to', async () => {
    let reactor: Reactor | undefined;
    const { afterTest } = await around({}, () => {
      reactor = createReactor({ kind: 'node' });
      reactor.callLater(0, () => {});
    });
    await reactor?.[Symbol.asyncDispose]();
    expect(afterTest).toBe(undefined);
  });

  it('look for nothing that they are told not to look for', async () => {
    const outer = captureLoggedErrors();
    let reactor: Reactor | undefined;
    let failing: Deferred<void> | undefined;
    const off = { failures: false, errors: false, reactors: false };
    const { afterTest, afterFile } = await around(off, () => {
      failing = new Deferred<void>();
      failing.errback(new Error('failed'));
      reportError(new Error('logged'), 'somewhere');
      reactor = createReactor({ kind: 'node' });
      reactor.listenTCP(0, Protocol, { interface: '127.0.0.1' });
    });
    await reactor?.[Symbol.asyncDispose]();
    failing?.addErrback(() => {});
    expect([afterTest, afterFile]).toEqual([undefined, undefined]);
    expect(outer.flush()).toMatchObject([{ where: 'somewhere' }]);
    outer[Symbol.dispose]();
  });

  it('name the error as the cause, if there is no failure', async () => {
    const logged = new TypeError('logged');
    const { afterTest } = await around({}, () => reportError(logged, 'somewhere'));
    expect(afterTest).toMatchObject({ cause: logged });
  });
});

describe('the checks around each test of node:test', () => {
  it('fail the test that leaves something behind', async () => {
    const program = new URL('./programs/checked-by-node.ts', import.meta.url);
    const { code, stdout } = await runProgram(program, [], {
      nodeFlags: ['--test-reporter=tap'],
    });
    expect(stdout).toMatch(/^ok 1 - is clean$/m);
    expect(stdout).toMatch(/^not ok 2 - leaves a delayed call$/m);
    expect(stdout).toMatch(/a delayed call is due in/);
    expect(code).toBe(1);
  });

  it('take the hooks of other runners', () => {
    expectTypeOf<Pick<Vitest, keyof TestHooks>>().toExtend<TestHooks>();
    expectTypeOf<Pick<NodeTest, 'beforeEach' | 'afterEach'>>().toExtend<TestHooks>();
    expectTypeOf<NodeTest['after']>().toExtend<NonNullable<TestHooks['afterAll']>>();
  });
});
