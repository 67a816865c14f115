/** Frames as a server receives them, and the events or the error that they have to cause. */
import type { MessageParserOptions } from '../../../src/protocols/websocket/parser.js';
import { closing, type FrameParts } from './frames.js';

export const FRAME = 'error ERR_WEBSOCKET_FRAME 1002';
const TEXT = 'error ERR_WEBSOCKET_TEXT 1007';
const FLOOD = 'error ERR_WEBSOCKET_FLOOD 1008';
const TOO_LONG = 'error ERR_WEBSOCKET_MESSAGE_TOO_LONG 1009';

export const bytes = (...values: number[]): Buffer => Buffer.from(values);
export const text = (payload: string | Buffer, fin = true): FrameParts => ({
  opcode: 1,
  payload,
  fin,
});
const more = (payload: string | Buffer, fin = true): FrameParts => ({
  opcode: 0,
  payload,
  fin,
});
const close = (payload: Buffer): FrameParts => ({ opcode: 8, payload });

interface Case {
  readonly name: string;
  readonly frames: readonly FrameParts[];
  readonly events: readonly string[];
  readonly options?: Partial<MessageParserOptions>;
}

/** The groups of the Autobahn test suite: 1 framing, 2 pings, 3 reserved bits, 4 opcodes, 5 fragmentation, 6 UTF-8, 7 closing. */
export const CASES: readonly Case[] = [
  { name: '1.1.1 an empty text', frames: [text('')], events: ['text ""'] },
  ...[125, 126, 127, 128].map((length) => ({
    name: `1.1 a text of ${length} bytes`,
    frames: [text('*'.repeat(length))],
    events: [`text "${'*'.repeat(length)}"`],
  })),
  { name: '1.2.1 an empty binary message', frames: [{ opcode: 2 }], events: ['binary '] },
  ...[125, 126, 127, 128].map((length) => ({
    name: `1.2 a binary message of ${length} bytes`,
    frames: [{ opcode: 2, payload: Buffer.alloc(length, 0xfe) }],
    events: [`binary ${'fe'.repeat(length)}`],
  })),
  { name: '2.1 an empty ping', frames: [{ opcode: 9 }], events: ['ping '] },
  { name: '2.2 a ping', frames: [{ opcode: 9, payload: 'a' }], events: ['ping 61'] },
  {
    name: '2.4 a ping of 125 bytes',
    frames: [{ opcode: 9, payload: Buffer.alloc(125, 0xfe) }],
    events: [`ping ${'fe'.repeat(125)}`],
  },
  {
    name: '2.5 a ping of 126 bytes',
    frames: [{ opcode: 9, payload: Buffer.alloc(126) }],
    events: [FRAME],
  },
  {
    name: '2.7 pongs that answer nothing',
    frames: [{ opcode: 10 }, { opcode: 10, payload: 'b' }, { opcode: 9 }],
    events: ['pong ', 'pong 62', 'ping '],
  },
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv) => ({
    name: `3.${rsv} reserved bits ${rsv}`,
    frames: [text('a'), { opcode: 1, rsv, payload: 'b' }],
    events: ['text "a"', FRAME],
  })),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => ({
    name: `4 the reserved opcode ${opcode}`,
    frames: [text('a'), { opcode }, text('b')],
    events: ['text "a"', FRAME],
  })),
  {
    name: '5.1 a fragmented ping',
    frames: [{ opcode: 9, fin: false }, more('')],
    events: [FRAME],
  },
  {
    name: '5.2 a fragmented pong',
    frames: [{ opcode: 10, fin: false }, more('')],
    events: [FRAME],
  },
  { name: 'a fragmented close', frames: [{ opcode: 8, fin: false }], events: [FRAME] },
  { name: '5.3 two fragments', frames: [text('a', false), more('b')], events: ['text "ab"'] },
  {
    name: '5.6 a ping between fragments',
    frames: [text('a', false), { opcode: 9, payload: 'p' }, more('b')],
    events: ['ping 70', 'text "ab"'],
  },
  { name: '5.9 a continuation of nothing', frames: [more('b')], events: [FRAME] },
  {
    name: '5.10 a continuation after a whole message',
    frames: [text('a'), more('b', false)],
    events: ['text "a"', FRAME],
  },
  {
    name: '5.15 a continuation after a fragmented message',
    frames: [text('a', false), more('b'), more('c')],
    events: ['text "ab"', FRAME],
  },
  {
    name: '5.18 a text inside a fragmented text',
    frames: [text('a', false), text('b')],
    events: [FRAME],
  },
  {
    name: 'a binary message inside a fragmented text',
    frames: [text('a', false), { opcode: 2, payload: 'b' }],
    events: [FRAME],
  },
  {
    name: '5.19 five fragments and two pings',
    frames: [
      text('1', false),
      more('2', false),
      { opcode: 9, payload: 'p' },
      more('3', false),
      more('4', false),
      { opcode: 9, payload: 'q' },
      more('5'),
    ],
    events: ['ping 70', 'ping 71', 'text "12345"'],
  },
  {
    name: '6.1 empty fragments',
    frames: [text('', false), more('', false), more('')],
    events: ['text ""'],
  },
  {
    name: 'empty fragments in front of other messages',
    frames: [
      text('', false),
      more(''),
      { opcode: 2, payload: bytes(0xff), fin: false },
      more(bytes(0xfe)),
      { opcode: 2, fin: false },
      more(''),
      text('a', false),
      more(''),
    ],
    events: ['text ""', 'binary fffe', 'binary ', 'text "a"'],
  },
  {
    name: '6.2 UTF-8 cut between and inside characters',
    frames: [text(Buffer.from('Hello-µ@').subarray(0, 7), false), more(bytes(0xb5, 0x40))],
    events: ['text "Hello-µ@"'],
  },
  {
    name: '6.3 invalid UTF-8',
    frames: [text(bytes(0xce, 0xba, 0xed, 0xa0, 0x80))],
    events: [TEXT],
  },
  {
    name: '6.4 invalid UTF-8 in the first of two fragments, found at once',
    frames: [text(bytes(0xce, 0xba, 0xf4, 0x90), false)],
    events: [TEXT],
  },
  { name: '6.6 an unfinished character', frames: [text(bytes(0x61, 0xce))], events: [TEXT] },
  {
    name: 'an unfinished character at the end of fragments',
    frames: [text('a', false), more(bytes(0xe2, 0x82))],
    events: [TEXT],
  },
  {
    name: 'an unfinished character that another message would complete',
    frames: [text(bytes(0xce), true), text(bytes(0xba))],
    events: [TEXT],
  },
  {
    name: '6.7 the limits of UTF-8',
    frames: [text('\0\x7f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}')],
    events: [
      `text ${JSON.stringify('\0\x7f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}')}`,
    ],
  },
  {
    name: 'a byte order mark, which is text',
    frames: [text('\ufeffa')],
    events: ['text "\ufeffa"'],
  },
  ...[
    [0x80],
    [0xbf],
    [0xc0, 0x80],
    [0xc1, 0xbf],
    [0xe0, 0x9f, 0xbf],
    [0xed, 0xa0, 0x80],
    [0xed, 0xbf, 0xbf],
    [0xf0, 0x8f, 0xbf, 0xbf],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
    [0xfe],
    [0xff],
  ].map((invalid) => ({
    name: `6.8 to 6.21 the invalid sequence ${Buffer.from(invalid).toString('hex')}`,
    frames: [text(Buffer.from([0x61, ...invalid, 0x62]))],
    events: [TEXT],
  })),
  {
    name: '7.1 frames after a close frame, which are dropped',
    frames: [text('a'), close(closing(1000)), text('b'), { opcode: 9 }, { opcode: 3 }],
    events: ['text "a"', 'close 1000 ""'],
  },
  {
    name: '7.1.4 a close frame inside a fragmented message',
    frames: [text('a', false), close(closing(1000))],
    events: ['close 1000 ""'],
  },
  {
    name: '7.3.1 a close frame without a payload',
    frames: [close(bytes())],
    events: ['close 1005 ""'],
  },
  { name: '7.3.2 a close frame with one byte', frames: [close(bytes(3))], events: [FRAME] },
  {
    name: '7.3.5 a close frame with a reason of 123 bytes',
    frames: [close(closing(1000, 'r'.repeat(123)))],
    events: [`close 1000 "${'r'.repeat(123)}"`],
  },
  {
    name: '7.3.6 a close frame with a reason of 124 bytes',
    frames: [close(closing(1000, 'r'.repeat(124)))],
    events: [FRAME],
  },
  {
    name: '7.5.1 a reason that is not UTF-8',
    frames: [close(closing(1000, bytes(0xce, 0xed, 0xa0)))],
    events: [TEXT],
  },
  {
    name: 'a reason with an unfinished character',
    frames: [close(closing(1000, bytes(0x61, 0xce)))],
    events: [TEXT],
  },
  ...[
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ].map((code) => ({
    name: `7.7 the code ${code}`,
    frames: [close(closing(code, 'x'))],
    events: [`close ${code} "x"`],
  })),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code) => ({
    name: `7.9 the code ${code}`,
    frames: [close(closing(code, 'x'))],
    events: [FRAME],
  })),
  {
    name: 'an unmasked frame from a client',
    frames: [text('a'), { ...text('b'), key: undefined }],
    events: ['text "a"', FRAME],
  },
  {
    name: 'a masking key of zeros',
    frames: [{ ...text('zero'), key: [0, 0, 0, 0] }],
    events: ['text "zero"'],
  },
  {
    name: 'a length of 16 bits that fits into 7',
    frames: [{ ...text('a'.repeat(125)), lengthBytes: 2 }],
    events: [FRAME],
  },
  {
    name: 'a length of 63 bits that fits into 16',
    frames: [{ ...text('a'), length: 65_535, lengthBytes: 8 }],
    events: [FRAME],
  },
  {
    name: 'a length of 2^63',
    frames: [{ ...text('a'), length: 2 ** 63, lengthBytes: 8 }],
    events: [FRAME],
  },
  {
    name: 'a length of 2^62 before any payload',
    frames: [{ opcode: 2, length: 2 ** 62, lengthBytes: 8 }],
    events: [TOO_LONG],
  },
  {
    name: 'a message of maxMessageBytes',
    frames: [text('12345678')],
    events: ['text "12345678"'],
    options: { maxMessageBytes: 8 },
  },
  {
    name: 'a message of more than maxMessageBytes',
    frames: [text('123456789')],
    events: [TOO_LONG],
    options: { maxMessageBytes: 8 },
  },
  {
    name: 'fragments of more than maxMessageBytes, of which the last has no payload yet',
    frames: [text('12345678', false), { ...more(''), length: 1 }],
    events: [TOO_LONG],
    options: { maxMessageBytes: 8 },
  },
  {
    name: 'messages that are longer than maxMessageBytes only together',
    frames: [text('12345678'), text('1', false), more('2345678')],
    events: ['text "12345678"', 'text "12345678"'],
    options: { maxMessageBytes: 8 },
  },
  {
    name: 'maxFragments',
    frames: [
      text('', false),
      more('', false),
      more(''),
      text('', false),
      more('', false),
      more('', false),
      more(''),
    ],
    events: ['text ""', FLOOD],
    options: { maxFragments: 3 },
  },
  {
    name: 'maxControlFrames, which messages reset',
    frames: [{ opcode: 9 }, { opcode: 10 }, text('a'), { opcode: 9 }, { opcode: 9 }, { opcode: 9 }],
    events: ['ping ', 'pong ', 'text "a"', 'ping ', 'ping ', FLOOD],
    options: { maxControlFrames: 2 },
  },
];
