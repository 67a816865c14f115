/**
 * The number of columns that characters take on a terminal, as in wcwidth(3): East Asian wide and full-width ones (UAX #11) and
 * emoji take two, combining marks and format characters none. Ambiguous ones take one.
 */

/** Wide and full-width ranges of Unicode 15.1 without those whose characters are all emoji: first and last, in order. */
const WIDE: readonly number[] = [
  ...[0x1100, 0x115f, 0x2329, 0x232a, 0x2e80, 0x303e, 0x3041, 0x3247, 0x3250, 0x4dbf],
  ...[0x4e00, 0xa4cf, 0xa960, 0xa97f, 0xac00, 0xd7a3, 0xf900, 0xfaff, 0xfe10, 0xfe19],
  ...[0xfe30, 0xfe6f, 0xff01, 0xff60, 0xffe0, 0xffe6, 0x16fe0, 0x18cff, 0x18d00, 0x18d7f],
  ...[0x1aff0, 0x1b2ff, 0x1f200, 0x1f202, 0x1f210, 0x1f23b, 0x1f240, 0x1f248, 0x1f250, 0x1f251],
  ...[0x1f260, 0x1f265, 0x20000, 0x2fffd, 0x30000, 0x3fffd],
];

const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7ff]$/u;
const EMOJI = /^\p{Emoji_Presentation}$/u;

/** Widths of code points that were asked for: tests by regular expression are slow. The BMP only, so that it is small. */
const known: Int8Array = new Int8Array(0x10000).fill(-1);

/**
 * Columns of one character: 0, 1 or 2. Control characters and surrogates have 0: terminals do not print them.
 * @param code A code point.
 */
export function characterWidth(code: number): number {
  if (code >= 0x20 && code < 0x7f) return 1;
  if (code > 0xffff) return computedWidth(code);
  const width = known[code] as number;
  if (width >= 0) return width;
  const computed = computedWidth(code);
  known[code] = computed;
  return computed;
}

/** Columns of a text without control sequences. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character.codePointAt(0) as number);
  return width;
}

function computedWidth(code: number): number {
  if (code < 0xa0) return code >= 0x20 && code < 0x7f ? 1 : 0;
  if (code >= 0xd800 && code <= 0xdfff) return 0;
  const character = String.fromCodePoint(code);
  // The soft hyphen and the Arabic number signs are format characters that are visible.
  if (code === 0xad || (code >= 0x600 && code <= 0x605) || code === 0x6dd) return 1;
  if (ZERO_WIDTH.test(character)) return 0;
  // Two regional indicators make a flag of two columns.
  const isRegional = code >= 0x1f1e6 && code <= 0x1f1ff;
  return isWide(code) || (EMOJI.test(character) && !isRegional) ? 2 : 1;
}

function isWide(code: number): boolean {
  let low = 0;
  let high = WIDE.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (code > (WIDE[middle * 2 + 1] as number)) low = middle + 1;
    else high = middle;
  }
  return low * 2 < WIDE.length && code >= (WIDE[low * 2] as number);
}
