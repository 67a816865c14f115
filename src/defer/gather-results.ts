/** The results of several Deferreds, provided that none fails. */

import { checkOptions, type OptionNames } from '../internal/options.js';
import type { Deferred } from './deferred.js';
import {
  type DeferredListOptions,
  deferredList,
  type ListResults,
  type ThenableList,
} from './deferred-list.js';

const OPTIONS: OptionNames<Pick<DeferredListOptions, 'consumeErrors'>> = { consumeErrors: true };

/**
 * Fires with the results of all, in the order of the list; fails with a {@link FirstError} as soon as one fails. The
 * others continue: cancel them if they are not needed. Otherwise like {@link deferredList}, cancelling included.
 *
 * @example const [page, style] = await gatherResults([getPage(url), getStyle(url)]);
 * @throws InvalidArgumentTypeError
 */
export function gatherResults<L extends ThenableList>(
  list: L,
  options: Pick<DeferredListOptions, 'consumeErrors'> = {},
): Deferred<ListResults<L>> {
  checkOptions('gatherResults', options, OPTIONS);
  const { consumeErrors = false } = options;
  const members: readonly PromiseLike<unknown>[] = list;
  return deferredList(members, { fireOnOneErrback: true, consumeErrors }).addCallback(
    (outcomes) => outcomes.map(([, result]) => result) as ListResults<L>,
  );
}
