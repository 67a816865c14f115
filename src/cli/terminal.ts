/** The terminal's alternate screen, as full-screen programs use it: the previous contents return afterwards. */
import type { WriteStream } from 'node:tty';

// xterm's control sequences, which current terminals support.
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** Some pseudo-terminals report no size. */
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

export class Terminal {
  readonly #stream: WriteStream;
  readonly colour: boolean;
  #entered = false;

  constructor(stream: WriteStream) {
    this.#stream = stream;
    // https://no-color.org: any text but the empty one.
    this.colour = !process.env.NO_COLOR && stream.hasColors();
  }

  get columns(): number {
    return this.#stream.columns || DEFAULT_COLUMNS;
  }

  get rows(): number {
    return this.#stream.rows || DEFAULT_ROWS;
  }

  /** Shows the alternate screen, without a cursor. */
  enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    this.#stream.write(ENTER);
  }

  /** Draws over the previous lines. */
  draw(lines: readonly string[]): void {
    if (!this.#entered) return;
    // Erase before the text: after a full line the cursor is still on its last column.
    const text = lines.map((line) => CLEAR_LINE + line).join('\r\n');
    const below = lines.length < this.rows ? `\r\n${CLEAR_BELOW}` : '';
    this.#stream.write(HOME + text + below);
  }

  /** Restores the previous screen and the cursor. Writing to a terminal is synchronous, so exit handlers may call this. */
  leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    this.#stream.write(LEAVE);
  }
}
