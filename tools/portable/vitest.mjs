// @ts-check
// Replaces the module `vitest` where vitest itself can't run: its test collector, assertions and spies, which are plain
// JavaScript, without its bundler, module mocks, fake timers and snapshots. `run.mjs` calls `runTestFile`.

import {
  ASYMMETRIC_MATCHERS_OBJECT,
  addCustomEqualityTesters,
  chai,
  customMatchers,
  GLOBAL_EXPECT,
  getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect';
import { getCurrentTest, startTests } from '@vitest/runner';
import { fn, restoreAllMocks, spyOn } from '@vitest/spy';

export {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  it,
  onTestFailed,
  onTestFinished,
  test,
} from '@vitest/runner';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);
// As in vitest.config.ts. The default, 40 characters, hides what is in an array or object.
chai.config.truncateThreshold = 1000;

/** @typedef {import('@vitest/runner').Test} Test */
/** @typedef {Record<string, unknown> & { (value: unknown, message?: string): unknown }} Expect */

const globals = /** @type {Record<PropertyKey, unknown>} */ (/** @type {unknown} */ (globalThis));

export const expect = makeExpect();
/** The part that tests use. */
export const TestRunner = { getCurrentTest };
export const vi = { fn, restoreAllMocks, spyOn };

/** The compiler checks types; nothing is left to do at run time. */
export function expectTypeOf() {
  const anything = () => {};
  /** @type {unknown} */
  const proxy = new Proxy(anything, { get: () => proxy, apply: () => proxy });
  return proxy;
}

function makeExpect() {
  /** @param {unknown} value @param {string} [message] */
  const called = (value, message) => {
    const assertion = /** @type {any} */ (chai.expect(value, message));
    const current = getCurrentTest();
    return current === undefined ? assertion : assertion.withTest(current);
  };
  const made = /** @type {Expect} */ (/** @type {unknown} */ (called));
  Object.assign(made, chai.expect, globals[ASYMMETRIC_MATCHERS_OBJECT]);
  made.getState = () => getState(/** @type {any} */ (made));
  made.setState = (/** @type {any} */ state) => setState(state, /** @type {any} */ (made));
  made.extend = (/** @type {any} */ matchers) =>
    /** @type {any} */ (chai.expect).extend(made, matchers);
  made.addEqualityTesters = addCustomEqualityTesters;
  made.unreachable = (/** @type {string} */ message) =>
    chai.assert.fail(`expected${message ? ` "${message}" ` : ' '}not to be reached`);
  /** @type {any} */ (made).extend(customMatchers);
  globals[GLOBAL_EXPECT] = made;
  return made;
}

/**
 * Collects and runs one test file in this process.
 *
 * @param {string} path
 * @param {object} options
 * @param {string} options.root
 * @param {string[]} options.setupFiles
 * @param {number} options.timeoutMs Of each test and each hook.
 * @param {(path: string) => Promise<unknown>} options.importFile
 * @param {(test: Test) => void} options.finished Called after each test that was run.
 */
export async function runTestFile(path, { root, setupFiles, timeoutMs, importFile, finished }) {
  /** @type {import('@vitest/runner').VitestRunner} */
  const runner = {
    config: {
      root,
      name: undefined,
      setupFiles,
      passWithNoTests: true,
      testNamePattern: undefined,
      allowOnly: false,
      sequence: { seed: 1, hooks: 'stack', setupFiles: 'list' },
      chaiConfig: undefined,
      maxConcurrency: 5,
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      retry: 0,
      includeTaskLocation: false,
      tags: [],
      tagsFilter: undefined,
      strictTags: true,
    },
    importFile,
    onAfterRunTask: finished,
    onBeforeTryTask: () => void restoreAllMocks(),
    extendTaskContext: (context) => Object.assign(context, { expect }),
  };
  const [file] = await startTests([path], runner);
  if (file === undefined) throw new Error(`${path} was not run`);
  return file;
}
