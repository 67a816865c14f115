/** One row of a screen: cells up to the last one that was written, and the style of the blank ones behind them. */
import { PLAIN, sameStyle, type TextStyle } from './text-style.js';

/** A blank has the text `' '`. A character of two columns is in its first cell; the second one has the text `''`. */
export interface ScreenCell {
  readonly text: string;
  readonly style: TextStyle;
}

export type RowSize = 'single' | 'doubleWidth' | 'doubleHeightTop' | 'doubleHeightBottom';

const BLANK = ' ';
const SECOND_HALF = '';
/** Longest text of a cell in UTF-16 code units: combining marks beyond it are dropped. */
const MAX_CELL_LENGTH = 16;

/** The screen passes columns inside its width only. Half a wide character that remains of an edit becomes blank. */
export class ScreenRow {
  /** The text continues on the next row. */
  wrapped = false;
  size: RowSize = 'single';
  readonly #texts: string[] = [];
  readonly #styles: TextStyle[] = [];
  #blankStyle: TextStyle;

  constructor(blankStyle: TextStyle = PLAIN) {
    this.#blankStyle = blankStyle;
  }

  cell(column: number): ScreenCell {
    const text = this.#texts[column];
    if (text === undefined) return { text: BLANK, style: this.#blankStyle };
    return { text, style: this.#styles[column] as TextStyle };
  }

  /** Without the blanks at the end. */
  get text(): string {
    const text = this.#texts.join('');
    let end = text.length;
    while (text[end - 1] === BLANK) end -= 1;
    return text.slice(0, end);
  }

  /** The number of cells after which all are blank and of the same style. */
  get length(): number {
    return this.#texts.length;
  }

  /** @param width 1 or 2 columns, which the row has. */
  put(column: number, text: string, width: number, style: TextStyle): void {
    if (column === this.#texts.length && width === 1) {
      this.#texts.push(text);
      this.#styles.push(style);
      return;
    }
    this.#extend(column + width);
    this.#splitAt(column);
    this.#splitAt(column + width);
    this.#texts[column] = text;
    this.#styles[column] = style;
    if (width === 2) {
      this.#texts[column + 1] = SECOND_HALF;
      this.#styles[column + 1] = style;
    }
  }

  /** Adds a combining character to the one at `column`, or to the one whose second half is there. */
  combine(column: number, mark: string): void {
    const at = this.#texts[column] === SECOND_HALF ? column - 1 : column;
    const text = this.#texts[at];
    if (text !== undefined && text.length + mark.length <= MAX_CELL_LENGTH) {
      this.#texts[at] = text + mark;
    }
  }

  /** Blanks the cells from `from` up to, not including, `to`. @param columns The number of columns of the screen. */
  erase(from: number, to: number, columns: number, style: TextStyle): void {
    this.#splitAt(from);
    this.#splitAt(to);
    if (to >= columns) {
      if (!sameStyle(style, this.#blankStyle)) this.#extend(from);
      this.#truncate(from);
      this.#blankStyle = style;
      this.wrapped = false;
      return;
    }
    this.#extend(to);
    this.#texts.fill(BLANK, from, to);
    this.#styles.fill(style, from, to);
  }

  /** Moves the cells from `column` on to the right; those that leave the screen are lost. */
  insert(column: number, count: number, columns: number, style: TextStyle): void {
    if (column >= this.#texts.length && sameStyle(style, this.#blankStyle)) return;
    this.#extend(column);
    this.#splitAt(column);
    this.#splitAt(columns - count);
    this.#texts.splice(column, 0, ...new Array<string>(count).fill(BLANK));
    this.#styles.splice(column, 0, ...new Array<TextStyle>(count).fill(style));
    this.#truncate(columns);
  }

  /** Moves the cells behind `column + count` to the left. */
  delete(column: number, count: number, columns: number, style: TextStyle): void {
    this.#splitAt(column);
    this.#splitAt(column + count);
    if (!sameStyle(style, this.#blankStyle)) this.#extend(columns);
    this.#texts.splice(column, count);
    this.#styles.splice(column, count);
    this.#blankStyle = style;
  }

  /** Removes the cells that a narrower screen does not have. */
  narrow(columns: number): void {
    this.#splitAt(columns);
    this.#truncate(columns);
  }

  #truncate(length: number): void {
    if (this.#texts.length <= length) return;
    this.#texts.length = length;
    this.#styles.length = length;
  }

  #extend(length: number): void {
    while (this.#texts.length < length) {
      this.#texts.push(BLANK);
      this.#styles.push(this.#blankStyle);
    }
  }

  /** Blanks the wide character that has one half on each side. */
  #splitAt(column: number): void {
    if (this.#texts[column] !== SECOND_HALF || column === 0) return;
    this.#texts[column - 1] = BLANK;
    this.#texts[column] = BLANK;
  }
}
