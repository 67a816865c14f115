/** Names an interface in the form that `dgram` requires: an IPv4 address, or the zone of an IPv6 one. */
import { readdirSync, readFileSync } from 'node:fs';
import { isIP, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

import { UnsupportedError } from '../../core/errors/reactor.js';
import { systemError } from '../../internal/system-error.js';

/** Where Linux lists the numbers of interfaces. */
const SYSFS = '/sys/class/net';

/**
 * @param through Number, name or IP address; empty: the system's choice.
 * @throws SystemError there is no such interface.
 * @throws UnsupportedError numbers, anywhere but on Linux.
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
  const all = networkInterfaces();
  const name = /^\d+$/.test(through)
    ? numbered(through)
    : isIP(through) !== 0
      ? Object.keys(all).find((each) => all[each]?.some(({ address }) => address === through))
      : Object.keys(all).find((each) => each === through);
  if (name === undefined) throw systemError('if_nametoindex', 'ENODEV', through);
  return name;
}

function numbered(index: string): string | undefined {
  if (process.platform !== 'linux') {
    throw new UnsupportedError('an interface by number', 'Node knows only their names');
  }
  return readdirSync(SYSFS).find(
    (name) => readFileSync(`${SYSFS}/${name}/ifindex`, 'utf8').trim() === index,
  );
}
