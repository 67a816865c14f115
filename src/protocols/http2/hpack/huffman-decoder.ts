/**
 * Decodes the Huffman code by tables of 256 entries, one for each octet of a code: the first table decodes the 74 octets with
 * codes of up to eight bits, of which most fields consist, in one step. An entry is the symbol with the bits that it takes of
 * this octet, or the negative position of the table for the next octet.
 */
import { hpackError } from '../errors.js';
import { CODE_BITS, CODES, EOS } from './huffman-code.js';

const TABLE_SIZE = 256;
const SYMBOL_BITS = 9;
const SYMBOL_MASK = 0x1ff;

const TABLE: Int16Array = makeTable();

/**
 * @param to The end of the coded string.
 * @param target Has room for 8/5 of the coded length.
 * @returns The number of decoded octets.
 * @throws HPACKError
 */
export function decodeHuffman(
  bytes: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
): number {
  const table = TABLE;
  let pending = 0;
  let bits = 0;
  let node = 0;
  let length = 0;
  for (let at = from; at < to; at++) {
    pending = ((pending << 8) | (bytes[at] as number)) & 0xffff;
    bits += 8;
    while (bits >= 8) {
      const entry = table[node + ((pending >>> (bits - 8)) & 0xff)] as number;
      if (entry < 0) {
        node = -entry;
        bits -= 8;
        continue;
      }
      const symbol = entry & SYMBOL_MASK;
      if (symbol === EOS) throw hpackError('huffman-eos');
      target[length++] = symbol;
      bits -= entry >>> SYMBOL_BITS;
      node = 0;
    }
  }
  // Fewer than eight bits are left: the end of a code, short codes, then padding, which is the beginning of EOS.
  while (bits > 0) {
    const padding = (1 << (8 - bits)) - 1;
    const entry = table[node + (((pending << (8 - bits)) & 0xff) | padding)] as number;
    if (entry < 0 || entry >>> SYMBOL_BITS > bits) break;
    const symbol = entry & SYMBOL_MASK;
    if (symbol === EOS) throw hpackError('huffman-eos');
    target[length++] = symbol;
    bits -= entry >>> SYMBOL_BITS;
    node = 0;
  }
  const ones = (1 << bits) - 1;
  if (node !== 0 || (pending & ones) !== ones) throw hpackError('huffman-padding');
  return length;
}

function makeTable(): Int16Array {
  const entries = new Array<number>(TABLE_SIZE).fill(0);
  for (let symbol = 0; symbol <= EOS; symbol++) {
    const code = CODES[symbol] as number;
    let bits = CODE_BITS[symbol] as number;
    let node = 0;
    for (; bits > 8; bits -= 8) {
      const at = node + ((code >>> (bits - 8)) & 0xff);
      if (entries[at] === 0) {
        entries[at] = -entries.length;
        for (let i = 0; i < TABLE_SIZE; i++) entries.push(0);
      }
      node = -(entries[at] as number);
    }
    const first = node + ((code << (8 - bits)) & 0xff);
    entries.fill((bits << SYMBOL_BITS) | symbol, first, first + (1 << (8 - bits)));
  }
  return Int16Array.from(entries);
}
