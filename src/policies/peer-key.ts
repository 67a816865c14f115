/** Identifies peers when connections are counted: by an IPv4 address, or by the prefix of an IPv6 address. */
import type { Address } from '../core/address.js';
import { ipv6Groups } from '../internal/ip-text.js';

/**
 * The key of a peer. The key of a link-local address includes its interface (`%scope`), because each interface is a different
 * network.
 * @param ipv6PrefixBits 1 to 128.
 */
export function peerKey(address: Address, ipv6PrefixBits: number): string {
  // UNIX peers and pipes are all on this host and have no names.
  if (address.type === 'UNIX') return 'unix';
  if (address.type === 'PIPE') return 'pipe';
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
