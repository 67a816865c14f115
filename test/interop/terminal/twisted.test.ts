/** twisted.conch.insults as an oracle, for what both understand. It has mistakes, which are named where they are left out. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyOf } from '../../../src/terminal/key.js';
import { KeyParser } from '../../../src/terminal/key-parser.js';
import type { CharacterSet } from '../../../src/terminal/terminal.js';
import { TerminalInterpreter } from '../../../src/terminal/terminal-interpreter.js';
import { TerminalProtocol } from '../../../src/terminal/terminal-protocol.js';
import { TerminalTransport } from '../../../src/terminal/terminal-transport.js';
import { TerminalWriter } from '../../../src/terminal/terminal-writer.js';
import { randomOf } from '../../protocols/http/differential/messages.js';
import { PeerProgram, TWISTED_PYTHON } from '../../support/peers.js';
import { type Call, keyText, recordingTerminal } from '../../terminal/recording.js';

const TWISTED = TWISTED_PYTHON !== undefined;
if (!TWISTED) console.warn('skipped: there is no Python with Twisted here');

const SETS: readonly CharacterSet[] = ['us', 'uk', 'drawing', 'alternate', 'alternateDrawing'];
const THEIR_SETS = ['CS_US', 'CS_UK', 'CS_DRAWING', 'CS_ALTERNATE', 'CS_ALTERNATE_SPECIAL'];
const COUNTED = ['cursorUp', 'cursorDown', 'cursorForward', 'cursorBackward'] as const;
const SIMPLE = [
  ...([
    'cursorHome',
    'index',
    'reverseIndex',
    'saveCursor',

    'eraseDisplay',
  ] as const),
  ...(['applicationKeypadMode', 'numericKeypadMode', 'singleShift2', 'singleShift3'] as const),
  ...(['horizontalTabulationSet', 'reset', 'singleWidthLine', 'doubleWidthLine'] as const),
  ...(['eraseToLineEnd', 'eraseToLineBeginning', 'eraseLine', 'eraseToDisplayEnd'] as const),
  ...(['eraseToDisplayBeginning'] as const),
];

/** Our name and arguments of an operation, and theirs. */
type Pair = readonly [ours: Call, theirs: Call];

function randomOperation(random: (below: number) => number): Pair {
  const count = 1 + random(20);
  const numbers = Array.from({ length: 1 + random(3) }, () => random(30));
  switch (random(9)) {
    case 0: {
      const name = COUNTED[random(COUNTED.length)] ?? 'cursorUp';
      return [
        [name, count],
        [name, count],
      ];
    }
    case 1:
      return [
        ['deleteCharacters', count],
        ['deleteCharacter', count],
      ];
    case 2:
      return random(2) === 0
        ? [
            ['insertLines', count],
            ['insertLine', count],
          ]
        : [
            ['deleteLines', count],
            ['deleteLine', count],
          ];
    case 3: {
      const name = random(2) === 0 ? 'setModes' : 'resetModes';
      return [
        [name, numbers],
        [name, numbers],
      ];
    }
    case 4:
      return [
        ['selectGraphicRendition', numbers],
        ['selectGraphicRendition', ...numbers],
      ];
    case 5: {
      const set = random(SETS.length);
      const which = random(2);
      return [
        ['selectCharacterSet', SETS[set], which],
        ['selectCharacterSet', THEIR_SETS[set], `G${which}`],
      ];
    }
    case 6: {
      const top = random(2) === 0;
      return [
        ['doubleHeightLine', top],
        ['doubleHeightLine', top],
      ];
    }
    case 7:
      // Their rows count from 1 here, and from 0 elsewhere.
      return [
        ['setScrollRegion', count, count + 3],
        ['setScrollRegion', count + 1, count + 4],
      ];
    default: {
      const name = SIMPLE[random(SIMPLE.length)] ?? 'reset';
      return [[name], [name]];
    }
  }
}

function sentBy(calls: readonly Call[]): string {
  let sent = '';
  const writer = new TerminalWriter((text) => {
    sent += text;
  });
  for (const [name, ...args] of calls) Reflect.get(writer, name).apply(writer, args);
  return sent;
}

const KEY_NAMES: Readonly<Record<string, string>> = {
  '[UP_ARROW]': 'ArrowUp',
  '[DOWN_ARROW]': 'ArrowDown',
  '[RIGHT_ARROW]': 'ArrowRight',
  '[LEFT_ARROW]': 'ArrowLeft',
  '[HOME]': 'Home',
  '[END]': 'End',
  '[INSERT]': 'Insert',
  '[DELETE]': 'Delete',
  '[PGUP]': 'PageUp',
  '[PGDN]': 'PageDown',
  '[NUMPAD_MIDDLE]': 'Clear',
  '\t': 'Tab',
  '\r': 'Enter',
  '\x7f': 'Backspace',
  ...Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`[F${at + 1}]`, `F${at + 1}`])),
};

describe.skipIf(!TWISTED)('as twisted.conch.insults', () => {
  let twisted: PeerProgram;
  let answers = 1;

  beforeAll(async () => {
    twisted = await PeerProgram.python('twisted_terminal');
  });

  afterAll(() => twisted[Symbol.asyncDispose]());

  async function ask(kind: string, argument: unknown): Promise<unknown> {
    const index = answers++;
    twisted.write(`${JSON.stringify([kind, argument])}\n`);
    const lines = (): string[] => twisted.stdout.split('\n');
    await twisted.until(() => lines().length > index + 1, 'to answer');
    return JSON.parse(lines()[index] ?? '');
  }

  it('there is a method for each of theirs', async () => {
    // A connection has addresses.
    const ofConnections = ['getPeer', 'getHost', 'writeSequence'];
    const theirs = (await ask('names', 'ITerminalTransport')) as string[];
    expect(theirs.length).toBeGreaterThan(40);
    const ours = theirs
      .filter((name) => !ofConnections.includes(name))
      .map((name) => OUR_NAMES[name] ?? name);
    expect(ours.filter((name) => !(name in TerminalTransport.prototype))).toEqual([]);
    const called = (await ask('names', 'ITerminalProtocol')) as string[];
    const callbacks = called.map((name) => OUR_NAMES[name] ?? name);
    expect(callbacks.filter((name) => !(name in TerminalProtocol.prototype))).toEqual([]);
  });

  it('the writer sends the same bytes for the same operations', async () => {
    const random = randomOf(15);
    for (let times = 0; times < 100; times++) {
      const pairs = Array.from({ length: 20 }, () => randomOperation(random));
      const theirs = pairs.map(([, call]) =>
        call[0] === 'selectGraphicRendition' ? call.map(String) : call,
      );
      expect(sentBy(pairs.map(([call]) => call))).toBe(await ask('write', theirs));
    }
    const positions: Call[] = [
      ['cursorPosition', 3, 4],
      ['setPrivateModes', [1, 25]],
      ['resetPrivateModes', [7]],
      ['nextLine'],
      ['saveCursor'],
      ['restoreCursor'],
    ];
    expect(sentBy(positions)).toBe(await ask('write', positions));
  });

  it('the interpreter calls the same operations for the same bytes', async () => {
    const random = randomOf(16);
    for (let times = 0; times < 100; times++) {
      const pairs = Array.from({ length: 20 }, () => randomOperation(random));
      const sent = pairs
        .map(([call]) => `${sentBy([call])}${random(3) === 0 ? 'text' : ''}`)
        .join('');
      const { terminal, calls } = recordingTerminal();
      new TerminalInterpreter(terminal).receive(Buffer.from(sent));
      const theirs = (await ask('client', sent)) as Call[];
      const expected = calls.map((call) => inTheirWords(call));
      expect(theirs).toEqual(expected);
    }
  });

  it('the parser finds the same keys', async () => {
    const random = randomOf(17);
    const words = [
      ...[
        'a',
        'Z',
        ' ',
        '~',
        '\t',
        '\x7f',
        '\x1bx',
        '\x1b[A',
        '\x1b[B',
        '\x1b[C',
        '\x1b[D',
        '\x1b[E',
        '\x1b[F',
        '\x1b[H',
      ],
      ...['\x1b[Z', '\x1bOP', '\x1bOQ', '\x1bOR', '\x1bOS'],
      ...[1, 2, 3, 4, 5, 6, 15, 17, 18, 19, 20, 21, 23, 24].map((number) => `\x1b[${number}~`),
      ...['\x1b[99~', '\x1b[?5y', '\x1b[5A'],
    ];
    for (let times = 0; times < 50; times++) {
      const sent = Array.from({ length: 20 }, () => words[random(words.length)]).join('');
      const parser = new KeyParser();
      parser.receive(Buffer.from(sent));
      const ours: string[] = [];
      for (let event = parser.next(); event !== undefined; event = parser.next()) {
        ours.push(event === 'key' ? keyText(parser.key) : parser.text);
      }
      const theirs = ((await ask('keys', sent)) as [string, string, string | null][]).map(
        ([call, key, modifier]) => {
          if (call === 'unhandledControlSequence') return key;
          const name = KEY_NAMES[key] ?? key;
          return keyText(
            keyOf(
              name,
              ...(modifier === null ? [] : ([modifier === '[ALT]' ? 'alt' : 'shift'] as const)),
            ),
          );
        },
      );
      expect(ours).toEqual(theirs);
    }
  });
});

/** Those that differ. */
const OUR_NAMES: Readonly<Record<string, string>> = {
  deleteCharacter: 'deleteCharacters',
  insertLine: 'insertLines',
  deleteLine: 'deleteLines',
  reportCursorPosition: 'queryCursorPosition',
  keystrokeReceived: 'keyReceived',
};

/** The call that they make for one of ours. */
function inTheirWords([name, ...args]: Call): Call {
  switch (name) {
    case 'print':
      return ['write', ...args];
    case 'deleteCharacters':
      return ['deleteCharacter', ...args];
    case 'insertLines':
      return ['insertLine', ...args];
    case 'deleteLines':
      return ['deleteLine', ...args];
    case 'selectGraphicRendition':
      return [name, ...(args[0] as number[])];
    case 'selectCharacterSet':
      return [name, THEIR_SETS[SETS.indexOf(args[0] as CharacterSet)], `G${args[1]}`];
    case 'setScrollRegion':
      return [name, (args[0] as number) + 1, (args[1] as number) + 1];
    default:
      return [name, ...args];
  }
}
