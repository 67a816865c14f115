/** The decoder contract over Ropewalk's own decoders. */
import { describe, it } from 'vitest';
import { DelimiterDecoder } from '../../src/framing/delimiter-decoder.js';
import {
  FrameTooLongError,
  InvalidFrameLengthError,
  InvalidNetstringError,
  LineTooLongError,
} from '../../src/framing/errors.js';
import { FixedLengthDecoder } from '../../src/framing/fixed-length-decoder.js';
import { LengthFieldDecoder } from '../../src/framing/length-field-decoder.js';
import { LengthPrefixDecoder } from '../../src/framing/length-prefix.js';
import { LineDecoder } from '../../src/framing/line-decoder.js';
import { NetstringDecoder } from '../../src/framing/netstring.js';
import { decoderContract } from '../../src/testing/contracts/decoder/decoder-contract.js';
import type { DecoderContractOptions } from '../../src/testing/contracts/decoder/pull-decoder.js';

const LIMIT = 8;

type Sample = Omit<DecoderContractOptions<Buffer>, 'wire' | 'frames'> & {
  readonly wire: string;
  readonly frames: readonly string[];
};

const SAMPLES: readonly [name: string, sample: Sample][] = [
  [
    'LineDecoder',
    {
      make: () => new LineDecoder({ maxLength: LIMIT }),
      wire: 'one\r\n\ntw\ro\n12345678\r\n',
      frames: ['one', '', 'tw\ro', '12345678'],
      refused: [
        {
          name: 'a line too long',
          wire: Buffer.from('a\n123456789\n'),
          frames: [Buffer.from('a')],
          error: LineTooLongError,
        },
      ],
      unending: { bytes: Buffer.from('x'), maxBufferedBytes: LIMIT + 2, error: LineTooLongError },
    },
  ],
  [
    'DelimiterDecoder',
    {
      make: () => new DelimiterDecoder('<->', { maxLength: LIMIT }),
      wire: 'a<-><-<-><->->-<->',
      frames: ['a', '<-', '', '->-'],
      unending: { bytes: Buffer.from('<-'), maxBufferedBytes: LIMIT + 3, error: FrameTooLongError },
    },
  ],
  [
    'FixedLengthDecoder',
    { make: () => new FixedLengthDecoder(3), wire: 'onetwothr', frames: ['one', 'two', 'thr'] },
  ],
  [
    'LengthPrefixDecoder',
    {
      make: () => new LengthPrefixDecoder(16, { maxLength: LIMIT, signed: true }),
      wire: '\0\x03one\0\0\0\x0812345678',
      frames: ['one', '', '12345678'],
      refused: [
        {
          name: 'a frame too long',
          wire: Buffer.from('\0\x01a\0\x09', 'latin1'),
          frames: [Buffer.from('a')],
          error: FrameTooLongError,
        },
        {
          name: 'a negative length',
          wire: Buffer.from('\xff\xff', 'latin1'),
          error: InvalidFrameLengthError,
        },
      ],
    },
  ],
  [
    'LengthFieldDecoder',
    {
      make: () =>
        new LengthFieldDecoder({
          lengthFieldLength: 2,
          lengthFieldOffset: 1,
          lengthAdjustment: -3,
          initialBytesToStrip: 1,
          maxFrameLength: LIMIT,
        }),
      wire: 'x\0\x05abx\0\x03x\0\x0812345',
      frames: ['\0\x05ab', '\0\x03', '\0\x0812345'],
      errors: [FrameTooLongError, InvalidFrameLengthError],
    },
  ],
  [
    'NetstringDecoder',
    {
      make: () => new NetstringDecoder({ maxLength: LIMIT }),
      wire: '3:one,0:,8:12345678,',
      frames: ['one', '', '12345678'],
      refused: [
        { name: 'a leading zero', wire: Buffer.from('03:one,'), error: InvalidNetstringError },
        {
          name: 'a missing comma',
          wire: Buffer.from('1:a,3:one;'),
          frames: [Buffer.from('a')],
          error: InvalidNetstringError,
        },
        { name: 'a string too long', wire: Buffer.from('9:'), error: FrameTooLongError },
      ],
      unending: { bytes: Buffer.from('1'), maxBufferedBytes: 12, error: FrameTooLongError },
    },
  ],
];

describe.each(SAMPLES)('%s', (_name, { wire, frames, ...sample }) => {
  const contract = decoderContract<Buffer>({
    ...sample,
    wire: Buffer.from(wire, 'latin1'),
    frames: frames.map((frame) => Buffer.from(frame, 'latin1')),
  });
  for (const { name, run } of contract) it(name, run);
});
