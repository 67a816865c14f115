/** Fuzz targets of HTTP/2. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import { HPACKError } from '../../../src/protocols/http2/errors.js';
import { HPACKDecoder } from '../../../src/protocols/http2/hpack/decoder.js';
import { HPACKEncoder } from '../../../src/protocols/http2/hpack/encoder.js';
import type { HeaderField } from '../../../src/protocols/http2/hpack/header-field.js';
import { EXAMPLES } from '../../protocols/http2/hpack-examples.js';
import { frame } from '../../protocols/http2/node-peer.js';
import {
  data,
  GET,
  headers,
  logOf,
  number,
  openClient,
  openServer,
  type Peer,
  POST,
  settings,
} from '../../protocols/http2/peers.js';
import { outcomeOf } from '../../protocols/http2/read-frames.js';
import { cut } from '../mutations.js';
import { sameWhenCut, type Target } from '../target.js';

const MAX_TABLE_BYTES = 300;
const MAX_LIST_BYTES = 2000;

/** Whatever is decoded can be encoded again, and neither table exceeds its limit. */
function checkBlocks(blocks: readonly Buffer[]): void {
  const decoder = new HPACKDecoder();
  const encoder = new HPACKEncoder();
  const again = new HPACKDecoder();
  encoder.peerTableBytes(MAX_TABLE_BYTES);
  decoder.acknowledged(MAX_TABLE_BYTES);
  again.acknowledged(MAX_TABLE_BYTES);
  decoder.decode(Buffer.from('3fc901', 'hex'), 0, 3, MAX_LIST_BYTES, 50);
  for (const block of blocks) {
    let fields: HeaderField[] | undefined;
    try {
      fields = decoder.decode(block, 0, block.length, MAX_LIST_BYTES, 50);
    } catch (error) {
      if (error instanceof HPACKError) return;
      throw error;
    }
    ok(decoder.tableBytes <= MAX_TABLE_BYTES);
    if (fields === undefined) {
      ok(decoder.listBytes > MAX_LIST_BYTES || block.length >= 50);
      continue;
    }
    encoder.begin();
    for (const { name, value, isSensitive } of fields) encoder.field(name, value, isSensitive);
    const coded = Buffer.from(encoder.finish());
    ok(encoder.tableBytes <= MAX_TABLE_BYTES);
    const decoded = again.decode(coded, 0, coded.length, MAX_LIST_BYTES, 50);
    deepStrictEqual(
      decoded?.map(({ name, value }) => name + value),
      fields.map(({ name, value }) => name + value),
    );
  }
}

export const HTTP2_WORDS: readonly string[] = [
  '\0\0\0',
  '\0\0\x04',
  '\0\0\x08',
  '\0@\x01',
  '\x00\x08',
  '\x01\x2c',
  '\0\0\0\x01',
  '\xff',
];

export const LIMITS = {
  maxConcurrentStreams: 3,
  maxHeaderListBytes: 600,
  maxHeaderBlockBytes: 500,
  maxContinuations: 2,
  maxResets: 5,
  maxPings: 4,
  maxSettings: 6,
  maxEmptyData: 3,
  enableConnectProtocol: true,
};

/** A client with two requests. */
function askingClient(): Peer {
  const { enableConnectProtocol: _, ...limits } = LIMITS;
  const peer = openClient(limits);
  const target = { scheme: 'https', authority: 'a', path: '/', protocol: undefined };
  peer.connection.request({ ...target, method: 'GET' });
  peer.connection.request({ ...target, method: 'POST' }, {}, false);
  return peer;
}

/** The log of the events, the same however the bytes are cut; what is held and open is bounded. */
function checkConnection(make: () => Peer, chunks: Buffer[]): string[] {
  const peer = make();
  const log = logOf(peer, chunks);
  ok(peer.connection.streamCount <= LIMITS.maxConcurrentStreams);
  ok(peer.connection.bufferedBytes <= 16_384 + LIMITS.maxHeaderBlockBytes);
  return log;
}

/** What a client sends to a server, and a server to a client with two requests. */
export const HTTP2_SEEDS: Readonly<Record<'server' | 'client', readonly Buffer[]>> = {
  server: [
    Buffer.concat([headers(1, POST, false), data(1, 'abc'), headers(1, [['a', 'b']])]),
    Buffer.concat([headers(1, [...GET, ['priority', 'u=1, i']]), number(3, 1, 8), headers(3, GET)]),
    Buffer.concat([frame(1, 1, 1, Buffer.from('8287', 'hex')), frame(9, 4, 1, Buffer.of(0x84))]),
    Buffer.concat([settings([4, 5], [1, 100]), frame(6, 0, 0, Buffer.alloc(8)), number(8, 0, 9)]),
    Buffer.concat([
      headers(1, GET),
      number(8, 1, 5),
      frame(16, 0, 0, Buffer.from('\0\0\0\x01u=7')),
    ]),
    frame(7, 0, 0, Buffer.from('\0\0\0\x01\0\0\0\x02bye')),
  ],
  client: [
    Buffer.concat([headers(1, [[':status', '200']], false), data(1, 'abc', true)]),
    Buffer.concat([
      headers(3, [[':status', '103']], false),
      headers(3, [[':status', '204']]),
      number(3, 1, 2),
    ]),
    Buffer.concat([frame(7, 0, 0, Buffer.from('\0\0\0\x01\0\0\0\0')), settings([3, 1], [8, 1])]),
    Buffer.concat([
      headers(1, [[':status', '200']], false),
      frame(0, 9, 1, Buffer.of(2, 65, 0, 0)),
    ]),
  ],
};

export const TARGETS: Readonly<Record<string, Target>> = {
  hpack: {
    seeds: Object.values(EXAMPLES)
      .flat()
      .map(({ block }) => Buffer.from(block, 'hex')),
    words: [
      '\x80',
      '\xbe',
      '\xbf',
      '\x20',
      '\x3f\xe1\x01',
      '\x40\x01a\x01b',
      '\x7f',
      '\xff',
      '\x10',
    ],
    check(bytes, random) {
      checkBlocks(random(2) === 0 ? [bytes] : cut(random, bytes));
    },
  },
  'http2-server': {
    seeds: HTTP2_SEEDS.server,
    words: HTTP2_WORDS,
    check(bytes, random) {
      const make = (): Peer => openServer(LIMITS);
      sameWhenCut(bytes, random, (chunks) => checkConnection(make, chunks));
    },
  },
  'http2-client': {
    seeds: HTTP2_SEEDS.client,
    words: HTTP2_WORDS,
    check(bytes, random) {
      sameWhenCut(bytes, random, (chunks) => checkConnection(askingClient, chunks));
    },
  },
  'http2-frames': {
    seeds: [
      frame(0, 9, 1, Buffer.of(3, 1, 2, 0, 0, 0)),
      Buffer.concat([frame(4, 0, 0, Buffer.alloc(12)), frame(4, 1, 0, Buffer.alloc(0))]),
      Buffer.concat([frame(1, 0x29, 3, Buffer.alloc(12, 1)), frame(9, 4, 3, Buffer.alloc(2))]),
      Buffer.concat([frame(6, 0, 0, Buffer.alloc(8)), frame(7, 0, 0, Buffer.alloc(12))]),
      Buffer.concat([frame(8, 0, 1, Buffer.alloc(4)), frame(3, 0, 1, Buffer.alloc(4))]),
      Buffer.concat([frame(0x10, 0, 0, Buffer.alloc(7)), frame(0x77, 0, 0, Buffer.alloc(5))]),
    ],
    words: HTTP2_WORDS,
    check(bytes, random) {
      sameWhenCut(bytes, random, (chunks) => outcomeOf(chunks));
      if (random(4) === 0) sameWhenCut(bytes, random, (chunks) => outcomeOf(chunks, false, 1));
    },
  },
};
