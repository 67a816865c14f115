/** Keys as terminals send them, named as in KeyboardEvent.key (https://www.w3.org/TR/uievents-key/). */

export interface Key {
  /** A character, such as `a`, or a name, such as `ArrowUp`, `Enter`, `Backspace` or `F1`. Letters with `ctrl` are lower case. */
  readonly key: string;
  readonly ctrl: boolean;
  /** Or Meta: terminals do not tell them apart. */
  readonly alt: boolean;
  /** Only of keys with names: the shift of a character is part of it. */
  readonly shift: boolean;
}

/** A key with modifiers. @example keyOf('c', 'ctrl') */
export function keyOf(key: string, ...modifiers: readonly ('ctrl' | 'alt' | 'shift')[]): Key {
  const has = (name: 'ctrl' | 'alt' | 'shift'): boolean => modifiers.includes(name);
  return newKey(key, has('ctrl'), has('alt'), has('shift'));
}

export function newKey(key: string, ctrl: boolean, alt: boolean, shift: boolean): Key {
  return { key, ctrl, alt, shift };
}

/** Final characters of ESC [ and ESC O sequences. */
export const KEYS_BY_LETTER: Readonly<Record<string, string>> = {
  A: 'ArrowUp',
  B: 'ArrowDown',
  C: 'ArrowRight',
  D: 'ArrowLeft',
  E: 'Clear',
  F: 'End',
  H: 'Home',
  P: 'F1',
  Q: 'F2',
  R: 'F3',
  S: 'F4',
};

/** Numbers of ESC [ n ~ sequences. */
export const KEYS_BY_NUMBER: Readonly<Record<number, string>> = {
  1: 'Home',
  2: 'Insert',
  3: 'Delete',
  4: 'End',
  5: 'PageUp',
  6: 'PageDown',
  7: 'Home',
  8: 'End',
  11: 'F1',
  12: 'F2',
  13: 'F3',
  14: 'F4',
  15: 'F5',
  17: 'F6',
  18: 'F7',
  19: 'F8',
  20: 'F9',
  21: 'F10',
  23: 'F11',
  24: 'F12',
  25: 'F13',
  26: 'F14',
  28: 'F15',
  29: 'F16',
  31: 'F17',
  32: 'F18',
  33: 'F19',
  34: 'F20',
};

/** Keys of the application keypad: ESC O and one of these. */
export const KEYPAD_KEYS: Readonly<Record<string, string>> = {
  ' ': ' ',
  I: 'Tab',
  M: 'Enter',
  X: '=',
  j: '*',
  k: '+',
  l: ',',
  m: '-',
  n: '.',
  o: '/',
  ...Object.fromEntries(Array.from('pqrstuvwxy', (letter, digit) => [letter, String(digit)])),
};

const NAMED_CONTROLS: Readonly<Record<number, string>> = {
  9: 'Tab',
  13: 'Enter',
  27: 'Escape',
  127: 'Backspace',
};

/** The key that sends one character. @param character One code point. */
export function keyOfCharacter(character: string, alt: boolean): Key {
  const code = character.codePointAt(0) as number;
  const name = NAMED_CONTROLS[code];
  if (name !== undefined) return newKey(name, false, alt, false);
  if (code >= 0x20) return newKey(character, false, alt, false);
  const key = code === 0 ? ' ' : String.fromCharCode(code + 0x40).toLowerCase();
  return newKey(key, true, alt, false);
}
