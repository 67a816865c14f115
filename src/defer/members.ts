/** The members of a list that is waited for as a whole: Deferreds unchanged, promises as Deferreds. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { Deferred } from './deferred.js';
import { isThenable } from './thenable.js';

export interface Member {
  readonly deferred: Deferred<unknown>;
  /** Made here for a promise: no other code can handle its failure. */
  readonly own: boolean;
}

/** @throws InvalidArgumentTypeError it is not an array, or one of them is neither a Deferred nor a promise. */
export function membersOf(list: readonly PromiseLike<unknown>[]): Member[] {
  if (!Array.isArray(list)) throw new InvalidArgumentTypeError('list', 'an array', list);
  const members: readonly unknown[] = list;
  members.forEach((member, index) => {
    if (typeof member === 'function' || !isThenable(member)) {
      throw new InvalidArgumentTypeError(`list[${index}]`, 'a Deferred or a promise', member);
    }
  });
  return list.map((member) => ({
    deferred: Deferred.fromPromise(member),
    own: !(member instanceof Deferred),
  }));
}
