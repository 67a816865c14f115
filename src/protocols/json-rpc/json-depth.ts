/** The depth of JSON text, which is known before the text is parsed. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether more than `max` arrays and objects are open at once. The text need not be valid. */
export function isDeeperThan(text: string, max: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(text, at);
    // Brackets and braces differ in this bit only.
    else if ((code | 0x20) === 0x7b) {
      if (++depth > max) return true;
    } else if ((code | 0x20) === 0x7d) depth -= 1;
  }
  return false;
}

/** The closing quotation mark of a string; the end of the text if there is none. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}
