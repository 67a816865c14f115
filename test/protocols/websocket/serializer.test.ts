import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LARGE_WRITE_BYTES } from '../../../src/core/transport.js';
import { scratch } from '../../../src/protocols/websocket/masking.js';
import { randomMaskingKeys } from '../../../src/protocols/websocket/masking-keys.js';
import { MessageParser } from '../../../src/protocols/websocket/parser.js';
import {
  type ByteSink,
  FrameSerializer,
  frameOfBytes,
  frameOfText,
} from '../../../src/protocols/websocket/serializer.js';
import { frame, KEY } from './frames.js';

const key = Buffer.from(KEY as number[]).readInt32LE(0);

type Write = (serializer: FrameSerializer, sink: ByteSink) => number;

/** A sink that keeps the contract of transports: it copies short data, and long data unless it is its own memory. */
function written(role: 'client' | 'server', write: Write): Buffer {
  const parts: Uint8Array[] = [];
  const sink = {
    write(bytes: Uint8Array): void {
      const copies = bytes.length < LARGE_WRITE_BYTES || bytes.buffer === scratch.buffer;
      parts.push(copies ? Buffer.from(bytes) : bytes);
    },
  };
  const size = write(new FrameSerializer(role === 'client' ? () => key : undefined), sink);
  scratch.fill(0xdb);
  const all = Buffer.concat(parts);
  expect(size).toBe(all.length);
  return all;
}

const LENGTHS = [
  0, 1, 2, 3, 4, 5, 95, 96, 97, 125, 126, 16_367, 16_368, 16_369, 65_535, 65_536, 140_001,
];

describe('FrameSerializer', () => {
  it.each(LENGTHS)('writes payloads of %i bytes', (length) => {
    const payload = Buffer.from(Array.from({ length }, (_, i) => (i * 7) & 0xff));
    const text = 'é'.repeat(length >> 1) + 'x'.repeat(length & 1);
    const cases = [
      [
        written('server', (s, to) => s.writeBytes(to, 0x82, payload)),
        frame({ opcode: 2, payload }),
      ],
      [
        written('client', (s, to) => s.writeBytes(to, 0x82, payload)),
        frame({ opcode: 2, payload, key: KEY }),
      ],
      [
        written('server', (s, to) => s.writeText(to, 0x81, text)),
        frame({ opcode: 1, payload: text }),
      ],
      [
        written('client', (s, to) => s.writeText(to, 0x81, text)),
        frame({ opcode: 1, payload: text, key: KEY }),
      ],
      [frameOfBytes(0x82, payload), frame({ opcode: 2, payload })],
      [frameOfText(0x81, text), frame({ opcode: 1, payload: text })],
    ] as const;
    for (const [actual, expected] of cases) expect(actual.equals(expected)).toBe(true);
  });

  it.each([10, 1000, 20_000, 65_536])('writes %i lent bytes of a parser', (length) => {
    const payload = Buffer.from(Array.from({ length }, (_, i) => (i * 13) & 0xff));
    for (const role of ['client', 'server'] as const) {
      const echoed = written(role, (serializer, sink) => {
        const parser = new MessageParser({ role: 'server', lendsBinary: true });
        parser.receive(frame({ opcode: 2, payload, key: KEY }));
        expect(parser.next()).toBe('binary');
        return serializer.writeBytes(sink, 0x82, parser.bytes);
      });
      const expected = { opcode: 2, payload };
      const wanted = frame(role === 'client' ? { ...expected, key: KEY } : expected);
      expect(echoed.equals(wanted)).toBe(true);
    }
  });

  it('replaces lone surrogates', () => {
    expect(written('server', (s, to) => s.writeText(to, 0x81, 'a\ud800b'))).toEqual(
      frame({ opcode: 1, payload: 'a\ufffdb' }),
    );
  });

  it('does not change the payload', () => {
    const payload = Buffer.alloc(20_000, 1);
    written('client', (s, to) => s.writeBytes(to, 0x82, payload));
    expect(payload).toEqual(Buffer.alloc(20_000, 1));
  });

  it('writes frames that a parser of the other role reads', () => {
    const keys = randomMaskingKeys();
    const message = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 9000 }),
      fc.uint8Array({ maxLength: 30_000 }),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.boolean(), (messages, client) => {
        const parser = new MessageParser({ role: client ? 'server' : 'client' });
        const sink = { write: (bytes: Uint8Array) => parser.receive(Buffer.from(bytes)) };
        const serializer = new FrameSerializer(client ? keys : undefined);
        const read: unknown[] = [];
        for (const each of messages) {
          if (typeof each === 'string') serializer.writeText(sink, 0x81, each);
          else serializer.writeBytes(sink, 0x82, each);
        }
        for (let event = parser.next(); event !== undefined; event = parser.next()) {
          read.push(event === 'text' ? parser.text : new Uint8Array(parser.bytes));
        }
        expect(read).toEqual(messages);
      }),
    );
  });
});

describe('randomMaskingKeys', () => {
  it('returns keys of 32 bits that differ', () => {
    const keys = randomMaskingKeys();
    const some = Array.from({ length: 3000 }, keys);
    expect(new Set(some).size).toBeGreaterThan(2990);
    expect(some.every((each) => Number.isInteger(each) && each === (each | 0))).toBe(true);
  });
});
