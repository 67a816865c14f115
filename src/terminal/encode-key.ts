/** The bytes that a terminal sends for a key: the inverse of {@link KeyParser}. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkObject } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { KEYS_BY_LETTER, KEYS_BY_NUMBER, type Key } from './key.js';

export interface EncodeKeyOptions {
  /** The program has set the mode in which cursor keys send ESC O (`PrivateMode.applicationCursorKeys`). Default false. */
  readonly applicationCursorKeys?: boolean;
}

const OPTIONS: OptionNames<EncodeKeyOptions> = { applicationCursorKeys: true };

const LETTERS: ReadonlyMap<string, string> = new Map(
  Object.entries(KEYS_BY_LETTER).map(([letter, key]) => [key, letter]),
);
/** Keys with several numbers have the lowest one; those with a letter are not sent by number. */
const NUMBERS: ReadonlyMap<string, string> = new Map(
  Object.entries(KEYS_BY_NUMBER)
    .reverse()
    .map(([number, key]) => [key, number]),
);
const CONTROLS: Readonly<Record<string, string>> = {
  Backspace: '\x7f',
  Enter: '\r',
  Escape: '\x1b',
  Tab: '\t',
};

/** Those with a control character of their own; that of i is Tab, of m Enter and of [ Escape. */
const CTRL_CHARACTERS = /^[ a-hj-ln-z\\\]^_]$/;

/**
 * Text to be sent as UTF-8 to a program.
 * @throws InvalidArgumentTypeError it is not a key, such as a name: see `keyOf`.
 * @throws InvalidArgumentValueError there is no such key.
 * @throws UnknownOptionError
 */
export function encodeKey(key: Key, options: EncodeKeyOptions = {}): string {
  checkOptions('encodeKey', options, OPTIONS);
  if (typeof key === 'string')
    throw new InvalidArgumentTypeError('key', 'an object', key, 'keyOf makes one of a name');
  checkObject('key', key);
  const modifiers = 1 + (key.shift ? 1 : 0) + (key.alt ? 2 : 0) + (key.ctrl ? 4 : 0);
  const letter = LETTERS.get(key.key);
  if (letter !== undefined) {
    if (modifiers > 1) return `\x1b[1;${modifiers}${letter}`;
    const introducer = options.applicationCursorKeys === true || letter >= 'P' ? 'O' : '[';
    return `\x1b${introducer}${letter}`;
  }
  const number = NUMBERS.get(key.key);
  if (number !== undefined) return `\x1b[${number}${modifiers > 1 ? `;${modifiers}` : ''}~`;
  return encodeCharacter(key, modifiers);
}

function encodeCharacter({ key, ctrl, alt, shift }: Key, modifiers: number): string {
  if (key === 'Tab' && modifiers === 2) return '\x1b[Z';
  const control = CONTROLS[key];
  const character = control ?? key;
  const code = character.codePointAt(0);
  if (code === undefined || String.fromCodePoint(code) !== character) {
    throw new InvalidArgumentValueError('key', 'a character or the name of a key', key);
  }
  const prefix = alt ? '\x1b' : '';
  if (ctrl && control === undefined && CTRL_CHARACTERS.test(character)) {
    return prefix + String.fromCharCode(code & 0x1f);
  }
  const startsSequence = alt && ['[', 'O', '\x1b'].includes(character);
  if (ctrl || startsSequence || (shift && control !== undefined)) {
    return `\x1b[27;${modifiers};${code}~`;
  }
  return prefix + character;
}
