/** Access to the dashboard: from this machine, and not from pages of other sites. */
import { isIP, isIPv6 } from 'node:net';
import type { Address } from '../core/address.js';

/** Whether only this machine can connect to an address. */
export function isLocalOnly(address: Address): boolean {
  if (address.type === 'UNIX' || address.type === 'PIPE') return true;
  const host = address.host.replace(/^::ffff:/i, '');
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * Whether a request was sent to a name of this server. A page of another site that resolves its own name to this machine (DNS
 * rebinding) is of the same origin for the browser, but its requests have that name. An IP address cannot be rebound.
 *
 * @param authority The Host field, with a port or without.
 * @param names Further names, in lower case.
 */
export function isOwnName(authority: string | undefined, names: ReadonlySet<string>): boolean {
  const match = /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(authority ?? '');
  const name = (match?.[1] ?? '').toLowerCase().replace(/\.$/, '');
  if (name === 'localhost' || name.endsWith('.localhost') || names.has(name)) return true;
  return name.startsWith('[') ? isIPv6(name.slice(1, -1)) : isIP(name) === 4;
}
