/** Fails tests that leave something behind, under any runner that has hooks around each test. */
import { takeUnhandledFailures } from '../defer/unhandled.js';
import { checkFunction } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { captureLoggedErrors } from './logged-errors.js';
import { ReactorWatch } from './reactor-watch.js';
import { type Leftovers, UncleanTestError } from './unclean-test-error.js';

/** A test runner's hooks: those of vitest, node:test, mocha and jest fit. */
export interface TestHooks {
  beforeEach(hook: () => void): unknown;
  afterEach(hook: () => Promise<void>): unknown;
  /** If given, leftovers of the file as a whole are looked for too, after its own hooks. */
  afterAll?(hook: () => Promise<void>): unknown;
}

/** The kinds of leftovers to look for. */
export interface EachTestOptions {
  /** Unhandled failures of Deferreds. Default true. */
  readonly failures?: boolean;
  /** Errors reported to `ropewalk.error` and not flushed. They are not printed. Default true. */
  readonly errors?: boolean;
  /** Ports, connections, attempts and calls of reactors that were not open before the test. Default true. */
  readonly reactors?: boolean;
}

const OPTIONS: OptionNames<EachTestOptions> = { failures: true, errors: true, reactors: true };

/** Turns in which a reactor that is not clean may finish its pending work. */
const GRACE_TURNS = 2;

const setImmediateOfNode = setImmediate;

/**
 * Checks after each test that it left nothing behind. Things that were open before a test, such as a port opened in `beforeAll`,
 * are not counted against the test. Tests of one file must run one after the other.
 *
 * Its hooks have to run after the file's own. Vitest runs the hooks that were set first last: call it at the very beginning,
 * as a set-up file does. Node:test, mocha and jest run hooks in the order in which they are set: call it after the others.
 * Make reactors after the call: earlier ones are not checked.
 *
 * After a test, its hook throws {@link UncleanTestError}.
 *
 * @throws InvalidArgumentTypeError
 *
 * @example checkEachTest({ beforeEach, afterEach, afterAll }, { reactors: false });
 */
export function checkEachTest(hooks: TestHooks, options: EachTestOptions = {}): void {
  checkOptions('checkEachTest', options, OPTIONS);
  const { failures = true, errors = true, reactors = true } = options;
  checkFunction('hooks.beforeEach', hooks.beforeEach);
  checkFunction('hooks.afterEach', hooks.afterEach);
  const capture = errors ? captureLoggedErrors() : undefined;
  const watch = reactors ? new ReactorWatch() : undefined;

  const check = async (whose: string): Promise<void> => {
    for (let turn = 0; turn < GRACE_TURNS && hasAny(watch?.leaks()); turn++) {
      await new Promise<void>((resolve) => void setImmediateOfNode(resolve));
    }
    const found: Leftovers = {
      failures: failures ? takeUnhandledFailures() : [],
      errors: capture?.flush() ?? [],
      leaks: watch?.leaks() ?? [],
    };
    if (hasAny(found.failures) || hasAny(found.errors) || hasAny(found.leaks)) {
      throw new UncleanTestError(whose, found);
    }
  };

  hooks.beforeEach(() => watch?.mark());
  hooks.afterEach(() => check('this test'));
  hooks.afterAll?.(async () => {
    watch?.forgetMark();
    try {
      await check('this file of tests');
    } finally {
      capture?.[Symbol.dispose]();
      watch?.[Symbol.dispose]();
    }
  });
}

function hasAny(found: readonly unknown[] | undefined): boolean {
  return found !== undefined && found.length > 0;
}
