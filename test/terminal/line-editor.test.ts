import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textWidth } from '../../src/terminal/character-width.js';
import { KeyParser } from '../../src/terminal/key-parser.js';
import { LineEditor, type LineEditorOptions } from '../../src/terminal/line-editor.js';
import { LineHistory } from '../../src/terminal/line-history.js';
import { ScreenBuffer } from '../../src/terminal/screen-buffer.js';

/** An editor on a screen. */
class Session {
  readonly editor: LineEditor;
  readonly screen: ScreenBuffer;
  readonly events: string[] = [];
  bells = 0;
  readonly #keys = new KeyParser();

  constructor(options: LineEditorOptions = {}, prompt = '> ', rows = 8) {
    const { columns = 40 } = options;
    this.editor = new LineEditor({ ...options, columns });
    this.screen = new ScreenBuffer({ columns, rows });
    this.editor.start(prompt);
    this.show();
  }

  /** @param input Bytes of a terminal. */
  type(input: string): this {
    this.#keys.receive(Buffer.from(input));
    for (let event = this.#keys.next(); event !== undefined; event = this.#keys.next())
      this.take(event);
    const last = this.#keys.flush();
    if (last !== undefined) this.take(last);
    this.show();
    return this;
  }

  take(event: string): void {
    if (event === 'key') this.editor.receiveKey(this.#keys.key);
    else if (event === 'paste') this.editor.receivePaste(this.#keys.text);
    for (let done = this.editor.next(); done !== undefined; done = this.editor.next()) {
      this.events.push(done === 'line' ? `line ${this.editor.line}` : done);
    }
  }

  show(): void {
    const output = this.editor.takeOutput();
    this.bells += output.split('\x07').length - 1;
    this.screen.write(output);
  }

  /** The text with `|` at the cursor. */
  get line(): string {
    const { text, cursor } = this.editor;
    return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
  }
}

const UP = '\x1b[A';
const DOWN = '\x1b[B';
const LEFT = '\x1b[D';

describe('LineEditor', () => {
  it.each<[what: string, input: string, line: string]>([
    ['inserts at the cursor', `ac${LEFT}b`, 'ab|c'],
    ['moves by characters, as people see them', `ae\u0301🏳️‍🌈${LEFT}${LEFT}`, 'a|e\u0301🏳️‍🌈'],
    ['moves by words', 'one two-three\x1bb\x1bb', 'one |two-three'],
    ['moves to the next word', 'one two\x01\x1bf', 'one| two'],
    ['moves by words with Ctrl and arrows', 'one two\x1b[1;5D\x1b[1;5D\x1b[1;5C', 'one| two'],
    ['moves to both ends', 'abc\x01x\x05y', 'xabcy|'],
    ['moves with Home and End', 'abc\x1b[Hx\x1b[Fy', 'xabcy|'],
    ['deletes backwards', 'abc\x7f\x08', 'a|'],
    ['deletes a whole emoji', 'a👨‍👩‍👧\x7f', 'a|'],
    ['deletes forwards', 'abc\x01\x04\x1b[3~', '|c'],
    ['cuts to the end and inserts that', 'one two\x01\x0b\x19\x19', 'one twoone two|'],
    ['cuts to the beginning', `one two${LEFT}\x15`, '|o'],
    ['cuts words and joins them', 'one two\x17\x17\x19', 'one two|'],
    ['cuts a word with Alt', 'a one-two\x1b\x7f', 'a one-|'],
    ['cuts the next word', 'one two\x01\x1bd', '| two'],
    ['exchanges characters', 'ab\x14', 'ba|'],
    ['exchanges characters in the middle', `abc${LEFT}\x14`, 'acb|'],
    ['undoes', 'one\x17two\x1f\x1f', 'one|'],
    ['overtypes after Insert', `abc\x01\x1b[2~xy\x1b[2~z`, 'xyz|c'],
    ['ignores other keys', 'a\x1bz\x1b[15~\x1b[Z', 'a|'],
    ['drops an unfinished sequence', 'a\x1b[1;', 'a|'],
  ])('%s', (_what, input, line) => {
    expect(new Session().type(input).line).toBe(line);
  });

  it('returns lines', () => {
    const session = new Session().type('one\r');
    expect(session.events).toEqual(['line one']);
    expect(session.editor.editing).toBe(false);
    session.editor.start('$ ');
    session.type('two\n');
    expect(session.events).toEqual(['line one', 'line two']);
    expect(session.screen.toString().trimEnd()).toBe('> one\n$ two');
    expect(session.screen.cursor).toEqual({ column: 0, row: 2 });
  });

  it('keeps keys that are typed ahead, and not more than it should', () => {
    const session = new Session().type('one\rtwo\rthree');
    expect(session.events).toEqual(['line one']);
    session.editor.start('> ');
    session.type('');
    session.take('');
    expect(session.events).toEqual(['line one', 'line two']);
    const { bells } = session;
    session.type('x'.repeat(10_000));
    expect(session.bells).toBeGreaterThan(bells);
    session.editor.start('> ');
    session.take('');
    expect(session.editor.text.length).toBeLessThanOrEqual(4096);
  });

  it('ends with Ctrl-D only if the line is empty', () => {
    expect(new Session().type('\x04').events).toEqual(['end']);
    expect(new Session().type('a\x04').events).toEqual([]);
  });

  it('drops the line on Ctrl-C, and keys that were typed ahead', () => {
    const session = new Session().type('abc\x03');
    expect(session.events).toEqual(['interrupt']);
    expect(session.screen.lines[0]).toBe('> abc^C');
    session.type('typed ahead\x03');
    expect(session.events).toEqual(['interrupt', 'interrupt']);
    session.editor.start('> ');
    session.take('');
    expect(session.editor.text).toBe('');
  });

  it('reports Ctrl-Z and continues', () => {
    const session = new Session().type('a\x1ab');
    expect(session.events).toEqual(['suspend']);
    expect(session.line).toBe('ab|');
  });

  it('has a history, and keeps the line that is new', () => {
    const history = new LineHistory({ lines: ['first', 'second', 'second', ''] });
    const session = new Session({ history }).type(`new${UP}`);
    expect(session.line).toBe('second|');
    expect(session.type(`${UP}${UP}`).line).toBe('first|');
    expect(session.bells).toBe(1);
    expect(session.type(`${DOWN}${DOWN}`).line).toBe('new|');
    expect(session.type('\x1b<').line).toBe('first|');
    expect(session.type('\x1b>').line).toBe('new|');
    session.type(`${UP}!\r`);
    expect(history.lines).toEqual(['first', 'second', 'second!']);
  });

  it('limits its history', () => {
    const history = new LineHistory({ maxLines: 2 });
    for (const line of ['a', 'b', 'c']) history.add(line);
    expect(history.lines).toEqual(['b', 'c']);
  });

  it('searches the history backwards', () => {
    const history = new LineHistory({ lines: ['git log', 'ls', 'git diff'] });
    const session = new Session({ history }).type('x\x12git');
    expect(session.screen.lines[0]).toBe("(search 'git') git diff");
    expect(session.type('\x12').line).toBe('|git log');
    expect(session.type('\x12').bells).toBe(1);
    expect(session.type('\x07').line).toBe('x|');
    expect(session.type('\x12ls\x05!').line).toBe('ls!|');
    expect(session.screen.lines[0]).toBe('> ls!');
    expect(session.type('\r').events).toEqual(['line ls!']);
  });

  it('limits the text that is searched for', () => {
    const history = new LineHistory({ lines: ['x'.repeat(1000)] });
    const session = new Session({ history }, '> ', 12).type(`\x12${'x'.repeat(256)}`);
    expect(session.bells).toBe(0);
    expect(session.type('x'.repeat(44)).bells).toBe(44);
  });

  it('completes: one candidate, a common beginning, a list', () => {
    const session = new Session().type('git c\t');
    expect(session.events).toEqual(['complete']);
    session.editor.complete({ from: 4, candidates: ['checkout', 'cherry-pick'] });
    expect(session.line).toBe('git che|');
    session.type('\t');
    session.editor.complete({ from: 4, candidates: ['checkout', 'cherry-pick'] });
    session.show();
    expect(session.screen.lines.slice(0, 3)).toEqual(
      ['> git che', 'checkout     cherry-pick', '> git che'].slice(1).concat(''),
    );
    session.type('c\t');
    session.editor.complete({ from: 4, candidates: ['checkout '] });
    expect(session.type('x').line).toBe('git checkout x|');
  });

  it('keeps keys while it completes; an interrupt ends that', () => {
    const session = new Session().type('a\tbc');
    expect(session.line).toBe('a|');
    session.editor.complete({ from: 0, candidates: [] });
    expect(session.type('').bells).toBe(1);
    session.take('');
    expect(session.line).toBe('abc|');
    session.type('\tdef\x03');
    expect(session.events).toEqual(['complete', 'complete', 'interrupt']);
    session.editor.complete({ from: 0, candidates: ['late'] });
    expect(session.editor.editing).toBe(false);
  });

  it('inserts a paste without its line breaks and other control characters', () => {
    const session = new Session().type('\x1b[200~rm -rf /\r\nls\t\x07\x1b[201~');
    expect(session.events).toEqual([]);
    expect(session.line).toBe('rm -rf / ls |');
  });

  it('limits the length of a line', () => {
    const session = new Session({ maxLength: 5 }).type('abcdef');
    expect(session.line).toBe('abcde|');
    expect(session.bells).toBe(1);
    expect(session.type('\x1b[200~xyz\x1b[201~').line).toBe('abcde|');
  });

  it('hides a password, and does not keep it', () => {
    const session = new Session();
    session.editor.mask = '*';
    session.type('secret\x7f');
    expect(session.screen.lines[0]).toBe('> *****');
    session.editor.mask = '';
    session.type('t');
    expect(session.screen.lines[0]).toBe('>');
    expect(session.type('\r').events).toEqual(['line secret']);
    expect(session.editor.history.lines).toEqual([]);
  });

  it('shows control characters of the history as text', () => {
    const history = new LineHistory({ lines: ['a\x1b[2Jb'] });
    expect(new Session({ history }).type(UP).screen.lines[0]).toBe('> a^[[2Jb');
  });

  it('prints above the line', () => {
    const session = new Session().type('abc');
    session.editor.print('message\nmore\n');
    session.show();
    expect(session.screen.lines.slice(0, 4)).toEqual(['message', 'more', '> abc', '']);
    expect(session.screen.cursor).toEqual({ column: 5, row: 2 });
  });

  it('clears the screen', () => {
    const session = new Session().type('one\r');
    session.editor.start('> ');
    expect(session.type('abc\x0c').screen.toString().trimEnd()).toBe('> abc');
  });

  it('draws prompts with colours and several rows', () => {
    const session = new Session({ columns: 10 }, 'two rows\n\x1b[32m$ \x1b[m').type('12345678ab');
    expect(session.screen.lines.slice(0, 3)).toEqual(['two rows', '$ 12345678', 'ab']);
    expect(session.screen.cell(0, 1).style).toEqual({ foreground: 2 });
    expect(session.type('\x01').screen.cursor).toEqual({ column: 2, row: 1 });
  });

  it('draws the line anew in another width', () => {
    const session = new Session({ columns: 40 }).type('x'.repeat(50));
    expect(session.screen.lines.slice(0, 2)).toEqual([`> ${'x'.repeat(38)}`, 'x'.repeat(12)]);
    session.editor.resize(20);
    session.screen.resize(20, 8);
    session.screen.write('\x1b[2J\x1b[3;13H'); // as a terminal that wraps anew has it
    session.show();
    expect(session.screen.lines.slice(0, 3)).toEqual([
      `> ${'x'.repeat(18)}`,
      'x'.repeat(20),
      'x'.repeat(12),
    ]);
  });

  it('shows any edits as if the line was drawn once', () => {
    const keys = fc.constantFrom(
      'a',
      'b ',
      '漢',
      'e\u0301',
      '🎉',
      '\t',
      '\x7f',
      '\x1b[3~',
      LEFT,
      LEFT,
      '\x1b[C',
      '\x01',
      '\x05',
      '\x17',
      '\x0b',
      '\x19',
      '\x14',
      '\x1f',
      UP,
      DOWN,
      '\x12a',
      '\x1b[200~0123456789\x1b[201~',
    );
    fc.assert(
      fc.property(
        fc.array(keys, { maxLength: 40 }),
        fc.integer({ min: 4, max: 12 }),
        (typed, columns) => {
          const history = { lines: ['漢字漢字漢字漢字', 'x'.repeat(columns - 2), 'y'.repeat(30)] };
          const session = new Session({ columns, history: new LineHistory(history) }, '> ', 60);
          for (const key of typed) {
            session.type(key);
            session.editor.complete({ from: 0, candidates: [] });
          }
          session.type('\x1b[C');
          const { text, cursor } = session.editor;
          const fresh = new ScreenBuffer({ columns, rows: 60 });
          fresh.write(`> ${text}`);
          const beginning = new ScreenBuffer({ columns, rows: 60 });
          beginning.write(`> ${text.slice(0, cursor)}`);
          // The cursor waits on the next row, and in front of a wide character that does not fit on its own.
          const place =
            beginning.cursor.column === columns
              ? { column: 0, row: beginning.cursor.row + 1 }
              : beginning.cursor;
          expect(session.screen.lines).toEqual(fresh.lines);
          expect(session.screen.cursor).toEqual(place);
          expect(textWidth(text)).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
