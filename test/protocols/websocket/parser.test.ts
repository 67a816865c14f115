import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnknownOptionError } from '../../../src/core/errors/arguments.js';
import { RemoteProtocolError } from '../../../src/core/errors/base.js';
import { isLent } from '../../../src/internal/lent-bytes.js';
import {
  MessageParser,
  type MessageParserOptions,
} from '../../../src/protocols/websocket/parser.js';
import { everySplit } from '../../../src/testing/every-split.js';
import { frame, KEY, masked, readAll } from './frames.js';

import { CASES, FRAME, text } from './wire-cases.js';

describe('MessageParser', () => {
  for (const { name, frames, events, options = {} } of CASES) {
    it(`of a server reads ${name}, however it is split`, () => {
      for (const chunks of everySplit(Buffer.concat(frames.map(masked)))) {
        expect(readAll(chunks, options)).toEqual(events);
      }
    });

    if (frames.some((parts) => 'key' in parts)) continue;
    it(`of a client reads ${name}, however it is split`, () => {
      for (const chunks of everySplit(Buffer.concat(frames.map(frame)))) {
        expect(readAll(chunks, { role: 'client', ...options })).toEqual(events);
      }
    });
  }

  it('of a client refuses masked frames', () => {
    for (const chunks of everySplit(Buffer.concat([frame(text('a')), masked(text('b'))]))) {
      expect(readAll(chunks, { role: 'client' })).toEqual(['text "a"', FRAME]);
    }
  });

  it.each([255, 65_535, 65_536, 65_537, 200_003])(
    'reads messages of %i bytes in pieces',
    (length) => {
      const payload = Buffer.alloc(length, 'grüße ');
      const lead = Buffer.from(payload.toString().replace(/\ufffd$/, ''));
      for (const size of [1_000, 65_536, 65_541, 1_000_000]) {
        for (const [role, make] of [['server', masked] as const, ['client', frame] as const]) {
          const wire = Buffer.concat([make(text(lead)), make({ opcode: 2, payload })]);
          const chunks: Buffer[] = [];
          for (let at = 0; at < wire.length; at += size) {
            chunks.push(Buffer.from(wire.subarray(at, at + size)));
          }
          expect(readAll(chunks, { role })).toEqual([
            `text ${JSON.stringify(lead.toString())}`,
            `binary ${payload.toString('hex')}`,
          ]);
        }
      }
    },
  );

  it('rejects invalid UTF-8 at the first byte that makes it invalid', () => {
    for (const [valid, bad] of [
      [[0xce, 0xba, 0xe1, 0xbd], 0xc0],
      [[0xf4], 0x90],
      [[0xed], 0xa0],
      [[0xe0], 0x9f],
      [[0xf0], 0x8f],
      [[], 0xc1],
      [[], 0xff],
    ] as const) {
      const payload = Buffer.from([...valid, bad, 0x61, 0x61]);
      const wire = masked(text(payload));
      const parser = new MessageParser({ role: 'server' });
      parser.receive(wire.subarray(0, 6 + valid.length));
      expect(parser.next()).toBe(undefined);
      parser.receive(wire.subarray(6 + valid.length, 7 + valid.length));
      expect(() => parser.next()).toThrow('not UTF-8');
    }
  });

  it('takes no memory for announced bytes', () => {
    const parser = new MessageParser({ role: 'server', maxMessageBytes: 2 ** 31 - 1 });
    parser.receive(masked({ opcode: 2, length: 2 ** 31 - 1, lengthBytes: 8, payload: 'abc' }));
    const before = process.memoryUsage().arrayBuffers;
    expect(parser.next()).toBe(undefined);
    expect(parser.bufferedBytes).toBe(3);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  it('keeps bytes that were not read when the chunk is overwritten', () => {
    const parser = new MessageParser({ role: 'server' });
    const chunk = Buffer.concat([masked(text('one')), masked(text('two')), masked(text('three'))]);
    parser.receive(chunk);
    expect(parser.next()).toBe('text');
    parser.keepRest();
    chunk.fill(0xdb);
    parser.receive(masked(text('four')));
    const texts: string[] = [];
    while (parser.next() === 'text') texts.push(parser.text);
    expect(texts).toEqual(['two', 'three', 'four']);
    expect(parser.bufferedBytes).toBe(0);
  });

  it('gives binary messages memory of their own', () => {
    const wire = masked({ opcode: 2, payload: Buffer.alloc(200, 7) });
    for (const chunks of [[wire], [wire.subarray(0, 50), wire.subarray(50)]]) {
      const parser = new MessageParser({ role: 'server' });
      for (const chunk of chunks) {
        parser.receive(chunk);
        parser.next();
      }
      expect(parser.bytes).toEqual(Buffer.alloc(200, 7));
      expect(isLent(parser.bytes)).toBe(false);
      expect(parser.bytes.buffer.byteLength).toBeLessThanOrEqual(400);
    }
  });

  it('does not keep the last message of an idle connection', () => {
    const parser = new MessageParser({ role: 'server' });
    for (const parts of [text('a'), { opcode: 2, payload: 'b' }, { opcode: 9, payload: 'c' }]) {
      parser.receive(masked(parts));
      expect(parser.next()).not.toBe(undefined);
      expect(parser.next()).toBe(undefined);
      expect(parser.text).toBe('');
      expect(parser.bytes).toHaveLength(0);
    }
  });

  it('lends binary messages if that is requested', () => {
    const parser = new MessageParser({ role: 'server', lendsBinary: true });
    parser.receive(masked({ opcode: 2, payload: 'lent' }));
    expect(parser.next()).toBe('binary');
    expect(parser.bytes.toString()).toBe('lent');
    expect(isLent(parser.bytes)).toBe(true);
  });

  it('does not change received bytes', () => {
    const wire = masked({ opcode: 2, payload: Buffer.alloc(300, 1) });
    const before = Buffer.from(wire);
    const parser = new MessageParser({ role: 'server' });
    parser.receive(wire);
    parser.next();
    expect(wire).toEqual(before);
  });

  it('restarts the count of control frames on request', () => {
    const parser = new MessageParser({ role: 'server', maxControlFrames: 2 });
    for (let i = 0; i < 10; i++) {
      parser.receive(Buffer.concat([masked({ opcode: 9 }), masked({ opcode: 9 })]));
      expect(parser.next()).toBe('ping');
      expect(parser.next()).toBe('ping');
      parser.controlFrames = 0;
    }
  });

  it('refuses options that it does not know, and wrong ones', () => {
    const make = (options: object) => () => new MessageParser(options as MessageParserOptions);
    expect(make({ role: 'server', maxPayload: 1 })).toThrow(UnknownOptionError);
    expect(make({ role: 'peer' })).toThrow('role');
    expect(make({ role: 'server', maxMessageBytes: -1 })).toThrow('maxMessageBytes');
    expect(make({ role: 'server', maxFragments: 0 })).toThrow('maxFragments');
    expect(make({ role: 'server', maxControlFrames: 0.5 })).toThrow('maxControlFrames');
    expect(make({ role: 'server', lendsBinary: 1 })).toThrow('lendsBinary');
    expect(() => new MessageParser({ role: 'server' }).receive('x' as never)).toThrow('a Buffer');
  });

  it('reads arbitrary bytes, at any split, with the same events, errors of its own and bounded memory', () => {
    const piece = fc.oneof(
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
      {
        weight: 4,
        arbitrary: fc
          .record({
            fin: fc.boolean(),
            opcode: fc.constantFrom(0, 0, 1, 1, 2, 8, 9, 10, 11),
            payload: fc.oneof(
              fc.string({ unit: 'binary', maxLength: 40 }).map((t) => Buffer.from(t)),
              fc.uint8Array({ maxLength: 140 }),
            ),
            key: fc.option(fc.constant(KEY), { nil: undefined, freq: 20 }),
          })
          .map(frame),
      },
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(50)), (pieces, sizes) => {
        const wire = Buffer.concat(pieces);
        const options = { maxMessageBytes: 200, maxFragments: 4, maxControlFrames: 4 };
        const whole = readAll([Buffer.from(wire)], options);
        const chunks: Buffer[] = [];
        let at = 0;
        for (let i = 0; at < wire.length; i++) {
          const size = 1 + (sizes[i % Math.max(1, sizes.length)] ?? 7);
          chunks.push(Buffer.from(wire.subarray(at, at + size)));
          at += size;
        }
        expect(readAll(chunks, options)).toEqual(whole);
        const parser = new MessageParser({ role: 'server', ...options });
        try {
          for (const byte of wire) {
            parser.receive(Buffer.of(byte));
            while (parser.next() !== undefined);
            expect(parser.bufferedBytes).toBeLessThan(200 + 14 + 125);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(RemoteProtocolError);
          expect(parser.bufferedBytes).toBe(0);
        }
      }),
      { numRuns: 500 },
    );
  });
});
