/**
 * The Huffman code of RFC 7541 appendix B. It is canonical: the lengths determine the codes, which ascend with the length and,
 * among codes of one length, with the symbol.
 */

/** The symbol that only padding begins. */
export const EOS = 256;

/** The length of the code of each octet, and of EOS: a digit to the base 36 for each. */
const LENGTHS =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq' +
  'u';

/** The length in bits of the code of each octet, and of {@link EOS}. */
export const CODE_BITS: Uint8Array = Uint8Array.from(LENGTHS, (digit) =>
  Number.parseInt(digit, 36),
);

/** The codes, in their low bits. */
export const CODES: Uint32Array = canonicalCodes(CODE_BITS);

function canonicalCodes(bits: Uint8Array): Uint32Array {
  const symbols = [...bits.keys()].sort((a, b) => at(bits, a) - at(bits, b) || a - b);
  const codes = new Uint32Array(bits.length);
  let code = 0;
  let length = 0;
  for (const symbol of symbols) {
    code *= 2 ** (at(bits, symbol) - length);
    length = at(bits, symbol);
    codes[symbol] = code;
    code += 1;
  }
  return codes;
}

function at(array: Uint8Array, index: number): number {
  return array[index] as number;
}
