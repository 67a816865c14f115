/** The characters and names of XML 1.0 (fifth edition) and of Namespaces in XML 1.0. */

/** Anything but a `Char` (XML 1.0 section 2.2); unpaired surrogates among them. */
export const NOT_A_CHARACTER: RegExp = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

const START =
  'A-Z_a-z\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}';
const FURTHER = '\\-.0-9\\xB7\\u0300-\\u036F\\u203F\\u2040';

/** A name without a colon (Namespaces section 3). */
export const NC_NAME: RegExp = new RegExp(`^[${START}][${START}${FURTHER}]*$`, 'u');

const ASCII_NAME = /^[A-Za-z_][-.\w]*$/;

export function isNCName(text: string): boolean {
  return ASCII_NAME.test(text) || NC_NAME.test(text);
}

export const SPACE: RegExp = /^[\t\n\r ]*$/;

/** Whether a code point is a `Char`. */
export function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  if (code < 0xd800) return true;
  return (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}
