/**
 * Look-ups by the system, each of which blocks a thread: a few at a time, one for all callers with the same question, the
 * others in a queue.
 *
 * A caller that cancels is released immediately. A look-up that has not started is dropped with its last caller; one that has
 * started cannot be stopped: it keeps its thread, and serves callers that ask the same question meanwhile.
 */

import { withoutStack } from '../core/errors/base.js';
import { NameNotFoundError, TooManyLookupsError } from '../core/errors/names.js';
import type { HostAddress } from '../core/name-resolver.js';
import { Deferred } from '../defer/deferred.js';
import { nameErrorFrom } from './name-error.js';

/** 0 is both. */
export type LookupFamily = 0 | 4 | 6;

/** Starts a look-up. `done` must be called once, in a later turn of the loop. May throw. */
export type LookUp = (
  name: string,
  family: LookupFamily,
  done: (error: Error | null, found: readonly HostAddress[]) => void,
) => void;

export interface SharedLookupsOptions {
  readonly lookUp: LookUp;
  /** The number of simultaneous look-ups. */
  readonly maxAtOnce: number;
  /** The number of callers that may wait for answers; more fail with TooManyLookupsError. Default 10,000. */
  readonly maxWaiting?: number;
  /** Keeps the program running while there are callers; returns a function that ends this. */
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
  /** All queued and started look-ups, by question. */
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

  /** @returns A Deferred that can be cancelled, and fails with a NameResolutionError. */
  ask(name: string, family: LookupFamily): Deferred<Answer> {
    const lookup = this.#lookups.get(keyOf(name, family)) ?? { name, family, askers: new Set() };
    const answer = new Deferred<Answer>(() => this.#leave(lookup, answer));
    if (this.#waiting >= this.#maxWaiting) {
      answer.errback(new TooManyLookupsError(name, this.#maxWaiting));
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
      // The callbacks of one caller may cancel another.
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

/** A hosts file, or a server, may list an address twice. */
function unique(found: Answer): HostAddress[] {
  return [...new Map(found.map((one) => [one.address, one])).values()];
}
