/** What the server decides about frames of each rule of RFC 9113, sections 3 to 8, over sockets. */
import { expect, it } from 'vitest';
import type { HTTPHandler, HTTPServerOptions } from '../../../src/http/index.js';
import { contract } from '../../support/contract.js';
import { RawPeer } from '../../support/raw-peer.js';
import { ONE_POLLER } from '../../support/reactors.js';
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FramesPeer,
  frame,
  GET,
  GOAWAY,
  HEADERS,
  HTTP,
  literal,
  PADDED,
  PING,
  PREFACE,
  PRIORITY,
  PRIORITY_FLAG,
  PUSH_PROMISE,
  REQUEST,
  ROOT_PATH,
  RST_STREAM,
  SETTINGS,
  setting,
  UPLOAD,
  WHOLE,
  WINDOW_UPDATE,
  word,
} from './frames-peer.js';
import { serve } from './rig.js';

/** A title, the frames, and the decisions. `end`: the connection is closed. */
type Case = readonly [title: string, frames: readonly Buffer[], decisions: readonly string[]];

const NOTHING: readonly string[] = [];
const ok = (stream = 1): readonly string[] => [`${stream}: 200`];
const fatal = (code: string): readonly string[] => [`connection ${code}`, 'end'];
const PROTOCOL = fatal('PROTOCOL_ERROR');
const SIZE = fatal('FRAME_SIZE_ERROR');
const FLOW = fatal('FLOW_CONTROL_ERROR');
const COMPRESSION = fatal('COMPRESSION_ERROR');
const CLOSED = fatal('STREAM_CLOSED');
const MALFORMED: readonly string[] = ['stream 1 PROTOCOL_ERROR'];

/** Requests, with and without an end. */
const get = (stream = 1, more = ''): Buffer => frame(HEADERS, WHOLE, stream, REQUEST + more);
const open = (stream = 1, more = ''): Buffer => frame(HEADERS, END_HEADERS, stream, UPLOAD + more);
/** The handler does not answer. */
const HELD = GET + literal(':path', '/held') + HTTP + literal(':authority', 'app');
const held = frame(HEADERS, WHOLE, 1, HELD);
const block = (digits: string): Buffer => frame(HEADERS, WHOLE, 1, digits);
const bytes = (length: number): Buffer => Buffer.alloc(length, 'x');
const AUTHORITY = literal(':authority', 'app');

const FRAMES: readonly Case[] = [
  ['4.1: ignores unknown types', [frame(99, 255, 0, 'abcd'), get()], ok()],
  ['4.1: ignores unknown flags', [frame(PING, 0xfe, 0, word(1) + word(2)), get()], ok()],
  ['4.1: ignores the reserved bit', [frame(HEADERS, WHOLE, 0x80000001, REQUEST)], ok()],
  ['4.2: accepts 16,384 octets', [open(), frame(DATA, END_STREAM, 1, bytes(16_384))], ok()],
  ['4.2: refuses longer DATA', [open(), frame(DATA, 0, 1, bytes(16_385))], SIZE],
  ['4.2: refuses longer HEADERS', [frame(HEADERS, WHOLE, 1, bytes(16_385))], SIZE],
  ['4.2: refuses longer frames of unknown types', [frame(99, 0, 0, bytes(16_385))], SIZE],
  ['4.3: refuses the index 0', [block(`${REQUEST}80`)], COMPRESSION],
  ['4.3: refuses an index outside of the tables', [block(`${REQUEST}ff8001`)], COMPRESSION],
  ['4.3: refuses a block that ends early', [block(`${REQUEST}0005616263`)], COMPRESSION],
  ['4.3: refuses wrong Huffman padding', [block(`${REQUEST}0001618100`)], COMPRESSION],
  ['4.3: refuses a larger table', [block(`3fe21f${REQUEST}`)], COMPRESSION],
  ['4.3: refuses a change of the table behind a field', [block(`${REQUEST}20`)], COMPRESSION],
  ['4.3: accepts a smaller table', [block(`20${REQUEST}`)], ok()],
];

const STATES: readonly Case[] = [
  ['idle: refuses DATA', [frame(DATA, 0, 1, 'ab')], PROTOCOL],
  ['idle: refuses RST_STREAM', [frame(RST_STREAM, 0, 1, word(8))], PROTOCOL],
  ['idle: refuses WINDOW_UPDATE', [frame(WINDOW_UPDATE, 0, 1, word(1))], PROTOCOL],
  ['idle: refuses CONTINUATION', [frame(CONTINUATION, END_HEADERS, 1, REQUEST)], PROTOCOL],
  ['idle: ignores PRIORITY', [frame(PRIORITY, 0, 1, `${word(0)}10`), get()], ok()],
  ['half-closed: refuses DATA', [held, frame(DATA, 0, 1, 'ab')], ['stream 1 STREAM_CLOSED']],
  ['half-closed: refuses HEADERS', [held, get()], ['stream 1 STREAM_CLOSED']],
  ['half-closed: refuses CONTINUATION', [held, frame(CONTINUATION, 4, 1, REQUEST)], PROTOCOL],
  ['half-closed: accepts WINDOW_UPDATE', [held, frame(WINDOW_UPDATE, 0, 1, word(9))], NOTHING],
  ['reset: refuses DATA', [held, frame(RST_STREAM, 0, 1, word(8)), frame(DATA, 0, 1)], CLOSED],
  ['reset: refuses HEADERS', [held, frame(RST_STREAM, 0, 1, word(8)), get()], CLOSED],
  [
    'reset: ignores PRIORITY',
    [held, frame(RST_STREAM, 0, 1, word(8)), frame(2, 0, 1, '0000000001')],
    NOTHING,
  ],
  [
    'reset: ignores WINDOW_UPDATE',
    [held, frame(RST_STREAM, 0, 1, word(8)), frame(8, 0, 1, word(1))],
    NOTHING,
  ],
  ['5.1.1: refuses even streams', [get(2)], PROTOCOL],
  ['5.1.1: refuses streams of lower numbers', [get(5), get(3)], fatal('PROTOCOL_ERROR')],
  ['5.1.1: accepts gaps', [get(5), get(77)], ['5: 200', '77: 200']],
  [
    '5.1.2: refuses more streams',
    [open(1), open(3), get(5), frame(RST_STREAM, 0, 1, word(8))],
    ['stream 5 REFUSED_STREAM'],
  ],
];

const TYPES: readonly Case[] = [
  ['DATA of stream 0', [frame(DATA, 0, 0, 'ab')], PROTOCOL],
  ['DATA with more padding than content', [open(), frame(DATA, PADDED, 1, '0500')], PROTOCOL],
  ['DATA without a length of padding', [open(), frame(DATA, PADDED, 1)], SIZE],
  ['padded DATA', [open(), frame(DATA, PADDED | END_STREAM, 1, '0261620000')], ok()],
  ['HEADERS of stream 0', [frame(HEADERS, WHOLE, 0, REQUEST)], PROTOCOL],
  ['HEADERS with too much padding', [frame(HEADERS, WHOLE | PADDED, 1, `ff${REQUEST}`)], PROTOCOL],
  [
    'HEADERS with padding and a priority',
    [frame(HEADERS, WHOLE | PADDED | PRIORITY_FLAG, 1, `02${word(0)}10${REQUEST}0000`)],
    ok(),
  ],
  ['HEADERS within a block', [frame(HEADERS, 1, 1, REQUEST), get(3)], PROTOCOL],
  ['unknown frames within a block', [frame(HEADERS, 1, 1, REQUEST), frame(99, 0, 0)], PROTOCOL],
  ['PRIORITY of stream 0', [frame(PRIORITY, 0, 0, '0000000001')], PROTOCOL],
  ['PRIORITY of 4 octets', [open(), frame(PRIORITY, 0, 1, word(0))], SIZE],
  ['RST_STREAM of stream 0', [frame(RST_STREAM, 0, 0, word(8))], PROTOCOL],
  ['RST_STREAM of 3 octets', [held, frame(RST_STREAM, 0, 1, '000008')], SIZE],
  ['SETTINGS of a stream', [frame(SETTINGS, 0, 1)], PROTOCOL],
  ['SETTINGS of 5 octets', [frame(SETTINGS, 0, 0, '0001000000')], SIZE],
  ['an acknowledgement with settings', [frame(SETTINGS, ACK, 0, setting(1, 0))], SIZE],
  ['an ENABLE_PUSH of 2', [frame(SETTINGS, 0, 0, setting(2, 2))], PROTOCOL],
  ['an INITIAL_WINDOW_SIZE of 2^31', [frame(SETTINGS, 0, 0, setting(4, 2 ** 31))], FLOW],
  ['a MAX_FRAME_SIZE of 16,383', [frame(SETTINGS, 0, 0, setting(5, 16_383))], PROTOCOL],
  ['a MAX_FRAME_SIZE of 2^24', [frame(SETTINGS, 0, 0, setting(5, 2 ** 24))], PROTOCOL],
  ['an ENABLE_CONNECT_PROTOCOL of 2', [frame(SETTINGS, 0, 0, setting(8, 2))], PROTOCOL],
  ['unknown settings', [frame(SETTINGS, 0, 0, setting(0xfafa, 7)), get()], ok()],
  ['PUSH_PROMISE', [held, frame(PUSH_PROMISE, 4, 1, word(2) + REQUEST)], PROTOCOL],
  ['PING of a stream', [frame(PING, 0, 1, word(1) + word(2))], PROTOCOL],
  ['PING of 7 octets', [frame(PING, 0, 0, '00000000000000')], SIZE],
  ['GOAWAY of a stream', [frame(GOAWAY, 0, 1, word(0) + word(0))], PROTOCOL],
  ['GOAWAY of 7 octets', [frame(GOAWAY, 0, 0, '00000000000000')], SIZE],
  ['WINDOW_UPDATE of 3 octets', [frame(WINDOW_UPDATE, 0, 0, '000001')], SIZE],
  ['WINDOW_UPDATE of 0', [frame(WINDOW_UPDATE, 0, 0, word(0))], PROTOCOL],
  ['WINDOW_UPDATE of 0 for a stream', [held, frame(8, 0, 1, word(0))], MALFORMED],
  ['a window of 2^31', [frame(WINDOW_UPDATE, 0, 0, word(2 ** 31 - 1))], FLOW],
  [
    'a window of 2^31 of a stream',
    [held, frame(WINDOW_UPDATE, 0, 1, word(2 ** 31 - 1))],
    ['stream 1 FLOW_CONTROL_ERROR'],
  ],
  [
    'a window of 2^31 by SETTINGS',
    [held, frame(8, 0, 1, word(1000)), frame(SETTINGS, 0, 0, setting(4, 2 ** 31 - 1))],
    FLOW,
  ],
  ['CONTINUATION behind a whole block', [get(), frame(CONTINUATION, 4, 1)], PROTOCOL],
  ['CONTINUATION of stream 0', [frame(HEADERS, 1, 1, REQUEST), frame(9, 4, 0)], PROTOCOL],
  ['CONTINUATION of another stream', [frame(HEADERS, 1, 1, REQUEST), frame(9, 4, 3)], PROTOCOL],
  [
    'CONTINUATION, some of them empty',
    [
      frame(HEADERS, END_STREAM, 1, REQUEST.slice(0, 10)),
      frame(CONTINUATION, 0, 1),
      frame(CONTINUATION, END_HEADERS, 1, REQUEST.slice(10)),
    ],
    ok(),
  ],
];

const trailers = (digits: string, flags: number = WHOLE): Buffer =>
  frame(HEADERS, flags, 1, digits);

const MESSAGES: readonly Case[] = [
  ['trailers', [open(), frame(DATA, 0, 1, 'ab'), trailers(literal('sum', '1'))], ok()],
  [
    'trailers that are not the end',
    [open(), trailers(literal('sum', '1'), END_HEADERS)],
    MALFORMED,
  ],
  ['pseudo-header fields in trailers', [open(), trailers(GET)], MALFORMED],
  [
    'less content than its length',
    [open(1, literal('content-length', '3')), frame(DATA, 1, 1, 'ab')],
    MALFORMED,
  ],
  [
    'more content than its length',
    [open(1, literal('content-length', '1')), frame(DATA, 0, 1, 'abcd')],
    MALFORMED,
  ],
  ['a length without content', [get(1, literal('content-length', '3'))], MALFORMED],
  ['a length that is no number', [open(1, literal('content-length', '+1'))], MALFORMED],
  ['capital letters in names', [get(1, literal('Sum', '1'))], MALFORMED],
  ['an empty name', [get(1, literal('', '1'))], MALFORMED],
  ['a space in a name', [get(1, literal('a b', '1'))], MALFORMED],
  ['a zero octet in a value', [get(1, literal('sum', '1\0'))], MALFORMED],
  ['a line feed in a value', [get(1, literal('sum', '1\n2'))], MALFORMED],
  ['a space before a value', [get(1, literal('sum', ' 1'))], MALFORMED],
  ['the field Connection', [get(1, literal('connection', 'close'))], MALFORMED],
  ['the field Transfer-Encoding', [open(1, literal('transfer-encoding', 'chunked'))], MALFORMED],
  ['the field Upgrade', [get(1, literal('upgrade', 'shout'))], MALFORMED],
  ['the field Keep-Alive', [get(1, literal('keep-alive', '1'))], MALFORMED],
  ['TE: gzip', [get(1, literal('te', 'gzip'))], MALFORMED],
  ['TE: trailers', [get(1, literal('te', 'trailers'))], ok()],
  [
    'a pseudo-header field behind others',
    [block(GET + ROOT_PATH + literal('sum', '1') + HTTP)],
    MALFORMED,
  ],
  ['an unknown pseudo-header field', [block(REQUEST + literal(':sum', '1'))], MALFORMED],
  ['the pseudo-header field of responses', [block(`${REQUEST}88`)], MALFORMED],
  ['two methods', [block(GET + GET + ROOT_PATH + HTTP + AUTHORITY)], MALFORMED],
  ['no method', [block(ROOT_PATH + HTTP + AUTHORITY)], MALFORMED],
  ['no scheme', [block(GET + ROOT_PATH + AUTHORITY)], MALFORMED],
  ['no path', [block(GET + HTTP + AUTHORITY)], MALFORMED],
  ['an empty path', [block(GET + HTTP + AUTHORITY + literal(':path', ''))], MALFORMED],
  ['a path without a slash', [block(GET + HTTP + AUTHORITY + literal(':path', 'x'))], MALFORMED],
  [
    'user information in the authority',
    [block(GET + ROOT_PATH + HTTP + literal(':authority', 'me@app'))],
    MALFORMED,
  ],
  ['a Host that differs', [get(1, literal('host', 'other'))], MALFORMED],
  [
    'Host in place of the authority',
    [block(GET + ROOT_PATH + HTTP + literal('host', 'app'))],
    ok(),
  ],
  [
    'CONNECT with a path',
    [block(literal(':method', 'CONNECT') + ROOT_PATH + AUTHORITY)],
    MALFORMED,
  ],
  ['CONNECT without an authority', [block(literal(':method', 'CONNECT'))], MALFORMED],
  ['a protocol without CONNECT', [block(REQUEST + literal(':protocol', 'websocket'))], MALFORMED],
];

const handler: HTTPHandler = async (request, response) => {
  if (request.path === '/held')
    return new Promise<void>((resolve) =>
      request.signal.addEventListener('abort', () => resolve()),
    );
  await request.bytes();
  response.send(bytes(10));
};

const OPTIONS: HTTPServerOptions = {
  http2: { maxConcurrentStreams: 2, streamWindowBytes: 65_535, connectionWindowBytes: 100_000 },
};

contract(
  'an HTTP/2 server that gets frames',
  (rig) => {
    async function connected(more: Uint8Array = Buffer.alloc(0)): Promise<FramesPeer> {
      const peer = rig.use(await FramesPeer.connect(serve(rig, OPTIONS, handler).port));
      peer.send(PREFACE, frame(SETTINGS, 0, 0), more);
      return peer;
    }

    it('recognizes a preface in pieces', async () => {
      await using peer = await FramesPeer.connect(serve(rig, OPTIONS, handler).port);
      for (const octet of Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)])) {
        peer.send(Uint8Array.of(octet));
      }
      await expectDecisions(peer, [get()], ok());
      expect(peer.frames[0]).toMatchObject({ type: SETTINGS, flags: 0, stream: 0 });
      expect(peer.count(SETTINGS, ACK)).toBe(1);
    });

    it('answers something like a preface in HTTP/1.1', async () => {
      await using peer = await RawPeer.connect(serve(rig, OPTIONS, handler).port);
      peer.write('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n');
      await peer.untilGone();
      expect(peer.text).toMatch(/^HTTP\/1\.1 505 /);
    });

    it.each([
      ['PING', frame(PING, 0, 0, word(1) + word(2))],
      ['an acknowledgement', frame(SETTINGS, ACK, 0)],
      ['HEADERS', get()],
    ])('refuses %s in place of the first SETTINGS', async (_what, first) => {
      await using peer = await FramesPeer.connect(serve(rig, OPTIONS, handler).port);
      peer.send(PREFACE);
      await expectDecisions(peer, [first], PROTOCOL);
    });

    it('acknowledges each SETTINGS, and no PING that is an answer', async () => {
      const peer = await connected();
      const settings = frame(SETTINGS, 0, 0, setting(3, 7));
      await expectDecisions(
        peer,
        [settings, settings, frame(PING, ACK, 0, '0102030405060708')],
        [],
      );
      expect(peer.count(SETTINGS, ACK)).toBe(3);
      // Those of the last PINGs.
      expect(peer.count(PING, ACK)).toBe(2);
    });

    it('refuses content beyond the windows', async () => {
      const content = frame(DATA, 0, 1, bytes(16_384));
      const upload = frame(HEADERS, END_HEADERS, 1, HELD);
      const other = frame(HEADERS, END_HEADERS, 3, HELD);
      const more = frame(DATA, 0, 3, bytes(16_384));
      const stream = ['stream 1 FLOW_CONTROL_ERROR'];
      const four = [content, content, content, content];
      await expectDecisions(await connected(), [upload, ...four], stream);
      const six = [content, content, content, more, more, more];
      await expectDecisions(await connected(), [upload, other, ...six, more], FLOW);
      await expectDecisions(await connected(), [upload, other, ...six], NOTHING, [1]);
    });

    it('sends content as the windows permit', async () => {
      const peer = await connected(frame(SETTINGS, 0, 0, setting(4, 0)));
      const content = (): number =>
        peer.frames.reduce(
          (sum, { type, payload }) => sum + (type === DATA ? payload.length : 0),
          0,
        );
      peer.send(get());
      expect(await peer.settled(1)).toEqual(ok());
      expect(content()).toBe(0);
      peer.send(frame(WINDOW_UPDATE, 0, 1, word(3)));
      await peer.until(() => content() === 3, 'three octets');
      // RFC 9113 section 6.9.2: the change counts, not the value.
      peer.send(frame(SETTINGS, 0, 0, setting(4, 5)));
      await peer.until(() => content() === 8, 'five more');
      peer.send(frame(WINDOW_UPDATE, 0, 1, word(100)));
      await peer.until(() => content() === 10, 'the rest');
      expect(peer.frames.at(-1)).toMatchObject({ type: DATA, flags: END_STREAM, stream: 1 });
    });

    it('answers too many and too long fields with 431', async () => {
      const many = literal('sum', '1').repeat(101);
      await expectDecisions(await connected(), [get(1, many)], ['1: 431']);
      const long = literal('sum', 'x'.repeat(100)).repeat(90);
      const one = frame(HEADERS, END_STREAM, 1, REQUEST);
      await expectDecisions(
        await connected(),
        [one, frame(CONTINUATION, END_HEADERS, 1, long)],
        ok(),
      );
      const longer = literal('sum'.repeat(20), 'x'.repeat(100)).repeat(90);
      await expectDecisions(
        await connected(),
        [one, frame(CONTINUATION, 4, 1, longer)],
        ['1: 431'],
      );
    });

    it.each([...FRAMES, ...STATES])('%s', async (_title, frames, decisions) => {
      await expectDecisions(await connected(), frames, decisions);
    });

    it.each(TYPES)('decides about %s', async (_title, frames, decisions) => {
      await expectDecisions(await connected(), frames, decisions);
    });

    it.each(MESSAGES)('decides about a request with %s', async (_title, frames, decisions) => {
      await expectDecisions(await connected(), frames, decisions);
    });
  },
  ONE_POLLER,
);

/** Unless the connection ends, another request is answered. */
async function expectDecisions(
  peer: FramesPeer,
  frames: readonly Buffer[],
  decisions: readonly string[],
  cancelled: readonly number[] = [],
): Promise<void> {
  peer.send(...frames);
  const expected = decisions.filter((decision) => decision !== 'end');
  expect(await peer.settled(expected.length)).toEqual(decisions);
  if (decisions.includes('end')) return;
  for (const stream of cancelled) peer.send(frame(RST_STREAM, 0, stream, word(8)));
  peer.send(get(101));
  expect(await peer.settled(expected.length + 1)).toEqual([...decisions, '101: 200']);
}
