/** Characters of the sets that terminals switch to (VT220 Programmer Reference Manual, chapter 2). */
import type { CharacterSet } from './terminal.js';

/** DEC Special Graphics for ` to ~. */
const DRAWING = '◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·';

/** The character that a set shows for one of ASCII. */
export function characterOf(set: CharacterSet, character: string): string {
  if (set === 'us' || set === 'alternate') return character;
  if (set === 'uk') return character === '#' ? '£' : character;
  if (character === '_') return ' ';
  return DRAWING[character.charCodeAt(0) - 0x60] ?? character;
}
