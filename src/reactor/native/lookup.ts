/** Looks names up on threads of the addon: libuv's pool, which files and cryptography need, is not used. */
import type { HostAddress } from '../../core/name-resolver.js';
import { loadAddon } from '../../native.js';
import { systemLookupError } from '../../resolver/name-error.js';
import type { LookUp } from '../../resolver/shared-lookups.js';
import { asSystemError } from './errors.js';

/** The addon's maximum number of threads, for all reactors of a thread: see native/net/name_lookup.h. */
export const NATIVE_LOOKUPS_AT_ONCE = 8;

export const nativeLookUp: LookUp = (name, family, done) => {
  try {
    loadAddon().lookUp(name, family, (errno, addresses) => {
      if (errno === 0) done(null, addresses.map(hostAddress));
      else done(systemLookupError(errno, name), []);
    });
  } catch (error) {
    throw asSystemError(error); // no thread could be started
  }
};

function hostAddress(address: string): HostAddress {
  return { address, family: address.includes(':') ? 'IPv6' : 'IPv4' };
}
