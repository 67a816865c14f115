/**
 * Addresses on the wire (RFC 1928 section 5):
 *
 *     1  4 bytes   port      IPv4
 *     3  length n, n bytes, port   a name
 *     4  16 bytes  port      IPv6
 */
import { type HostPort, IPv4Address, IPv6Address } from '../../core/address.js';
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { hostAdvice } from '../../internal/host.js';
import { ipv4Bytes, ipv6Groups } from '../../internal/ip-text.js';
import { InvalidSocksMessageError } from './errors.js';

export const MAX_NAME_BYTES = 255;

const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/** An address and the offset behind it. */
export interface ReadAddress extends HostPort {
  readonly end: number;
}

/**
 * @returns Undefined if bytes are missing.
 * @throws InvalidSocksMessageError
 */
export function readAddress(bytes: Buffer, offset: number): ReadAddress | undefined {
  const type = bytes[offset];
  if (type === undefined) return undefined;
  if (type !== IPV4 && type !== NAME && type !== IPV6) {
    throw new InvalidSocksMessageError(
      `there is no address type ${type}`,
      'address type not supported',
    );
  }
  const named = type === NAME ? 1 : 0;
  const length = type === IPV4 ? 4 : type === IPV6 ? 16 : bytes[offset + 1];
  if (length === undefined) return undefined;
  const start = offset + 1 + named;
  const end = start + length + 2;
  if (bytes.length < end) return undefined;
  const part = bytes.subarray(start, start + length);
  const host = type === IPV4 ? ipv4Host(part) : type === IPV6 ? ipv6Host(part) : nameHost(part);
  return { host, port: bytes.readUInt16BE(end - 2), end };
}

export function ipv4Host(bytes: Buffer): string {
  return IPv4Address.fromBits('TCP', bytes.readUInt32BE(0), 0).host;
}

function ipv6Host(bytes: Buffer): string {
  const word = (at: number): number => bytes.readUInt32BE(at);
  return IPv6Address.fromWords('TCP', [word(0), word(4), word(8), word(12), 0], 0).host;
}

/** @throws InvalidSocksMessageError it cannot be a host name. */
export function nameHost(bytes: Buffer): string {
  const name = bytes.toString();
  const advice = hostAdvice(name) ?? (name.includes('\ufffd') ? 'it is not UTF-8' : undefined);
  if (advice !== undefined) {
    throw new InvalidSocksMessageError(`the host name is not valid: ${advice}`, 'general failure');
  }
  return name;
}

/** @throws InvalidArgumentValueError the name is longer than 255 bytes. */
export function addressBytes({ host, port }: HostPort): Buffer {
  const ipv4 = ipv4Bytes(host);
  const groups = ipv4 === undefined ? ipv6Groups(withoutScope(host)) : undefined;
  if (ipv4 !== undefined) return Buffer.from([IPV4, ...ipv4, port >>> 8, port & 255]);
  if (groups !== undefined) {
    const bytes = groups.flatMap((group) => [group >>> 8, group & 255]);
    return Buffer.from([IPV6, ...bytes, port >>> 8, port & 255]);
  }
  const name = checkedName(host);
  return Buffer.from([NAME, name.length, ...name, port >>> 8, port & 255]);
}

/** @throws InvalidArgumentValueError the name is longer than 255 bytes. */
export function checkedName(host: string): Buffer {
  const name = Buffer.from(host);
  if (name.length >= 1 && name.length <= MAX_NAME_BYTES) return name;
  throw new InvalidArgumentValueError('host', `a name of 1 to ${MAX_NAME_BYTES} bytes`, host);
}

/** An interface of this machine has no meaning for another. */
function withoutScope(host: string): string {
  const percent = host.indexOf('%');
  return percent === -1 ? host : host.slice(0, percent);
}
