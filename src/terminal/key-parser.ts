/**
 * Reads the bytes that a terminal sends: keys, pasted text and answers to requests.
 *
 *     character               itself; a control character is a named key, or a letter with Ctrl
 *     ESC character           with Alt
 *     ESC O letter            function key, or key of the application keypad (SS3)
 *     ESC [ 1 ; m letter      function key with modifiers m - 1: 1 Shift, 2 Alt, 4 Ctrl
 *     ESC [ n ; m ~           editing or function key
 *     ESC [ 27 ; m ; c ~      character c with modifiers (xterm, modifyOtherKeys)
 *     ESC [ c ; m u           the same (fixterms)
 *     ESC [ 200 ~ ... 201 ~   pasted text (bracketed paste)
 *     ESC [ row ; column R    position of the cursor, if it was asked for; else F3
 *     ESC [ 8 ; rows ; columns t     size
 *
 * ESC by itself is the key Escape, or the beginning of the others: which, only time can tell.
 */
import { StringDecoder } from 'node:string_decoder';
import {
  KEYPAD_KEYS,
  KEYS_BY_LETTER,
  KEYS_BY_NUMBER,
  type Key,
  keyOfCharacter,
  newKey,
} from './key.js';
import type { CursorPosition } from './screen-editing.js';
import type { ScreenSize } from './terminal-size.js';

/**
 * - `key`: {@link KeyParser.key}.
 * - `paste`: pasted text is in `text`, possibly a part of it.
 * - `position`: the answer to a request for the position of the cursor is in `position`.
 * - `size`: `size` was announced, of any value.
 * - `sequence`: a sequence without meaning for this package is in `text`.
 */
export type KeyEvent = 'key' | 'paste' | 'position' | 'size' | 'sequence';

const ESC = '\x1b';
const PASTE_END = '\x1b[201~';
/** Longer sequences are dropped. */
const MAX_SEQUENCE_LENGTH = 64;

/** Call {@link receive} with each chunk, then {@link next} until it returns `undefined`. The fields are valid until the next call. */
export class KeyParser {
  key: Key = newKey('Escape', false, false, false);
  text = '';
  position: CursorPosition = { column: 0, row: 0 };
  size: ScreenSize = { columns: 0, rows: 0 };

  readonly #decoder: StringDecoder = new StringDecoder('utf8');
  #input = '';
  #at = 0;
  /** The end of the input in a paste, which may be the beginning of {@link PASTE_END}. */
  #held = '';
  /** `skip`: in a sequence that is too long. */
  #state: 'ground' | 'escape' | 'sequence' | 'ss3' | 'skip' | 'paste' = 'ground';
  /** The characters of a sequence, behind ESC [. */
  #sequence = '';
  /** ESC came twice. */
  #alt = false;
  /** Enter was the last key: a line feed behind it belongs to it. */
  #entered = false;
  #positionsExpected = 0;

  /** Whether an ESC was received that is either a key or the beginning of a sequence: call {@link flush} after some time. */
  get isUndecided(): boolean {
    return this.#state !== 'ground' && this.#state !== 'paste' && this.#at >= this.#input.length;
  }

  /** The terminal was asked for the position of its cursor. */
  expectPosition(): void {
    this.#positionsExpected += 1;
  }

  /** Adds received bytes. They are decoded immediately, so they may be lent. */
  receive(chunk: Uint8Array): void {
    const text = this.#decoder.write(chunk as Buffer);
    const unread = this.#at < this.#input.length ? this.#input.slice(this.#at) : this.#held;
    this.#held = '';
    this.#input = unread + text;
    this.#at = 0;
  }

  /** The kind of the next event, or `undefined` if more bytes are needed. */
  next(): KeyEvent | undefined {
    while (this.#at < this.#input.length) {
      const event = this.#state === 'paste' ? this.#paste() : this.#step(this.#take());
      if (event !== undefined) return event;
    }
    return undefined;
  }

  /** Nothing arrived for some time: an undecided ESC is a key, and an unfinished sequence is none. */
  flush(): KeyEvent | undefined {
    if (!this.isUndecided) return undefined;
    const state = this.#state;
    this.#state = 'ground';
    if (state === 'escape') return this.#keyed(newKey('Escape', false, this.#alt, false));
    if (state === 'ss3') return this.#keyed(newKey('O', false, true, false));
    if (state === 'sequence' && this.#sequence === '')
      return this.#keyed(newKey('[', false, true, false));
    return undefined;
  }

  /** @returns One code point. */
  #take(): string {
    const code = this.#input.codePointAt(this.#at) as number;
    const character = String.fromCodePoint(code);
    this.#at += character.length;
    return character;
  }

  #step(character: string): KeyEvent | undefined {
    switch (this.#state) {
      case 'escape':
        return this.#escape(character);
      case 'ss3':
        return this.#ss3(character);
      case 'sequence':
      case 'skip':
        return this.#inSequence(character);
      default:
        return this.#ground(character);
    }
  }

  #ground(character: string): KeyEvent | undefined {
    const isLineFeedOfEnter = this.#entered && character === '\n';
    this.#entered = false;
    if (isLineFeedOfEnter) return undefined;
    if (character === ESC) {
      this.#state = 'escape';
      this.#alt = false;
      return undefined;
    }
    this.#entered = character === '\r';
    return this.#keyed(keyOfCharacter(character, false));
  }

  #escape(character: string): KeyEvent | undefined {
    if (character === '[') {
      this.#state = 'sequence';
      this.#sequence = '';
      return undefined;
    }
    if (character === 'O') {
      this.#state = 'ss3';
      return undefined;
    }
    if (character === ESC) {
      if (this.#alt) return this.#keyed(newKey('Escape', false, false, false));
      this.#alt = true;
      return undefined;
    }
    if (this.#alt) {
      // Two keys: Escape, and this one with Alt.
      this.#at -= character.length;
      this.#alt = false;
      return this.#keyed(newKey('Escape', false, false, false));
    }
    this.#state = 'ground';
    return this.#keyed(keyOfCharacter(character, true));
  }

  #ss3(character: string): KeyEvent | undefined {
    this.#state = 'ground';
    const key = KEYS_BY_LETTER[character] ?? KEYPAD_KEYS[character];
    if (key !== undefined) return this.#keyed(newKey(key, false, this.#alt, false));
    if (character < ' ') return this.#interrupted(character);
    return this.#unknown(`\x1bO${character}`);
  }

  #inSequence(character: string): KeyEvent | undefined {
    if (character < ' ' || character > '~') return this.#interrupted(character);
    // The console of Linux sends ESC [ [ A to E for F1 to F5.
    const isFinal = character >= '@' && !(character === '[' && this.#sequence === '');
    if (!isFinal) {
      if (this.#sequence.length < MAX_SEQUENCE_LENGTH) this.#sequence += character;
      else this.#state = 'skip';
      return undefined;
    }
    const dropped = this.#state === 'skip';
    this.#state = 'ground';
    return dropped ? undefined : this.#finish(this.#sequence, character);
  }

  /** A character that no sequence contains: the sequence is dropped. */
  #interrupted(character: string): undefined {
    this.#state = 'ground';
    this.#at -= character.length;
    return undefined;
  }

  #finish(parameters: string, final: string): KeyEvent | undefined {
    if (parameters === '[' && final >= 'A' && final <= 'E') {
      return this.#keyed(newKey(`F${final.charCodeAt(0) - 0x40}`, false, this.#alt, false));
    }
    const all = `\x1b[${parameters}${final}`;
    if (!/^[\d;]*$/.test(parameters)) return this.#unknown(all);
    const [first = 1, second, third] = parameters
      .split(';')
      .map((text) => (text === '' ? undefined : Number(text)));
    if (final === '~' && first === 200) {
      this.#state = 'paste';
      return undefined;
    }
    if (final === '~') return this.#numbered(first, second, third) ?? this.#unknown(all);
    if (final === 'u') return this.#coded(first, second) ?? this.#unknown(all);
    if (final === 'R' && second !== undefined && this.#positionsExpected > 0) {
      this.#positionsExpected -= 1;
      this.position = { column: second - 1, row: first - 1 };
      return 'position';
    }
    if (final === 't' && first === 8 && second !== undefined && third !== undefined) {
      this.size = { columns: third, rows: second };
      return 'size';
    }
    if (final === 'Z' && parameters === '')
      return this.#keyed(newKey('Tab', false, this.#alt, true));
    const key = first === 1 && third === undefined ? KEYS_BY_LETTER[final] : undefined;
    const event = key === undefined ? undefined : this.#modified(key, second);
    return event ?? this.#unknown(all);
  }

  #numbered(
    number: number,
    modifiers: number | undefined,
    code: number | undefined,
  ): KeyEvent | undefined {
    if (number === 27 && code !== undefined) return this.#coded(code, modifiers);
    const key = KEYS_BY_NUMBER[number];
    return key === undefined || code !== undefined ? undefined : this.#modified(key, modifiers);
  }

  #coded(code: number, modifiers: number | undefined): KeyEvent | undefined {
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    const { key, ctrl } = keyOfCharacter(String.fromCodePoint(code), false);
    return this.#modified(key, modifiers, ctrl);
  }

  #modified(key: string, modifiers = 1, ctrl = false): KeyEvent | undefined {
    const bits = modifiers - 1;
    if (bits < 0 || bits > 15) return undefined;
    const hasName = key.length > 1;
    return this.#keyed({
      key: bits & 4 ? lowerLetter(key) : key,
      ctrl: ctrl || (bits & 4) !== 0,
      alt: this.#alt || (bits & 10) !== 0,
      shift: hasName && (bits & 1) !== 0,
    });
  }

  /** Up to the end of the paste, or to what may be the beginning of that. */
  #paste(): KeyEvent | undefined {
    const input = this.#input;
    const end = input.indexOf(PASTE_END, this.#at);
    const begin = this.#at;
    if (end >= 0) {
      this.#at = end + PASTE_END.length;
      this.#state = 'ground';
      return this.#pasted(input.slice(begin, end));
    }
    const last = input.lastIndexOf(ESC);
    const mayEnd = last >= begin && PASTE_END.startsWith(input.slice(last));
    const stop = mayEnd ? last : input.length;
    const text = input.slice(begin, stop);
    this.#held = input.slice(stop);
    this.#at = input.length;
    return this.#pasted(text);
  }

  #pasted(text: string): KeyEvent | undefined {
    this.text = text;
    return text === '' ? undefined : 'paste';
  }

  #keyed(key: Key): KeyEvent {
    this.key = key;
    return 'key';
  }

  #unknown(sequence: string): KeyEvent {
    this.text = sequence;
    return 'sequence';
  }
}

function lowerLetter(key: string): string {
  return key.length === 1 ? key.toLowerCase() : key;
}
