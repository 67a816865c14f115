/** Fuzz targets of terminals. */
import { ok } from 'node:assert/strict';
import { KeyParser } from '../../../src/terminal/key-parser.js';
import { LineEditor } from '../../../src/terminal/line-editor.js';
import { ScreenBuffer } from '../../../src/terminal/screen-buffer.js';
import { controlEvents, keyEvents } from '../../terminal/recording.js';
import { buffers, sameWhenCut, type Target } from '../target.js';

const TERMINAL_WORDS = [
  ...[
    '\x1b[',
    '\x1b]',
    '\x1bP',
    '\x1b\\',
    '\x07',
    '\x1b',
    '\x18',
    '\r',
    '\n',
    '\t',
    '\b',
    ';',
    ':',
    '?',
    '65535',
  ],
  ...[
    '\x1b[H',
    '\x1b[2J',
    '\x1b[?1049h',
    '\x1b[?1049l',
    '\x1b[2;3r',
    '\x1b[?6h',
    '\x1b[4h',
    '\x1b[99@',
    '\x1b[99P',
  ],
  ...[
    '\x1b[A',
    '\x1b[200~',
    '\x1b[201~',
    '\x1bO',
    '\xe6\xbc\xa2',
    '\xcc\x81',
    '\xf0\x9f',
    '\x1b7',
    '\x1b8',
    '\x12',
    '\x19',
  ],
];

/** The screen after output that arrives in these chunks, in a size that changes in between. */
function screenAfter(chunks: readonly Buffer[]): unknown {
  let answers = 0;
  const screen = new ScreenBuffer({
    columns: 7,
    rows: 4,
    scrollbackRows: 5,
    onAnswer: () => answers++,
  });
  for (const chunk of chunks) screen.write(chunk);
  const { cursor, lines, scrollback, title } = screen;
  ok(cursor.column <= 7 && cursor.row < 4 && lines.length === 4 && scrollback.length <= 5);
  screen.resize(3, 2);
  screen.resize(9, 5);
  ok(screen.lines.length === 5 && screen.cursor.column <= 9 && screen.cursor.row < 5);
  return { cursor, lines, scrollback, title, answers };
}

/** All that a line editor does with these bytes. */
function editedLines(chunks: readonly Buffer[]): string[] {
  const keys = new KeyParser();
  const editor = new LineEditor({ columns: 7, maxLength: 50 });
  const lines: string[] = [];
  for (const chunk of chunks) {
    keys.receive(chunk);
    for (let key = keys.next(); key !== undefined; key = keys.next()) {
      if (!editor.editing) editor.start('> ');
      if (key === 'key') editor.receiveKey(keys.key);
      else if (key === 'paste') for (const character of keys.text) editor.receivePaste(character);
      for (let event = editor.next(); event !== undefined; event = editor.next()) {
        lines.push(event === 'line' ? editor.line : event);
        editor.complete({ from: 0, candidates: ['a'] });
      }
      ok(editor.text.length <= 50 && editor.cursor <= editor.text.length);
    }
    editor.takeOutput();
  }
  return [...lines, editor.text];
}

export const TARGETS: Readonly<Record<string, Target>> = {
  'terminal-output': {
    seeds: buffers(
      'text\r\n\x1b[2;3H\x1b[1;38;5;9mcolour\x1b[m\x1b]0;title\x07',
      '\x1b[?1049h\x1b[2;3r\x1b[H\x1bM\x1b[L\x1b[K\x1b[?1049l',
      '\xe6\xbc\xa2\xe5\xad\x97\x1b[2G\x1b[X\x1b(0qqq\x1b(B\x1b7\x1b[5b\x1b8',
    ),
    words: TERMINAL_WORDS,
    check(bytes, random) {
      sameWhenCut(bytes, random, (chunks) => controlEvents(chunks, { maxStringLength: 20 }));
      sameWhenCut(bytes, random, screenAfter);
    },
  },
  'terminal-keys': {
    seeds: buffers(
      'text\x1b[A\x1b[1;5D\x1bOP\r',
      '\x1b[200~pasted\r\n\x1b[201~\x01\x0b\x19\x14\x1f\t',
      'one\rtwo\r\x12o\x12\x07\x1b[3~\x1bb\x1bd\xc3\xa9\x7f',
    ),
    words: TERMINAL_WORDS,
    check(bytes, random) {
      sameWhenCut(bytes, random, (chunks) => keyEvents(chunks));
      sameWhenCut(bytes, random, editedLines);
    },
  },
};
