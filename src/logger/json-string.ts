/** Strings of JSON. */

const MAX_TEXT = 65_536;

// Characters that JSON leaves as they are, and that terminals interpret or take for line ends.
const ESCAPED = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A JSON string. */
export function quoted(text: string): string {
  return isPlain(text) ? `"${text}"` : quotedSlowly(text);
}

/** Whether a text is short and has only characters that neither JSON nor terminals treat in a special way. */
export function isPlain(text: string): boolean {
  const { length } = text;
  if (length > 64) return false;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code === 34 || code === 92 || code > 126) return false;
  }
  return true;
}

function quotedSlowly(text: string): string {
  const shown = text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}...`;
  return JSON.stringify(shown).replace(ESCAPED, unicodeEscape);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
