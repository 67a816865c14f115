import { describe, expect, it } from 'vitest';
import { LineBlockReader } from '../../src/framing/line-block-reader.js';

class ProblemError extends Error {}

const reader = (maxLineBytes = 10): LineBlockReader =>
  new LineBlockReader(maxLineBytes, (problem) => new ProblemError(problem));

/** Reads a line and a block of three bytes in turns, and overwrites each chunk when all was read. */
function readAll(chunks: readonly Buffer[]): { read: string[]; bufferedBytes: number } {
  const lines = reader();
  const read: string[] = [];
  for (const chunk of chunks) {
    lines.receive(chunk);
    for (;;) {
      const next = read.length % 2 === 0 ? lines.line() : lines.block(3, 'a block')?.toString();
      if (next === undefined) break;
      read.push(next);
    }
    chunk.fill('!');
  }
  return { read, bufferedBytes: lines.bufferedBytes };
}

describe('LineBlockReader', () => {
  it('reads lines and blocks at every split', () => {
    const bytes = Buffer.from('é 3\r\n\r\nx\r\n\r\na\nb\r\n0123456789\r\n');
    const read = ['é 3', '\r\nx', '', 'a\nb', '0123456789'];
    for (let at = 0; at <= bytes.length; at++) {
      const halves = [Buffer.from(bytes.subarray(0, at)), Buffer.from(bytes.subarray(at))];
      expect(readAll(halves)).toEqual({ read, bufferedBytes: 0 });
    }
    const octets = Array.from(bytes, (octet) => Buffer.of(octet));
    expect(readAll(octets)).toEqual({ read, bufferedBytes: 0 });
  });

  it('counts the bytes that were not returned', () => {
    expect(readAll([Buffer.from('a\r\nxyz\r')])).toEqual({ read: ['a'], bufferedBytes: 4 });
  });

  it.each(['01234567890\r\n', '012345678901', '01234567890\r'])(
    'refuses the long line %j',
    (text) => {
      const lines = reader();
      lines.receive(Buffer.from(text));
      expect(() => lines.line()).toThrow('a line is longer than maxLineBytes, 10');
    },
  );

  it('waits for the end of a line that has its full length', () => {
    const lines = reader();
    lines.receive(Buffer.from('0123456789\r'));
    expect(lines.line()).toBeUndefined();
  });

  it.each(['\n', 'a\n'])('refuses the line %j', (text) => {
    const lines = reader();
    lines.receive(Buffer.from(text));
    expect(() => lines.line()).toThrow(new ProblemError('a line does not end with CRLF'));
  });

  it.each(['xyz\n\n', 'xyz\r\r', 'xyz..'])('refuses the block %j', (text) => {
    const lines = reader();
    lines.receive(Buffer.from(text));
    expect(() => lines.block(3, 'a value')).toThrow('a value does not end with CRLF');
  });

  it('gives blocks memory of their own', () => {
    const lines = reader();
    const chunk = Buffer.from('xyz\r\n');
    lines.receive(chunk);
    const block = lines.block(3, 'a block');
    chunk.fill('!');
    expect(block?.toString()).toBe('xyz');
  });

  it('has the same error once it was spoiled', () => {
    const lines = reader();
    const error = new ProblemError('no');
    expect(lines.spoil(error)).toBe(error);
    expect(() => lines.expectUsable()).toThrow(error);
    expect(() => lines.receive(Buffer.from('a'))).toThrow(error);
  });
});
