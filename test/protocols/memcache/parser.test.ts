/** The parser: transcripts at every split, its contract, its limits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  InvalidMemcacheReplyError,
  MemcacheParser,
  type MemcachePart,
} from '../../../src/protocols/memcache/index.js';
import {
  decoderContract,
  everySplit,
  readTranscripts,
  runTranscript,
} from '../../../src/testing/index.js';
import { answersTo, partsOf } from './recording.js';

/** Values as Buffers of the ordinary kind, which `deepEqual` compares by their bytes. */
class ComparedParser extends MemcacheParser {
  override next(): MemcachePart | undefined {
    const part = super.next();
    return part?.type === 'value' ? { ...part, value: Buffer.from(part.value) } : part;
  }
}

describe('MemcacheParser', () => {
  const file = new URL('transcripts/answers.md', import.meta.url);
  it.each(readTranscripts(file))('$title', async (transcript) => {
    await runTranscript(transcript, { decode: (chunks) => partsOf(chunks) });
  });

  const contract = decoderContract({
    make: () => new ComparedParser({ maxValueBytes: 50, maxLineBytes: 64 }),
    wire: Buffer.from('VALUE a 1 3 7\r\nx\r\n\r\nEND\r\n12\r\n'),
    frames: [
      { type: 'value', key: 'a', flags: 1, cas: '7', value: Buffer.from('x\r\n') },
      { type: 'end' },
      { type: 'number', value: 12n },
    ],
    refused: [
      { name: 'words', wire: Buffer.from('hello\r\n'), error: InvalidMemcacheReplyError },
      { name: 'a cas', wire: Buffer.from('VALUE a 1 3 x\r\n'), error: InvalidMemcacheReplyError },
    ],
    unending: { bytes: Buffer.from('x'), maxBufferedBytes: 70, error: InvalidMemcacheReplyError },
  });
  for (const { name, run } of contract) it(name, run);

  it('accepts a line of exactly maxLineBytes', () => {
    const line = `VERSION ${'1'.repeat(56)}`;
    for (const chunks of everySplit(Buffer.from(`${line}\r\n`))) {
      expect([...partsOf(chunks)]).toEqual([line.replace('VERSION', 'version')]);
    }
  });

  it('gives values memory of their own', () => {
    const parser = new MemcacheParser();
    const chunk = Buffer.from('VALUE a 0 2\r\nhi\r\nEND\r\n');
    parser.receive(chunk);
    const part = parser.next();
    chunk.fill(0);
    expect(part).toMatchObject({ value: Buffer.from('hi') });
    expect(part?.type === 'value' && part.value.buffer.byteLength).toBe(2);
  });

  it.each([
    { maxValueBytes: -1 },
    { maxLineBytes: 63 },
    { maxUnanswered: 0 },
    { maxStats: 0 },
    { maxLineBytes: '64' },
  ])('refuses %j', (limits) => {
    expect(() => new MemcacheParser(limits as never)).toThrow(/must be/);
  });

  it('reads random lines in the same way however they are cut', () => {
    const line = fc.constantFrom(
      'VALUE a 0 3 4\r\nabc\r\n',
      'END\r\n',
      'STORED\r\n',
      'HD O1\r\n',
      'VA 3 O1\r\nabc\r\n',
      'STAT a b\r\n',
      'VERSION 1\r\n',
      'MN\r\n',
      'ERROR\r\n',
      'x',
      '\r\n',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const wire = Buffer.from(lines.join(''));
        const whole = answersTo([wire]);
        for (const chunks of everySplit(wire)) expect(answersTo(chunks)).toEqual(whole);
      }),
      { numRuns: 100 },
    );
  });
});
