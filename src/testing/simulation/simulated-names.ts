/** Resolves names from a table, in the next turn of a clock: the resolver of reactors without a network. */

import { isIP } from 'node:net';
import type { Clock } from '../../core/clock.js';

import type { HostAddress, ResolveOptions } from '../../core/name-resolver.js';
import { Deferred } from '../../defer/deferred.js';
import { fail } from '../../defer/succeed.js';
import { checkString } from '../../internal/check.js';
import type { OwnNameResolver } from '../../reactor/names/hosted-names.js';
import { canonicalHostName } from '../../resolver/host-name.js';
import { EAI_NONAME, nameErrorFrom, systemLookupError } from '../../resolver/name-error.js';
import { resolveSettings } from '../../resolver/resolve-settings.js';

type Answer = readonly HostAddress[];

export class SimulatedNames implements OwnNameResolver {
  readonly #clock: Clock;
  readonly #addressOf: (name: string) => string | undefined;
  readonly #pending = new Set<Deferred<Answer>>();

  /** @param addressOf Returns the address of a name; undefined if there is no such name. */
  constructor(clock: Clock, addressOf: (name: string) => string | undefined) {
    this.#clock = clock;
    this.#addressOf = addressOf;
  }

  resolveHostName(name: string, options: ResolveOptions = {}): Deferred<Answer> {
    // The answer comes before any time has passed, so a time limit has no effect.
    const { families, signal } = resolveSettings(options);
    let address: string | undefined = checkString('name', name);
    if (isIP(name) === 0) {
      try {
        canonicalHostName(name);
      } catch (error) {
        return fail(error);
      }
      address = this.#addressOf(name);
    }
    const answer = new Deferred<Answer>(() => {
      call.cancel();
      this.#pending.delete(answer);
    });
    const call = this.#clock.callLater(0, () => {
      this.#pending.delete(answer);
      const family = address?.includes(':') ? 'IPv6' : 'IPv4';
      if (address !== undefined && families.includes(family))
        answer.callback([{ address, family }]);
      else answer.errback(nameErrorFrom(systemLookupError(EAI_NONAME, name), name));
    });
    this.#pending.add(answer);
    return signal === undefined ? answer : answer.cancelOn(signal);
  }

  cancelAll(): void {
    for (const answer of [...this.#pending]) answer.cancel();
  }
}
