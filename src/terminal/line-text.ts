/** The text of a line that is edited, and its cursor. Positions are in UTF-16 code units, between characters as people see them. */

interface Snapshot {
  readonly text: string;
  readonly cursor: number;
}

const MAX_UNDO = 100;
const WORD = /[\p{L}\p{N}_]/u;
const segmenter = new Intl.Segmenter();

export class LineText {
  /** The longest text. */
  readonly #maxLength: number;
  #text = '';
  #cursor = 0;
  /** Text that was cut, for {@link yank}. */
  #killed = '';
  #lastEdit: 'insert' | 'kill' | 'other' = 'other';
  readonly #undo: Snapshot[] = [];

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  get text(): string {
    return this.#text;
  }

  get cursor(): number {
    return this.#cursor;
  }

  /** Replaces all, as one edit. */
  set(text: string, cursor: number = text.length): void {
    this.#remember('other');
    this.#text = text.slice(0, this.#maxLength);
    this.#cursor = Math.min(cursor, this.#text.length);
  }

  /** Begins another line: nothing can be undone. */
  clear(): void {
    this.#text = '';
    this.#cursor = 0;
    this.#undo.length = 0;
    this.#lastEdit = 'other';
  }

  /** @returns Whether there was room. */
  insert(text: string, replacing = false): boolean {
    const end = replacing ? this.after(this.#cursor) : this.#cursor;
    if (this.#text.length - (end - this.#cursor) + text.length > this.#maxLength) return false;
    this.#remember('insert');
    this.#text = this.#text.slice(0, this.#cursor) + text + this.#text.slice(end);
    this.#cursor += text.length;
    return true;
  }

  moveTo(position: number): void {
    this.#cursor = position;
    this.#lastEdit = 'other';
  }

  /** Removes the text between two positions. The cursor is then there. */
  delete(from: number, to: number): void {
    if (from === to) return;
    this.#remember('other');
    this.#cut(from, to);
  }

  /** As `delete`, and keeps the text. Kills in a row collect one text. */
  kill(from: number, to: number): void {
    if (from === to) return;
    const killed = this.#text.slice(from, to);
    if (this.#lastEdit !== 'kill') this.#killed = killed;
    else this.#killed = from < this.#cursor ? killed + this.#killed : this.#killed + killed;
    this.#killed = this.#killed.slice(0, this.#maxLength);
    this.#remember('kill');
    this.#cut(from, to);
  }

  /** @returns Whether there was room. */
  yank(): boolean {
    this.#lastEdit = 'other';
    return this.insert(this.#killed);
  }

  /** Exchanges the characters before and at the cursor, and moves behind them; at the end, the last two. */
  transpose(): void {
    const middle = this.#cursor === this.#text.length ? this.before(this.#cursor) : this.#cursor;
    const from = this.before(middle);
    const to = this.after(middle);
    if (from === middle || middle === to) return;
    this.#remember('other');
    const exchanged = this.#text.slice(middle, to) + this.#text.slice(from, middle);
    this.#text = this.#text.slice(0, from) + exchanged + this.#text.slice(to);
    this.#cursor = to;
  }

  undo(): void {
    const snapshot = this.#undo.pop();
    if (snapshot === undefined) return;
    this.#text = snapshot.text;
    this.#cursor = snapshot.cursor;
    this.#lastEdit = 'other';
  }

  /** The position before the character that precedes `position`. */
  before(position: number): number {
    if (position <= 0) return 0;
    if (this.#isSimple(position - 1) && this.#isSimple(position - 2)) return position - 1;
    return segmenter.segment(this.#text).containing(position - 1)?.index ?? 0;
  }

  /** The position behind the character at `position`. */
  after(position: number): number {
    const { length } = this.#text;
    if (position >= length) return length;
    if (this.#isSimple(position) && this.#isSimple(position + 1)) return position + 1;
    const found = segmenter.segment(this.#text).containing(position);
    return found === undefined ? length : found.index + found.segment.length;
  }

  /** The beginning of the word before `position`. */
  wordBefore(position: number, isPart: (character: string) => boolean = isWordPart): number {
    let at = position;
    while (at > 0 && !isPart(this.#text[at - 1] as string)) at = this.before(at);
    while (at > 0 && isPart(this.#text[at - 1] as string)) at = this.before(at);
    return at;
  }

  /** The end of the word behind `position`. */
  wordAfter(position: number): number {
    const { length } = this.#text;
    let at = position;
    while (at < length && !isWordPart(this.#text[at] as string)) at = this.after(at);
    while (at < length && isWordPart(this.#text[at] as string)) at = this.after(at);
    return at;
  }

  /** A character of ASCII, which is never part of a longer one if its neighbour is another. */
  #isSimple(index: number): boolean {
    const code = this.#text.charCodeAt(index);
    return Number.isNaN(code) || (code < 0x80 && code !== 0x0d && code !== 0x0a);
  }

  #cut(from: number, to: number): void {
    this.#text = this.#text.slice(0, from) + this.#text.slice(to);
    this.#cursor = from;
  }

  /** Insertions in a row are undone together. */
  #remember(edit: 'insert' | 'kill' | 'other'): void {
    if (edit !== 'insert' || this.#lastEdit !== 'insert') {
      this.#undo.push({ text: this.#text, cursor: this.#cursor });
      if (this.#undo.length > MAX_UNDO) this.#undo.shift();
    }
    this.#lastEdit = edit;
  }
}

/** Halves of surrogate pairs count as letters: most such characters are. */
function isWordPart(character: string): boolean {
  return WORD.test(character) || (character >= '\ud800' && character <= '\udfff');
}
