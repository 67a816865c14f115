/** Identifies peers when connections are counted: by an IPv4 address, or by the prefix of an IPv6 address. */
import type { Address } from '../core/address.js';

/**
 * The key of a peer. The key of a link-local address includes its interface (`%scope`), because each interface is a different
 * network.
 * @param ipv6PrefixBits 1 to 128.
 */
export function peerKey(address: Address, ipv6PrefixBits: number): string {
  // UNIX peers are all on this host and have no names.
  if (address.type === 'UNIX') return 'unix';
  const { host } = address;
  if (address.family !== 'IPv6' || ipv6PrefixBits === 128) return host;
  const [text = '', scope] = host.split('%', 2);
  const groups = ipv6Groups(text);
  if (groups === undefined) return host;
  const prefix = groups.map((group, index) => {
    const bits = Math.min(16, Math.max(0, ipv6PrefixBits - index * 16));
    return group & (0xffff << (16 - bits)) & 0xffff;
  });
  const key = `${prefix.map((group) => group.toString(16)).join(':')}/${ipv6PrefixBits}`;
  return scope === undefined ? key : `${key}%${scope}`;
}

/** The eight groups of an IPv6 address in the text form of RFC 4291 section 2.2; undefined if it is not one. */
function ipv6Groups(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '');
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? '') : [];
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return groups.some((group) => Number.isNaN(group)) ? undefined : groups;
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
