/** Parses a hosts file in the format of hosts(5): an address, its names, a comment. Invalid lines are skipped. */
import { isIP } from 'node:net';

import type { HostAddress } from '../core/name-resolver.js';

/** The addresses of each name, which is in lower case, in the order of the file. */
export type Hosts = ReadonlyMap<string, readonly HostAddress[]>;

export function parseHosts(text: string): Hosts {
  // By address within each name: a file may list one host a hundred thousand times.
  const byName = new Map<string, Map<string, HostAddress>>();
  for (const line of text.split(/[\r\n]+/)) {
    const comment = line.indexOf('#');
    const words = (comment < 0 ? line : line.slice(0, comment)).match(/[^\s\0]+/g) ?? [];
    const [address = '', ...names] = words;
    const version = isIP(address);
    if (version === 0) continue;
    const found: HostAddress = { address, family: version === 6 ? 'IPv6' : 'IPv4' };
    for (const name of names) {
      const key = name.toLowerCase();
      const addresses = byName.get(key);
      if (addresses === undefined) byName.set(key, new Map([[address, found]]));
      else if (!addresses.has(address)) addresses.set(address, found);
    }
  }
  return new Map([...byName].map(([name, addresses]) => [name, [...addresses.values()]]));
}
