import { describe, expect, it } from 'vitest';
import {
  FrameTooLongError,
  InvalidFrameLengthError,
  StringTooLongError,
} from '../../src/framing/errors.js';
import {
  encodeLengthPrefix,
  encodeLengthPrefixed,
  LengthPrefixDecoder,
  type LengthPrefixDecoderOptions,
  type LengthPrefixOptions,
  type PrefixBits,
} from '../../src/framing/length-prefix.js';
import { everySplit } from '../../src/testing/every-split.js';
import { decode, decodeText, describeDecoder, drain, frameOf, thrownBy } from './decoding.js';

interface Case extends LengthPrefixDecoderOptions {
  readonly bits: PrefixBits;
  readonly hex: string;
  readonly strings: string[];
}

const CASES: Case[] = [
  { bits: 8, hex: '03616263 00 0164', strings: ['abc', '', 'd'] },
  { bits: 16, hex: '0003616263 0000 000164', strings: ['abc', '', 'd'] },
  { bits: 32, hex: '00000003616263 00000000 0000000164', strings: ['abc', '', 'd'] },
  { bits: 16, littleEndian: true, hex: '0300616263 0000 010064', strings: ['abc', '', 'd'] },
  { bits: 32, littleEndian: true, hex: '03000000616263 00000000', strings: ['abc', ''] },
  {
    bits: 8,
    signed: true,
    maxLength: 127,
    hex: `7f${'61'.repeat(127)}`,
    strings: ['a'.repeat(127)],
  },
  { bits: 8, hex: `ff${'61'.repeat(255)}00`, strings: ['a'.repeat(255), ''] },
];

describe('LengthPrefixDecoder', () => {
  it.each(CASES)(
    'reads $strings behind $bits bits, however they are cut',
    ({ bits, hex, strings, ...options }) => {
      const wire = Buffer.from(hex.replaceAll(' ', ''), 'hex');
      for (const chunks of everySplit(wire)) {
        expect(decodeText(new LengthPrefixDecoder(bits, options), chunks)).toEqual(strings);
      }
    },
  );

  it.each([
    [8, {}, '0d', 13],
    [16, {}, '0100', 256],
    [16, { littleEndian: true }, '0d00', 13],
    [32, {}, '0000000d', 13],
    [32, {}, 'ffffffff', 0xffffffff],
    [32, { littleEndian: true }, '000000ff', 0xff000000],
    [32, { signed: true }, '7fffffff', 0x7fffffff],
  ] as const)(
    'refuses a length beyond maxLength: %i bits, %o, %s',
    (bits, options, hex, length) => {
      for (const chunks of everySplit(Buffer.from(hex, 'hex'))) {
        const decoder = new LengthPrefixDecoder(bits, { ...options, maxLength: 12 });
        const error = thrownBy(() => decode(decoder, chunks));
        expect(error).toEqual(new FrameTooLongError(12, length));
        expect(error).toMatchObject({ code: 'ERR_FRAME_TOO_LONG', limit: 12, length });
        expect(decoder.takeRest().toString('hex')).toBe(hex);
      }
    },
  );

  it.each([
    [8, {}, '80', -128],
    [8, {}, 'ff', -1],
    [16, {}, '8000', -32_768],
    [16, { littleEndian: true }, 'feff', -2],
    [32, {}, '80000000', -(2 ** 31)],
    [32, { littleEndian: true }, 'ffffffff', -1],
  ] as const)('refuses a negative length: %i bits, %o, %s', (bits, options, hex, length) => {
    for (const chunks of everySplit(Buffer.from(hex, 'hex'))) {
      const decoder = new LengthPrefixDecoder(bits, { ...options, signed: true });
      const error = thrownBy(() => decode(decoder, chunks));
      expect(error).toBeInstanceOf(InvalidFrameLengthError);
      expect(error).toMatchObject({ code: 'ERR_INVALID_FRAME_LENGTH', length });
    }
  });

  it('takes exactly maxLength bytes', () => {
    const decoder = new LengthPrefixDecoder(32, { maxLength: 12 });
    const string = Buffer.alloc(12, 'x');
    expect(decode(decoder, [encodeLengthPrefixed(string, 32)])).toEqual([string]);
  });

  it('has a limit of 99,999 bytes by default', () => {
    const string = Buffer.alloc(99_999, 'x');
    expect(decode(new LengthPrefixDecoder(32), [encodeLengthPrefixed(string, 32)])).toEqual([
      string,
    ]);
    const prefix = encodeLengthPrefix(100_000, 32);
    expect(() => decode(new LengthPrefixDecoder(32), [prefix])).toThrow(FrameTooLongError);
  });

  it('allocates no memory for bytes that were only announced', () => {
    const decoder = new LengthPrefixDecoder(32, { maxLength: 2 ** 31 - 1 });
    decoder.receive(encodeLengthPrefix(2 ** 31 - 1, 32));
    expect(decoder.next()).toBeUndefined();
    decoder.receive(Buffer.alloc(100));
    expect(decoder.next()).toBeUndefined();
    expect(decoder.takeRest().buffer.byteLength).toBeLessThan(10_000);
  });

  it('gives a frame of 100 MiB that comes in 64 KiB chunks', () => {
    const size = 100 * 1024 * 1024;
    const decoder = new LengthPrefixDecoder(32, { maxLength: size });
    const chunk = Buffer.alloc(65_536, 7);
    decoder.receive(encodeLengthPrefix(size, 32));
    let frames: Buffer[] = [];
    for (let at = 0; at < size; at += chunk.length) {
      expect(frames).toEqual([]);
      decoder.receive(chunk);
      frames = drain(decoder);
    }
    expect(frames.map((frame) => [frame.length, frame[0], frame.at(-1)])).toEqual([[size, 7, 7]]);
  });

  it.each([
    [24, {}],
    [0, {}],
    ['16', {}],
    [32, { maxLength: 0 }],
    [32, { maxLength: 2 ** 31 }],
  ])('refuses %j bits with %o', (bits, options) => {
    expect(() => new LengthPrefixDecoder(bits as PrefixBits, options)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it.each([{ littleEndian: 1 }, { signed: 'no' }, { maxLength: '5' }])(
    'refuses the type of %o',
    (options) => {
      const wrong = options as unknown as LengthPrefixDecoderOptions;
      expect(() => new LengthPrefixDecoder(32, wrong)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      );
    },
  );

  for (const bits of [8, 16, 32] as const) {
    for (const littleEndian of [false, true]) {
      describe(`with ${bits} bits, ${littleEndian ? 'little' : 'big'}-endian`, () => {
        describeDecoder({
          make: () => new LengthPrefixDecoder(bits, { littleEndian, signed: true, maxLength: 40 }),
          encode: (frame) => encodeLengthPrefixed(frame, bits, { littleEndian }),
          frame: frameOf(),
          alphabet: '\0\0\0\x01\x02\x29\x80',
        });
      });
    }
  }
});

describe('encodeLengthPrefixed', () => {
  it.each(CASES)(
    'writes $strings behind $bits bits',
    ({ bits, hex, strings, maxLength: _, ...options }) => {
      const wire = Buffer.concat(
        strings.map((string) => encodeLengthPrefixed(string, bits, options)),
      );
      expect(wire.toString('hex')).toBe(hex.replaceAll(' ', ''));
    },
  );

  it('counts bytes, not characters', () => {
    expect(encodeLengthPrefixed('é', 8)).toEqual(Buffer.from('\x02é'));
  });

  it.each([
    [8, {}, 255],
    [8, { signed: true }, 127],
    [16, {}, 65_535],
    [16, { signed: true }, 32_767],
    [32, {}, 2 ** 32 - 1],
    [32, { signed: true }, 2 ** 31 - 1],
  ] as const)(
    'tells lengths of %i bits, %o, up to %i',
    (bits, options: LengthPrefixOptions, most) => {
      expect(encodeLengthPrefix(most, bits, options)).toHaveLength(bits / 8);
      const error = thrownBy(() => encodeLengthPrefix(most + 1, bits, options));
      expect(error).toEqual(new StringTooLongError(most, most + 1));
      expect(error).toMatchObject({
        code: 'ERR_STRING_TOO_LONG',
        limit: most,
        length: most + 1,
      });
    },
  );

  it('refuses values that it cannot encode', () => {
    expect(() => encodeLengthPrefixed(5 as unknown as string, 8)).toThrow(TypeError);
    expect(() => encodeLengthPrefixed('a', 9 as PrefixBits)).toThrow(RangeError);
    expect(() => encodeLengthPrefix(-1, 8)).toThrow(RangeError);
    expect(() => encodeLengthPrefix(1.5, 8)).toThrow(RangeError);
    const options = { littleEndian: 1 } as unknown as LengthPrefixOptions;
    expect(() => encodeLengthPrefix(1, 8, options)).toThrow(TypeError);
  });
});
