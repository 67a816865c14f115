/** Escapes text for XML documents. */
import { NOT_A_CHARACTER } from './characters.js';
import { InvalidXMLOutputError } from './errors.js';

const TEXT_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\r': '&#13;',
};
const ATTRIBUTE_ESCAPES: Readonly<Record<string, string>> = {
  ...TEXT_ESCAPES,
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
};

/**
 * Text as the content of an element. Parsers return it unchanged, carriage returns included.
 * @throws InvalidXMLOutputError it contains a character that XML does not have.
 */
export function escapeXMLText(text: string): string {
  checkCharacters(text);
  return /[&<>\r]/.test(text) ? text.replace(/[&<>\r]/g, (each) => TEXT_ESCAPES[each] ?? '') : text;
}

/**
 * Text as the value of an attribute in double quotation marks. Parsers return it unchanged.
 * @throws InvalidXMLOutputError it contains a character that XML does not have.
 */
export function escapeXMLAttribute(text: string): string {
  checkCharacters(text);
  return text.replace(/[&<>\r"\t\n]/g, (each) => ATTRIBUTE_ESCAPES[each] ?? '');
}

function checkCharacters(text: string): void {
  if (NOT_A_CHARACTER.test(text)) throw new InvalidXMLOutputError('text');
}
