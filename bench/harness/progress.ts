// Progress while slices run: one line that is rewritten on a terminal, otherwise plain lines.

const ERASE_LINE = '\r\u001b[2K';

/** Progress goes to standard error; standard output carries the report only. */
export class Progress {
  readonly #terminal = process.stderr.isTTY === true;
  #last = '';

  /** Shows a step; without a terminal only each new `stage`. */
  step(stage: string, detail: string): void {
    if (this.#terminal) {
      const width = Math.max(20, (process.stderr.columns ?? 80) - 1);
      process.stderr.write(ERASE_LINE + `${stage}: ${detail}`.slice(0, width));
    } else if (stage !== this.#last) {
      process.stderr.write(`${stage} ...\n`);
    }
    this.#last = stage;
  }

  /** Prints a line that stays. */
  note(text: string): void {
    process.stderr.write(this.#terminal ? `${ERASE_LINE}${text}\n` : `${text}\n`);
  }

  clear(): void {
    if (this.#terminal) process.stderr.write(ERASE_LINE);
  }
}
