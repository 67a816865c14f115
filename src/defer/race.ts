/** The first of several Deferreds to succeed. */
import { Deferred } from './deferred.js';
import type { ThenableList } from './deferred-list.js';
import { AllFailedError } from './errors.js';
import type { Failure } from './failure.js';
import { membersOf } from './members.js';

/** The winner: its index in the list, and the result. */
export type RaceResult<L extends ThenableList> = readonly [
  index: number,
  result: Awaited<L[number]>,
];

/**
 * Fires with the index and the result of the first that succeeds, and cancels the others. Fails with an
 * {@link AllFailedError} when all have failed: at once for an empty list, where Twisted's never fires.
 *
 * The members are used up: they have the result undefined afterwards, and the outcomes of the losers are ignored. Cancelling
 * cancels them all; it then fails with a CancelledError.
 *
 * @param list Deferreds or promises. Cancelling a promise means that it is no longer waited for.
 * @throws InvalidArgumentTypeError
 */
export function race<L extends ThenableList>(list: L): Deferred<RaceResult<L>> {
  const members = membersOf(list);
  const failures: Failure[] = new Array(members.length);
  let failed = 0;
  let over = false;
  const end = (): void => {
    over = true;
    // This has no effect on the winner, which has fired.
    for (const { deferred } of members) deferred.cancel();
  };
  const result = new Deferred<RaceResult<L>>(end);
  const won = (index: number, value: unknown): void => {
    if (over) return;
    end();
    result.callback([index, value as Awaited<L[number]>]);
  };
  const lost = (index: number, failure: Failure): void => {
    failures[index] = failure;
    failed += 1;
    if (!over && failed === members.length) result.errback(new AllFailedError(failures));
  };
  if (members.length === 0) result.errback(new AllFailedError([]));
  members.forEach(({ deferred }, index) => {
    deferred.addCallbacks(
      (value) => won(index, value),
      (failure) => lost(index, failure),
    );
  });
  return result;
}
