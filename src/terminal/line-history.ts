/** The lines entered before. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { checkInteger, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

export interface LineHistoryOptions {
  /** The greatest number of lines. Older ones are dropped. Default 1000. */
  readonly maxLines?: number;
  /** The first lines, oldest first. Default none. */
  readonly lines?: readonly string[];
}

const OPTIONS: OptionNames<LineHistoryOptions> = { maxLines: true, lines: true };
const DEFAULT_MAX_LINES = 1000;

/** May be shared by editors. */
export class LineHistory {
  readonly #maxLines: number;
  readonly #lines: string[] = [];

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: LineHistoryOptions = {}) {
    checkOptions('LineHistory', options, OPTIONS);
    const { maxLines = DEFAULT_MAX_LINES, lines = [] } = options;
    this.#maxLines = checkInteger('maxLines', maxLines, 0, 1_000_000);
    if (!Array.isArray(lines)) throw new InvalidArgumentTypeError('lines', 'an array', lines);
    for (const line of lines) this.add(line);
  }

  /** Oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Adds a line, unless it is empty or the same as the last one. @throws InvalidArgumentTypeError */
  add(line: string): void {
    checkString('line', line);
    if (line === '' || line === this.#lines.at(-1)) return;
    this.#lines.push(line);
    if (this.#lines.length > this.#maxLines) this.#lines.shift();
  }

  /**
   * The index of the newest line before `index` that contains a text; -1 if there is none.
   * @param index From 0 to the number of lines.
   */
  search(text: string, index: number): number {
    for (let at = Math.min(index, this.#lines.length) - 1; at >= 0; at--) {
      if (this.#lines[at]?.includes(text)) return at;
    }
    return -1;
  }
}
