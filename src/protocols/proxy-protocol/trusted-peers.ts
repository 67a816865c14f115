/** The peers whose PROXY headers are believed. */
import { BlockList } from 'node:net';
import type { Address } from '../../core/address.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { addNetwork } from '../../internal/ip-networks.js';

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
  for (const peer of peers) {
    if (peer !== 'unix') addNetwork(networks, peer, 'an element of trustedPeers', EXPECTED);
  }
  const unix = peers.includes('unix');
  return (address) => {
    if (address.type === 'PIPE') return false;
    if (address.type === 'UNIX') return unix;
    const [host = ''] = address.host.split('%', 1);
    return networks.check(host, address.family === 'IPv4' ? 'ipv4' : 'ipv6');
  };
}
