/** Replaces references: to characters, and to the five entities that XML predefines. There are no others. */
import { isCharacter } from './characters.js';
import { MAX_REFERENCE_LENGTH } from './limits.js';

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

const NUMBER = /^#(?:x([0-9A-Fa-f]+)|([0-9]+))$/;

/** @returns The text; undefined if it contains an ampersand that begins no reference, or an unknown one. */
export function replaceReferences(text: string): string | undefined {
  let replaced = '';
  let from = 0;
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', from)) {
    const end = text.indexOf(';', at);
    if (end === -1 || end - at > MAX_REFERENCE_LENGTH) return undefined;
    const character = referenced(text.slice(at + 1, end));
    if (character === undefined) return undefined;
    replaced += text.slice(from, at) + character;
    from = end + 1;
  }
  return replaced + text.slice(from);
}

function referenced(name: string): string | undefined {
  const number = NUMBER.exec(name);
  if (number === null) return ENTITIES.get(name);
  const [, hexadecimal, decimal] = number;
  const code =
    hexadecimal === undefined
      ? Number.parseInt(decimal as string, 10)
      : Number.parseInt(hexadecimal, 16);
  return isCharacter(code) ? String.fromCodePoint(code) : undefined;
}
