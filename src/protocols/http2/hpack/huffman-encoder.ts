/** Encodes strings with the Huffman code. */
import { CODE_BITS, CODES } from './huffman-code.js';

/** The coded length of a string with a character per octet, in octets. */
export function huffmanLength(text: string): number {
  let bits = 7;
  for (let i = 0; i < text.length; i++) bits += CODE_BITS[text.charCodeAt(i) & 0xff] as number;
  return bits >>> 3;
}

/**
 * @param target Has room for {@link huffmanLength} octets from `at` on.
 * @returns The position behind the coded string.
 */
export function encodeHuffman(text: string, target: Uint8Array, at: number): number {
  let to = at;
  let pending = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i) & 0xff;
    let code = CODES[octet] as number;
    let codeBits = CODE_BITS[octet] as number;
    if (codeBits > 16) {
      // Seven pending bits and a long code do not fit into 32 bits together.
      pending = (pending << (codeBits - 16)) | (code >>> 16);
      bits += codeBits - 16;
      for (; bits >= 8; bits -= 8) target[to++] = pending >>> (bits - 8);
      code &= 0xffff;
      codeBits = 16;
    }
    pending = (pending << codeBits) | code;
    bits += codeBits;
    for (; bits >= 8; bits -= 8) target[to++] = pending >>> (bits - 8);
  }
  if (bits > 0) target[to++] = (pending << (8 - bits)) | ((1 << (8 - bits)) - 1);
  return to;
}
