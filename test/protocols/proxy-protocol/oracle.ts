/**
 * A second reader of PROXY headers, written from the specification in another way than the parser: it looks at all bytes at
 * once, with regular expressions, Node's address functions and a DataView. For comparison only.
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { crc32c as crc } from './slow-crc32c.js';

/** `more`: a valid header may still follow. Otherwise the version, command, addresses, number of bytes and of TLVs. */
export type Verdict = 'more' | 'refused' | string;

const V2 = '\r\n\r\n\0\r\nQUIT\n';

export function judge(bytes: Buffer, maxHeaderBytes = 16_384): Verdict {
  const text = bytes.toString('latin1');
  if (V2.startsWith(text.slice(0, 12)))
    return text.length < 16 ? 'more' : judgeV2(bytes, maxHeaderBytes);
  return 'PROXY '.startsWith(text.slice(0, 6)) ? judgeV1(text) : 'refused';
}

function judgeV1(text: string): Verdict {
  const end = text.slice(0, 107).indexOf('\r\n');
  if (end === -1) return text.length < 107 ? 'more' : 'refused';
  const line = text.slice(0, end);
  if (/^PROXY UNKNOWN($| )/.test(line)) return `1 PROXY - - ${end + 2} 0`;
  const match = /^PROXY TCP([46]) ([^ ]+) ([^ ]+) (0|[1-9]\d*) (0|[1-9]\d*)$/.exec(line);
  if (match === null) return 'refused';
  const [, family, source = '', destination = '', sourcePort, destinationPort] = match;
  const isFamily = family === '4' ? isIPv4 : (host: string) => isIPv6(host) && !host.includes('%');
  if (!isFamily(source) || !isFamily(destination)) return 'refused';
  if (Number(sourcePort) > 65_535 || Number(destinationPort) > 65_535) return 'refused';
  return `1 PROXY ${plain(source, sourcePort)} ${plain(destination, destinationPort)} ${end + 2} 0`;
}

/** The text of an address and a port as Node writes them; IPv4 if it is mapped. */
function plain(host: string, port: string | number | undefined): string {
  const ipv6 = host.includes(':');
  const { address } = new SocketAddress({ address: host, family: ipv6 ? 'ipv6' : 'ipv4' });
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (mapped !== undefined) return `${mapped}:${port}`;
  return ipv6 ? `[${address}]:${port}` : `${address}:${port}`;
}

function judgeV2(bytes: Buffer, maxHeaderBytes: number): Verdict {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [version, command] = [view.getUint8(12) >> 4, view.getUint8(12) & 15];
  const [family, kind] = [view.getUint8(13) >> 4, view.getUint8(13) & 15];
  const end = 16 + view.getUint16(14);
  if (version !== 2 || command > 1) return 'refused';
  if (command === 1 && (family > 3 || kind > 2)) return 'refused';
  if (end > maxHeaderBytes) return 'refused';
  if (bytes.length < end) return 'more';
  if (command === 0) return `2 LOCAL - - ${end} 0`;
  if (family === 0 || kind === 0) return `2 PROXY - - ${end} 0`;
  const size = [0, 12, 36, 216][family] as number;
  if (16 + size > end) return 'refused';
  const tlvs = countTLVs(bytes.subarray(0, end), 16 + size);
  if (tlvs === undefined) return 'refused';
  const [source, destination] = family === 3 ? paths(bytes) : hosts(view, family === 1);
  return `2 PROXY ${source} ${destination} ${end} ${tlvs}`;
}

function hosts(view: DataView, ipv4: boolean): [string, string] {
  const host = (at: number): string =>
    ipv4
      ? [0, 1, 2, 3].map((i) => view.getUint8(at + i)).join('.')
      : [0, 2, 4, 6, 8, 10, 12, 14].map((i) => view.getUint16(at + i).toString(16)).join(':');
  const size = ipv4 ? 4 : 16;
  const ports = 16 + 2 * size;
  return [
    plain(host(16), view.getUint16(ports)),
    plain(host(16 + size), view.getUint16(ports + 2)),
  ];
}

function paths(bytes: Buffer): [string, string] {
  const path = (at: number): string => {
    const field = bytes.toString('utf8', at, at + 108);
    return field.startsWith('\0')
      ? field.replace(/\0+$/, '').replace(/^\0/, '@')
      : (field.split('\0')[0] ?? '');
  };
  return [path(16), path(124)];
}

/** The number of TLVs that are neither known, padding nor a checksum; undefined if one is malformed. */
function countTLVs(header: Buffer, from: number): number | undefined {
  const seen = new Set<number>();
  let others = 0;
  for (let at = from; at < header.length; ) {
    if (header.length - at < 3) return undefined;
    const type = header[at] as number;
    const value = header.subarray(at + 3, at + 3 + header.readUInt16BE(at + 1));
    if (value.length < header.readUInt16BE(at + 1)) return undefined;
    const first = !seen.has(type);
    seen.add(type);
    if (type === 3) {
      if (!first || value.length !== 4) return undefined;
      const zeroed = Buffer.from(header);
      zeroed.writeUInt32BE(0, at + 3);
      if (crc(zeroed) !== value.readUInt32BE()) return undefined;
    } else if (first && [1, 2, 5, 0x20, 0x30].includes(type)) {
      if (!validValue(type, value)) return undefined;
    } else if (type !== 4) others++;
    at += 3 + value.length;
  }
  return others;
}

function validValue(type: number, value: Buffer): boolean {
  const utf8 = (bytes: Buffer): boolean => Buffer.from(bytes.toString()).equals(bytes);
  if (type === 5) return value.length <= 128;
  if (type === 2 || type === 0x30) return utf8(value);
  if (type !== 0x20) return true;
  if (value.length < 5) return false;
  const seen = new Set<number>();
  for (let at = 5; at < value.length; ) {
    if (value.length - at < 3) return false;
    const end = at + 3 + value.readUInt16BE(at + 1);
    if (end > value.length) return false;
    const subType = value[at] as number;
    const text = subType >= 0x21 && subType <= 0x25 && !seen.has(subType);
    seen.add(subType);
    if (text && !utf8(value.subarray(at + 3, end))) return false;
    at = end;
  }
  return true;
}
