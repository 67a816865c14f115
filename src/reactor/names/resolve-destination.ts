/** Asks a resolver, which may be the application's own, for the addresses of a destination. */
import { isIP } from 'node:net';

import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { NameNotFoundError } from '../../core/errors/names.js';
import type { AddressFamily, NameResolver } from '../../core/name-resolver.js';
import type { Deferred } from '../../defer/deferred.js';
import { maybeDeferred } from '../../defer/succeed.js';

/**
 * The addresses of `host` in the resolver's order, at least one; with a `family`, only those. It sets no time limit. Fails with the
 * error that the resolver threw or failed with.
 */
export function resolveDestination(
  resolver: NameResolver,
  host: string,
  family: AddressFamily | undefined,
): Deferred<string[]> {
  const wanted = (address: string): boolean =>
    family === undefined ? isIP(address) !== 0 : `IPv${isIP(address)}` === family;
  const options = family === undefined ? { timeoutMs: 0 } : { timeoutMs: 0, families: [family] };
  return maybeDeferred(() => resolver.resolveHostName(host, options)).addCallback((found) => {
    if (!Array.isArray(found)) {
      throw new InvalidArgumentTypeError("the resolver's answer", 'an array of addresses', found);
    }
    const addresses = found.map(({ address }) => address).filter(wanted);
    if (addresses.length === 0) throw new NameNotFoundError('no address to connect to', host);
    return addresses;
  });
}
