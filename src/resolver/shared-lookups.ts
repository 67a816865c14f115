/**
 * Look-ups by the system, which block a thread each: a few at a time, one for all who ask the same, the others in a queue.
 *
 * Those who ask are let go of at once when they cancel. A look-up that has not begun is dropped with the last of them; one
 * that has can't be stopped: it keeps its thread, and serves those who ask the same meanwhile.
 */

import { withoutStack } from '../core/errors/base.js';
import { NameNotFoundError, TooManyLookupsError } from '../core/errors/names.js';
import type { HostAddress } from '../core/name-resolver.js';
import { Deferred } from '../defer/deferred.js';
import { nameErrorFrom } from './name-error.js';

/** 0 is both. */
export type LookupFamily = 0 | 4 | 6;

/** Begins to look a name up. `done` is to be called once, in a later pass of the loop. It may throw. */
export type LookUp = (
  name: string,
  family: LookupFamily,
  done: (error: Error | null, found: readonly HostAddress[]) => void,
) => void;

export interface SharedLookupsOptions {
  readonly lookUp: LookUp;
  /** How many may be under way. */
  readonly maxAtOnce: number;
  /** How many may wait for answers before TooManyLookupsError. Default 10,000. */
  readonly maxWaiting?: number;
  /** Keeps the program from ending while somebody waits; returns what lets it. */
  readonly keepAlive: () => () => void;
}

const DEFAULT_MAX_WAITING = 10_000;

type Answer = readonly HostAddress[];

interface Lookup {
  readonly name: string;
  readonly family: LookupFamily;
  readonly askers: Set<Deferred<Answer>>;
}

export class SharedLookups {
  readonly #options: SharedLookupsOptions;
  readonly #maxWaiting: number;
  /** All that are queued or under way, by what was asked. */
  readonly #lookups = new Map<string, Lookup>();
  /** Oldest first. */
  readonly #queued = new Set<Lookup>();
  #underWay = 0;
  #waiting = 0;
  #letEnd: (() => void) | undefined;

  constructor(options: SharedLookupsOptions) {
    this.#options = options;
    this.#maxWaiting = options.maxWaiting ?? DEFAULT_MAX_WAITING;
  }

  /** @returns What fails with a NameResolutionError, and can be cancelled. */
  ask(name: string, family: LookupFamily): Deferred<Answer> {
    const lookup = this.#lookups.get(keyOf(name, family)) ?? { name, family, askers: new Set() };
    const answer = new Deferred<Answer>(() => this.#leave(lookup, answer));
    if (this.#waiting >= this.#maxWaiting) {
      answer.errback(new TooManyLookupsError(`${this.#waiting} wait already`, name));
      return answer;
    }
    this.#waiting += 1;
    this.#letEnd ??= this.#options.keepAlive();
    lookup.askers.add(answer);
    if (this.#lookups.get(keyOf(name, family)) !== lookup) {
      this.#lookups.set(keyOf(name, family), lookup);
      this.#queued.add(lookup);
      this.#beginNext();
    }
    return answer;
  }

  cancelAll(): void {
    for (const { askers } of [...this.#lookups.values()]) {
      for (const answer of [...askers]) answer.cancel();
    }
  }

  #leave(lookup: Lookup, answer: Deferred<Answer>): void {
    if (!lookup.askers.delete(answer)) return;
    this.#left(1);
    if (lookup.askers.size > 0 || !this.#queued.delete(lookup)) return;
    this.#lookups.delete(keyOf(lookup.name, lookup.family));
  }

  #left(count: number): void {
    this.#waiting -= count;
    if (this.#waiting > 0) return;
    this.#letEnd?.();
    this.#letEnd = undefined;
  }

  #beginNext(): void {
    for (const lookup of this.#queued) {
      if (this.#underWay >= this.#options.maxAtOnce) return;
      this.#queued.delete(lookup);
      this.#underWay += 1;
      try {
        this.#options.lookUp(lookup.name, lookup.family, (error, found) => {
          this.#finish(lookup, error, found);
          this.#beginNext();
        });
      } catch (error) {
        this.#finish(lookup, error as Error, []);
      }
    }
  }

  #finish(lookup: Lookup, error: Error | null, found: Answer): void {
    this.#underWay -= 1;
    this.#lookups.delete(keyOf(lookup.name, lookup.family));
    const askers = [...lookup.askers];
    lookup.askers.clear();
    this.#left(askers.length);
    const failure = error === null && found.length > 0 ? undefined : reasonOf(lookup.name, error);
    const answer = Object.freeze(unique(found));
    for (const asker of askers) {
      // The callbacks of one may cancel another.
      if (asker.fired) continue;
      if (failure === undefined) asker.callback(answer);
      else asker.errback(failure);
    }
  }
}

function keyOf(name: string, family: LookupFamily): string {
  return `${family} ${name}`;
}

function reasonOf(name: string, error: Error | null): Error {
  if (error !== null) return nameErrorFrom(error, name);
  return withoutStack(() => new NameNotFoundError('no address', name));
}

/** A hosts file, or a server, may have an address twice. */
function unique(found: Answer): HostAddress[] {
  return [...new Map(found.map((one) => [one.address, one])).values()];
}
