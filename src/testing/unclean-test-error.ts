/** A test's leftovers, as the error that fails it. */
import { RopewalkError } from '../core/errors/base.js';
import type { UnhandledFailure } from '../defer/unhandled.js';
import { inspected } from '../internal/inspected.js';
import type { LoggedError } from './logged-errors.js';
import type { ReactorLeak } from './reactor-watch.js';

export interface Leftovers {
  /** Unhandled failures of Deferreds. */
  readonly failures: readonly UnhandledFailure[];
  /** Errors that were reported and not flushed. */
  readonly errors: readonly LoggedError[];
  /** Things that reactors have open. */
  readonly leaks: readonly ReactorLeak[];
}

/** A test left failures, errors or open things behind. The message lists them and says how to fix the test. */
export class UncleanTestError extends RopewalkError implements Leftovers {
  override readonly name = 'UncleanTestError';
  override readonly code = 'ERR_UNCLEAN_TEST';
  readonly failures: readonly UnhandledFailure[];
  readonly errors: readonly LoggedError[];
  readonly leaks: readonly ReactorLeak[];

  /** @param whose The culprit: `this test`. */
  constructor(whose: string, { failures, errors, leaks }: Leftovers) {
    const parts = [...wordsOfFailures(failures), ...wordsOfErrors(errors), ...wordsOfLeaks(leaks)];
    const cause = failures[0]?.failure.value ?? errors[0]?.error;
    super(
      [`${whose} left something behind`, ...parts].join('\n\n'),
      cause === undefined ? undefined : { cause },
    );
    this.failures = failures;
    this.errors = errors;
    this.leaks = leaks;
  }
}

function wordsOfFailures(failures: readonly UnhandledFailure[]): string[] {
  return failures.map(({ failure, history }) =>
    [
      `A Deferred failed, and its failure was not handled: ${inspected(failure.value)}`,
      ...(history === undefined ? [] : [history]),
      '  Await it, or add an errback; if the failure is expected, check it there.',
    ].join('\n'),
  );
}

function wordsOfErrors(errors: readonly LoggedError[]): string[] {
  return errors.map(({ error, where }) =>
    [
      `An error was reported (${where}): ${inspected(error)}`,
      '  If the test expects it: flushLoggedErrors(ItsClass) before the end, and check the returned errors.',
    ].join('\n'),
  );
}

function wordsOfLeaks(leaks: readonly ReactorLeak[]): string[] {
  return leaks.map(({ reactor, open }) =>
    [
      `A reactor (${reactor.kind}, ${reactor.poller}) was not clean:`,
      ...open.map((words) => `  - ${words}`),
      '  Close what the test opened and wait for it, or dispose of the reactor:',
      '  await reactor[Symbol.asyncDispose](). One that is meant to outlive tests: leaveReactorAlone(reactor).',
    ].join('\n'),
  );
}
