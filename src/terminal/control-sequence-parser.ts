/**
 * Reads the bytes that a program sends to a terminal: UTF-8 text, control characters, and the sequences of ECMA-48 (5th edition,
 * section 5.4) with the private ones of DEC. It follows the state machine of Paul Williams (https://vt100.net/emu/dec_ansi_parser),
 * without the 8-bit controls, which are not valid UTF-8.
 *
 *     ESC I* F           escape sequence: intermediates 20-2f, final 30-7e
 *     ESC [ P* I* F      control sequence: prefix < = > ?, parameters 0-9 : ;, intermediates 20-2f, final 40-7e
 *     ESC ] P X ^ _ k    control string, up to ESC \ (for ESC ] also BEL)
 *
 * It never fails: bytes that are not a sequence are dropped, up to the next byte that can begin something. Its memory does not depend
 * on the input.
 */
import { StringDecoder } from 'node:string_decoder';
import { checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

/**
 * - `text`: printable text is in {@link ControlSequenceParser.text}.
 * - `control`: a control character (C0) is in `code`.
 * - `escape`: an escape sequence is in `intermediates` and `final`.
 * - `csi`: a control sequence is in `prefix`, `parameters`, `continued`, `intermediates` and `final`.
 * - `string`: a control string is in `stringKind` and `text`.
 */
export type ControlEvent = 'text' | 'control' | 'escape' | 'csi' | 'string';

/** Control strings, by the character behind ESC: `]`, `P`, `_`, `^`, `X`, and `k` (the title, under screen and tmux). */
export type ControlStringKind = 'osc' | 'dcs' | 'apc' | 'pm' | 'sos' | 'title';

export interface ControlSequenceParserOptions {
  /** Longest control string that is returned, in UTF-16 code units. Longer ones are dropped. Default 4096. */
  readonly maxStringLength?: number;
}

/** The greatest number of parameters; a sequence with more is dropped. */
export const MAX_PARAMETERS = 32;
/** The greatest value of a parameter; greater ones are reduced to it. */
export const MAX_PARAMETER = 65_535;
const MAX_INTERMEDIATES = 2;
const DEFAULT_MAX_STRING_LENGTH = 4096;

const OPTIONS: OptionNames<ControlSequenceParserOptions> = { maxStringLength: true };

const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const ESC = 0x1b;
const DEL = 0x7f;

const STRING_KINDS: Readonly<Record<string, ControlStringKind>> = {
  ']': 'osc',
  P: 'dcs',
  _: 'apc',
  '^': 'pm',
  X: 'sos',
  k: 'title',
};

/** Call {@link receive} with each chunk, then {@link next} until it returns `undefined`. The fields are valid until the next call. */
export class ControlSequenceParser {
  /** The text of `text` and `string`. */
  text = '';
  /** The code of `control`, 0 to 31. */
  code = 0;
  stringKind: ControlStringKind = 'osc';
  /** `<`, `=`, `>`, `?` or empty. */
  prefix = '';
  /** Parameters, 0 to {@link MAX_PARAMETER}; -1 for an omitted one. */
  readonly parameters: number[] = [];
  /** For each parameter, whether a colon joins it to the one before (ECMA-48, 5.4.2). */
  readonly continued: boolean[] = [];
  intermediates = '';
  final = '';

  readonly #maxStringLength: number;
  readonly #decoder: StringDecoder = new StringDecoder('utf8');
  #input = '';
  #at = 0;
  /** `ignore`: in a control sequence that is dropped. `stringEnd`: behind ESC in a control string. */
  #state: 'ground' | 'escape' | 'csi' | 'ignore' | 'string' | 'stringEnd' = 'ground';
  #isControlSequence = false;
  #tooLong = false;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: ControlSequenceParserOptions = {}) {
    checkOptions('ControlSequenceParser', options, OPTIONS);
    const { maxStringLength = DEFAULT_MAX_STRING_LENGTH } = options;
    this.#maxStringLength = checkInteger('maxStringLength', maxStringLength, 0, 2 ** 24);
  }

  /** Adds received bytes. They are decoded immediately, so they may be lent. */
  receive(chunk: Uint8Array): void {
    const text = this.#decoder.write(chunk as Buffer);
    this.#input = this.#at < this.#input.length ? this.#input.slice(this.#at) + text : text;
    this.#at = 0;
  }

  /** The kind of the next event, or `undefined` if more bytes are needed. */
  next(): ControlEvent | undefined {
    const input = this.#input;
    while (this.#at < input.length) {
      const event = this.#state === 'ground' ? this.#ground(input) : this.#step(input);
      if (event !== undefined) return event;
    }
    return undefined;
  }

  /** The sequence that was returned, as it is sent; parameters are as they were understood. */
  get sequence(): string {
    if (this.final === '') return '';
    if (!this.#isControlSequence) return `\x1b${this.intermediates}${this.final}`;
    let parameters = '';
    for (const [index, value] of this.parameters.entries()) {
      if (index > 0) parameters += this.continued[index] ? ':' : ';';
      if (value >= 0) parameters += value;
    }
    return `\x1b[${this.prefix}${parameters}${this.intermediates}${this.final}`;
  }

  #ground(input: string): ControlEvent | undefined {
    const begin = this.#at;
    let at = begin;
    let code = 0;
    while (at < input.length) {
      code = input.charCodeAt(at);
      if (code < 0x20 || code === DEL) break;
      at += 1;
    }
    if (at > begin) {
      this.#at = at;
      this.text = begin === 0 && at === input.length ? input : input.slice(begin, at);
      return 'text';
    }
    this.#at = at + 1;
    return code === DEL ? undefined : this.#control(code);
  }

  /** One character inside a sequence. */
  #step(input: string): ControlEvent | undefined {
    if (this.#state === 'string') return this.#readString(input);
    const code = input.charCodeAt(this.#at);
    if (this.#state === 'stringEnd') return this.#endString(code);
    if (code > DEL) {
      // Not part of any sequence: text.
      this.#state = 'ground';
      return undefined;
    }
    this.#at += 1;
    if (code === DEL) return undefined;
    if (code < 0x20) return this.#control(code);
    const character = String.fromCharCode(code);
    return this.#state === 'escape' ? this.#escape(character, code) : this.#csi(character, code);
  }

  /** Control characters act inside of sequences too; three of them end the sequence. */
  #control(code: number): ControlEvent | undefined {
    if (code === ESC) {
      this.#beginSequence();
      return undefined;
    }
    if (code === CAN || code === SUB) this.#state = 'ground';
    this.code = code;
    return 'control';
  }

  #beginSequence(): void {
    this.#state = 'escape';
    this.#isControlSequence = false;
    this.prefix = '';
    this.intermediates = '';
    this.final = '';
    this.parameters.length = 0;
    this.continued.length = 0;
  }

  #escape(character: string, code: number): ControlEvent | undefined {
    if (code < 0x30) {
      this.#addIntermediate(character);
      return undefined;
    }
    if (this.intermediates === '') {
      if (character === '[') {
        this.#state = 'csi';
        this.#isControlSequence = true;
        return undefined;
      }
      const kind = STRING_KINDS[character];
      if (kind !== undefined) {
        this.#state = 'string';
        this.stringKind = kind;
        this.text = '';
        this.#tooLong = false;
        return undefined;
      }
    }
    this.#state = 'ground';
    if (this.intermediates.length > MAX_INTERMEDIATES) return undefined;
    this.final = character;
    return 'escape';
  }

  #csi(character: string, code: number): ControlEvent | undefined {
    if (code >= 0x40) {
      const valid = this.#state === 'csi' && this.intermediates.length <= MAX_INTERMEDIATES;
      this.#state = 'ground';
      if (!valid) return undefined;
      this.final = character;
      return 'csi';
    }
    if (this.#state === 'ignore') return undefined;
    if (code < 0x30) this.#addIntermediate(character);
    else if (this.intermediates !== '') this.#state = 'ignore';
    else if (code >= 0x3c) this.#addPrefix(character);
    else this.#addToParameters(code);
    return undefined;
  }

  #addIntermediate(character: string): void {
    if (this.intermediates.length <= MAX_INTERMEDIATES) this.intermediates += character;
  }

  #addPrefix(character: string): void {
    if (this.prefix === '' && this.parameters.length === 0) this.prefix = character;
    else this.#state = 'ignore';
  }

  /** @param code Of a digit, a colon or a semicolon. */
  #addToParameters(code: number): void {
    const { parameters, continued } = this;
    if (parameters.length === 0) {
      parameters.push(-1);
      continued.push(false);
    }
    if (code >= 0x3a) {
      parameters.push(-1);
      continued.push(code === 0x3a);
      if (parameters.length > MAX_PARAMETERS) this.#state = 'ignore';
      return;
    }
    const last = parameters.length - 1;
    const value = Math.max(parameters[last] as number, 0) * 10 + code - 0x30;
    parameters[last] = Math.min(value, MAX_PARAMETER);
  }

  #readString(input: string): ControlEvent | undefined {
    const begin = this.#at;
    let at = begin;
    while (at < input.length && input.charCodeAt(at) >= 0x20) at += 1;
    this.#at = at;
    if (this.#tooLong || this.text.length + at - begin > this.#maxStringLength) {
      this.#tooLong = true;
      this.text = '';
    } else this.text += input.slice(begin, at);
    if (at === input.length) return undefined;
    const code = input.charCodeAt(at);
    this.#at += 1;
    if (code === ESC) this.#state = 'stringEnd';
    else if (code === BEL && this.stringKind === 'osc') return this.#finishString();
    else if (code === CAN || code === SUB) this.#state = 'ground';
    return undefined;
  }

  /** @param code Of the character behind ESC, which begins another sequence unless it is a backslash. */
  #endString(code: number): ControlEvent | undefined {
    if (code === 0x5c) {
      this.#at += 1;
      return this.#finishString();
    }
    this.#beginSequence();
    return undefined;
  }

  #finishString(): ControlEvent | undefined {
    this.#state = 'ground';
    return this.#tooLong ? undefined : 'string';
  }
}
