/** What tests of Deferreds ask: what became of one, and what was reported. */
import type { Deferred } from '../../src/defer/deferred.js';
import { Failure } from '../../src/defer/failure.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';

const NONE: unique symbol = Symbol('no result yet');

/** What has become of a Deferred, which is used up by that. */
export interface Outcome {
  /** The result; the error, if it failed; {@link none} as long as there is neither. */
  readonly value: unknown;
  readonly failed: boolean;
}

export const none: symbol = NONE;

/** Watches a Deferred: `value` changes when it has a result. Failures count as handled. */
export function outcomeOf(deferred: Deferred<unknown>): Outcome {
  const outcome = { value: NONE as unknown, failed: false };
  deferred.addBoth((result) => {
    outcome.failed = result instanceof Failure;
    outcome.value = result instanceof Failure ? result.value : result;
  });
  return outcome;
}

/** The result of a Deferred, or its error: what it has by now, taken away; else `none yet`. */
export function resultOf(deferred: Deferred<unknown>): unknown {
  const { value } = outcomeOf(deferred);
  return value === NONE ? 'none yet' : value;
}

/** The errors that are reported while a function runs. */
export function loggedBy(run: () => void): unknown[] {
  using capture = captureLoggedErrors();
  run();
  return capture.flush().map(({ error }) => error);
}
