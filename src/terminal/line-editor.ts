/**
 * Edits a line: keys in, text for the terminal and finished lines out. The keys are those of Readline in its Emacs mode; `KEYS` has
 * the table.
 *
 *     idle --start--> editing --Enter, Ctrl-C, Ctrl-D--> idle
 *                      ^   \--Tab--> completing --complete--> editing
 *                      \--Ctrl-R--> searching
 *
 * Keys that arrive while it is idle or completing are kept, up to a limit, except Ctrl-C.
 */
import { checkInteger, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { Key } from './key.js';
import { LineDisplay, shown } from './line-display.js';
import { LineHistory } from './line-history.js';
import { LineText } from './line-text.js';
import { MAX_TERMINAL_SIDE } from './terminal-size.js';

/**
 * - `line`: a line was entered, and is in {@link LineEditor.line}. The editor is idle.
 * - `interrupt`: Ctrl-C. The line was dropped, and the editor is idle. Also while it is idle already.
 * - `end`: Ctrl-D on an empty line. The editor is idle.
 * - `suspend`: Ctrl-Z. The editor continues.
 * - `complete`: Tab. Call {@link LineEditor.complete}.
 */
export type LineEvent = 'line' | 'interrupt' | 'end' | 'suspend' | 'complete';

export interface LineEditorOptions {
  /** Default: one of its own. A line that is masked is not added. */
  readonly history?: LineHistory;
  /** Longest line in UTF-16 code units. The bell rings for more. Default 4096. */
  readonly maxLength?: number;
  /** Columns of the terminal. Default 80. */
  readonly columns?: number;
}

/** Texts that can stand in place of the word before the cursor. */
export interface Completion {
  /** Where the replaced text begins; it ends at the cursor. */
  readonly from: number;
  readonly candidates: readonly string[];
}

const OPTIONS: OptionNames<LineEditorOptions> = { history: true, maxLength: true, columns: true };
const DEFAULT_MAX_LENGTH = 4096;
/** Keys and characters that are kept while the editor is not editing. */
const MAX_TYPE_AHEAD = 4096;
const MAX_SHOWN_CANDIDATES = 200;
/** Longest text that is searched for in the history. */
const MAX_QUERY_LENGTH = 256;
const BELL = '\x07';
const CLEAR = '\x1b[H\x1b[2J';

/** Call {@link receiveKey} and {@link receivePaste}, then {@link next} until it returns `undefined`, then {@link takeOutput}. */
export class LineEditor {
  /** The line of the event `line`. */
  line = '';
  /** Shown for each character instead of it, for passwords; may be empty. Undefined: characters are shown. */
  mask: string | undefined = undefined;

  readonly history: LineHistory;
  readonly #line: LineText;
  readonly #display: LineDisplay;
  #columns: number;
  #state: 'idle' | 'editing' | 'searching' | 'completing' = 'idle';
  #queue: (Key | string)[] = [];
  #queuedLength = 0;
  #interrupted = false;
  #prompt = '';
  #output = '';
  #overtypes = false;
  /** The line of the history that is edited; their number for the new line, which is kept in `#newLine`. */
  #historyIndex = 0;
  #newLine = '';
  #query = '';
  /** The last key was Tab, and there was more than one candidate. */
  #ambiguous = false;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: LineEditorOptions = {}) {
    checkOptions('LineEditor', options, OPTIONS);
    const { history = new LineHistory(), maxLength = DEFAULT_MAX_LENGTH, columns = 80 } = options;
    this.history = history;
    this.#line = new LineText(checkInteger('maxLength', maxLength, 1, 2 ** 24));
    this.#columns = checkInteger('columns', columns, 1, MAX_TERMINAL_SIDE);
    this.#display = new LineDisplay(columns);
  }

  /** The text that is edited. */
  get text(): string {
    return this.#line.text;
  }

  /** The position of the cursor in {@link text}, in UTF-16 code units. */
  get cursor(): number {
    return this.#line.cursor;
  }

  get editing(): boolean {
    return this.#state !== 'idle';
  }

  /**
   * Begins to edit a line, at the first column of the terminal. Does nothing but change the prompt if a line is edited.
   * @param prompt May contain SGR sequences and newlines. @throws InvalidArgumentTypeError
   */
  start(prompt: string): void {
    this.#prompt = checkString('prompt', prompt);
    if (this.editing) return;
    this.#line.clear();
    this.#newLine = '';
    this.#historyIndex = this.history.lines.length;
    this.#state = 'editing';
  }

  receiveKey(key: Key): void {
    if (isInterrupt(key) && (this.#state === 'idle' || this.#state === 'completing')) {
      this.#queue = [];
      this.#queuedLength = 0;
      this.#interrupted = true;
    } else this.#enqueue(key, 1);
  }

  /** Pasted text is inserted and never enters a line: its line breaks become spaces, and it loses other control characters. */
  receivePaste(text: string): void {
    const line = text.replace(/\r\n|[\r\n\t]/g, ' ').replace(/\p{Cc}/gu, '');
    this.#enqueue(line, line.length);
  }

  /** Handles keys up to the next event; `undefined` if there are none left, or while they are kept. */
  next(): LineEvent | undefined {
    if (this.#interrupted) {
      this.#interrupted = false;
      return this.#interrupt();
    }
    while (this.#state === 'editing' || this.#state === 'searching') {
      const item = this.#queue.shift();
      if (item === undefined) break;
      this.#queuedLength -= typeof item === 'string' ? item.length : 1;
      const event = typeof item === 'string' ? this.#insert(item) : this.#key(item);
      if (event !== undefined) return event;
    }
    return undefined;
  }

  /** Text to be sent to the terminal, so that it shows the line as it is now. */
  takeOutput(): string {
    if (this.editing) this.#draw();
    const output = this.#output;
    this.#output = '';
    return output;
  }

  /** Shows lines above the prompt: messages that arrive while a line is edited. @param text Sent as it is, with CRLF. */
  print(text: string): void {
    this.#output += this.#display.erase();
    this.#output += text.replace(/\r?\n/g, '\r\n');
    if (!text.endsWith('\n')) this.#output += '\r\n';
  }

  /** The terminal has another width. */
  resize(columns: number): void {
    this.#columns = checkInteger('columns', columns, 1, MAX_TERMINAL_SIDE);
    const { text, cursor } = this.#shownLine();
    this.#output += this.#display.resize(columns, Math.min(cursor, text.length));
  }

  /**
   * The answer to the event `complete`. One candidate is inserted; of several, their common beginning, and the next Tab shows
   * them. Does nothing if a line is not being completed, as after an interrupt.
   * @throws InvalidArgumentValueError
   */
  complete({ from, candidates }: Completion): void {
    if (this.#state !== 'completing') return;
    const { text, cursor } = this.#line;
    checkInteger('from', from, 0, cursor);
    this.#state = 'editing';
    const common = commonBeginning(candidates);
    const listed = this.#ambiguous;
    this.#ambiguous = candidates.length > 1;
    if (candidates.length > 0 && common !== text.slice(from, cursor)) {
      const completed = text.slice(0, from) + common;
      this.#line.set(completed + text.slice(cursor), completed.length);
    } else if (listed && candidates.length > 1) this.print(this.#columnsOf(candidates));
    else if (candidates.length !== 1) this.#output += BELL;
  }

  #enqueue(item: Key | string, length: number): void {
    const waits = this.#state === 'idle' || this.#state === 'completing';
    if (waits && this.#queuedLength + length > MAX_TYPE_AHEAD) {
      this.#output += BELL;
      return;
    }
    this.#queue.push(item);
    this.#queuedLength += length;
  }

  #key(key: Key): LineEvent | undefined {
    const name = nameOf(key);
    if (name !== 'Tab') this.#ambiguous = false;
    if (this.#state === 'searching' && this.#search(name, key)) return undefined;
    switch (name) {
      case 'Enter':
      case 'C-j':
        return this.#enter();
      case 'C-c':
        return this.#interrupt();
      case 'C-z':
        return 'suspend';
      case 'C-d':
        if (this.text === '') return this.#end();
        break;
      case 'Tab':
        this.#state = 'completing';
        return 'complete';
    }
    const action = ACTIONS[KEYS[name] ?? ''];
    if (action !== undefined) action(this.#line);
    else if (!this.#other(name)) this.#print(key);
    return undefined;
  }

  /** Keys that change more than the line. @returns Whether it is one. */
  #other(name: string): boolean {
    const { length } = this.history.lines;
    switch (name) {
      case 'ArrowUp':
      case 'C-p':
        this.#toHistory(this.#historyIndex - 1);
        return true;
      case 'ArrowDown':
      case 'C-n':
        this.#toHistory(this.#historyIndex + 1);
        return true;
      case 'M-<':
      case 'PageUp':
        this.#toHistory(0);
        return true;
      case 'M->':
      case 'PageDown':
        this.#toHistory(length);
        return true;
      case 'C-r':
        this.#beginSearch();
        return true;
      case 'C-l':
        this.#output += CLEAR;
        this.#display.forget();
        return true;
      case 'C-y':
        if (!this.#line.yank()) this.#output += BELL;
        return true;
      case 'Insert':
        this.#overtypes = !this.#overtypes;
        return true;
    }
    return false;
  }

  /** Inserts a character; other keys ring the bell. */
  #print({ key, ctrl, alt }: Key): void {
    const isCharacter = String.fromCodePoint(key.codePointAt(0) ?? 0) === key;
    if (!isCharacter || ctrl || alt || /\p{Cc}/u.test(key)) this.#output += BELL;
    else if (!this.#line.insert(key, this.#overtypes)) this.#output += BELL;
  }

  #insert(text: string): undefined {
    if (this.#state === 'searching') this.#state = 'editing';
    if (!this.#line.insert(text)) this.#output += BELL;
    return undefined;
  }

  #enter(): LineEvent {
    this.line = this.text;
    this.#finish();
    if (this.mask === undefined) this.history.add(this.line);
    return 'line';
  }

  #interrupt(): LineEvent {
    if (this.editing) {
      this.#draw();
      this.#output += '^C';
      this.#finish();
    }
    return 'interrupt';
  }

  #end(): LineEvent {
    this.#finish();
    return 'end';
  }

  #finish(): void {
    this.#state = 'editing'; // the line is shown, without a search
    this.#line.moveTo(this.text.length);
    this.#draw();
    this.#output += this.#display.finish();
    this.#line.clear();
    this.#state = 'idle';
  }

  #toHistory(index: number): void {
    const { lines } = this.history;
    const from = Math.min(this.#historyIndex, lines.length);
    if (index < 0 || index > lines.length || index === from) {
      this.#output += BELL;
      return;
    }
    if (from === lines.length) this.#newLine = this.text;
    this.#historyIndex = index;
    this.#line.set(lines[index] ?? this.#newLine);
  }

  #beginSearch(): void {
    if (this.#historyIndex >= this.history.lines.length) this.#newLine = this.text;
    this.#query = '';
    this.#state = 'searching';
  }

  /** @returns Whether the key belongs to the search; others end it and have their own effect. */
  #search(name: string, key: Key): boolean {
    if (name === 'C-r') this.#find(this.#historyIndex);
    else if (name === 'Backspace' || name === 'C-h') {
      this.#query = this.#query.slice(0, -1);
      this.#find(this.history.lines.length);
    } else if (name === 'C-g' || name === 'Escape') {
      this.#state = 'editing';
      this.#historyIndex = this.history.lines.length;
      this.#line.set(this.#newLine);
    } else if (key.key.length === 1 && !key.ctrl && !key.alt) {
      this.#extendQuery(key.key);
    } else {
      this.#state = 'editing';
      return false;
    }
    return true;
  }

  #extendQuery(character: string): void {
    if (this.#query.length >= MAX_QUERY_LENGTH) {
      this.#output += BELL;
      return;
    }
    this.#query += character;
    this.#find(this.#historyIndex + 1);
  }

  #find(before: number): void {
    const index = this.history.search(this.#query, before);
    if (index < 0) {
      this.#output += BELL;
      return;
    }
    this.#historyIndex = index;
    const line = this.history.lines[index] ?? '';
    this.#line.set(line, line.indexOf(this.#query));
  }

  #draw(): void {
    const { text, cursor } = this.#shownLine();
    const prompt = this.#state === 'searching' ? `(search '${shown(this.#query)}') ` : this.#prompt;
    this.#output += this.#display.draw(prompt, text, cursor);
  }

  #shownLine(): { text: string; cursor: number } {
    const { text, cursor } = this.#line;
    const show = (part: string): string =>
      this.mask === undefined ? shown(part) : this.mask.repeat(Array.from(part).length);
    return { text: show(text), cursor: show(text.slice(0, cursor)).length };
  }

  /** Candidates side by side. */
  #columnsOf(candidates: readonly string[]): string {
    const names = candidates.slice(0, MAX_SHOWN_CANDIDATES).map(shown);
    const width = Math.max(...names.map((name) => name.length)) + 2;
    const perRow = Math.max(1, Math.floor(this.#columns / width));
    const rows: string[] = [];
    for (let at = 0; at < names.length; at += perRow) {
      const row = names.slice(at, at + perRow);
      rows.push(
        row
          .map((name) => name.padEnd(width))
          .join('')
          .trimEnd(),
      );
    }
    const more = candidates.length - names.length;
    return [...rows, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
  }
}

type Action = (line: LineText) => void;

const isNotSpace = (character: string): boolean => character !== ' ';

/** The effects of keys on the line. */
const ACTIONS: Readonly<Record<string, Action>> = {
  left: (line) => line.moveTo(line.before(line.cursor)),
  right: (line) => line.moveTo(line.after(line.cursor)),
  home: (line) => line.moveTo(0),
  end: (line) => line.moveTo(line.text.length),
  wordLeft: (line) => line.moveTo(line.wordBefore(line.cursor)),
  wordRight: (line) => line.moveTo(line.wordAfter(line.cursor)),
  backspace: (line) => line.delete(line.before(line.cursor), line.cursor),
  delete: (line) => line.delete(line.cursor, line.after(line.cursor)),
  killToEnd: (line) => line.kill(line.cursor, line.text.length),
  killToBeginning: (line) => line.kill(0, line.cursor),
  killWordLeft: (line) => line.kill(line.wordBefore(line.cursor), line.cursor),
  killWordRight: (line) => line.kill(line.cursor, line.wordAfter(line.cursor)),
  killSpacedWordLeft: (line) => line.kill(line.wordBefore(line.cursor, isNotSpace), line.cursor),
  transpose: (line) => line.transpose(),
  undo: (line) => line.undo(),
};

/** C- is Ctrl and M- Alt. */
const KEYS: Readonly<Record<string, keyof typeof ACTIONS>> = {
  ArrowLeft: 'left',
  'C-b': 'left',
  ArrowRight: 'right',
  'C-f': 'right',
  Home: 'home',
  'C-a': 'home',
  End: 'end',
  'C-e': 'end',
  'C-ArrowLeft': 'wordLeft',
  'M-ArrowLeft': 'wordLeft',
  'M-b': 'wordLeft',
  'C-ArrowRight': 'wordRight',
  'M-ArrowRight': 'wordRight',
  'M-f': 'wordRight',
  Backspace: 'backspace',
  'C-h': 'backspace',
  Delete: 'delete',
  'C-d': 'delete',
  'C-k': 'killToEnd',
  'C-u': 'killToBeginning',
  'C-w': 'killSpacedWordLeft',
  'M-Backspace': 'killWordLeft',
  'C-Backspace': 'killWordLeft',
  'M-d': 'killWordRight',
  'C-Delete': 'killWordRight',
  'C-t': 'transpose',
  'C-_': 'undo',
};

/** The name of a key with its modifiers, as in `KEYS`. The shift of a named key has no meaning. */
function nameOf({ key, ctrl, alt }: Key): string {
  return `${ctrl ? 'C-' : ''}${alt ? 'M-' : ''}${key}`;
}

function isInterrupt(key: Key): boolean {
  return nameOf(key) === 'C-c';
}

function commonBeginning(texts: readonly string[]): string {
  const [first = '', ...others] = texts;
  let length = first.length;
  for (const text of others) {
    let same = 0;
    while (same < length && text[same] === first[same]) same += 1;
    length = same;
  }
  return first.slice(0, length);
}
