/**
 * A screen in memory: executes the output of a program as a terminal (xterm, mostly) does, so that the text, its style and the
 * cursor can be read.
 *
 * Memory and time are bounded for any input: the size of the screen, its scrollback, and the text of a cell have limits, and no
 * operation takes longer than one that rewrites the screen. Not supported: left and right margins, 132 columns, selective erasure,
 * pictures, and the display of rows of double width, whose size is only recorded.
 */
import { checkFunction, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { characterOf } from './character-sets.js';
import { characterWidth } from './character-width.js';
import { type Cursor, newCursor, ScreenEditing } from './screen-editing.js';
import { ScreenGrid } from './screen-grid.js';
import type { RowSize, ScreenCell } from './screen-row.js';
import {
  type CharacterSet,
  type GraphicAttribute,
  Mode,
  PrivateMode,
  type Terminal,
} from './terminal.js';
import { TerminalInterpreter } from './terminal-interpreter.js';
import { checkTerminalSize, DEFAULT_TERMINAL_SIZE, type ScreenSize } from './terminal-size.js';
import { PLAIN, type TextStyle, withRendition } from './text-style.js';

export interface ScreenBufferOptions extends Partial<ScreenSize> {
  /** The greatest number of rows kept above the screen. Default 1000. */
  readonly scrollbackRows?: number;
  /** Receives the answers to requests of the program, such as for the position of the cursor. Default: there are no answers. */
  readonly onAnswer?: (answer: string) => void;
}

const OPTIONS: OptionNames<ScreenBufferOptions> = {
  columns: true,
  rows: true,
  scrollbackRows: true,
  onAnswer: true,
};
const DEFAULT_SCROLLBACK_ROWS = 1000;
const MAX_SCROLLBACK_ROWS = 1_000_000;
/** Modes that are on at a time, of either kind: programs use few, and any number can be set. */
const MAX_MODES = 64;
const ALTERNATE_SCREENS: readonly number[] = [47, 1047, PrivateMode.alternateScreen];
/** Mode 1048 of xterm: set saves the cursor, reset restores it. */
const SAVED_CURSOR = 1048;

/** Call {@link write} with the output of a program. */
export class ScreenBuffer extends ScreenEditing implements Terminal {
  readonly #interpreter: TerminalInterpreter;
  readonly #onAnswer: ((answer: string) => void) | undefined;
  /** The saved cursors of the two screens. */
  #saved: { main: Cursor | undefined; alternate: Cursor | undefined } = NOTHING_SAVED;
  /** The set of the next character only. */
  #singleShift: 2 | 3 | undefined;
  #lastCharacter = '';
  readonly #modes: Set<number> = new Set();
  readonly #privateModes: Set<number> = new Set();
  #applicationKeypad = false;
  #title = '';

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: ScreenBufferOptions = {}) {
    checkOptions('ScreenBuffer', options, OPTIONS);
    const { scrollbackRows = DEFAULT_SCROLLBACK_ROWS, onAnswer } = options;
    const { columns, rows } = checkTerminalSize({
      columns: options.columns ?? DEFAULT_TERMINAL_SIZE.columns,
      rows: options.rows ?? DEFAULT_TERMINAL_SIZE.rows,
    });
    super(columns, rows, checkInteger('scrollbackRows', scrollbackRows, 0, MAX_SCROLLBACK_ROWS));
    if (onAnswer !== undefined) checkFunction('onAnswer', onAnswer);
    this.#onAnswer = onAnswer;
    this.#interpreter = new TerminalInterpreter(this);
    this.reset();
  }

  /** The style of the next character. */
  get style(): TextStyle {
    return this.state.style;
  }

  get title(): string {
    return this.#title;
  }

  /** Whether the program switched to the alternate screen, as editors do. */
  get alternate(): boolean {
    return this.alternateGrid !== undefined;
  }

  /** Whether the keypad sends sequences instead of digits. */
  get applicationKeypad(): boolean {
    return this.#applicationKeypad;
  }

  hasMode(mode: number): boolean {
    return this.#modes.has(mode);
  }

  hasPrivateMode(mode: number): boolean {
    return this.#privateModes.has(mode);
  }

  /** The text of each row, without the blanks at its end. */
  get lines(): string[] {
    return this.grid.rows.map((row) => row.text);
  }

  /** The rows above the screen, oldest first. The alternate screen has none. */
  get scrollback(): string[] {
    return this.grid.scrollback.map((row) => row.text);
  }

  /** The text of the screen, its rows separated by newlines. */
  override toString(): string {
    return this.lines.join('\n');
  }

  /** @throws InvalidArgumentValueError the screen has no such cell. */
  cell(column: number, row: number): ScreenCell {
    checkInteger('column', column, 0, this.columns - 1);
    return this.grid.row(checkInteger('row', row, 0, this.rows - 1)).cell(column);
  }

  /** Whether a row continues on the next one. */
  isWrapped(row: number): boolean {
    return this.grid.row(checkInteger('row', row, 0, this.rows - 1)).wrapped;
  }

  rowSize(row: number): RowSize {
    return this.grid.row(checkInteger('row', row, 0, this.rows - 1)).size;
  }

  /** Executes output of a program. @param data Bytes, cut anywhere and not kept; or text. */
  write(data: Uint8Array | string): void {
    this.#interpreter.receive(typeof data === 'string' ? Buffer.from(data) : data);
  }

  /**
   * Changes the size. Lines are not wrapped anew: a narrower screen cuts its rows off, and programs draw again.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  resize(columns: number, rows: number): void {
    checkTerminalSize({ columns, rows });
    const cursor = this.state;
    const mainRow = this.alternateGrid === undefined ? cursor.row : (this.#saved.main?.row ?? 0);
    const newMainRow = this.main.resize(columns, rows, Math.min(mainRow, this.rows - 1));
    if (this.alternateGrid === undefined) cursor.row = newMainRow;
    else {
      if (this.#saved.main !== undefined) this.#saved.main.row = newMainRow;
      cursor.row = this.alternateGrid.resize(columns, rows, cursor.row);
    }
    this.moveTo(cursor.column, cursor.row);
    this.scrollFirst = 0;
    this.scrollLast = rows - 1;
  }

  print(text: string): void {
    for (let at = 0; at < text.length; ) {
      let code = text.codePointAt(at) as number;
      at += code > 0xffff ? 2 : 1;
      if (code < 0x20 || (code >= 0x7f && code < 0xa0)) continue;
      if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
      const width = characterWidth(code);
      if (width === 0) this.combine(String.fromCodePoint(code));
      else this.#put(this.#shown(String.fromCodePoint(code)), width);
    }
  }

  bell(): void {}

  lineFeed(): void {
    if (this.hasMode(Mode.newLine)) this.state.column = 0;
    this.index();
  }

  saveCursor(): void {
    this.#saved = { ...this.#saved, [this.#which]: copyOf(this.state) };
  }

  restoreCursor(): void {
    this.state = copyOf(this.#saved[this.#which] ?? newCursor());
    const { column, row, pendingWrap } = this.state;
    this.moveTo(column, row);
    this.state.pendingWrap = pendingWrap && column === this.columns - 1;
    this.#setMode(this.#privateModes, PrivateMode.origin, this.state.origin);
  }

  setModes(modes: readonly number[]): void {
    for (const mode of modes) this.#setMode(this.#modes, mode, true);
  }

  resetModes(modes: readonly number[]): void {
    for (const mode of modes) this.#setMode(this.#modes, mode, false);
  }

  setPrivateModes(modes: readonly number[]): void {
    for (const mode of modes) this.#setPrivateMode(mode, true);
  }

  resetPrivateModes(modes: readonly number[]): void {
    for (const mode of modes) this.#setPrivateMode(mode, false);
  }

  applicationKeypadMode(): void {
    this.#applicationKeypad = true;
  }

  numericKeypadMode(): void {
    this.#applicationKeypad = false;
  }

  /** Not recorded. */
  setCursorStyle(_style: number): void {}

  selectCharacterSet(set: CharacterSet, which: 0 | 1 | 2 | 3): void {
    this.state.sets[which] = set;
  }

  shiftIn(): void {
    this.state.activeSet = 0;
  }

  shiftOut(): void {
    this.state.activeSet = 1;
  }

  singleShift2(): void {
    this.#singleShift = 2;
  }

  singleShift3(): void {
    this.#singleShift = 3;
  }

  selectGraphicRendition(attributes: readonly GraphicAttribute[]): void {
    this.state.style = withRendition(this.state.style, attributes);
  }

  doubleHeightLine(top: boolean): void {
    this.currentRow.size = top ? 'doubleHeightTop' : 'doubleHeightBottom';
  }

  singleWidthLine(): void {
    this.currentRow.size = 'single';
  }

  doubleWidthLine(): void {
    this.currentRow.size = 'doubleWidth';
  }

  /** At most to the end of the row. */
  repeatCharacter(count = 1): void {
    if (this.#lastCharacter === '') return;
    const width = characterWidth(this.#lastCharacter.codePointAt(0) as number);
    const room = Math.floor((this.columns - this.state.column) / width);
    const repeated = this.state.pendingWrap ? this.columns / width : room;
    for (let times = 0; times < Math.min(count, repeated); times++) {
      this.#put(this.#lastCharacter, width);
    }
  }

  reportCursorPosition(): void {
    const { column, row, origin } = this.state;
    const top = origin ? this.scrollFirst : 0;
    this.#answer(`\x1b[${row - top + 1};${column + 1}R`);
  }

  reportStatus(): void {
    this.#answer('\x1b[0n');
  }

  /** VT220 with colours. */
  reportAttributes(): void {
    this.#answer('\x1b[?62;22c');
  }

  reportSecondaryAttributes(): void {
    this.#answer('\x1b[>1;10;0c');
  }

  reportSize(): void {
    this.#answer(`\x1b[8;${this.rows};${this.columns}t`);
  }

  setTitle(title: string): void {
    this.#title = title;
  }

  reset(): void {
    this.alternateGrid = undefined;
    this.softReset();
    this.tabs = undefined;
    this.#title = '';
    this.state = newCursor();
    this.main.clearRows(0, this.rows, PLAIN);
    this.main.scrollback.length = 0;
  }

  softReset(): void {
    this.#modes.clear();
    this.#privateModes.clear();
    this.#privateModes.add(PrivateMode.autoWrap).add(PrivateMode.showCursor);
    if (this.alternate) this.#privateModes.add(PrivateMode.alternateScreen);
    this.#applicationKeypad = false;
    this.#saved = NOTHING_SAVED;
    this.#singleShift = undefined;
    this.#lastCharacter = '';
    const { column, row } = this.state;
    this.state = { ...newCursor(), column, row };
    this.scrollFirst = 0;
    this.scrollLast = this.rows - 1;
  }

  alignmentTest(): void {
    this.scrollFirst = 0;
    this.scrollLast = this.rows - 1;
    this.moveTo(0, 0);
    this.eraseDisplay();
    for (const row of this.grid.rows) {
      for (let column = 0; column < this.columns; column++) row.put(column, 'E', 1, PLAIN);
    }
  }

  unhandledControlSequence(_sequence: string): void {}

  get #which(): 'main' | 'alternate' {
    return this.alternateGrid === undefined ? 'main' : 'alternate';
  }

  #answer(text: string): void {
    this.#onAnswer?.(text);
  }

  #shown(character: string): string {
    const { sets, activeSet } = this.state;
    const set = sets[this.#singleShift ?? activeSet] as CharacterSet;
    this.#singleShift = undefined;
    return set === 'us' ? character : characterOf(set, character);
  }

  #put(character: string, width: number): void {
    const cursor = this.state;
    const { columns } = this;
    if (width > columns) return;
    if (cursor.pendingWrap) this.wrap();
    if (cursor.column + width > columns) {
      if (this.hasPrivateMode(PrivateMode.autoWrap)) this.wrap();
      else cursor.column = columns - width;
    }
    const { column } = cursor;
    if (this.#modes.has(Mode.insert) && column + width < columns) {
      this.currentRow.insert(column, width, columns, PLAIN);
    }
    this.currentRow.put(column, character, width, cursor.style);
    this.#lastCharacter = character;
    cursor.column = Math.min(column + width, columns - 1);
    cursor.pendingWrap = column + width >= columns && this.#privateModes.has(PrivateMode.autoWrap);
  }

  #setMode(modes: Set<number>, mode: number, on: boolean): void {
    if (!on) modes.delete(mode);
    else if (modes.size < MAX_MODES) modes.add(mode);
  }

  #setPrivateMode(mode: number, on: boolean): void {
    if (ALTERNATE_SCREENS.includes(mode)) this.#switchScreen(on, mode);
    else if (mode === SAVED_CURSOR) on ? this.saveCursor() : this.restoreCursor();
    this.#setMode(this.#privateModes, mode, on);
    if (mode === PrivateMode.origin) {
      this.state.origin = on;
      this.cursorHome();
    } else if (mode === PrivateMode.autoWrap && !on) this.state.pendingWrap = false;
  }

  #switchScreen(on: boolean, mode: number): void {
    if (on === this.alternate) return;
    const savesCursor = mode === PrivateMode.alternateScreen;
    if (on) {
      if (savesCursor) this.saveCursor();
      this.alternateGrid = new ScreenGrid(this.columns, this.rows, 0);
    } else {
      this.alternateGrid = undefined;
      for (const other of ALTERNATE_SCREENS) this.#privateModes.delete(other);
      if (savesCursor) this.restoreCursor();
    }
    this.state.pendingWrap = false;
  }
}

const NOTHING_SAVED = { main: undefined, alternate: undefined } as const;

function copyOf(cursor: Cursor): Cursor {
  return { ...cursor, sets: [...cursor.sets] };
}
