/** The difference between a run and its transcript: an assertion error that shows the lines of the file. */
import { AssertionError } from 'node:assert/strict';

import type { Transcript, TranscriptLine } from './transcript.js';

/**
 * @param when The subject of the comparison, for the message.
 * @param lastLine The line to name if too much happened. Default: the transcript's heading.
 * @throws AssertionError `actual` differs from the lines.
 */
export function compareLines(
  { title, file, line }: Transcript,
  expected: readonly TranscriptLine[],
  actual: readonly string[],
  when: string,
  lastLine: number = line,
): void {
  const wanted = expected.map(({ text }) => text);
  const first = wanted.findIndex((text, index) => text !== actual[index]);
  if (first < 0 && actual.length === wanted.length) return;
  const at = expected[first]?.line ?? expected.at(-1)?.line ?? lastLine;
  throw new AssertionError({
    message: `${file}:${at}: "${title}", ${when}:\n${differences(expected, actual).join('\n')}`,
    actual,
    expected: wanted,
    operator: 'compareLines',
  });
}

/** The common beginning, the difference, the common end. `-` was expected, `+` happened. */
function differences(expected: readonly TranscriptLine[], actual: readonly string[]): string[] {
  let start = 0;
  while (start < expected.length && expected[start]?.text === actual[start]) start++;
  let end = 0;
  const most = Math.min(expected.length, actual.length) - start;
  while (end < most && expected.at(-1 - end)?.text === actual.at(-1 - end)) end++;
  const numbered = (mark: string, { line, text }: TranscriptLine): string =>
    `${mark} ${String(line).padStart(4)}  ${text}`;
  return [
    ...expected.slice(0, start).map((one) => numbered(' ', one)),
    ...expected.slice(start, expected.length - end).map((one) => numbered('-', one)),
    ...actual.slice(start, actual.length - end).map((text) => `+       ${text}`),
    ...expected.slice(expected.length - end).map((one) => numbered(' ', one)),
  ];
}

const LETTERS: ReadonlyMap<number, string> = new Map([
  [0, '\\0'],
  [9, '\\t'],
  [10, '\\n'],
  [13, '\\r'],
  [92, '\\\\'],
]);

/** Bytes as a transcript writes them. Text beyond ASCII is unchanged if all of the bytes are UTF-8. */
export function escapeBytes(bytes: Buffer): string {
  const text = bytes.toString();
  const isText = Buffer.from(text).equals(bytes);
  const codes = isText ? Array.from(text, (character) => character.codePointAt(0) ?? 0) : bytes;
  return Array.from(codes, (code) => LETTERS.get(code) ?? escapeCode(code, isText)).join('');
}

function escapeCode(code: number, isText: boolean): string {
  const readable = code >= 32 && code !== 127 && (isText || code < 127);
  return readable ? String.fromCodePoint(code) : `\\x${code.toString(16).padStart(2, '0')}`;
}
