/**
 * The default resolver of reactors: an IP address resolves to itself; other names are looked up in the hosts file and then by
 * the system. Only the hosts file is cached, because the system does not say how long an answer is valid.
 */
import { isIP } from 'node:net';

import type { Clock } from '../core/clock.js';
import { NameLookupTimeoutError, NameNotFoundError } from '../core/errors/names.js';
import type {
  AddressFamily,
  HostAddress,
  NameResolver,
  ResolveOptions,
} from '../core/name-resolver.js';
import { Deferred } from '../defer/deferred.js';
import { CancelledError } from '../defer/errors.js';
import { Failure } from '../defer/failure.js';
import { fail, succeed } from '../defer/succeed.js';
import { checkString } from '../internal/check.js';
import { canonicalHostName } from './host-name.js';
import type { HostsFile } from './hosts-file.js';
import { type ResolveSettings, resolveSettings } from './resolve-settings.js';
import type { SharedLookups } from './shared-lookups.js';

type Answer = readonly HostAddress[];

/** In the order of RFC 6724, which puts ::1 before all IPv4 addresses. */
const LOOPBACK: Answer = [
  { address: '::1', family: 'IPv6' },
  { address: '127.0.0.1', family: 'IPv4' },
];

export interface HostResolverOptions {
  readonly clock: Clock;
  readonly hostsFile: HostsFile;
  readonly lookups: SharedLookups;
  /** Throws if new look-ups are not allowed. Default: never. */
  readonly checkUsable?: () => void;
}

export class HostResolver implements NameResolver {
  readonly #clock: Clock;
  readonly #hostsFile: HostsFile;
  readonly #lookups: SharedLookups;
  readonly #checkUsable: () => void;

  constructor(options: HostResolverOptions) {
    this.#clock = options.clock;
    this.#hostsFile = options.hostsFile;
    this.#lookups = options.lookups;
    this.#checkUsable = options.checkUsable ?? (() => {});
  }

  /** @throws ReactorDisposedError */
  resolveHostName(name: string, options: ResolveOptions = {}): Deferred<Answer> {
    this.#checkUsable();
    checkString('name', name);
    const settings = resolveSettings(options);
    if (settings.signal?.aborted) return cancelled(settings.signal.reason);
    if (isIP(name) !== 0) return itself(name, settings.families);
    let canonical: string;
    try {
      canonical = canonicalHostName(name);
    } catch (error) {
      return fail(error);
    }
    const bare = canonical.endsWith('.') ? canonical.slice(0, -1) : canonical;
    const known = this.#known(bare, settings.families);
    return known.length > 0 ? succeed(known) : this.#ask(canonical, settings);
  }

  /** @internal Cancels all look-ups: the reactor stops. */
  cancelAll(): void {
    this.#lookups.cancelAll();
  }

  /**
   * Addresses known without asking the system. The hosts file may define `localhost`; a name server is never asked for it
   * (RFC 6761 section 6.3).
   */
  #known(name: string, families: readonly AddressFamily[]): Answer {
    const ofFamilies = ({ family }: HostAddress): boolean => families.includes(family);
    const listed = this.#hostsFile.addressesOf(name).filter(ofFamilies);
    if (listed.length > 0) return loopbackFirst(listed);
    const local = name === 'localhost' || name.endsWith('.localhost');
    return local ? LOOPBACK.filter(ofFamilies) : [];
  }

  #ask(name: string, { families, timeoutMs, signal }: ResolveSettings): Deferred<Answer> {
    const answer = this.#lookups.ask(name, lookupFamily(families));
    if (signal !== undefined) answer.cancelOn(signal);
    if (timeoutMs === 0) return answer;
    return answer.addTimeout(timeoutMs, this.#clock, (result) => {
      const late = result instanceof Failure && result.check(CancelledError);
      return late ? new Failure(new NameLookupTimeoutError(name, timeoutMs)) : result;
    });
  }
}

function cancelled(reason: unknown): Deferred<Answer> {
  const answer = new Deferred<Answer>();
  answer.cancel(reason);
  return answer;
}

function itself(address: string, families: readonly AddressFamily[]): Deferred<Answer> {
  const family = address.includes(':') ? 'IPv6' : 'IPv4';
  if (families.includes(family)) return succeed([{ address, family }]);
  return fail(new NameNotFoundError('an address of a family that was not requested', address));
}

function lookupFamily(families: readonly AddressFamily[]): 0 | 4 | 6 {
  if (!families.includes('IPv6')) return 4;
  return families.includes('IPv4') ? 0 : 6;
}

/** The file's order, except for ::1, which the system puts first (RFC 6724) and most files list last. */
function loopbackFirst(found: Answer): Answer {
  const first = found.filter(({ address }) => address === '::1');
  if (first.length === 0) return found;
  return [...first, ...found.filter(({ address }) => address !== '::1')];
}
