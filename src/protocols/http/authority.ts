/** Hosts with an optional port, in Host and in targets (RFC 3986 section 3.2, RFC 9110 section 7.2). */
import { COLON, HEX, HOST, isDigit } from './octets.js';

const PERCENT = 0x25;
const LEFT_BRACKET = 0x5b;
const MAX_PORT = 65_535;

/**
 * Whether the octets are a host with an optional port: `name`, `192.0.2.1:80`, `[::1]:8080`. An empty host has no port; a comma,
 * which RFC 3986 allows in names, is refused as a sign of two joined fields.
 */
export function isAuthority(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  if (bytes[from] === LEFT_BRACKET && from < to) {
    at = endOfAddress(bytes, from + 1, to);
    if (at === -1) return false;
  } else {
    for (; at < to; at++) {
      const octet = bytes[at] as number;
      if (HOST[octet] === 1) continue;
      if (octet !== PERCENT) break;
      if (at + 2 >= to || !isHex(bytes[at + 1]) || !isHex(bytes[at + 2])) return false;
      at += 2;
    }
  }
  if (at === to) return true;
  return at !== from && bytes[at] === COLON && isPort(bytes, at + 1, to);
}

/** Whether the text is a host with a port, neither of which is empty. */
export function isHostWithPort(text: string): boolean {
  const bytes = Buffer.from(text, 'latin1');
  return isAuthority(bytes, 0, bytes.length) && /^[^:]|^\[/.test(text) && /:\d+$/.test(text);
}

/** The position behind the bracket that ends an IPv6 address; -1 if there is none. */
function endOfAddress(bytes: Uint8Array, from: number, to: number): number {
  let colons = 0;
  for (let at = from; at < to; at++) {
    const octet = bytes[at] as number;
    if (octet === 0x5d) return colons >= 2 ? at + 1 : -1;
    if (octet === COLON) colons += 1;
    else if (!isHex(octet) && octet !== 0x2e) return -1;
  }
  return -1;
}

/** RFC 3986 allows an empty port. */
function isPort(bytes: Uint8Array, from: number, to: number): boolean {
  let port = 0;
  for (let at = from; at < to; at++) {
    const octet = bytes[at] as number;
    if (!isDigit(octet)) return false;
    port = port * 10 + octet - 0x30;
    if (port > MAX_PORT) return false;
  }
  return true;
}

function isHex(octet: number | undefined): boolean {
  return octet !== undefined && HEX[octet] !== 255;
}
