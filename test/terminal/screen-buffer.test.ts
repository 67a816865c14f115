import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../src/core/errors/arguments.js';
import { drawScreen } from '../../src/terminal/draw-screen.js';
import { ScreenBuffer, type ScreenBufferOptions } from '../../src/terminal/screen-buffer.js';
import { TerminalWriter } from '../../src/terminal/terminal-writer.js';

const SMALL = { columns: 10, rows: 4 } as const;

function shown(output: string, options: ScreenBufferOptions = SMALL): ScreenBuffer {
  const screen = new ScreenBuffer(options);
  screen.write(output);
  return screen;
}

/** The rows without the empty ones at the end. */
function rows(output: string, options?: ScreenBufferOptions): string[] {
  return shown(output, options).toString().replace(/\n+$/, '').split('\n');
}

describe('ScreenBuffer', () => {
  it.each<[what: string, output: string, ...rows: string[]]>([
    ['text and newlines', 'one\r\ntwo', 'one', 'two'],
    ['a line feed alone', 'one\ntwo', 'one', '   two'],
    ['text beyond the right margin', '0123456789ab', '0123456789', 'ab'],
    ['a full row and CRLF', '0123456789\r\nab', '0123456789', 'ab'],
    ['a full row and a backspace', '0123456789\bX', '01234567X9'],
    ['a full row without wrapping', '\x1b[?7l0123456789ab', '012345678b'],
    ['scrolling', '1\r\n2\r\n3\r\n4\r\n5', '2', '3', '4', '5'],
    ['a scroll region', '1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3H\n', '1', '3', '', '4'],
    [
      'reverse index at the top of the region',
      '1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[2H\x1bM',
      '1',
      '',
      '2',
      '4',
    ],
    ['origin mode', '\x1b[2;3r\x1b[?6h\x1b[1;1Ha\x1b[9;1Hb', '', 'a', 'b'],
    [
      'cursor movements that stop at the edges',
      '\x1b[99Ca\x1b[99Db\x1b[99Bc\x1b[99Ad',
      'b d      a',
      '',
      '',
      ' c',
    ],
    ['positions', '\x1b[2;3Ha\x1b[;5Hb\x1b[3dc\x1b[Gd', '    b', '  a', 'd    c'],
    ['tabs', 'a\tb\r\n\x1b[3g\ta', 'a       b', '         a'],
    ['tab stops of its own', '\x1b[3g\x1b[4G\x1bH\r\ta\x1b[Zb', '   b'],
    ['insert mode', 'abc\x1b[2G\x1b[4hXY\x1b[4lZ', 'aXYZc'],
    ['inserted characters', 'abcdefghij\x1b[3G\x1b[2@', 'ab  cdefgh'],
    ['deleted characters', 'abcdefghij\x1b[3G\x1b[2P', 'abefghij'],
    ['erased characters', 'abcdefghij\x1b[3G\x1b[2X', 'ab  efghij'],
    ['inserted lines', '1\r\n2\r\n3\r\n4\x1b[2H\x1b[L', '1', '', '2', '3'],
    ['deleted lines', '1\r\n2\r\n3\r\n4\x1b[2H\x1b[2M', '1', '4'],
    ['erasing to the end of the line', 'abcdef\x1b[3G\x1b[K', 'ab'],
    ['erasing to the beginning of the line', 'abcdef\x1b[3G\x1b[1K', '   def'],
    ['erasing to the end of the display', '1\r\n234\r\n5\x1b[2;2H\x1b[J', '1', '2'],
    ['erasing to the beginning of the display', '1\r\n234\r\n5\x1b[2;2H\x1b[1J', '', '  4', '5'],
    ['erasing the display', 'abc\x1b[2Jd', '   d'],
    ['line drawing', '\x1b(0lqk\x1b(Bq', '┌─┐q'],
    ['shift out and in', '\x1b)0a\x0ea\x0fa', 'a▒a'],
    ['a single shift', '\x1b*0\x1bNqq', '─q'],
    ['the British set', '\x1b(A#', '£'],
    ['repetition', 'ab\x1b[3b', 'abbbb'],
    ['repetition to the end of the row', 'a\x1b[65535b', 'aaaaaaaaaa'],
    ['saved cursors', 'a\x1b7\r\nb\x1b8c', 'ac', 'b'],
    ['the alternate screen', 'main\x1b[?1049h\x1b[Halternate\x1b[?1049l!', 'main!'],
    ['wide characters', '漢字\x1b[2Gx', ' x字'],
    ['a wide character at the right margin', '123456789漢', '123456789', '漢'],
    ['combining characters', 'e\u0301x\u0301', 'e\u0301x\u0301'],
    ['a combining character in the last column', '0123456789\u0301', '0123456789\u0301'],
    ['control characters of C1', 'a\u0085\u009bb', 'ab'],
    ['the alignment test', '\x1b#8', 'EEEEEEEEEE', 'EEEEEEEEEE', 'EEEEEEEEEE', 'EEEEEEEEEE'],
    ['a reset', 'abc\x1b[?6h\x1bcd', 'd'],
    ['unknown sequences', 'a\x1b[?2026h\x1b]8;;x\x1b\\\x1b[>4;1mb', 'ab'],
    ['new line mode', 'a\x1b[20h\nb', 'a', 'b'],
    ['next line and index', 'a\x1bEb\x1bDc', 'a', 'b', ' c'],
    ['scrolling up and down', '1\r\n2\x1b[S\x1b[2T', '', '', '2'],
  ])('shows %s', (_what, output, ...expected) => {
    expect(rows(output)).toEqual(expected);
  });

  it('keeps rows that scrolled off the top, up to a limit', () => {
    const screen = shown('1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8', { ...SMALL, scrollbackRows: 3 });
    expect(screen.scrollback).toEqual(['2', '3', '4']);
    screen.write('\x1b[3J');
    expect(screen.scrollback).toEqual([]);
    expect(screen.lines).toEqual(['5', '6', '7', '8']);
  });

  it('records styles', () => {
    const screen = shown(
      '\x1b[1;31ma\x1b[22;4:3;48;5;200mb\x1b[38;2;1;2;3mc\x1b[0;7md\x1b[me\x1b[38:2::9:8:7;91mf',
    );
    const styles = Array.from({ length: 6 }, (_, column) => screen.cell(column, 0).style);
    expect(styles).toEqual([
      { bold: true, foreground: 1 },
      { foreground: 1, underline: 'curly', background: 200 },
      { foreground: '#010203', underline: 'curly', background: 200 },
      { reverse: true },
      {},
      { foreground: 9 },
    ]);
  });

  it('erases with the background', () => {
    const screen = shown('abc\x1b[44m\x1b[2G\x1b[K\x1b[m');
    expect(screen.cell(9, 0)).toEqual({ text: ' ', style: { background: 4 } });
    expect(screen.cell(0, 0)).toEqual({ text: 'a', style: {} });
    screen.write('\x1b[2J');
    expect(screen.cell(9, 0)).toEqual({ text: ' ', style: {} });
  });

  it('answers requests', () => {
    const answers: string[] = [];
    const screen = new ScreenBuffer({ ...SMALL, onAnswer: (answer) => answers.push(answer) });
    screen.write('ab\r\nc\x1b[6n\x1b[5n\x1b[c\x1b[>c\x1b[18t');
    expect(answers).toEqual([
      '\x1b[2;2R',
      '\x1b[0n',
      '\x1b[?62;22c',
      '\x1b[>1;10;0c',
      '\x1b[8;4;10t',
    ]);
  });

  it('has a cursor behind the last column until the next character', () => {
    const screen = shown('0123456789');
    expect(screen.cursor).toEqual({ column: 10, row: 0 });
    expect(screen.isWrapped(0)).toBe(false);
    screen.write('x');
    expect(screen.cursor).toEqual({ column: 1, row: 1 });
    expect(screen.isWrapped(0)).toBe(true);
  });

  it('records titles, modes and sizes of rows', () => {
    const screen = shown('\x1b]0;one\x07\x1b]2;two\x1b\\\x1b[?2004;1h\x1b=\x1b#3');
    expect(screen.title).toBe('two');
    expect(screen.hasPrivateMode(2004)).toBe(true);
    expect(screen.applicationKeypad).toBe(true);
    expect(screen.rowSize(0)).toBe('doubleHeightTop');
    screen.write('\x1b[!p\x1b#5');
    expect(screen.hasPrivateMode(2004)).toBe(false);
    expect(screen.rowSize(0)).toBe('single');
  });

  it('removes rows below the cursor when it becomes lower, then those at the top, which return', () => {
    const screen = shown('1\r\n2\r\n3\r\n4\x1b[2H');
    screen.resize(10, 3);
    expect(screen.lines).toEqual(['1', '2', '3']);
    screen.resize(10, 1);
    expect(screen.lines).toEqual(['2']);
    expect(screen.scrollback).toEqual(['1']);
    expect(screen.cursor).toEqual({ column: 0, row: 0 });
    screen.resize(10, 3);
    expect(screen.lines).toEqual(['1', '2', '']);
    expect(screen.cursor).toEqual({ column: 0, row: 1 });
  });

  it('cuts rows off when it becomes narrower, and joins none when it becomes wider', () => {
    const screen = shown('abcdefghijkl\r\nlong line');
    expect(screen.lines.slice(0, 3)).toEqual(['abcdefghij', 'kl', 'long line']);
    screen.resize(4, 4);
    expect(screen.lines.slice(0, 3)).toEqual(['abcd', 'kl', 'long']);
    expect(screen.cursor).toEqual({ column: 3, row: 2 });
    screen.resize(20, 4);
    expect(screen.lines.slice(0, 3)).toEqual(['abcd', 'kl', 'long']);
    screen.write('\x1b[8Gx');
    expect(screen.lines[2]).toBe('long   x');
  });

  it('keeps the main screen while the alternate one is resized', () => {
    const screen = shown('abcdef\r\n2\x1b[?1049h\x1b[2Jedit');
    screen.resize(4, 2);
    screen.write('\x1b[?1049l');
    expect(screen.lines).toEqual(['abcd', '2']);
    expect(screen.cursor).toEqual({ column: 1, row: 1 });
  });

  it.each([{ columns: 0 }, { rows: 1001 }, { columns: 1.5 }, { scrollbackRows: -1 }])(
    'refuses %j',
    (options) => {
      expect(() => new ScreenBuffer(options)).toThrow(InvalidArgumentValueError);
    },
  );

  it('bounds the work and memory that a few bytes can cause', () => {
    const screen = new ScreenBuffer({ columns: 1000, rows: 1000 });
    screen.write(`e${'\u0301'.repeat(1000)}`);
    expect(screen.cell(0, 0).text.length).toBeLessThanOrEqual(16);
    screen.write(
      '\x1b[65535S\x1b[65535T\x1b[65535L\x1b[65535M\x1b[65535@\x1b[65535P\x1b[65535b\x1b[65535I',
    );
    for (let mode = 0; mode < 1000; mode++) screen.write(`\x1b[?${3000 + mode}h`);
    const set = Array.from({ length: 1000 }, (_, mode) => screen.hasPrivateMode(3000 + mode));
    expect(set.filter(Boolean).length).toBeLessThan(100);
    expect(screen.scrollback.length).toBeLessThanOrEqual(1000);
  });
});

const WORDS = [
  'a',
  'hello ',
  '漢字',
  'e\u0301',
  '0123456789ab',
  '\r',
  '\n',
  '\t',
  '\b',
  '\x1bM',
  '\x1b[4h',
  '\x1b[4l',
  '\x1b7',
  '\x1b8',
  '\x1b(0q\x1b(B',
  '\x1b[?7l',
  '\x1b[?7h',
  '\x1b[?1049h',
  '\x1b[?1049l',
  '\x1b[31m',
  '\x1b[44m',
  '\x1b[m',
];
const sequence = fc
  .tuple(fc.nat(12), fc.nat(12), fc.constantFrom(...'ABCDEFGHIJKLMPSTXZ@bdr'))
  .map(([one, two, final]) => `\x1b[${one};${two}${final}`);
const programs = fc
  .array(fc.oneof(fc.constantFrom(...WORDS), sequence), { maxLength: 40 })
  .map((parts) => parts.join(''));

describe('any output', () => {
  it('leaves cells that make whole characters, and a cursor on the screen', () => {
    fc.assert(
      fc.property(
        programs,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        (output, columns, height) => {
          const screen = shown(output, SMALL);
          screen.resize(columns, height);
          screen.write(output);
          expect(screen.cursor.column).toBeLessThanOrEqual(columns);
          expect(screen.cursor.row).toBeLessThan(height);
          for (let row = 0; row < height; row++) {
            for (let column = 0; column < columns; column++) {
              const { text } = screen.cell(column, row);
              const previous = column > 0 ? screen.cell(column - 1, row).text : ' ';
              // The second half of a wide character is behind its first one only.
              expect(text === '').toBe(/^[漢字]/u.test(previous));
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('can be drawn on another terminal', () => {
    fc.assert(
      fc.property(programs, (output) => {
        const screen = shown(output);
        const copy = shown('left over from before\x1b[41m\x1b[4h\x1b[2;3r');
        drawScreen(screen, new TerminalWriter((text) => copy.write(text)));
        for (let row = 0; row < screen.rows; row++) {
          for (let column = 0; column < screen.columns; column++) {
            expect(copy.cell(column, row)).toEqual(screen.cell(column, row));
          }
        }
        const { column, row } = screen.cursor;
        expect(copy.cursor).toEqual({ column: Math.min(column, 9), row });
        expect(copy.style).toEqual(screen.style);
      }),
      { numRuns: 300 },
    );
  });

  it('makes the same screen however it is cut', () => {
    fc.assert(
      fc.property(programs, fc.nat(), (output, at) => {
        const bytes = Buffer.from(output);
        const place = bytes.length === 0 ? 0 : at % bytes.length;
        const screen = new ScreenBuffer(SMALL);
        screen.write(bytes.subarray(0, place));
        screen.write(bytes.subarray(place));
        const whole = shown(output);
        expect(screen.lines).toEqual(whole.lines);
        expect(screen.cursor).toEqual(whole.cursor);
      }),
      { numRuns: 300 },
    );
  });
});
