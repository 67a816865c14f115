/** Addresses in PROXY headers: text in version 1, binary blocks in version 2. */
import {
  type Address,
  addressFromWords,
  type IPAddress,
  type IPAddressType,
  UNIXAddress,
} from '../../core/address.js';
import { ipv4Bytes, ipv6Groups } from '../../internal/ip-text.js';

/** The length of a UNIX address in a version 2 header. */
export const UNIX_PATH_BYTES = 108;

/** The families of version 2 that have addresses (section 2.2). */
export const AF_INET = 1;
export const AF_INET6 = 2;
export const AF_UNIX = 3;

export interface AddressPair {
  readonly source: Address;
  readonly destination: Address;
}

const PORT = /^(?:0|[1-9]\d{0,4})$/;

/** An address of version 1; undefined if the text is not one of this family. */
export function addressFromText(ipv6: boolean, host: string, port: string): IPAddress | undefined {
  const bytes = ipv6 ? ipv6Bytes(host) : ipv4Bytes(host);
  if (bytes === undefined || !PORT.test(port) || Number(port) > 0xffff) return undefined;
  return addressFromBytes('TCP', Buffer.from(bytes), Number(port));
}

/** The length of the two addresses of a family and their ports. */
export function pairBytes(family: number): number {
  if (family === AF_UNIX) return 2 * UNIX_PATH_BYTES;
  return family === AF_INET ? 12 : 36;
}

/** Reads the addresses of a version 2 header. @param block {@link pairBytes} bytes. */
export function readPair(family: number, type: IPAddressType, block: Buffer): AddressPair {
  if (family === AF_UNIX) {
    return {
      source: new UNIXAddress(pathFrom(block.subarray(0, UNIX_PATH_BYTES))),
      destination: new UNIXAddress(pathFrom(block.subarray(UNIX_PATH_BYTES))),
    };
  }
  const size = family === AF_INET ? 4 : 16;
  const address = (index: number): IPAddress => {
    const port = block.readUInt16BE(2 * size + 2 * index);
    return addressFromBytes(type, block.subarray(index * size, (index + 1) * size), port);
  };
  return { source: address(0), destination: address(1) };
}

/** The 4 or 16 bytes of an IP address. IPv4 as IPv6 is mapped (RFC 4291 section 2.5.5.2). */
export function addressBytes({ host, family }: IPAddress, ipv6: boolean): Buffer {
  const [text = ''] = host.split('%', 1);
  if (family === 'IPv6') return Buffer.from(ipv6Bytes(text) ?? []);
  const bytes = ipv4Bytes(text) ?? [];
  return Buffer.from(ipv6 ? [...MAPPED_PREFIX, ...bytes] : bytes);
}

/** The path of a UNIX address, filled with zeros. Undefined if it is too long. */
export function pathBlock(path: string): Buffer | undefined {
  if (Buffer.byteLength(path) > UNIX_PATH_BYTES) return undefined;
  const block = Buffer.alloc(UNIX_PATH_BYTES);
  block.write(path);
  return block;
}

const MAPPED_PREFIX = [...new Array<number>(10).fill(0), 0xff, 0xff];

/** IPv4-mapped IPv6 becomes IPv4, as in the addresses of sockets. */
function addressFromBytes(type: IPAddressType, bytes: Buffer, port: number): IPAddress {
  const ipv6 = bytes.length === 16;
  const words = Int32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readInt32BE(4 * i));
  const address = addressFromWords(type, words, 0, ipv6, 0, port);
  return ipv6 && MAPPED_PREFIX.every((byte, i) => bytes[i] === byte)
    ? addressFromWords(type, words, 3, false, 0, port)
    : address;
}

function ipv6Bytes(text: string): number[] | undefined {
  return ipv6Groups(text)?.flatMap((group) => [group >>> 8, group & 0xff]);
}

/** A path ends at the first NUL; an abstract name begins with one and ends before the zeros that fill its field. */
function pathFrom(field: Buffer): string {
  const abstract = field[0] === 0;
  const end = abstract ? field.findLastIndex((byte) => byte !== 0) + 1 : field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? field.length : end);
}
