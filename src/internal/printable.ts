/** Text that is safe to print on a terminal, which takes control characters for commands. */

/** All control characters but tab and newline, the line separators, and those that change the order of the text (UAX #9, section 2). */
const UNSAFE = /[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** A text with visible escapes, `\x1b`, in place of unsafe characters. */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}
