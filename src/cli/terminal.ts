/** The terminal's other screen, as full-screen programs use it: what stood there before comes back afterwards. */
import type { WriteStream } from 'node:tty';

// xterm's control sequences, which every terminal of today follows.
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** Some pseudo-terminals say that they have no size. */
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

  /** Shows the other screen, without a cursor. */
  enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    this.#stream.write(ENTER);
  }

  /** Draws over what was drawn before. */
  draw(lines: readonly string[]): void {
    if (!this.#entered) return;
    // Erasing goes before the text: after a full line the cursor still stands on its last column.
    const text = lines.map((line) => CLEAR_LINE + line).join('\r\n');
    const below = lines.length < this.rows ? `\r\n${CLEAR_BELOW}` : '';
    this.#stream.write(HOME + text + below);
  }

  /** Brings the screen from before back, and the cursor. Writing to a terminal is synchronous: exit handlers may call this. */
  leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    this.#stream.write(LEAVE);
  }
}
