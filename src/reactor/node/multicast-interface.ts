/** An interface in the form that `dgram` takes: one of its IPv4 addresses, or the scope of an IPv6 address. */
import { isIP, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

import { UnsupportedError } from '../../core/errors/reactor.js';
import { interfaceNameOf, withScopeSpelled } from '../../internal/interface-names.js';
import { systemError } from '../../internal/system-error.js';

/**
 * @param through Number, name or IP address; empty: the system's choice.
 * @throws SystemError the interface does not exist.
 * @throws UnsupportedError the interface has a number whose name is unknown; Linux knows all of them.
 */
export function multicastInterface(through: string, ipv6: boolean): string | undefined {
  if (through === '' || through === '0') return undefined;
  if (!ipv6 && isIPv4(through)) return through;
  const name = interfaceName(through);
  if (ipv6) return `::%${name}`;
  const found = networkInterfaces()[name]?.find(({ family }) => family === 'IPv4');
  if (found === undefined) throw systemError('if_nametoindex', 'ENODEV', through);
  return found.address;
}

function interfaceName(through: string): string {
  const name = /^\d+$/.test(through) ? numbered(through) : named(through);
  if (name === undefined) throw systemError('if_nametoindex', 'ENODEV', through);
  return name;
}

/** The scope of an address decides: several interfaces may have the same link-local address. */
function named(through: string): string | undefined {
  const all = networkInterfaces();
  if (isIP(through) === 0) return Object.keys(all).find((each) => each === through);
  const [host, scope] = withScopeSpelled(through).split('%');
  return Object.keys(all).find(
    (each) =>
      (scope === undefined || scope === each) && all[each]?.some(({ address }) => address === host),
  );
}

function numbered(index: string): string | undefined {
  const name = interfaceNameOf(Number(index));
  if (name === undefined && process.platform !== 'linux') {
    throw new UnsupportedError('an interface by number', 'Node does not know the name of this one');
  }
  return name;
}
