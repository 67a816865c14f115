/**
 * Draws a prompt and a line that is edited, over as many rows as they need, with the sequences that every terminal has. Only the
 * part that changed is sent.
 */
import { characterWidth } from './character-width.js';

interface Place {
  readonly row: number;
  readonly column: number;
}

/** SGR sequences in a prompt, which take no room. */
const INVISIBLE = /\p{Cc}\[[\d;:]*m/gu;
const START: Place = { row: 0, column: 0 };

/** Columns and rows count from the beginning of the prompt, which is in the first column. */
export class LineDisplay {
  #columns: number;
  /** As the terminal shows them; the prompt is undefined if it shows nothing. */
  #prompt: string | undefined;
  #text = '';
  /** Where the text begins, and where the cursor is. */
  #begin: Place = START;
  #at: Place = START;

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** @param cursor A position in `text`. Both are as they are {@link shown}. @returns Text to be sent. */
  draw(prompt: string, text: string, cursor: number): string {
    let output = '';
    if (prompt !== this.#prompt) {
      const visible = prompt.replace(INVISIBLE, '');
      output = this.erase() + prompt.replace(/\r?\n/g, '\r\n');
      this.#prompt = prompt;
      this.#begin = this.#advance(START, visible);
      this.#at = this.#begin;
      if (this.#begin.column === 0 && /[^\n]$/.test(visible)) output += '\r\n';
    }
    output += this.#drawText(text);
    return output + this.#move(this.#advance(this.#begin, text.slice(0, cursor)));
  }

  #drawText(text: string): string {
    const old = this.#text;
    if (text === old) return '';
    this.#text = text;
    const kept = commonLength(old, text);
    const rest = text.slice(kept);
    let output = this.#move(this.#advance(this.#begin, text.slice(0, kept)));
    // First, because a wide character that wraps leaves the last column as it is.
    if (kept < old.length) output += '\x1b[J';
    output += rest;
    this.#at = this.#advance(this.#begin, text);
    // A terminal that printed in the last column waits there for the next character.
    if (rest !== '' && this.#at.column === 0) output += '\r\n';
    return output;
  }

  /** Moves behind the line, to the beginning of a row, and forgets the line. */
  finish(): string {
    if (this.#prompt === undefined) return '';
    const end = this.#advance(this.#begin, this.#text);
    const output = this.#move(end);
    const isOnNextRow = this.#text !== '' && end.column === 0;
    this.forget();
    return isOnNextRow ? output : `${output}\r\n`;
  }

  /** Removes the prompt and the line. The cursor is then where the prompt began. */
  erase(): string {
    if (this.#prompt === undefined) return '';
    const output = this.#move(START);
    this.forget();
    return `${output}\x1b[J`;
  }

  /** The terminal was cleared, and its cursor is in the first column. */
  forget(): void {
    this.#prompt = undefined;
    this.#text = '';
    this.#begin = START;
    this.#at = START;
  }

  /** The terminal has another width, and wraps the rows anew: what is drawn next replaces them. @returns Text to be sent. */
  resize(columns: number, cursor: number): string {
    this.#columns = columns;
    if (this.#prompt === undefined) return '';
    const begin = this.#advance(START, this.#prompt.replace(INVISIBLE, ''));
    this.#at = this.#advance(begin, this.#text.slice(0, cursor));
    return this.erase();
  }

  #move(to: Place): string {
    const { row, column } = this.#at;
    this.#at = to;
    let output = '';
    if (to.row < row) output += `\x1b[${row - to.row}A`;
    else if (to.row > row) output += `\x1b[${to.row - row}B`;
    if (to.column === column) return output;
    if (to.column === 0) return `${output}\r`;
    if (to.column < column) return `${output}\x1b[${column - to.column}D`;
    return `${output}\x1b[${to.column - column}C`;
  }

  /** The place behind a text that is printed at a place. The place behind the last column is the next row. */
  #advance(from: Place, text: string): Place {
    let { row, column } = from;
    const columns = this.#columns;
    for (const character of text) {
      if (character === '\n') {
        row += 1;
        column = 0;
        continue;
      }
      const width = characterWidth(character.codePointAt(0) as number);
      if (column + width > columns) {
        row += 1;
        column = 0;
      }
      column += width;
      if (column >= columns) {
        row += 1;
        column = 0;
      }
    }
    return { row, column };
  }
}

/** Text that can be printed: control characters become `^X`. @returns The text of each character. */
export function shown(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x80 ? `^${String.fromCharCode(code ^ 0x40)}` : `\\x${code.toString(16)}`;
  });
}

const JOINER = 0x200d;

/** The length of the common beginning, up to a character that starts a cell. */
function commonLength(one: string, other: string): number {
  const most = Math.min(one.length, other.length);
  let length = 0;
  while (length < most && one.charCodeAt(length) === other.charCodeAt(length)) length += 1;
  while (length > 0 && !(startsCell(one, length) && startsCell(other, length))) length -= 1;
  return length;
}

function startsCell(text: string, at: number): boolean {
  if (at >= text.length) return true;
  const code = text.codePointAt(at) as number;
  const isLowSurrogate = code >= 0xdc00 && code <= 0xdfff;
  return !isLowSurrogate && characterWidth(code) > 0 && text.charCodeAt(at - 1) !== JOINER;
}
