/** The order of attempts to connect to the addresses of a name: RFC 8305 section 4. */
import { isIPv6 } from 'node:net';
import type { AddressFamily } from '../../core/name-resolver.js';

export interface FamilyOrder {
  /** The family to begin with, if there is an address of it. Default: that of the first address. */
  readonly preferredFamily: AddressFamily | undefined;
  /** The number of addresses of that family before the first one of the other: the First Address Family Count. */
  readonly firstFamilyCount: number;
}

/**
 * Alternates between the two families, so that a broken one costs one attempt delay. Within a family, the order stays.
 * @param addresses IP addresses, sorted by the resolver (RFC 6724).
 */
export function interleave(
  addresses: readonly string[],
  { preferredFamily, firstFamilyCount }: FamilyOrder,
): string[] {
  const [ipv6, ipv4] = [addresses.filter(isIPv6), addresses.filter((one) => !isIPv6(one))];
  const preferIPv6 =
    preferredFamily === undefined ? isIPv6(addresses[0] ?? '') : preferredFamily === 'IPv6';
  const first = preferIPv6 ? ipv6 : ipv4;
  const second = preferIPv6 ? ipv4 : ipv6;
  const ordered = first.slice(0, firstFamilyCount);
  const rest = first.slice(firstFamilyCount);
  for (let at = 0; at < Math.max(second.length, rest.length); at++) {
    ordered.push(...second.slice(at, at + 1), ...rest.slice(at, at + 1));
  }
  return ordered;
}
