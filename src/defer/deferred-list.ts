/** Waits for several Deferreds together: for all outcomes, or for the first success or failure. */
import { checkBoolean } from '../internal/check.js';

import { checkOptions, type OptionNames } from '../internal/options.js';
import { Deferred } from './deferred.js';
import { FirstError } from './errors.js';
import type { Failure } from './failure.js';
import { membersOf } from './members.js';

/** Whether one of a list succeeded, and its result or failure. */
export type ListOutcome<T> = readonly [succeeded: true, result: T] | ListFailure;

export type ListFailure = readonly [succeeded: false, failure: Failure];

/** The argument of {@link deferredList} and similar functions: Deferreds and promises. */
export type ThenableList = readonly PromiseLike<unknown>[] | [];

/** The results of a list, by index. */
export type ListResults<L extends ThenableList> = { -readonly [K in keyof L]: Awaited<L[K]> };

type Outcomes<L extends ThenableList> = { -readonly [K in keyof L]: ListOutcome<Awaited<L[K]>> };
type Successes<L extends ThenableList> = {
  -readonly [K in keyof L]: readonly [succeeded: true, result: Awaited<L[K]>];
};
type FirstResult<L extends ThenableList> = readonly [result: Awaited<L[number]>, index: number];

export interface DeferredListOptions {
  /** Fire with the first result, as `[result, index]`, without waiting for the rest. Default false. */
  readonly fireOnOneCallback?: boolean;
  /** Fail at the first failure, with a {@link FirstError}, without waiting for the rest. Default false. */
  readonly fireOnOneErrback?: boolean;
  /** Members that failed have the result undefined from there on: their failures count as handled. Default false. */
  readonly consumeErrors?: boolean;
}

const OPTIONS: OptionNames<DeferredListOptions> = {
  fireOnOneCallback: true,
  fireOnOneErrback: true,
  consumeErrors: true,
};

type Firing<C extends boolean, E extends boolean> = DeferredListOptions &
  (C extends true ? { readonly fireOnOneCallback: true } : { readonly fireOnOneCallback?: false }) &
  (E extends true ? { readonly fireOnOneErrback: true } : { readonly fireOnOneErrback?: false });

/**
 * Twisted's DeferredList: fires when all of `list` have, with the outcome of each, `[true, result]` or
 * `[false, failure]`, in the order of the list. It does not fail unless an option says so.
 *
 * Members keep their results: the list sees the effect of callbacks added to them before; callbacks added later receive the
 * same result as without the list. A failed member therefore stays unhandled unless `consumeErrors` is set or an
 * errback is added to it. A promise's failure counts as handled.
 *
 * An empty list fires at once; with `fireOnOneCallback` it never does. If all fail in spite of `fireOnOneCallback`, the
 * result is the list. Cancelling before it has fired cancels all members; their outcomes are the result.
 *
 * @param list Deferreds or promises. Cancelling a promise means that it is no longer waited for.
 * @throws InvalidArgumentTypeError
 */
export function deferredList<L extends ThenableList>(
  list: L,
  options: Firing<true, true>,
): Deferred<FirstResult<L>>;
export function deferredList<L extends ThenableList>(
  list: L,
  options: Firing<true, false>,
): Deferred<FirstResult<L> | ListFailure[]>;
export function deferredList<L extends ThenableList>(
  list: L,
  options: Firing<false, true>,
): Deferred<Successes<L>>;
export function deferredList<L extends ThenableList>(
  list: L,
  options?: Firing<false, false>,
): Deferred<Outcomes<L>>;
export function deferredList(
  list: ThenableList,
  options: DeferredListOptions = {},
): Deferred<unknown> {
  checkOptions('deferredList', options, OPTIONS);
  const { fireOnOneCallback = false, fireOnOneErrback = false, consumeErrors = false } = options;
  checkBoolean('fireOnOneCallback', fireOnOneCallback);
  checkBoolean('fireOnOneErrback', fireOnOneErrback);
  checkBoolean('consumeErrors', consumeErrors);
  const members = membersOf(list);
  const outcomes: ListOutcome<unknown>[] = new Array(members.length);
  let unsettled = members.length;
  const whole = new Deferred<unknown>(() => {
    for (const { deferred } of members) deferred.cancel();
  });
  const settle = (index: number, outcome: ListOutcome<unknown>): void => {
    outcomes[index] = outcome;
    unsettled -= 1;
    if (whole.fired) return;
    const [succeeded, result] = outcome;
    if (succeeded && fireOnOneCallback) whole.callback([result, index]);
    else if (!succeeded && fireOnOneErrback) whole.errback(new FirstError(result, index));
    else if (unsettled === 0) whole.callback(outcomes);
  };
  if (unsettled === 0 && !fireOnOneCallback) whole.callback(outcomes);
  members.forEach(({ deferred, own }, index) => {
    deferred.addCallbacks(
      (result) => {
        settle(index, [true, result]);
        return result;
      },
      (failure): Failure | undefined => {
        settle(index, [false, failure]);
        return consumeErrors || own ? undefined : failure;
      },
    );
  });
  return whole;
}
