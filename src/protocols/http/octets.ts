/** Classes of octets (RFC 9110 section 5.6, RFC 9112), one table lookup each. */

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COMMA = 0x2c;
export const SLASH = 0x2f;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const DEL = 0x7f;

/** `tchar`: octets of methods and field names. */
export const TOKEN: Uint8Array = table("-!#$%&'*+.^_`|~0-9A-Za-z");

/** Octets of field values and reason phrases: all but control characters, HTAB excepted. */
export const VALUE: Uint8Array = table('\t\x20-\x7e\x80-\xff');

/** Octets of request targets: visible ASCII without `#`, because a fragment is not part of a target. */
export const TARGET: Uint8Array = table('\x21\x22\x24-\x7e');

/** Octets of a registered name or IPv4 address without percent-encoding: RFC 3986 `unreserved` and `sub-delims`, no comma. */
export const HOST: Uint8Array = table("-._~!$&'()*+;=0-9A-Za-z");

/** The value of a hexadecimal digit; 255 for other octets. */
export const HEX: Uint8Array = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** The octets of a token, as a class of a regular expression. */
export const TOKEN_CLASS = "[-!#$%&'*+.^_`|~0-9A-Za-z]";
const TOKEN_TEXT = new RegExp(`^${TOKEN_CLASS}+$`);

/** A token (RFC 9110 section 5.6.2), such as the name of a method, field, parameter or coding. */
export function isToken(text: string): boolean {
  return TOKEN_TEXT.test(text);
}

/** The octet in lower case. */
export const LOWER: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet,
);

export function isDigit(octet: number | undefined): boolean {
  return octet !== undefined && octet >= 0x30 && octet <= 0x39;
}

/** Whether the octets from `from` to `to` are `lower` in any case. */
export function sameWord(bytes: Uint8Array, from: number, to: number, lower: string): boolean {
  const { length } = lower;
  if (to - from !== length) return false;
  for (let i = 0; i < length; i++) {
    if (LOWER[bytes[from + i] as number] !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** @param octets Octets and ranges, as in a class of a regular expression. */
function table(octets: string): Uint8Array {
  const found = new Uint8Array(256);
  for (let i = 0; i < octets.length; i++) {
    const first = octets.charCodeAt(i);
    const isRange = i > 0 && octets[i + 1] === '-' && i + 2 < octets.length;
    const last = isRange ? octets.charCodeAt(i + 2) : first;
    found.fill(1, first, last + 1);
    if (isRange) i += 2;
  }
  return found;
}

const BEYOND_ASCII = /[\u0080-\uffff]/;

/** Whether the text is ASCII, and so the same in Latin-1 and UTF-8. */
export function isASCIIText(text: string): boolean {
  return !BEYOND_ASCII.test(text);
}
