/** Runs a whole program as one function: the reactor runs until the function ends, which decides the exit code. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { ReactorAlreadyRunningError, ReactorNotRunningError } from '../core/errors/reactor.js';
import type { Reactor } from '../core/reactor.js';
import type { RunOptions } from '../core/reactor-life.js';
import type { CallbackResult } from '../defer/deferred.js';
import { CancelledError } from '../defer/errors.js';
import { Failure } from '../defer/failure.js';
import { maybeDeferred } from '../defer/succeed.js';
import { checkFunction } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { RUN_OPTIONS } from '../internal/run-options.js';
import { ExitError } from './errors.js';

export interface ReactOptions<Args extends unknown[], R extends Reactor> extends RunOptions {
  readonly reactor: R;
  /** Arguments of the main function after the reactor. Default: none. */
  readonly argv?: Args;
  /** Ends the process. Default `process.exit`. */
  readonly exit?: (exitCode: number) => void;
}

const OPTIONS: OptionNames<ReactOptions<unknown[], Reactor>> = {
  ...RUN_OPTIONS,
  reactor: true,
  argv: true,
  exit: true,
};

/**
 * Calls `main(reactor, ...argv)`, runs the reactor until the returned value has a result, stops the reactor, and exits: with
 * 0; with the `exitCode` of an {@link ExitError}; with 1 if `main` failed with any other error, which is reported.
 *
 * If the reactor is stopped earlier, by SIGINT or SIGTERM for example, the Deferred that `main` returned is cancelled. The
 * shutdown waits for its result, which decides the exit code as above, except that a CancelledError counts as success.
 *
 * @example
 * await react(async (reactor, host) => {
 *   const page = await getPage(reactor, host);
 *   if (page === '') throw new ExitError(3);
 * }, { reactor: createReactor(), argv: process.argv.slice(2) });
 * @returns a promise that settles after `exit` was called, if `exit` returns. It rejects with a
 * ReactorAlreadyRunningError or an InvalidArgumentTypeError before `main` is called.
 */
export async function react<Args extends unknown[], R extends Reactor>(
  main: (reactor: R, ...argv: Args) => CallbackResult<unknown>,
  options: ReactOptions<Args, R>,
): Promise<void> {
  checkOptions<ReactOptions<unknown[], Reactor>>('react', options, OPTIONS);
  checkFunction('main', main);
  const { reactor, argv = [] as unknown[] as Args, exit = exitProcess, ...runOptions } = options;
  if (typeof reactor?.run !== 'function') {
    throw new InvalidArgumentTypeError('reactor', 'a reactor', reactor);
  }
  if (!Array.isArray(argv)) throw new InvalidArgumentTypeError('argv', 'an array', argv);
  checkFunction('exit', exit);
  if (reactor.running) throw new ReactorAlreadyRunningError();
  let exitCode = 0;
  let stopping = false;
  const finished = maybeDeferred<[R, ...Args], unknown>(main, reactor, ...argv).addBoth(
    (outcome) => {
      if (outcome instanceof Failure) exitCode = exitCodeOf(outcome, stopping);
      if (!stopping) reactor.callWhenRunning(() => stopIfRunning(reactor));
    },
  );
  reactor.addSystemEventTrigger('before', 'shutdown', () => {
    stopping = true;
    finished.cancel();
    return finished;
  });
  await reactor.run(runOptions);
  exit(exitCode);
}

function exitCodeOf(failure: Failure, stopping: boolean): number {
  if (failure.check(ExitError)) return failure.value.exitCode;
  if (stopping && failure.check(CancelledError)) return 0;
  reportError(failure.value, 'main');
  return 1;
}

function stopIfRunning(reactor: Reactor): void {
  try {
    reactor.stop();
  } catch (error) {
    // The reactor was stopped elsewhere.
    if (!(error instanceof ReactorNotRunningError)) throw error;
  }
}

function exitProcess(exitCode: number): void {
  process.exit(exitCode);
}
