/** The peers whose PROXY headers are believed. */
import { BlockList, isIP, isIPv4 } from 'node:net';
import type { Address } from '../../core/address.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';

/** IP addresses, networks (`10.0.0.0/8`), and `unix` for all peers over UNIX sockets; or everybody. */
export type TrustedPeers = readonly string[] | 'everybody';

const EXPECTED = 'an IP address, a network such as 10.0.0.0/8, or "unix"';

/**
 * Makes the test of an address. A header may contain any address: these peers can claim to be any client.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function trustedPeers(peers: TrustedPeers): (address: Address) => boolean {
  if (peers === 'everybody') return () => true;
  if (!Array.isArray(peers)) {
    throw new InvalidArgumentTypeError('trustedPeers', 'an array or "everybody"', peers);
  }
  if (peers.length === 0) {
    throw new InvalidArgumentValueError(
      'trustedPeers',
      `not empty: each element is ${EXPECTED}`,
      peers,
    );
  }
  const networks = new BlockList();
  for (const peer of peers) if (peer !== 'unix') addNetwork(networks, peer);
  const unix = peers.includes('unix');
  return (address) => {
    if (address.type === 'PIPE') return false;
    if (address.type === 'UNIX') return unix;
    const [host = ''] = address.host.split('%', 1);
    return networks.check(host, address.family === 'IPv4' ? 'ipv4' : 'ipv6');
  };
}

function addNetwork(networks: BlockList, peer: unknown): void {
  if (typeof peer !== 'string') {
    throw new InvalidArgumentTypeError('an element of trustedPeers', EXPECTED, peer);
  }
  const [host = '', bits, ...more] = peer.split('/');
  const family = isIPv4(host) ? 'ipv4' : 'ipv6';
  const mostBits = family === 'ipv4' ? 32 : 128;
  const valid = isIP(host) !== 0 && !host.includes('%') && more.length === 0;
  if (valid && bits === undefined) networks.addAddress(host, family);
  else if (valid && /^\d{1,3}$/.test(bits ?? '') && Number(bits) <= mostBits) {
    networks.addSubnet(host, Number(bits), family);
  } else throw new InvalidArgumentValueError('an element of trustedPeers', EXPECTED, peer);
}
