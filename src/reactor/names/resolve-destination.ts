/** Asks a resolver, which may be the application's own, for the addresses of a destination. */
import { isIP } from 'node:net';

import { NameNotFoundError } from '../../core/errors/names.js';
import type { NameResolver } from '../../core/name-resolver.js';
import type { Deferred } from '../../defer/deferred.js';
import { maybeDeferred } from '../../defer/succeed.js';
import { sameFamily } from '../../internal/same-family.js';

/**
 * The addresses of `host` in the order of attempts, at least one. With a `localAddress`, only those that it can reach.
 * It sets no time limit. Fails with the resolver's error, thrown or not.
 */
export function resolveDestination(
  resolver: NameResolver,
  host: string,
  localAddress: string | undefined,
): Deferred<string[]> {
  const wanted = (address: string): boolean =>
    isIP(address) !== 0 && (localAddress === undefined || sameFamily(address, localAddress));
  const options =
    localAddress === undefined
      ? { timeoutMs: 0 }
      : { timeoutMs: 0, families: [isIP(localAddress) === 6 ? 'IPv6' : 'IPv4'] as const };
  return maybeDeferred(() => resolver.resolveHostName(host, options)).addCallback((found) => {
    const addresses = found.map(({ address }) => address).filter(wanted);
    if (addresses.length === 0) throw new NameNotFoundError('no address to connect to', host);
    return addresses;
  });
}
