/** The parser and the order of answers: transcripts at every split, the contract of decoders, limits; commands as bytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  InvalidRedisCommandError,
  InvalidRedisReplyError,
  type RedisCommand,
  RedisConnection,
  type RedisEvent,
  RedisOverloadError,
  RedisParser,
  type RedisValue,
  serializeCommand,
} from '../../../src/protocols/redis/index.js';
import {
  decoderContract,
  everySplit,
  readTranscripts,
  runTranscript,
} from '../../../src/testing/index.js';
import { answersTo, eventsOf, shown } from './recording.js';

/** Strings as Buffers of the ordinary kind, which `deepEqual` compares by their bytes. */
class ComparedParser extends RedisParser {
  override next(): RedisEvent | undefined {
    const event = super.next();
    if (event?.type !== 'reply') return event;
    const { value } = event;
    return { type: 'reply', value: Buffer.isBuffer(value) ? Buffer.from(value) : value };
  }
}

describe('RedisParser', () => {
  const file = new URL('transcripts/answers.md', import.meta.url);
  it.each(readTranscripts(file))('$title', async (transcript) => {
    await runTranscript(transcript, { decode: (chunks) => eventsOf(chunks) });
  });

  const contract = decoderContract({
    make: () => new ComparedParser({ maxBulkBytes: 50, maxLineBytes: 64 }),
    wire: Buffer.from('$3\r\nx\r\n\r\n+OK\r\n*2\r\n:1\r\n:2\r\n'),
    frames: [
      { type: 'reply', value: Buffer.from('x\r\n') },
      { type: 'reply', value: 'OK' },
      { type: 'reply', value: [1, 2] },
    ],
    refused: [
      { name: 'words', wire: Buffer.from('hello\r\n'), error: InvalidRedisReplyError },
      { name: 'an integer', wire: Buffer.from(':x\r\n'), error: InvalidRedisReplyError },
      { name: 'a double', wire: Buffer.from(',1..2\r\n'), error: InvalidRedisReplyError },
      { name: 'an empty line', wire: Buffer.from('\r\n'), error: InvalidRedisReplyError },
    ],
    unending: { bytes: Buffer.from('+'), maxBufferedBytes: 70, error: InvalidRedisReplyError },
  });
  for (const { name, run } of contract) it(name, run);

  it('gives strings memory of their own', () => {
    const parser = new RedisParser();
    const chunk = Buffer.from('$2\r\nhi\r\n');
    parser.receive(chunk);
    const event = parser.next();
    chunk.fill(0);
    expect(event).toMatchObject({ value: Buffer.from('hi') });
    expect(((event as { value: Buffer }).value.buffer as ArrayBuffer).byteLength).toBe(2);
  });

  it.each([
    { maxBulkBytes: -1 },
    { maxLineBytes: 63 },
    { maxElements: 0 },
    { maxDepth: 0 },
    { maxUnanswered: 0 },
    { maxLineBytes: '64' },
  ])('refuses %j', (limits) => {
    expect(() => new RedisParser(limits as never)).toThrow(/must be/);
  });

  it('reads random lines in the same way however they are cut', () => {
    const line = fc.constantFrom(
      '$3\r\nabc\r\n',
      '*2\r\n',
      '>2\r\n$9\r\nsubscribe\r\n+a\r\n',
      '%1\r\n',
      '+OK\r\n',
      ':1\r\n',
      '_\r\n',
      '|1\r\n',
      '-ERR x\r\n',
      '\r\n',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 7 }), (lines) => {
        const wire = Buffer.from(lines.join(''));
        const whole = answersTo([wire]);
        for (const chunks of everySplit(wire)) expect(answersTo(chunks)).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });
});

describe('serializeCommand', () => {
  const wireOf = (command: RedisCommand): Buffer =>
    Buffer.concat(serializeCommand(command).map((part) => Buffer.from(part as string)));

  it('is read back as an array of strings', () => {
    const word = fc.oneof(
      fc.string(),
      fc.uint8Array({ maxLength: 20 }),
      fc.double({ noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), (words) => {
        fc.pre(words.every((given) => typeof given !== 'number' || Number.isFinite(given)));
        const parser = new RedisParser();
        parser.receive(wireOf(['ECHO', ...words]));
        const { value } = parser.next() as { value: readonly RedisValue[] };
        const bytes = (given: string | number | Uint8Array): Buffer =>
          Buffer.from(typeof given === 'number' ? String(given) : (given as string));
        expect(value.map(shown)).toEqual(['ECHO', ...words].map((given) => shown(bytes(given))));
      }),
    );
  });

  it.each([
    ['no command', undefined],
    ['a name of bytes', [Buffer.from('GET')]],
    ['an argument that is missing', ['GET', undefined]],
    ['a bigint', ['GET', 1n]],
  ])('refuses %s', (_name, command) => {
    expect(() => serializeCommand(command as never)).toThrow(TypeError);
  });

  it.each([
    ['an empty name', ['']],
    ['NaN', ['SET', 'a', Number.NaN]],
  ])('refuses %s', (_name, command) => {
    expect(() => serializeCommand(command as never)).toThrow(InvalidRedisCommandError);
  });
});

describe('RedisConnection', () => {
  it('gives subscriptions their answers among those of commands', () => {
    const wire = [
      '>3\r\n$7\r\nmessage\r\n$1\r\nb\r\n$1\r\nx\r\n',
      '$1\r\n1\r\n',
      '>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\ny\r\n',
      '>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n',
      '_\r\n',
    ];
    expect(answersTo([Buffer.from(wire.join(''))])).toEqual([
      'message ["message", "b", "x"]',
      '0 "1"',
      'message ["message", "a", "y"]',
      '1 ["subscribe", "a", 1]',
      '2 null',
      'unanswered 1',
    ]);
  });

  it('gives a refused subscription its error', () => {
    expect(answersTo([Buffer.from('_\r\n-NOPERM no\r\n')])).toEqual([
      '0 null',
      '1 error(NOPERM: NOPERM no)',
      'unanswered 2',
    ]);
  });

  it('refuses an answer without a command', () => {
    const connection = new RedisConnection();
    connection.receive(Buffer.from('+OK\r\n'));
    expect(() => connection.next()).toThrow(InvalidRedisReplyError);
  });

  it.each([
    [['SUBSCRIBE', 'a', 'b']],
    [['UNSUBSCRIBE']],
    [['MONITOR']],
    [['reset']],
    [['QUIT']],
    [['HELLO', 2]],
    [['HELLO']],
    [['CLIENT', 'REPLY', 'OFF']],
  ] as [RedisCommand][])('refuses %j, after which answers would go astray', (command) => {
    const connection = new RedisConnection();
    expect(() => connection.send(command, undefined)).toThrow(InvalidRedisCommandError);
    expect(connection.unanswered).toBe(0);
  });

  it('limits unanswered commands', () => {
    const connection = new RedisConnection<number>({ maxUnanswered: 2 });
    connection.send(['PING'], 1);
    connection.send(['PING'], 2);
    expect(() => connection.send(['PING'], 3)).toThrow(RedisOverloadError);
    expect(connection.takeUnanswered()).toEqual([1, 2]);
    expect(connection.unanswered).toBe(0);
  });

  it('keeps the order of thousands of commands', () => {
    const connection = new RedisConnection<number>();
    for (let i = 0; i < 5_000; i++) connection.send(['INCR', 'a'], i);
    connection.receive(Buffer.from(Array.from({ length: 5_000 }, (_, i) => `:${i}\r\n`).join('')));
    for (let i = 0; i < 5_000; i++) {
      expect(connection.next()).toEqual({ type: 'reply', context: i, value: i });
    }
    expect(connection.unanswered).toBe(0);
  });
});
