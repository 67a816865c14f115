/** The parts of a screen that only move the cursor and edit rows; {@link ScreenBuffer} adds modes, character sets and answers. */
import { ScreenGrid } from './screen-grid.js';
import type { ScreenRow } from './screen-row.js';
import type { CharacterSet } from './terminal.js';
import { PLAIN, type TextStyle } from './text-style.js';

/** The position of a cursor, from 0 at the top left. */
export interface CursorPosition {
  readonly column: number;
  readonly row: number;
}

/** All that is saved with a cursor. */
export interface Cursor {
  column: number;
  row: number;
  /** The last column was written: the next character is printed on the next row. */
  pendingWrap: boolean;
  style: TextStyle;
  sets: CharacterSet[];
  activeSet: number;
  origin: boolean;
}

const TAB_COLUMNS = 8;

export function newCursor(): Cursor {
  return {
    column: 0,
    row: 0,
    pendingWrap: false,
    style: PLAIN,
    sets: ['us', 'us', 'alternate', 'alternateDrawing'],
    activeSet: 0,
    origin: false,
  };
}

/** Operations of a {@link Terminal}, which documents them. */
export abstract class ScreenEditing {
  protected readonly main: ScreenGrid;
  protected alternateGrid: ScreenGrid | undefined;
  protected state: Cursor = newCursor();
  /** The rows that scroll, both included. */
  protected scrollFirst = 0;
  protected scrollLast: number;
  /** Undefined: every eighth column. */
  protected tabs: Set<number> | undefined;

  constructor(columns: number, rows: number, scrollbackRows: number) {
    this.main = new ScreenGrid(columns, rows, scrollbackRows);
    this.scrollLast = rows - 1;
  }

  get columns(): number {
    return this.main.columns;
  }

  get rows(): number {
    return this.main.rows.length;
  }

  /** The column equals {@link columns} if the last column was written and the next character will be on the next row. */
  get cursor(): CursorPosition {
    const { column, row, pendingWrap } = this.state;
    return { column: pendingWrap ? column + 1 : column, row };
  }

  carriageReturn(): void {
    this.moveTo(0, this.state.row);
  }

  horizontalTab(count = 1): void {
    let { column } = this.state;
    for (let tabs = 0; tabs < count && column < this.columns - 1; tabs++) {
      do column += 1;
      while (column < this.columns - 1 && !this.#isTab(column));
    }
    this.moveTo(column, this.state.row);
  }

  backTab(count = 1): void {
    let { column } = this.state;
    for (let tabs = 0; tabs < count && column > 0; tabs++) {
      do column -= 1;
      while (column > 0 && !this.#isTab(column));
    }
    this.moveTo(column, this.state.row);
  }

  cursorUp(count = 1): void {
    const { column, row } = this.state;
    const top = row >= this.scrollFirst ? this.scrollFirst : 0;
    this.moveTo(column, Math.max(row - count, top));
  }

  cursorDown(count = 1): void {
    const { column, row } = this.state;
    const bottom = row <= this.scrollLast ? this.scrollLast : this.rows - 1;
    this.moveTo(column, Math.min(row + count, bottom));
  }

  cursorForward(count = 1): void {
    this.moveTo(this.state.column + count, this.state.row);
  }

  cursorBackward(count = 1): void {
    this.moveTo(this.state.column - count, this.state.row);
  }

  cursorNextLine(count = 1): void {
    this.cursorDown(count);
    this.carriageReturn();
  }

  cursorPreviousLine(count = 1): void {
    this.cursorUp(count);
    this.carriageReturn();
  }

  cursorPosition(column: number, row: number): void {
    if (this.state.origin) {
      this.moveTo(column, Math.min(row + this.scrollFirst, this.scrollLast));
    } else this.moveTo(column, row);
  }

  cursorHome(): void {
    this.cursorPosition(0, 0);
  }

  cursorToColumn(column: number): void {
    this.moveTo(column, this.state.row);
  }

  cursorToRow(row: number): void {
    this.cursorPosition(this.state.column, row);
  }

  index(): void {
    const { column, row } = this.state;
    if (row === this.scrollLast) this.scrollUp(1);
    else this.moveTo(column, row + 1);
    this.state.pendingWrap = false;
  }

  reverseIndex(): void {
    const { column, row } = this.state;
    if (row === this.scrollFirst) this.scrollDown(1);
    else this.moveTo(column, row - 1);
    this.state.pendingWrap = false;
  }

  nextLine(): void {
    this.state.column = 0;
    this.index();
  }

  horizontalTabulationSet(): void {
    this.#ownTabs().add(this.state.column);
  }

  tabulationClear(): void {
    this.#ownTabs().delete(this.state.column);
  }

  tabulationClearAll(): void {
    this.tabs = new Set();
  }

  eraseToLineEnd(): void {
    this.#erase(this.state.column, this.columns);
  }

  eraseToLineBeginning(): void {
    this.#erase(0, this.state.column + 1);
  }

  eraseLine(): void {
    this.#erase(0, this.columns);
  }

  eraseToDisplayEnd(): void {
    this.eraseToLineEnd();
    this.grid.clearRows(this.state.row + 1, this.rows, this.blank);
  }

  eraseToDisplayBeginning(): void {
    this.grid.clearRows(0, this.state.row, this.blank);
    this.eraseToLineBeginning();
  }

  eraseDisplay(): void {
    this.grid.clearRows(0, this.rows, this.blank);
  }

  eraseScrollback(): void {
    this.main.scrollback.length = 0;
  }

  eraseCharacters(count = 1): void {
    this.#erase(this.state.column, Math.min(this.state.column + count, this.columns));
  }

  insertCharacters(count = 1): void {
    const { column } = this.state;
    const inserted = Math.min(count, this.columns - column);
    this.currentRow.insert(column, inserted, this.columns, this.blank);
    this.state.pendingWrap = false;
  }

  deleteCharacters(count = 1): void {
    const { column } = this.state;
    const deleted = Math.min(count, this.columns - column);
    this.currentRow.delete(column, deleted, this.columns, this.blank);
    this.state.pendingWrap = false;
  }

  insertLines(count = 1): void {
    const { row } = this.state;
    if (row < this.scrollFirst || row > this.scrollLast) return;
    this.grid.scrollDown(row, this.scrollLast, count, this.blank);
    this.state.pendingWrap = false;
  }

  deleteLines(count = 1): void {
    const { row } = this.state;
    if (row < this.scrollFirst || row > this.scrollLast) return;
    this.grid.deleteRows(row, this.scrollLast, count, this.blank);
    this.state.pendingWrap = false;
  }

  scrollUp(count = 1): void {
    this.grid.scrollUp(this.scrollFirst, this.scrollLast, count, this.blank);
  }

  scrollDown(count = 1): void {
    this.grid.scrollDown(this.scrollFirst, this.scrollLast, count, this.blank);
  }

  setScrollRegion(first = 0, last: number = this.rows - 1): void {
    const bottom = Math.min(last, this.rows - 1);
    if (first >= bottom) return;
    this.scrollFirst = first;
    this.scrollLast = bottom;
    this.cursorHome();
  }

  protected get grid(): ScreenGrid {
    return this.alternateGrid ?? this.main;
  }

  protected get currentRow(): ScreenRow {
    return this.grid.row(this.state.row);
  }

  /** The style of erased cells: they take the background. */
  protected get blank(): TextStyle {
    const { background } = this.state.style;
    return background === undefined ? PLAIN : { background };
  }

  /** To the nearest position on the screen. */
  protected moveTo(column: number, row: number): void {
    const cursor = this.state;
    cursor.column = Math.max(0, Math.min(column, this.columns - 1));
    cursor.row = Math.max(0, Math.min(row, this.rows - 1));
    cursor.pendingWrap = false;
  }

  protected wrap(): void {
    this.currentRow.wrapped = true;
    this.nextLine();
  }

  protected combine(mark: string): void {
    const { column, pendingWrap } = this.state;
    const at = pendingWrap ? column : column - 1;
    if (at >= 0) this.currentRow.combine(at, mark);
  }

  #erase(from: number, to: number): void {
    this.currentRow.erase(from, to, this.columns, this.blank);
    this.state.pendingWrap = false;
  }

  #isTab(column: number): boolean {
    return this.tabs === undefined ? column % TAB_COLUMNS === 0 : this.tabs.has(column);
  }

  #ownTabs(): Set<number> {
    if (this.tabs !== undefined) return this.tabs;
    this.tabs = new Set();
    for (let column = 0; column < this.columns; column += TAB_COLUMNS) this.tabs.add(column);
    return this.tabs;
  }
}
