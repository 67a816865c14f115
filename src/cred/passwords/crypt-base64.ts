/** The base64 of crypt(3): another alphabet, and the lowest bits first. */

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `length` characters for the 24 bits of three octets, of which the first is the highest. */
export function cryptBase64(high: number, middle: number, low: number, length: number): string {
  let bits = (high << 16) | (middle << 8) | low;
  let text = '';
  for (let i = 0; i < length; i++) {
    text += ALPHABET[bits & 63];
    bits >>= 6;
  }
  return text;
}

/** Octets repeated until there are `length`. */
export function repeated(octets: Buffer, length: number): Buffer {
  return Buffer.alloc(length, octets);
}
