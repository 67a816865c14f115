/** The public contract of pull decoders, over each decoder of framing. */
import { describe, expectTypeOf, it } from 'vitest';
import { DelimiterDecoder } from '../../src/framing/delimiter-decoder.js';
import {
  FrameTooLongError,
  InvalidNetstringError,
  LineTooLongError,
} from '../../src/framing/errors.js';
import { FixedLengthDecoder } from '../../src/framing/fixed-length-decoder.js';
import type { FrameDecoder } from '../../src/framing/frame-decoder.js';
import { LengthFieldDecoder } from '../../src/framing/length-field-decoder.js';
import { LengthPrefixDecoder } from '../../src/framing/length-prefix.js';
import { LineDecoder } from '../../src/framing/line-decoder.js';
import { NetstringDecoder } from '../../src/framing/netstring.js';
import { decoderContract } from '../../src/testing/contracts/decoder/decoder-contract.js';
import type { DecoderContractOptions } from '../../src/testing/contracts/decoder/pull-decoder.js';

const texts = (...frames: string[]): Buffer[] => frames.map((frame) => Buffer.from(frame));

const DECODERS: Record<string, DecoderContractOptions<Buffer>> = {
  LineDecoder: {
    make: () => new LineDecoder({ maxLength: 20 }),
    wire: Buffer.from('one\r\n\ntwo\rtoo\r\n'),
    frames: texts('one', '', 'two\rtoo'),
    refused: [
      {
        name: 'a long line',
        wire: Buffer.from('one\n123456789012345678901\n'),
        frames: texts('one'),
        error: LineTooLongError,
      },
    ],
    unending: { bytes: Buffer.from('more'), maxBufferedBytes: 24, error: LineTooLongError },
  },
  DelimiterDecoder: {
    make: () => new DelimiterDecoder('-+-', { maxLength: 20 }),
    wire: Buffer.from('one-+--+-t-+wo-+-'),
    frames: texts('one', '', 't-+wo'),
    unending: { bytes: Buffer.from('x-+'), maxBufferedBytes: 24, error: FrameTooLongError },
  },
  NetstringDecoder: {
    make: () => new NetstringDecoder({ maxLength: 20 }),
    wire: Buffer.from('3:one,0:,12:twelve bytes,'),
    frames: texts('one', '', 'twelve bytes'),
    refused: [
      { name: 'a long string', wire: Buffer.from('21:'), error: FrameTooLongError },
      {
        name: 'no comma',
        wire: Buffer.from('1:a,1:b;'),
        frames: texts('a'),
        error: InvalidNetstringError,
      },
    ],
    unending: { bytes: Buffer.from('9'), maxBufferedBytes: 24, error: FrameTooLongError },
  },
  LengthPrefixDecoder: {
    make: () => new LengthPrefixDecoder(16, { maxLength: 20 }),
    wire: Buffer.from('\0\x03one\0\0\0\x05three'),
    frames: texts('one', '', 'three'),
    refused: [{ name: 'a long frame', wire: Buffer.of(0, 21), error: FrameTooLongError }],
  },
  LengthFieldDecoder: {
    make: () =>
      new LengthFieldDecoder({
        lengthFieldOffset: 1,
        lengthFieldLength: 1,
        initialBytesToStrip: 2,
        maxFrameLength: 22,
      }),
    wire: Buffer.from('!\x03one?\0.\x05three'),
    frames: texts('one', '', 'three'),
    refused: [{ name: 'a long frame', wire: Buffer.of(0, 21), error: FrameTooLongError }],
  },
  FixedLengthDecoder: {
    make: () => new FixedLengthDecoder(3),
    wire: Buffer.from('onetwo'),
    frames: texts('one', 'two'),
  },
};

describe.each(Object.entries(DECODERS))('%s', (_name, options) => {
  for (const { name, run } of decoderContract(options)) it(name, run);
});

it('is one type for all of them', () => {
  expectTypeOf<LineDecoder>().toExtend<FrameDecoder>();
  expectTypeOf<DelimiterDecoder>().toExtend<FrameDecoder>();
  expectTypeOf<NetstringDecoder>().toExtend<FrameDecoder>();
  expectTypeOf<LengthPrefixDecoder>().toExtend<FrameDecoder>();
  expectTypeOf<LengthFieldDecoder>().toExtend<FrameDecoder>();
  expectTypeOf<FixedLengthDecoder>().toExtend<FrameDecoder>();
});
