/**
 * Transcripts: protocol tests written as Markdown that people read. A heading of the second level begins one; its code
 * blocks are the bytes on the wire and their meaning; all other text is for the reader.
 *
 *     ## A chunk extension is ignored          ## A polite good-bye
 *
 *     ```wire                                  ```dialogue
 *     3;name=value\r\n                         S: 220 ready\r\n
 *     abc\r\n                                  C: QUIT\r\n
 *     ```                                      S: 221 bye\r\n
 *     ```events                                S closes
 *     data "abc"                               ```
 *     ```
 *
 * The ends of lines of a file are layout. The text between them is bytes: UTF-8, with the escapes `\r`, `\n`, `\t`, `\0`,
 * `\xHH` and `\\`.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { RopewalkError } from '../../core/errors/base.js';
import { checkString } from '../../internal/check.js';

/** A line of a transcript and its position. */
export interface TranscriptLine {
  readonly line: number;
  readonly text: string;
}

/** One action of one side of a dialogue. */
export interface DialogueStep {
  readonly line: number;
  readonly side: 'client' | 'server';
  /** The bytes it sends; undefined if it closes the connection. */
  readonly bytes: Buffer | undefined;
}

interface TranscriptHead {
  /** The text of the heading, unique in its file. */
  readonly title: string;
  /** The name of its file, for messages. */
  readonly file: string;
  /** The heading's line. */
  readonly line: number;
}

/** Bytes and the events that a decoder makes of them. */
export interface EventsTranscript extends TranscriptHead {
  readonly kind: 'events';
  readonly wire: Buffer;
  readonly events: readonly TranscriptLine[];
}

/** The bytes that two sides exchange, in order. */
export interface DialogueTranscript extends TranscriptHead {
  readonly kind: 'dialogue';
  readonly steps: readonly DialogueStep[];
}

export type Transcript = EventsTranscript | DialogueTranscript;

/** A transcript that can't be run: the message gives file and line. The mistake is in the transcript. */
export class TranscriptSyntaxError extends RopewalkError {
  override readonly name = 'TranscriptSyntaxError';
  override readonly code = 'ERR_TRANSCRIPT_SYNTAX';
  readonly file: string;
  readonly line: number;

  constructor(file: string, line: number, what: string) {
    super(`${file}:${line}: ${what}`);
    this.file = file;
    this.line = line;
  }
}

/**
 * Reads the transcripts of a Markdown file.
 * @throws TranscriptSyntaxError; the errors of `readFileSync`.
 */
export function readTranscripts(file: string | URL): Transcript[] {
  const path = typeof file === 'string' ? file : fileURLToPath(file);
  return parseTranscripts(readFileSync(path, 'utf8'), path);
}

/**
 * Finds the transcripts of a Markdown text, in order.
 * @param file Its name, for messages. Default `transcript`.
 * @throws TranscriptSyntaxError there are none; a heading without a transcript; blocks that are of no known kind, do not
 * fit together or do not end; two headings with the same text; lines and escapes without a meaning.
 */
export function parseTranscripts(markdown: string, file = 'transcript'): Transcript[] {
  const sections = sectionsOf(checkString('markdown', markdown).split(/\r?\n/), file);
  const titles = new Set<string>();
  return sections.map((section) => {
    const { title, line } = section;
    if (titles.has(title)) throw new TranscriptSyntaxError(file, line, `"${title}" exists twice`);
    titles.add(title);
    return transcriptOf(section, file);
  });
}

/** A fenced block of any language. */
interface Block {
  readonly language: string;
  readonly line: number;
  readonly lines: readonly TranscriptLine[];
}

interface Section {
  readonly title: string;
  readonly line: number;
  readonly blocks: Block[];
}

const FENCE = /^(`{3,})\s*(\S*)\s*$/;
const HEADING = /^(#{1,2})\s+(.*?)\s*#*$/;

function sectionsOf(lines: readonly string[], file: string): Section[] {
  const sections: Section[] = [];
  let section: Section | undefined;
  for (let at = 0; at < lines.length; at++) {
    const text = lines[at] ?? '';
    const [, fence, language = ''] = FENCE.exec(text) ?? [];
    if (fence !== undefined) {
      const end = lines.indexOf(fence, at + 1);
      if (end < 0) throw new TranscriptSyntaxError(file, at + 1, 'a block without an end');
      const content = lines.slice(at + 1, end);
      const first = at + 2;
      section?.blocks.push({
        language,
        line: at + 1,
        lines: content.map((line, index) => ({ line: first + index, text: line })),
      });
      at = end;
      continue;
    }
    const [, marks, title = ''] = HEADING.exec(text) ?? [];
    if (marks === undefined) continue;
    section = marks === '##' ? { title, line: at + 1, blocks: [] } : undefined;
    if (section !== undefined) sections.push(section);
  }
  if (sections.length === 0) throw new TranscriptSyntaxError(file, 1, 'no heading (##) at all');
  return sections;
}

function transcriptOf({ title, line, blocks }: Section, file: string): Transcript {
  const [first, second, third] = blocks;
  const head = { title, file, line };
  const languages = blocks.map(({ language }) => language).join(', ');
  if (first?.language === 'wire' && second?.language === 'events' && third === undefined) {
    const wire = Buffer.concat(first.lines.map((one) => bytesOf(one, file)));
    return { kind: 'events', ...head, wire, events: second.lines };
  }
  if (first?.language === 'dialogue' && second === undefined) {
    return { kind: 'dialogue', ...head, steps: stepsOf(first, file) };
  }
  const found = blocks.length === 0 ? 'no block' : `blocks of ${languages}`;
  throw new TranscriptSyntaxError(
    file,
    first?.line ?? line,
    `"${title}" has ${found}: a transcript is wire and events, or one dialogue`,
  );
}

const STEP = /^([CS])(?:: (.*)| (closes))$/;

function stepsOf(block: Block, file: string): DialogueStep[] {
  const steps: DialogueStep[] = [];
  const closed = new Set<string>();
  for (const { line, text } of block.lines) {
    const [, letter, bytes] = STEP.exec(text) ?? [];
    if (letter === undefined) {
      const what = `${JSON.stringify(text)} is not one of "C: bytes", "S: bytes", "C closes", "S closes"`;
      throw new TranscriptSyntaxError(file, line, what);
    }
    if (closed.has(letter))
      throw new TranscriptSyntaxError(file, line, `${letter} has already closed`);
    if (bytes === undefined) closed.add(letter);
    steps.push({
      line,
      side: letter === 'C' ? 'client' : 'server',
      bytes: bytes === undefined ? undefined : bytesOf({ line, text: bytes }, file),
    });
  }
  if (steps.length === 0) throw new TranscriptSyntaxError(file, block.line, 'an empty dialogue');
  return steps;
}

const ESCAPES: Readonly<Record<string, number>> = { r: 13, n: 10, t: 9, 0: 0, '\\': 92 };

/** The bytes that a line represents. */
function bytesOf({ line, text }: TranscriptLine, file: string): Buffer {
  const parts: Buffer[] = [];
  for (const [part, hex, letter] of text.matchAll(/\\x([0-9a-fA-F]{2})|\\(.?)|[^\\]+/gu)) {
    if (hex !== undefined) parts.push(Buffer.of(Number.parseInt(hex, 16)));
    else if (letter === undefined) parts.push(Buffer.from(part));
    else {
      const byte = ESCAPES[letter];
      if (byte === undefined) {
        throw new TranscriptSyntaxError(
          file,
          line,
          `"${part}" is not an escape: \\r \\n \\t \\0 \\xHH \\\\`,
        );
      }
      parts.push(Buffer.of(byte));
    }
  }
  return Buffer.concat(parts);
}
