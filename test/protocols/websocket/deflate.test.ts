import { constants, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  deflaterOf,
  MessageDeflater,
  MessageInflater,
} from '../../../src/protocols/websocket/deflate.js';
import {
  WebSocketCompressionError,
  WebSocketMessageTooLongError,
} from '../../../src/protocols/websocket/errors.js';
import { everySplit } from '../../../src/testing/every-split.js';
import { frame, masked, readAll } from './frames.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const inflate = (payload: Buffer, max = 1000): string =>
  new MessageInflater(false).decompress(payload, max).toString();

/** A compressed payload as zlib makes it. */
const deflated = (content: string | Buffer): Buffer =>
  deflateRawSync(content, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);

describe('MessageInflater', () => {
  it.each([
    ['one compressed block (section 7.2.3.1)', 'f2 48 cd c9 c9 07 00'],
    ['a block without compression (7.2.3.3)', '00 05 00 fa ff 48 65 6c 6c 6f 00'],
    ['a block with BFINAL (7.2.3.4)', 'f3 48 cd c9 c9 07 00 00'],
    ['two blocks (7.2.3.5)', 'f2 48 05 00 00 00 ff ff ca c9 c9 07 00'],
    ['a block with BFINAL and without the byte behind it', 'f3 48 cd c9 c9 07 00'],
  ])('reads the example of RFC 7692 with %s', (_name, payload) => {
    expect(inflate(hex(payload))).toBe('Hello');
  });

  it('reads an empty message (7.2.3.6)', () => {
    expect(inflate(hex('00'))).toBe('');
    expect(inflate(hex('00'), 0)).toBe('');
  });

  it('keeps the context only with takeover (7.2.3.2)', () => {
    const takeover = new MessageInflater(true);
    for (const payload of ['f2 48 cd c9 c9 07 00', 'f2 00 11 00 00']) {
      expect(takeover.decompress(hex(payload), 1000).toString()).toBe('Hello');
    }
    const none = new MessageInflater(false);
    none.decompress(hex('f2 48 cd c9 c9 07 00'), 1000);
    expect(() => none.decompress(hex('f2 00 11 00 00'), 1000)).toThrow(WebSocketCompressionError);
  });

  it.each([
    ['nothing', ''],
    ['a reserved block type', '07'],
    ['a block that is cut off', 'f2 48 cd c9'],
    ['a stored block that is cut off', '00 05 00 fa ff 48 65'],
    ['a distance beyond the beginning', 'f2 00 11 00 00'],
    ['bytes behind a final block', 'f3 48 cd c9 c9 07 00 01'],
    ['a block behind a final block', 'f3 48 cd c9 c9 07 00 f2 48 cd c9 c9 07 00'],
    ['an unmarked end', 'f2 48 cd c9 c9 07'],
  ])('refuses %s', (_name, payload) => {
    expect(() => inflate(hex(payload))).toThrow(WebSocketCompressionError);
  });

  it('accepts up to maxBytes and refuses more', () => {
    const payload = deflated('x'.repeat(500));
    expect(inflate(payload, 500)).toHaveLength(500);
    expect(() => inflate(payload, 499)).toThrow(WebSocketMessageTooLongError);
    expect(() => inflate(deflated('x'), 0)).toThrow(WebSocketMessageTooLongError);
  });

  it('stops a deflate bomb within the limit and one chunk', () => {
    const limit = 1 << 20;
    const bomb = deflated(Buffer.alloc(256 * limit));
    expect(bomb.length).toBeLessThan(limit);
    const inflater = new MessageInflater(true);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => inflater.decompress(bomb, limit)).toThrow(WebSocketMessageTooLongError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * limit);
    const wire = masked({ opcode: 2, rsv: 4, payload: bomb });
    expect(readAll([wire], { decompressor: inflater, maxMessageBytes: limit })).toEqual([
      'error ERR_WEBSOCKET_MESSAGE_TOO_LONG 1009',
    ]);
  });

  it('throws nothing undocumented for arbitrary bytes', () => {
    const inflater = new MessageInflater(false);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          expect(inflater.decompress(bytes, 500).length).toBeLessThanOrEqual(500);
        } catch (error) {
          if (error instanceof WebSocketMessageTooLongError) return;
          expect(error).toBeInstanceOf(WebSocketCompressionError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('MessageDeflater', () => {
  it('round trips, with and without takeover, for each window', () => {
    const word = fc.constantFrom('alpha ', 'beta ', 'gamma ', '{"id":1}', 'x');
    const content = fc.array(word, { minLength: 1, maxLength: 200 }).map((words) => words.join(''));
    const bits = fc.integer({ min: 9, max: 15 });
    const level = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(
        fc.array(content),
        bits,
        fc.boolean(),
        level,
        (contents, window, takeover, of) => {
          const deflater = new MessageDeflater(window, takeover, of);
          const inflater = new MessageInflater(takeover);
          for (const each of contents) {
            const payload = deflater.compress(Buffer.from(each));
            if (payload === undefined) continue;
            expect(payload.length).toBeLessThan(each.length);
            expect(inflater.decompress(payload, 10_000).toString()).toBe(each);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('refers to earlier messages only with takeover', () => {
    const message = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 89) & 0x7f));
    const takeover = new MessageDeflater(15, true, 6);
    const none = new MessageDeflater(15, false, 6);
    const first = takeover.compress(message)?.length ?? 0;
    expect(takeover.compress(message)?.length).toBeLessThan(first / 4);
    expect(none.compress(message)).toEqual(none.compress(message));
  });

  it('stays within the agreed window', () => {
    // A repetition at a distance of 600 bytes, which a window of 512 bytes does not reach.
    const random = Buffer.from(Array.from({ length: 600 }, (_, i) => (i * i * 31 + i * 7) % 251));
    const message = Buffer.concat([random, random, random]);
    const narrow = new MessageDeflater(9, false, 9).compress(message)?.length ?? message.length;
    const wide = new MessageDeflater(15, false, 9).compress(message)?.length ?? message.length;
    expect(wide).toBeLessThan(narrow);
  });

  it('returns nothing for a message that does not become shorter', () => {
    const random = Buffer.from('0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/');
    const deflater = new MessageDeflater(15, true, 6);
    expect(deflater.compress(random)).toBe(undefined);
    expect(deflater.compress(Buffer.of(1))).toBe(undefined);
  });

  it('does not exist for a window of 256 bytes', () => {
    expect(deflaterOf(8, false, 6)).toBe(undefined);
    expect(deflaterOf(9, true, 6)?.windowBits).toBe(9);
  });
});

/** The groups 12 and 13 of the Autobahn test suite. */
describe('compressed messages', () => {
  const decompressor = new MessageInflater(false);

  it('are read, however they are fragmented and split', () => {
    const text = 'Grüße, '.repeat(20);
    const payload = deflated(text);
    for (let at = 0; at <= payload.length; at += 3) {
      const parts = [
        { opcode: 1, rsv: 4, fin: false, payload: payload.subarray(0, at) },
        { opcode: 9, payload: 'p' },
        { opcode: 0, payload: payload.subarray(at) },
        { opcode: 1, payload: 'plain' },
        { opcode: 2, rsv: 4, payload: deflated('bytes') },
      ];
      const events = ['ping 70', `text "${text}"`, 'text "plain"', 'binary 6279746573'];
      for (const chunks of everySplit(Buffer.concat(parts.map(masked)))) {
        expect(readAll(chunks, { decompressor })).toEqual(events);
      }
      const ofServer = Buffer.concat(parts.map(frame));
      expect(readAll([ofServer], { decompressor, role: 'client' })).toEqual(events);
    }
  });

  it.each([
    [{ opcode: 1, rsv: 4, payload: deflated(hex('61 ff')) }, 'error ERR_WEBSOCKET_TEXT 1007'],
    [{ opcode: 1, rsv: 4, payload: deflated(hex('61 ce')) }, 'error ERR_WEBSOCKET_TEXT 1007'],
    [{ opcode: 1, rsv: 4, payload: hex('07') }, 'error ERR_WEBSOCKET_COMPRESSION 1007'],
    [{ opcode: 1, rsv: 6, payload: deflated('a') }, 'error ERR_WEBSOCKET_FRAME 1002'],
    [{ opcode: 0, rsv: 4, payload: deflated('a') }, 'error ERR_WEBSOCKET_FRAME 1002'],
    [{ opcode: 9, rsv: 4, payload: deflated('a') }, 'error ERR_WEBSOCKET_FRAME 1002'],
    [{ opcode: 8, rsv: 4 }, 'error ERR_WEBSOCKET_FRAME 1002'],
  ])('with the fault of case %# are refused', (parts, event) => {
    for (const chunks of everySplit(masked(parts))) {
      expect(readAll(chunks, { decompressor })).toEqual([event]);
    }
  });

  it('of binary data have memory of their own', () => {
    const [event] = readAll([masked({ opcode: 2, rsv: 4, payload: deflated('x'.repeat(99)) })], {
      decompressor,
    });
    expect(event).toBe(`binary ${'78'.repeat(99)}`);
  });
});
