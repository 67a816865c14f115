/** The destination of a datagram, for sockets that hold addresses as objects. */
import { isIP } from 'node:net';
import {
  addressFrom,
  type HostPort,
  type IPAddress,
  IPv4Address,
  IPv6Address,
} from '../../core/address.js';
import { InvalidAddressError, MessageLengthError } from '../../core/errors/datagram.js';
import { withScopeSpelled } from '../../internal/interface-names.js';
import { checkDestination, notAnIPAddress } from './udp-port.js';

/** RFC 768: 16 bits of length, of which headers take 8 bytes, and over IPv4 another 20. */
export const MAX_IPV4_BYTES = 65_507;
export const MAX_IPV6_BYTES = 65_527;

/** @throws InvalidArgumentTypeError, InvalidAddressError it is not an IP address, or not of the socket's family. */
export function udpDestination(
  to: IPAddress | HostPort,
  socket: { readonly address: IPAddress; readonly ipv6Only: boolean },
): IPAddress {
  let address: IPAddress;
  if (to instanceof IPv4Address || to instanceof IPv6Address) address = to;
  else {
    checkDestination(to);
    if (isIP(to.host) === 0) throw notAnIPAddress(to.host);
    address = addressFrom('UDP', withScopeSpelled(to.host), to.port);
  }
  const mismatch = address.family === 'IPv6' ? socket.address.family === 'IPv4' : socket.ipv6Only;
  if (!mismatch) return address;
  const why = `of another family than the socket, ${socket.address}`;
  throw new InvalidAddressError(`${address.host} is ${why}`);
}

/** @throws MessageLengthError */
export function checkDatagramLength(length: number, to: IPAddress): void {
  if (length <= (to.family === 'IPv6' ? MAX_IPV6_BYTES : MAX_IPV4_BYTES)) return;
  throw new MessageLengthError(length, to);
}
