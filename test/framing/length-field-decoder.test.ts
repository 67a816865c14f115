import { describe, expect, it } from 'vitest';
import { FrameTooLongError, InvalidFrameLengthError } from '../../src/framing/errors.js';
import {
  LengthFieldDecoder,
  type LengthFieldDecoderOptions,
} from '../../src/framing/length-field-decoder.js';
import { everySplit } from '../../src/testing/every-split.js';
import { chunksOf, decode, describeDecoder, drain, frameOf, thrownBy } from './decoding.js';

interface Case extends LengthFieldDecoderOptions {
  readonly name: string;
  readonly wire: string;
  readonly frames: string[];
}

const HELLO = Buffer.from('HELLO, WORLD').toString('hex');

/** The examples in the documentation of Netty's decoder, and one of each size of field. */
const CASES: Case[] = [
  {
    name: 'a field at the beginning',
    lengthFieldLength: 2,
    wire: `000c${HELLO}`,
    frames: [`000c${HELLO}`],
  },
  {
    name: 'a header that is stripped',
    lengthFieldLength: 2,
    initialBytesToStrip: 2,
    wire: `000c${HELLO}`,
    frames: [HELLO],
  },
  {
    name: 'a length that counts itself',
    lengthFieldLength: 2,
    lengthAdjustment: -2,
    wire: `000e${HELLO}`,
    frames: [`000e${HELLO}`],
  },
  {
    name: 'a header before the field',
    lengthFieldOffset: 2,
    lengthFieldLength: 3,
    wire: `cafe00000c${HELLO}`,
    frames: [`cafe00000c${HELLO}`],
  },
  {
    name: 'a header behind the field',
    lengthFieldLength: 3,
    lengthAdjustment: 2,
    wire: `00000ccafe${HELLO}`,
    frames: [`00000ccafe${HELLO}`],
  },
  {
    name: 'headers before and behind, the first stripped',
    lengthFieldOffset: 1,
    lengthFieldLength: 2,
    lengthAdjustment: 1,
    initialBytesToStrip: 3,
    wire: `ca000cfe${HELLO}`,
    frames: [`fe${HELLO}`],
  },
  {
    name: 'the length of the whole message',
    lengthFieldOffset: 1,
    lengthFieldLength: 2,
    lengthAdjustment: -3,
    initialBytesToStrip: 3,
    wire: `ca0010fe${HELLO}`,
    frames: [`fe${HELLO}`],
  },
  {
    name: '1 byte',
    lengthFieldLength: 1,
    wire: '0161 00 026162',
    frames: ['0161', '00', '026162'],
  },
  { name: '4 bytes', lengthFieldLength: 4, wire: '0000000161', frames: ['0000000161'] },
  { name: '6 bytes', lengthFieldLength: 6, wire: '00000000000161', frames: ['00000000000161'] },
  {
    name: '8 bytes',
    lengthFieldLength: 8,
    wire: '000000000000000161',
    frames: ['000000000000000161'],
  },
  {
    name: '3 bytes, little-endian',
    lengthFieldLength: 3,
    littleEndian: true,
    initialBytesToStrip: 3,
    wire: '02000061620000000100007a',
    frames: ['6162', '', '7a'],
  },
  {
    name: '8 bytes, little-endian',
    lengthFieldLength: 8,
    littleEndian: true,
    initialBytesToStrip: 8,
    wire: '010000000000000061',
    frames: ['61'],
  },
  {
    name: 'more stripped than the header',
    lengthFieldLength: 1,
    initialBytesToStrip: 2,
    wire: '02616201630364',
    frames: ['62', ''],
  },
];

function hexOf(frames: readonly Buffer[]): string[] {
  return frames.map((frame) => frame.toString('hex'));
}

describe('LengthFieldDecoder', () => {
  it.each(CASES)('reads $name, however it is cut', ({ name: _, wire, frames, ...options }) => {
    for (const chunks of everySplit(Buffer.from(wire.replaceAll(' ', ''), 'hex'))) {
      expect(hexOf(decode(new LengthFieldDecoder(options), chunks))).toEqual(frames);
    }
  });

  it.each([
    [{ lengthFieldLength: 1, lengthAdjustment: -3 }, '02', 0],
    [{ lengthFieldLength: 2, lengthAdjustment: -4, lengthFieldOffset: 2 }, 'cafe0003', 3],
    [{ lengthFieldLength: 1, initialBytesToStrip: 4 }, '02', 3],
  ] as const)('refuses a length that no frame can have: %o, %s', (options, wire, length) => {
    for (const chunks of everySplit(Buffer.from(wire, 'hex'))) {
      const error = thrownBy(() => decode(new LengthFieldDecoder(options), chunks));
      expect(error).toBeInstanceOf(InvalidFrameLengthError);
      expect(error).toMatchObject({ length });
    }
  });

  it.each([
    [{ lengthFieldLength: 1 }, '0a', 11],
    [{ lengthFieldLength: 1, lengthAdjustment: 5 }, '05', 11],
    [{ lengthFieldLength: 2, lengthFieldOffset: 1 }, '000008', 11],
    [{ lengthFieldLength: 4, littleEndian: true }, 'ffffffff', 0x100000003],
    [{ lengthFieldLength: 8 }, 'ffffffffffffffff', 2 ** 64],
  ] as const)('refuses a frame beyond maxFrameLength: %o, %s', (options, wire, length) => {
    for (const chunks of everySplit(Buffer.from(wire, 'hex'))) {
      const decoder = new LengthFieldDecoder({ ...options, maxFrameLength: 10 });
      const error = thrownBy(() => decode(decoder, chunks));
      expect(error).toEqual(new FrameTooLongError(10, length, 'maxFrameLength'));
      expect(decoder.takeRest().toString('hex')).toBe(wire);
    }
  });

  it('takes exactly maxFrameLength bytes, header included', () => {
    const decoder = new LengthFieldDecoder({ lengthFieldLength: 1, maxFrameLength: 10 });
    const frame = Buffer.from('09'.repeat(10), 'hex');
    expect(decode(decoder, [frame])).toEqual([frame]);
  });

  it('has a limit of 99,999 bytes by default', () => {
    const decoder = new LengthFieldDecoder({ lengthFieldLength: 3 });
    const frame = Buffer.alloc(99_999);
    frame.writeUIntBE(99_996, 0, 3);
    expect(decode(decoder, [frame])).toEqual([frame]);
    frame.writeUIntBE(99_997, 0, 3);
    expect(() => decode(decoder, [frame])).toThrow(
      new FrameTooLongError(99_999, 100_000, 'maxFrameLength'),
    );
  });

  describe('with failFast false', () => {
    const options = { lengthFieldLength: 1, maxFrameLength: 10, failFast: false } as const;

    it('throws once the long frame has gone by, and keeps what follows it', () => {
      const wire = Buffer.concat([
        Buffer.from('\x02ab\x0c123456789012', 'latin1'),
        Buffer.from('\x01next'),
      ]);
      for (const chunks of everySplit(wire)) {
        const decoder = new LengthFieldDecoder(options);
        const fed: Buffer[] = [];
        const got: Buffer[] = [];
        const error = thrownBy(() => {
          for (const chunk of chunks) {
            fed.push(chunk);
            decoder.receive(chunk);
            got.push(...drain(decoder));
          }
        });
        expect(error).toEqual(new FrameTooLongError(10, 13, 'maxFrameLength'));
        expect(Buffer.concat(fed).length).toBeGreaterThanOrEqual(3 + 13);
        expect(Buffer.concat(fed).subarray(3 + 13)).toEqual(decoder.takeRest());
        expect(thrownBy(() => decoder.next())).toBe(error);
      }
    });

    it('buffers nothing of the long frame', () => {
      const decoder = new LengthFieldDecoder({ ...options, lengthFieldLength: 8 });
      for (const chunk of chunksOf(Buffer.alloc(100_000, 0x7f), [1000])) {
        decoder.receive(chunk);
        expect(decoder.next()).toBeUndefined();
        expect(decoder.bufferedBytes).toBe(0);
      }
    });
  });

  it.each([
    { lengthFieldLength: 5 },
    { lengthFieldLength: 0 },
    { lengthFieldLength: '2' },
    {},
    { lengthFieldLength: 2, maxFrameLength: 1 },
    { lengthFieldLength: 2, maxFrameLength: 0 },
    { lengthFieldLength: 2, maxFrameLength: 2 ** 31 },
    { lengthFieldLength: 2, lengthFieldOffset: -1 },
    { lengthFieldLength: 2, lengthFieldOffset: 9, maxFrameLength: 10 },
    { lengthFieldLength: 2, lengthAdjustment: 9, maxFrameLength: 10 },
    { lengthFieldLength: 2, lengthAdjustment: 0.5 },
    { lengthFieldLength: 1, lengthAdjustment: -256 },
    { lengthFieldLength: 1, initialBytesToStrip: 257 },
    { lengthFieldLength: 1, initialBytesToStrip: 11, maxFrameLength: 10 },
    { lengthFieldLength: 1, initialBytesToStrip: -1 },
  ])('refuses the impossible %j', (options) => {
    expect(() => new LengthFieldDecoder(options as LengthFieldDecoderOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it.each([
    { lengthFieldLength: 1, littleEndian: 'yes' },
    { lengthFieldLength: 1, failFast: 0 },
    { lengthFieldLength: 1, lengthAdjustment: '1' },
  ])('refuses the type of %j', (options) => {
    expect(() => new LengthFieldDecoder(options as unknown as LengthFieldDecoderOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });

  it('takes options at the edge of what is possible', () => {
    const one = new LengthFieldDecoder({ lengthFieldLength: 1, lengthAdjustment: -255 });
    expect(hexOf(decode(one, [Buffer.of(255, 255)]))).toEqual(['ff', 'ff']);
    const all = new LengthFieldDecoder({ lengthFieldLength: 1, initialBytesToStrip: 256 });
    expect(decode(all, [Buffer.alloc(256, 255)])).toEqual([Buffer.alloc(0)]);
    const least = new LengthFieldDecoder({ lengthFieldLength: 2, maxFrameLength: 2 });
    expect(hexOf(decode(least, [Buffer.of(0, 0)]))).toEqual(['0000']);
  });

  for (const failFast of [true, false]) {
    describe(`with failFast ${failFast}`, () => {
      describeDecoder({
        make: () =>
          new LengthFieldDecoder({
            lengthFieldOffset: 1,
            lengthFieldLength: 2,
            lengthAdjustment: -3,
            initialBytesToStrip: 3,
            maxFrameLength: 43,
            failFast,
          }),
        encode: (frame) => Buffer.concat([Buffer.of(7, 0, frame.length + 3), frame]),
        frame: frameOf(),
        alphabet: '\0\0\0\x03\x05\x2b\x2c',
      });
    });
  }
});
