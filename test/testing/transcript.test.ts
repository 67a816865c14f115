/** Transcripts: how they are read, and what is said of those that can't be. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  parseTranscripts,
  readTranscripts,
  TranscriptSyntaxError,
} from '../../src/testing/transcripts/transcript.js';

/** Markdown of its lines: a backtick is hard to write in a template. */
function markdown(...lines: string[]): string {
  return lines.join('\n').replaceAll("'''", '```');
}

function wireOf(...lines: string[]): Buffer {
  const [transcript] = parseTranscripts(
    markdown('## x', "'''wire", ...lines, "'''", "'''events", "'''"),
  );
  if (transcript?.kind !== 'events') throw new Error('no events');
  return transcript.wire;
}

describe('parseTranscripts', () => {
  it('finds wire and events under their heading', () => {
    const text = markdown(
      '# All about lines',
      '',
      '## Two lines ##',
      'Some words about them.',
      "'''wire",
      'one\\r\\n',
      'two\\r\\n',
      "'''",
      'They mean:',
      "'''events",
      'line one',
      'line two',
      "'''",
      '### Not a transcript',
      '## Nothing',
      "'''wire",
      "'''",
      "'''events",
      "'''",
    );
    expect(parseTranscripts(text, 'lines.md')).toEqual([
      {
        kind: 'events',
        title: 'Two lines',
        file: 'lines.md',
        line: 3,
        wire: Buffer.from('one\r\ntwo\r\n'),
        events: [
          { line: 11, text: 'line one' },
          { line: 12, text: 'line two' },
        ],
      },
      {
        kind: 'events',
        title: 'Nothing',
        file: 'lines.md',
        line: 15,
        wire: Buffer.alloc(0),
        events: [],
      },
    ]);
  });

  it('finds dialogues', () => {
    const text = markdown(
      '## Bye',
      "'''dialogue",
      'S: 220 hi\\r\\n',
      'C: QUIT\\n',
      'S closes',
      "'''",
    );
    expect(parseTranscripts(text)).toEqual([
      {
        kind: 'dialogue',
        title: 'Bye',
        file: 'transcript',
        line: 1,
        steps: [
          { line: 3, side: 'server', bytes: Buffer.from('220 hi\r\n') },
          { line: 4, side: 'client', bytes: Buffer.from('QUIT\n') },
          { line: 5, side: 'server', bytes: undefined },
        ],
      },
    ]);
  });

  it('knows its escapes, and takes all other text as UTF-8', () => {
    expect(wireOf('\\r\\n\\t\\0\\\\\\x7f\\xFf')).toEqual(
      Buffer.from('\r\n\t\0\\\x7f\xff', 'latin1'),
    );
    expect(wireOf(' ü – 👩‍👧 ', '\\xc3\\xbc')).toEqual(Buffer.from(' ü – 👩‍👧 ü'));
  });

  it('treats line ends of every kind as layout', () => {
    const text = markdown('## x', "'''wire", 'a', 'b\\n', "'''", "'''events", 'c', "'''");
    expect(parseTranscripts(text.replaceAll('\n', '\r\n'))).toEqual(parseTranscripts(text));
  });

  it('lets longer fences hold shorter ones', () => {
    const text = '## x\n````wire\n```\n````\n````events\n```ts\n````';
    expect(parseTranscripts(text)).toMatchObject([
      { wire: Buffer.from('```'), events: [{ line: 6, text: '```ts' }] },
    ]);
  });

  const MALFORMED: readonly [what: string, line: number, message: RegExp, ...lines: string[]][] = [
    ['a text without headings', 1, /no heading/, 'words', "'''wire", "'''"],
    ['a heading without blocks', 2, /"x" has no block/, '', '## x', 'words'],
    ['a block of an unknown kind', 2, /blocks of event:/, '## x', "'''event", "'''"],
    ['wire without events', 2, /blocks of wire:/, '## x', "'''wire", "'''"],
    ['events before wire', 2, /events, wire/, '## x', "'''events", "'''", "'''wire", "'''"],
    [
      'too many blocks',
      2,
      /wire, events, events/,
      '## x',
      ...["'''wire", "'''", "'''events", "'''", "'''events", "'''"],
    ],
    ['two dialogues', 2, /dialogue, dialogue/, '## x', "'''dialogue", "'''", "'''dialogue", "'''"],
    ['a block that does not end', 3, /without an end/, '## x', '', "'''wire", 'a'],
    ['a dialogue of no lines', 2, /empty dialogue/, '## x', "'''dialogue", "'''"],
    [
      'a line that nobody says',
      4,
      /"X: a" is not one of/,
      '## x',
      "'''dialogue",
      'C: a',
      'X: a',
      "'''",
    ],
    [
      'a word after closing',
      4,
      /C has already closed/,
      '## x',
      "'''dialogue",
      'C closes',
      'C: a',
      "'''",
    ],
    [
      'an unknown escape',
      4,
      /"\\q" is not an escape/,
      '## x',
      "'''wire",
      'a',
      'b\\q',
      "'''",
      "'''events",
      "'''",
    ],
    ['half an escape', 3, /is not an escape/, '## x', "'''wire", '\\x4', "'''", "'''events", "'''"],
    ['a lone backslash', 3, /is not an escape/, '## x', "'''dialogue", 'C: \\', "'''"],
    [
      'two transcripts of one name',
      6,
      /"x" exists twice/,
      ...['## x', "'''dialogue", 'C: a', "'''", '', '## x', "'''dialogue", 'C: a', "'''"],
    ],
  ];

  it.each(MALFORMED)('refuses %s, with its line', (_what, line, message, ...lines) => {
    let caught: unknown;
    try {
      parseTranscripts(markdown(...lines), 'bad.md');
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(TranscriptSyntaxError);
    expect(caught).toMatchObject({ code: 'ERR_TRANSCRIPT_SYNTAX', file: 'bad.md', line });
    expect((caught as Error).message).toMatch(message);
    expect((caught as Error).message).toMatch(new RegExp(`^bad\\.md:${line}: `));
  });

  it('refuses an invalid text', () => {
    expect(() => parseTranscripts(5 as never)).toThrow(TypeError);
  });
});

describe('readTranscripts', () => {
  it('reads a file by its path or URL, and names it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'transcripts-'));
    try {
      const path = join(folder, 'a.md');
      writeFileSync(path, markdown('## x', "'''dialogue", 'C: a', "'''"));
      expect(readTranscripts(path)).toMatchObject([{ title: 'x', file: path }]);
      expect(readTranscripts(pathToFileURL(path))).toEqual(readTranscripts(path));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('throws what the system says of a file that is not there', () => {
    expect(() => readTranscripts(join(tmpdir(), 'no such transcript.md'))).toThrow(/ENOENT/);
  });
});
