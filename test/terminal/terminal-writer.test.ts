import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../src/core/errors/arguments.js';
import type { Terminal } from '../../src/terminal/terminal.js';
import { TerminalInterpreter } from '../../src/terminal/terminal-interpreter.js';
import { TerminalWriter } from '../../src/terminal/terminal-writer.js';
import { type Call, recordingTerminal } from './recording.js';

const count = fc.tuple(fc.integer({ min: 1, max: 65_535 }));
const place = fc.integer({ min: 0, max: 65_534 });
const none = fc.tuple();
const modes = fc.tuple(fc.array(fc.integer({ min: 0, max: 9999 }), { minLength: 1, maxLength: 5 }));
const text = fc.tuple(fc.stringMatching(/^[a-zé漢 ]{1,9}$/));
const attribute = fc.oneof(
  fc.integer({ min: 0, max: 107 }),
  fc.array(fc.integer({ min: -1, max: 255 }), { minLength: 2, maxLength: 6 }),
);

/** Arguments of all operations but `nextLine`, which is sent as two others. */
const OPERATIONS: {
  readonly [Name in Exclude<keyof Terminal, 'nextLine'>]: fc.Arbitrary<unknown[]>;
} = {
  alignmentTest: none,
  applicationKeypadMode: none,
  backTab: count,
  bell: none,
  carriageReturn: none,
  cursorBackward: count,
  cursorDown: count,
  cursorForward: count,
  cursorHome: none,
  cursorNextLine: count,
  cursorPosition: fc.tuple(place, place),
  cursorPreviousLine: count,
  cursorToColumn: fc.tuple(place),
  cursorToRow: fc.tuple(place),
  cursorUp: count,
  deleteCharacters: count,
  deleteLines: count,
  doubleHeightLine: fc.tuple(fc.boolean()),
  doubleWidthLine: none,
  eraseCharacters: count,
  eraseDisplay: none,
  eraseLine: none,
  eraseScrollback: none,
  eraseToDisplayBeginning: none,
  eraseToDisplayEnd: none,
  eraseToLineBeginning: none,
  eraseToLineEnd: none,
  horizontalTab: count,
  horizontalTabulationSet: none,
  index: none,
  insertCharacters: count,
  insertLines: count,
  lineFeed: none,
  numericKeypadMode: none,
  print: text,
  repeatCharacter: count,
  reportAttributes: none,
  reportCursorPosition: none,
  reportSecondaryAttributes: none,
  reportSize: none,
  reportStatus: none,
  reset: none,
  resetModes: modes,
  resetPrivateModes: modes,
  restoreCursor: none,
  reverseIndex: none,
  saveCursor: none,
  scrollDown: count,
  scrollUp: count,
  selectCharacterSet: fc.tuple(
    fc.constantFrom('us', 'uk', 'drawing', 'alternate', 'alternateDrawing'),
    fc.integer({ min: 0, max: 3 }),
  ),
  selectGraphicRendition: fc.tuple(fc.array(attribute, { maxLength: 5 })),
  setCursorStyle: fc.tuple(fc.integer({ min: 0, max: 6 })),
  setModes: modes,
  setPrivateModes: modes,
  setScrollRegion: fc.tuple(
    fc.option(place, { nil: undefined }),
    fc.option(place, { nil: undefined }),
  ),
  setTitle: text,
  shiftIn: none,
  shiftOut: none,
  singleShift2: none,
  singleShift3: none,
  singleWidthLine: none,
  softReset: none,
  tabulationClear: none,
  tabulationClearAll: none,
  unhandledControlSequence: fc.constantFrom(
    ['\x1b[?1;2z'],
    ['\x1b]52;c;text\x1b\\'],
    ['\x1b%G'],
    ['\x1b[5;5s'],
  ),
};

const operation = fc.oneof(
  ...Object.entries(OPERATIONS).map(([name, args]) =>
    args.map((values): Call => [name, ...values]),
  ),
);

describe('TerminalWriter', () => {
  it('sends sequences that the interpreter understands as the same operations', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 10 }), (operations) => {
        let sent = '';
        const writer = new TerminalWriter((piece) => {
          sent += piece;
        });
        const expected = recordingTerminal();
        for (const [name, ...args] of operations) {
          Reflect.get(writer, name).apply(writer, args);
          Reflect.get(expected.terminal, name).apply(expected.terminal, args);
        }
        const { terminal, calls } = recordingTerminal();
        new TerminalInterpreter(terminal).receive(Buffer.from(sent));
        expect(calls).toEqual(expected.calls);
      }),
      { numRuns: 1000 },
    );
  });

  it('sends CR and LF for nextLine', () => {
    const sent: string[] = [];
    new TerminalWriter((piece) => sent.push(piece)).nextLine();
    expect(sent).toEqual(['\r\n']);
  });

  it('prints no control characters: text of others contains no commands', () => {
    const sent: string[] = [];
    const writer = new TerminalWriter((piece) => sent.push(piece));
    writer.print('a\x1b[2J\x9bm\x07b');
    writer.setTitle('\x1b\\\x1b[2Jtitle\x07');
    expect(sent).toEqual(['a[2Jmb', '\x1b]2;\\[2Jtitle\x1b\\']);
  });

  it.each<[string, unknown[]]>([
    ['cursorUp', [0]],
    ['cursorPosition', [-1, 0]],
    ['cursorPosition', [0, 70_000]],
    ['setModes', [[1.5]]],
    ['selectGraphicRendition', [[70_000]]],
    ['selectCharacterSet', ['us', 4]],
    ['setCursorStyle', [7]],
  ])('refuses %s(%j)', (name, args) => {
    const writer = new TerminalWriter(() => {});
    expect(() => Reflect.get(writer, name).apply(writer, args)).toThrow(InvalidArgumentValueError);
  });
});
