/** The rows of a screen, and those that scrolled off its top. */
import { ScreenRow } from './screen-row.js';
import type { TextStyle } from './text-style.js';

/** Arguments are rows of this screen; ranges include their last row. */
export class ScreenGrid {
  columns: number;
  /** The rows on the screen, from the top. */
  readonly rows: ScreenRow[];
  /** The rows above the screen, oldest first. */
  readonly scrollback: ScreenRow[] = [];
  readonly #maxScrollback: number;

  constructor(columns: number, rows: number, maxScrollback: number) {
    this.columns = columns;
    this.rows = Array.from({ length: rows }, () => new ScreenRow());
    this.#maxScrollback = maxScrollback;
  }

  row(index: number): ScreenRow {
    return this.rows[index] as ScreenRow;
  }

  /** Rows that leave the top of the screen are kept. */
  scrollUp(first: number, last: number, count: number, style: TextStyle): void {
    const removed = this.deleteRows(first, last, count, style);
    if (first === 0) this.#keep(removed);
  }

  /** Moves the rows below up to `first`. @returns The removed rows. */
  deleteRows(first: number, last: number, count: number, style: TextStyle): ScreenRow[] {
    const moved = Math.min(count, last - first + 1);
    const removed = this.rows.splice(first, moved);
    this.rows.splice(last - moved + 1, 0, ...blankRows(moved, style));
    return removed;
  }

  scrollDown(first: number, last: number, count: number, style: TextStyle): void {
    const moved = Math.min(count, last - first + 1);
    this.rows.splice(last - moved + 1, moved);
    this.rows.splice(first, 0, ...blankRows(moved, style));
  }

  /** Up to, not including, `to`. */
  clearRows(from: number, to: number, style: TextStyle): void {
    for (let index = from; index < to; index++) this.rows[index] = new ScreenRow(style);
  }

  /**
   * Changes the size. Rows below the cursor are removed first, then those at the top, which are kept; they return when the screen
   * grows. Lines are not wrapped anew.
   * @returns The new row of the cursor.
   */
  resize(columns: number, rows: number, cursorRow: number): number {
    if (columns < this.columns) {
      for (const row of this.rows) row.narrow(columns);
    }
    this.columns = columns;
    const excess = this.rows.length - rows;
    if (excess > 0) {
      const below = Math.min(excess, this.rows.length - 1 - cursorRow);
      this.rows.length -= below;
      this.#keep(this.rows.splice(0, excess - below));
      return cursorRow - (excess - below);
    }
    const returning = this.scrollback.splice(Math.max(this.scrollback.length + excess, 0));
    for (const row of returning) row.narrow(columns);
    this.rows.unshift(...returning);
    while (this.rows.length < rows) this.rows.push(new ScreenRow());
    return cursorRow + returning.length;
  }

  #keep(rows: readonly ScreenRow[]): void {
    if (this.#maxScrollback === 0) return;
    this.scrollback.push(...rows);
    const excess = this.scrollback.length - this.#maxScrollback;
    if (excess > 0) this.scrollback.splice(0, excess);
  }
}

function blankRows(count: number, style: TextStyle): ScreenRow[] {
  return Array.from({ length: count }, () => new ScreenRow(style));
}
