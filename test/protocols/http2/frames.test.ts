import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HTTP2Rule } from '../../../src/protocols/http2/errors.js';
import { FrameParser } from '../../../src/protocols/http2/frame-parser.js';
import { FrameSerializer } from '../../../src/protocols/http2/frame-serializer.js';
import { memory } from '../../../src/protocols/http2/output-memory.js';
import { frame } from './node-peer.js';
import { outcomeOf, readFrames } from './read-frames.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const BLOCK = Buffer.from('82868441');

function bytes(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => i & 0xff));
}

/** The bytes that calls of a serializer write, and the number of writes. */
function written(
  use: (serializer: FrameSerializer) => void,
  maxFrameBytes = 16_384,
): { bytes: Buffer; writes: Uint8Array[] } {
  const writes: Uint8Array[] = [];
  const output = { write: (data: string | Uint8Array) => void writes.push(data as Uint8Array) };
  const serializer = new FrameSerializer(output);
  serializer.maxFrameBytes = maxFrameBytes;
  use(serializer);
  return { bytes: Buffer.concat(writes), writes };
}

/** Begins HEADERS with a block. */
function begin(serializer: FrameSerializer, block: Uint8Array): void {
  serializer.beginHeaders();
  memory.reserve(block.length);
  memory.bytes.set(block, memory.end);
  memory.end += block.length;
}

/** A serializer whose output gathers; what is written is lent, and so copied. */
function gathering(): {
  serializer: FrameSerializer;
  writes: Buffer[];
  announcements: () => number;
  flush: () => void;
} {
  const writes: Buffer[] = [];
  let count = 0;
  const serializer = new FrameSerializer({
    write: (data) => void writes.push(Buffer.from(data as Uint8Array)),
    framesGathered() {
      count += 1;
    },
  });
  return { serializer, writes, announcements: () => count, flush: () => serializer.flush() };
}

/** One of each kind. */
const STREAM = Buffer.concat([
  frame(4, 0, 0, Buffer.from('000300000064000400010000', 'hex')),
  frame(4, 1, 0, Buffer.alloc(0)),
  frame(1, 0x29, 3, Buffer.concat([Buffer.of(2), bytes(5), BLOCK, Buffer.alloc(2)])),
  frame(9, 4, 3, BLOCK),
  frame(0, 0, 3, bytes(20)),
  frame(0, 8, 3, Buffer.concat([Buffer.of(7), bytes(10), Buffer.alloc(7)])),
  frame(0, 8, 3, Buffer.concat([Buffer.of(4), Buffer.alloc(4)])),
  frame(0, 1, 3, Buffer.alloc(0)),
  frame(0x55, 0xff, 9, bytes(30)),
  frame(0x56, 0, 0, Buffer.alloc(0)),
  frame(2, 0, 5, bytes(5)),
  frame(3, 0, 3, Buffer.from('00000008', 'hex')),
  frame(
    5,
    0xc,
    3,
    Buffer.concat([Buffer.of(1), Buffer.from('00000004', 'hex'), BLOCK, Buffer.of(0)]),
  ),
  frame(6, 0, 0, bytes(8)),
  frame(8, 0, 0, Buffer.from('80000001', 'hex')),
  frame(0x10, 0, 0, Buffer.concat([Buffer.from('00000005', 'hex'), Buffer.from('u=1')])),
  frame(7, 0, 0, Buffer.concat([bytes(8), Buffer.from('bye')])),
]);

describe('FrameParser', () => {
  const whole = readFrames([Buffer.concat([PREFACE, STREAM])], true);

  it('reads each kind of frame, without padding and priority', () => {
    expect(whole).toEqual([
      'type 4 flags 0 stream 0: 000300000064000400010000',
      'type 4 flags 1 stream 0: ',
      `type 1 flags 41 stream 3: ${BLOCK.toString('hex')}`,
      `type 9 flags 4 stream 3: ${BLOCK.toString('hex')}`,
      `data of stream 3, flow 20, flags 0: ${bytes(20).toString('hex')}`,
      `data of stream 3, flow 18, flags 8: ${bytes(10).toString('hex')}`,
      'data of stream 3, flow 5, flags 8: ',
      'data of stream 3, flow 0, flags 1: ',
      'type 85 flags 255 stream 9: ',
      'type 86 flags 0 stream 0: ',
      'type 2 flags 0 stream 5: 0001020304',
      'type 3 flags 0 stream 3: 00000008',
      `type 5 flags 12 stream 3: 00000004${BLOCK.toString('hex')}`,
      'type 6 flags 0 stream 0: 0001020304050607',
      'type 8 flags 0 stream 0: 80000001',
      'type 16 flags 0 stream 0: 00000005753d31',
      'type 7 flags 0 stream 0: 0001020304050607627965',
    ]);
  });

  it('reads the same at every split, and when it is paused there', () => {
    const all = Buffer.concat([PREFACE, STREAM]);
    for (let at = 0; at <= all.length; at++) {
      const chunks = [Buffer.from(all.subarray(0, at)), Buffer.from(all.subarray(at))];
      expect(readFrames(chunks, true)).toEqual(whole);
      expect(readFrames(chunks, true, at % 7)).toEqual(whole);
    }
    const single = Array.from(all, (octet) => Buffer.of(octet));
    expect(readFrames(single, true)).toEqual(whole);
  });

  it('does not copy DATA, however it is cut', () => {
    const parser = new FrameParser(false);
    const all = Buffer.concat([frame(4, 0, 0, Buffer.alloc(0)), frame(0, 0, 1, bytes(16_384))]);
    let pieces = 0;
    for (const [from, to] of [
      [0, 13],
      [13, 5000],
      [5000, 5001],
      [5001, all.length],
    ] as const) {
      const chunk = Buffer.from(all.subarray(from, to));
      parser.receive(chunk);
      for (let event = parser.next(); event !== undefined; event = parser.next()) {
        if (event !== 'data') continue;
        expect(parser.data.buffer).toBe(chunk.buffer);
        pieces += parser.data.length;
      }
    }
    expect(pieces).toBe(16_384);
    expect(parser.bufferedBytes).toBe(0);
  });

  it('counts the bytes that it holds', () => {
    const parser = new FrameParser(false);
    parser.receive(frame(6, 0, 0, bytes(8)).subarray(0, 4));
    expect(parser.next()).toBeUndefined();
    expect(parser.bufferedBytes).toBe(4);
    parser.receive(frame(6, 0, 0, bytes(8)).subarray(4, 14));
    expect(parser.next()).toBeUndefined();
    expect(parser.bufferedBytes).toBe(5);
    parser.receive(frame(6, 0, 0, bytes(8)).subarray(14));
    expect(parser.next()).toBe('frame');
    expect(parser.bufferedBytes).toBe(0);
  });

  const of = (type: number, flags: number, streamId: number, length: number): Buffer =>
    frame(type, flags, streamId, Buffer.alloc(length, 0xff));
  const CASES: readonly (readonly [HTTP2Rule, string, Buffer])[] = [
    ['frame-stream', 'DATA on the connection', of(0, 0, 0, 1)],
    ['frame-stream', 'HEADERS on the connection', of(1, 4, 0, 1)],
    ['frame-stream', 'PRIORITY on the connection', of(2, 0, 0, 5)],
    ['frame-stream', 'RST_STREAM on the connection', of(3, 0, 0, 4)],
    ['frame-stream', 'SETTINGS on a stream', of(4, 0, 1, 6)],
    ['frame-stream', 'PUSH_PROMISE on the connection', of(5, 4, 0, 4)],
    ['frame-stream', 'PING on a stream', of(6, 0, 1, 8)],
    ['frame-stream', 'GOAWAY on a stream', of(7, 0, 1, 8)],
    ['frame-stream', 'CONTINUATION on the connection', of(9, 4, 0, 1)],
    ['frame-stream', 'PRIORITY_UPDATE on a stream', of(16, 0, 1, 4)],
    ['frame-length', 'padded DATA without a length of padding', of(0, 8, 1, 0)],
    ['frame-length', 'padded HEADERS without a length of padding', of(1, 8, 1, 0)],
    ['frame-length', 'PRIORITY of 4 bytes', of(2, 0, 1, 4)],
    ['frame-length', 'PRIORITY of 6 bytes', of(2, 0, 1, 6)],
    ['frame-length', 'RST_STREAM of 3 bytes', of(3, 0, 1, 3)],
    ['frame-length', 'RST_STREAM of 5 bytes', of(3, 0, 1, 5)],
    ['frame-length', 'SETTINGS of 5 bytes', of(4, 0, 0, 5)],
    ['frame-length', 'an acknowledgement with settings', of(4, 1, 0, 6)],
    ['frame-length', 'PUSH_PROMISE of 3 bytes', of(5, 4, 1, 3)],
    ['frame-length', 'padded PUSH_PROMISE of 4 bytes', of(5, 12, 1, 4)],
    ['frame-length', 'PING of 7 bytes', of(6, 0, 0, 7)],
    ['frame-length', 'PING of 9 bytes', of(6, 0, 0, 9)],
    ['frame-length', 'GOAWAY of 7 bytes', of(7, 0, 0, 7)],
    ['frame-length', 'WINDOW_UPDATE of 3 bytes', of(8, 0, 1, 3)],
    ['frame-length', 'WINDOW_UPDATE of 5 bytes', of(8, 0, 0, 5)],
    ['frame-length', 'PRIORITY_UPDATE of 3 bytes', of(16, 0, 0, 3)],
    ['frame-too-long', 'DATA of 16,385 bytes', of(0, 0, 1, 16_385)],
    ['frame-too-long', 'an unknown type of 16,385 bytes', of(99, 0, 0, 16_385)],
    ['padding', 'padding as long as DATA', frame(0, 8, 1, Buffer.of(3, 1, 1))],
    ['padding', 'padding as long as HEADERS', frame(1, 12, 1, Buffer.of(3, 1, 1))],
    ['padding', 'HEADERS too short for a priority', frame(1, 0x24, 1, bytes(4))],
    ['padding', 'padding over the priority', frame(1, 0x2c, 1, Buffer.of(1, 0, 0, 0, 0, 0))],
    ['padding', 'padding over a promise', frame(5, 12, 1, Buffer.of(1, 0, 0, 0, 0))],
  ];

  it.each(CASES)('refuses %s: %s', (rule, _what, refused) => {
    const before = frame(6, 0, 0, bytes(8));
    const outcome = outcomeOf([Buffer.concat([before, refused])]);
    expect(outcome.rule).toBe(rule);
    expect(outcome.frames).toEqual(['type 6 flags 0 stream 0: 0001020304050607']);
  });

  it('refuses another preface at the first octet that differs', () => {
    const outcome = outcomeOf([Buffer.from('PRI * HTTP/1')], true);
    expect(outcome.rule).toBe('preface');
    expect(outcomeOf([Buffer.from('PRI * HTTP/2')], true).rule).toBeUndefined();
  });

  it('throws the same error again', () => {
    const parser = new FrameParser(false);
    parser.receive(of(6, 0, 0, 7));
    let error: unknown;
    try {
      parser.next();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ errorCode: 6, streamId: 0 });
    expect(() => parser.next()).toThrow(error as Error);
    expect(() => parser.receive(Buffer.of(1))).toThrow(error as Error);
    expect(() => new FrameParser(false).receive('' as never)).toThrow(TypeError);
  });
});

describe('FrameSerializer', () => {
  it('writes frames that the parser reads, each at once', () => {
    const { bytes: all, writes } = written((serializer) => {
      serializer.settings([
        [3, 100],
        [4, 65_536],
      ]);
      serializer.settingsAcknowledgement();
      begin(serializer, BLOCK);
      serializer.endHeaders(5, true);
      begin(serializer, BLOCK);
      serializer.endMessage(7, Buffer.from('hello'), 5);
      serializer.rstStream(5, 8);
      serializer.ping(bytes(8), true);
      serializer.windowUpdate(0, 2 ** 31 - 1);
      serializer.priorityUpdate(5, 'u=1');
      serializer.goAway(2 ** 31 - 1, 11, 'calm');
    });
    expect(writes).toHaveLength(9);
    expect(readFrames([all])).toEqual([
      'type 4 flags 0 stream 0: 000300000064000400010000',
      'type 4 flags 1 stream 0: ',
      `type 1 flags 5 stream 5: ${BLOCK.toString('hex')}`,
      `type 1 flags 4 stream 7: ${BLOCK.toString('hex')}`,
      'data of stream 7, flow 5, flags 1: 68656c6c6f',
      'type 3 flags 0 stream 5: 00000008',
      'type 6 flags 1 stream 0: 0001020304050607',
      'type 8 flags 0 stream 0: 7fffffff',
      'type 16 flags 0 stream 0: 00000005753d31',
      'type 7 flags 0 stream 0: 7fffffff0000000b63616c6d',
    ]);
  });

  it('splits header blocks by the frame size of the peer', () => {
    const { bytes: all, writes } = written((serializer) => {
      begin(serializer, bytes(250));
      serializer.endHeaders(1, true);
      begin(serializer, Buffer.alloc(0));
      serializer.endHeaders(3, false);
    }, 100);
    expect(writes).toHaveLength(2);
    expect(readFrames([all]).map((line) => line.slice(0, 25))).toEqual([
      'type 1 flags 1 stream 1: ',
      'type 9 flags 0 stream 1: ',
      'type 9 flags 4 stream 1: ',
      'type 1 flags 4 stream 3: ',
    ]);
  });

  it('splits a block in the middle of gathered frames', () => {
    const { serializer, writes, flush } = gathering();
    serializer.maxFrameBytes = 100;
    serializer.ping(bytes(8), false);
    begin(serializer, bytes(201));
    serializer.endMessage(1, 'é', 2);
    flush();
    expect(writes).toHaveLength(1);
    expect(readFrames(writes)).toEqual([
      `type 6 flags 0 stream 0: ${bytes(8).toString('hex')}`,
      `type 1 flags 0 stream 1: ${bytes(100).toString('hex')}`,
      `type 9 flags 0 stream 1: ${bytes(201).toString('hex', 100, 200)}`,
      'type 9 flags 4 stream 1: c8',
      'data of stream 1, flow 2, flags 1: c3a9',
    ]);
  });

  it('gathers frames until they are flushed, once for each announcement', () => {
    const { serializer, writes, announcements, flush } = gathering();
    serializer.settingsAcknowledgement();
    serializer.rstStream(1, 8);
    expect(writes).toEqual([]);
    expect(announcements()).toBe(1);
    flush();
    flush();
    expect(writes.map((chunk) => chunk.length)).toEqual([22]);
    serializer.windowUpdate(0, 1);
    expect(announcements()).toBe(2);
    serializer.drop();
    flush();
    expect(writes).toHaveLength(1);
    serializer.windowUpdate(0, 2);
    flush();
    expect(writes[1]?.toString('hex')).toBe('00000408000000000000000002');
  });

  it('keeps the frames of several connections apart, and in order with long content', () => {
    const a = gathering();
    const b = gathering();
    a.serializer.ping(bytes(8), false);
    b.serializer.rstStream(1, 8);
    expect(a.writes.map((chunk) => chunk.length)).toEqual([17]);
    a.serializer.data(1, bytes(5000), true);
    a.serializer.data(3, bytes(10), true);
    for (const { flush } of [a, b]) flush();
    expect(a.writes.map((chunk) => chunk.length)).toEqual([17, 9, 5000, 19]);
    expect(b.writes.map((chunk) => chunk.length)).toEqual([13]);
  });

  it('does not overwrite gathered frames while they are being written', () => {
    const inner = gathering();
    const seen: string[] = [];
    const serializer = new FrameSerializer({
      write(data) {
        inner.serializer.ping(bytes(8), true);
        inner.flush();
        inner.serializer.rstStream(5, 1);
        seen.push(Buffer.from(data as Uint8Array).toString('hex'));
      },
      framesGathered() {},
    });
    serializer.rstStream(3, 7);
    serializer.flush();
    inner.flush();
    expect(seen).toEqual(['00000403000000000300000007']);
    expect(inner.writes.map((chunk) => chunk.length)).toEqual([17, 13]);
  });

  it('gathers at most 64 KiB', () => {
    const { serializer, writes, flush } = gathering();
    for (let i = 0; i < 100; i++) serializer.data(1, bytes(4000), false);
    flush();
    const lengths = writes.map((chunk) => chunk.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(65_536);
    expect(lengths.length).toBe(7);
    expect(readFrames(writes)).toHaveLength(100);
  });

  it('copies short content and passes on long content as it is', () => {
    const long = bytes(5000);
    const { writes } = written((serializer) => {
      serializer.data(1, bytes(4096), false);
      serializer.data(1, long, true);
    });
    expect(writes.map(({ length }) => length)).toEqual([4105, 9, 5000]);
    expect(writes[2]).toBe(long);
  });

  it('is the inverse of the parser for any content, at any split', () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(contents, fc.nat(), (pieces, seed) => {
        const { bytes: all } = written((serializer) => {
          for (const piece of pieces) serializer.data(1, piece, false);
        });
        const at = seed % (all.length + 1);
        const lines = readFrames([Buffer.from(all.subarray(0, at)), Buffer.from(all.subarray(at))]);
        expect(lines).toEqual(
          pieces.map((piece) => {
            const hex = Buffer.from(piece).toString('hex');
            return `data of stream 1, flow ${piece.length}, flags 0: ${hex}`;
          }),
        );
      }),
      { numRuns: 200 },
    );
  });
});
