/** Splits the output of a program into lines of text. */
const LF = 0x0a;
const CR = 0x0d;

/** Longer lines are passed on in pieces: output without line ends would grow the memory. */
const MAX_LINE_BYTES = 16 * 1024;

export class OutputLines {
  readonly #line: (text: string) => void;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** @param line Receives each line without its end. */
  constructor(line: (text: string) => void) {
    this.#line = line;
  }

  /** @param data Kept until its line ends. */
  receive(data: Buffer): void {
    let rest = data;
    while (rest.length > 0) {
      const end = rest.indexOf(LF);
      const room = MAX_LINE_BYTES - this.#bytes;
      const length = end >= 0 && end <= room ? end : Math.min(rest.length, room);
      this.#add(rest.subarray(0, length));
      const ended = length === end;
      rest = rest.subarray(length + (ended ? 1 : 0));
      if (ended || this.#bytes === MAX_LINE_BYTES) this.#flush(ended);
    }
  }

  /** The output has ended; the last line may lack its end. */
  end(): void {
    if (this.#bytes > 0) this.#flush(false);
  }

  #add(part: Buffer): void {
    if (part.length === 0) return;
    this.#parts.push(part);
    this.#bytes += part.length;
  }

  #flush(ended: boolean): void {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    const hasCR = ended && bytes.at(-1) === CR;
    this.#line(bytes.toString('utf8', 0, bytes.length - (hasCR ? 1 : 0)));
  }
}
