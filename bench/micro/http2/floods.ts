// The floods that a peer of an HTTP/2 server can send, for the bench of their cost and for the test of what bounds them.

import type { HTTP2Limit } from '../../../src/protocols/http2/errors.js';
import { blocksOf, type Fields, frameOf, numberFrame } from './frames.js';

const DATA = 0;
const HEADERS = 1;
const PRIORITY = 2;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const WINDOW_UPDATE = 8;
const CONTINUATION = 9;
const PRIORITY_UPDATE = 16;
const UNKNOWN = 99;
const END_STREAM = 1;
const END_HEADERS = 4;
const INITIAL_WINDOW_SIZE = 4;

const GET: Fields = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'a'],
  [':path', '/'],
];
const [FIRST, LATER] = blocksOf(GET);
const [FIRST_POST] = blocksOf([[':method', 'POST'], ...GET.slice(1)]);

/** The stream of the attack with this number, from 0. */
const id = (i: number): number => 2 * i + 1;
/** A request, the first of which fills the table. */
const get = (i: number, flags = END_HEADERS | END_STREAM): Buffer =>
  frameOf(HEADERS, flags, id(i), i === 0 ? FIRST : LATER);

function settingsOf(...values: readonly number[]): Buffer {
  const payload = Buffer.alloc(6 * values.length);
  values.forEach((value, i) => {
    payload.writeUInt16BE(INITIAL_WINDOW_SIZE, 6 * i);
    payload.writeUInt32BE(value, 6 * i + 2);
  });
  return frameOf(SETTINGS, 0, 0, payload);
}

/** A field of 4,000 octets for the table, and as many references to it as fit into a block. */
function bomb(i: number): Buffer {
  const value = Buffer.alloc(4_000, 'x');
  // Literal with incremental indexing, a name of one octet; a length of 4,000 behind the prefix of 127.
  const entry = Buffer.concat([Buffer.from('4001617fa11e', 'hex'), value]);
  const start = Buffer.concat([FIRST, entry]);
  const references = Buffer.alloc(32_768 - start.length, 0xbe);
  const block = Buffer.concat([start, references]);
  const half = 16_384;
  return Buffer.concat([
    frameOf(HEADERS, END_STREAM, id(i), block.subarray(0, half)),
    frameOf(CONTINUATION, END_HEADERS, id(i), block.subarray(half)),
  ]);
}

/** A head as long as the limits permit: 96 fields, none of which is in a table. */
function longest(i: number): Buffer {
  const fields = Array.from({ length: 96 }, (_, n): [string, string] => [
    `x-${i}-${n}`,
    `${'value '.repeat(20)}${n}`,
  ]);
  const [block] = blocksOf([...GET, ...fields]);
  return Buffer.concat([
    frameOf(HEADERS, END_STREAM | END_HEADERS, id(i), block),
    numberFrame(RST_STREAM, id(i), 8),
  ]);
}

/** A member of the dictionary in a Priority field that is read to its end, and then is none. */
const PRIORITY_VALUE: Buffer = Buffer.from(`u=1${';a="b'.repeat(50)}`.slice(0, 256));

const EMPTY: Buffer = Buffer.alloc(0);

export interface Flood {
  readonly name: string;
  /** The frames of the attack with this number, from 0. */
  readonly one: (i: number) => Buffer;
  /** The attacks that are permitted: the next one exceeds the limit. */
  readonly permitted: number;
  readonly limit: HTTP2Limit;
  /** The most bytes that the server sends in answer to one. */
  readonly answerBytes: number;
  /** Sent in front. */
  readonly prepare?: Buffer;
  /** The server answers requests with content that does not fit into the windows. Default: it does not answer. */
  readonly answers?: true;
  /** Each attack arrives by itself. Default: in chunks of 16 KiB. */
  readonly isApart?: true;
}

export const FLOODS: readonly Flood[] = [
  {
    name: 'PING',
    one: () => frameOf(PING, 0, 0, Buffer.alloc(8)),
    permitted: 100,
    limit: 'maxPings',
    answerBytes: 17,
  },
  {
    name: 'SETTINGS',
    one: () => settingsOf(1_000),
    permitted: 50,
    limit: 'maxSettings',
    answerBytes: 9,
  },
  {
    name: 'SETTINGS of 2,730 values',
    one: () => settingsOf(...Array.from({ length: 2_730 }, (_, i) => i)),
    permitted: 50,
    limit: 'maxSettings',
    answerBytes: 9,
    prepare: openPosts(100),
  },
  {
    name: 'PRIORITY',
    one: () => frameOf(PRIORITY, 0, 1, Buffer.alloc(5)),
    permitted: 1_000,
    limit: 'maxPriorities',
    answerBytes: 0,
  },
  {
    name: 'PRIORITY_UPDATE',
    one: (i) => {
      const stream = Buffer.alloc(4);
      stream.writeUInt32BE(id(i));
      return frameOf(PRIORITY_UPDATE, 0, 0, Buffer.concat([stream, PRIORITY_VALUE]));
    },
    permitted: 1_000,
    limit: 'maxPriorities',
    answerBytes: 0,
  },
  {
    name: 'frames of an unknown type',
    one: () => frameOf(UNKNOWN, 0, 0, Buffer.alloc(3)),
    permitted: 100,
    limit: 'maxUnknownFrames',
    answerBytes: 0,
  },
  {
    name: 'WINDOW_UPDATE',
    one: () => numberFrame(WINDOW_UPDATE, 0, 1),
    permitted: 1_000,
    limit: 'maxWindowUpdates',
    answerBytes: 0,
  },
  {
    name: 'rapid reset',
    one: (i) => Buffer.concat([get(i), numberFrame(RST_STREAM, id(i), 8)]),
    permitted: 200,
    limit: 'maxResets',
    answerBytes: 0,
  },
  {
    name: 'rapid reset, long heads',
    one: longest,
    permitted: 200,
    limit: 'maxResets',
    answerBytes: 0,
  },
  {
    name: 'MadeYouReset',
    one: (i) => Buffer.concat([get(i), numberFrame(WINDOW_UPDATE, id(i), 0)]),
    permitted: 200,
    limit: 'maxResets',
    answerBytes: 13,
  },
  {
    name: 'malformed requests',
    one: (i) => frameOf(HEADERS, END_HEADERS | END_STREAM, id(i), blocksOf([['A', 'b']])[0]),
    permitted: 200,
    limit: 'maxResets',
    answerBytes: 13,
  },
  {
    name: 'requests beyond maxConcurrentStreams',
    one: (i) => get(100 + i),
    permitted: 200,
    limit: 'maxResets',
    answerBytes: 13,
    prepare: openPosts(100),
  },
  {
    name: 'HPACK bomb',
    one: bomb,
    permitted: 200,
    limit: 'maxResets',
    answerBytes: 40,
  },
  {
    name: 'CONTINUATION',
    one: (i) => (i === 0 ? get(0, END_STREAM) : frameOf(CONTINUATION, 0, 1)),
    permitted: 9,
    limit: 'maxContinuations',
    answerBytes: 0,
  },
  {
    name: 'CONTINUATION of 16 KiB',
    one: (i) =>
      i === 0 ? get(0, END_STREAM) : frameOf(CONTINUATION, 0, 1, Buffer.alloc(16_384, 0x82)),
    permitted: 2,
    limit: 'maxHeaderBlockBytes',
    answerBytes: 0,
  },
  {
    name: 'empty DATA',
    one: () => frameOf(DATA, 0, 1),
    permitted: 100,
    limit: 'maxEmptyData',
    answerBytes: 0,
    prepare: openPosts(1),
  },
  {
    name: 'windows of one byte',
    one: (i) => (i === 0 ? get(0) : numberFrame(WINDOW_UPDATE, 1, 1)),
    permitted: 1_001,
    limit: 'maxTinyFrames',
    answerBytes: 20,
    prepare: settingsOf(0),
    answers: true,
    isApart: true,
  },
];

/** Requests whose content never comes. */
function openPosts(count: number): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, i) => frameOf(HEADERS, END_HEADERS, id(i), FIRST_POST)),
  );
}

/** What arrives in front of the attack that exceeds the limit, in chunks, and that attack. */
export interface FloodBytes {
  readonly within: readonly Buffer[];
  readonly beyond: Buffer;
  /** The number of all bytes. */
  readonly length: number;
}

/** As transports pass them on. */
const CHUNK_BYTES = 16_384;

export function bytesOfFlood({ prepare = EMPTY, one, permitted, isApart }: Flood): FloodBytes {
  const attacks = Array.from({ length: permitted }, (_, i) => one(i));
  const whole = Buffer.concat([prepare, ...attacks]);
  const chunks = Array.from({ length: Math.ceil(whole.length / CHUNK_BYTES) }, (_, i) =>
    whole.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
  );
  const beyond = one(permitted);
  const within = isApart === true ? [prepare, ...attacks] : chunks;
  return { within, beyond, length: whole.length + beyond.length };
}
