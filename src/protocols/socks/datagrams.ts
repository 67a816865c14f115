/**
 * Datagrams between a client and its proxy (RFC 1928 section 7): 00 00, fragment number, address, payload.
 */
import type { HostPort } from '../../core/address.js';
import { addressBytes, readAddress } from './addresses.js';
import { InvalidSocksMessageError } from './errors.js';

/** @property payload A view of the datagram. */
export interface SocksDatagram extends HostPort {
  readonly payload: Buffer;
}

/** Undefined if it is malformed, or a fragment: RFC 1928 lets an implementation drop fragments. */
export function readSocksDatagram(bytes: Buffer): SocksDatagram | undefined {
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 0) return undefined;
  try {
    const address = readAddress(bytes, 3);
    if (address === undefined) return undefined;
    const { host, port, end } = address;
    return { host, port, payload: bytes.subarray(end) };
  } catch (error) {
    if (error instanceof InvalidSocksMessageError) return undefined;
    throw error;
  }
}

/** The bytes in front of the payload. @throws InvalidArgumentValueError the name is longer than 255 bytes. */
export function socksDatagramHeader(address: HostPort): Buffer {
  return Buffer.concat([Buffer.alloc(3), addressBytes(address)]);
}
