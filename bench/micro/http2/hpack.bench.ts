// Encodes and decodes the header blocks of HTTP/2, against the package hpack.js.
//
//     npx tsx bench/micro/http2/hpack.bench.ts [--rounds N] [--quick]

import { HPACKDecoder } from '../../../src/protocols/http2/hpack/decoder.js';
import { HPACKEncoder } from '../../../src/protocols/http2/hpack/encoder.js';
import type { Effort, Figures, MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { expectSame, nsPerOperation } from '../../harness/micro/timing.js';
import {
  type DecodeAll,
  decodeWithHpackJs,
  type EncodeAll,
  encodeWithHpackJs,
  type Fields,
} from './hpack-js.js';

const BROWSER: Fields = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'www.example.org'],
  [':path', '/articles/2026/11?page=2'],
  ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'],
  ['accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['accept-language', 'en-US,en;q=0.5'],
  ['accept-encoding', 'gzip, deflate, br'],
  ['cookie', 'session=0123456789abcdef01234567'],
  ['upgrade-insecure-requests', '1'],
];
const HELLO: Fields = [
  [':status', '200'],
  ['content-type', 'text/plain'],
  ['content-length', '13'],
  ['date', 'Sun, 06 Nov 1994 08:49:37 GMT'],
];
const LISTS: Readonly<Record<string, Fields>> = {
  'request of a browser, 10 fields': BROWSER,
  'response, 4 fields': HELLO,
};

/** Blocks in a connection: the first one fills the tables. */
const MANY = 1000;

const encodeAll: EncodeAll = (fields, times) => {
  const encoder = new HPACKEncoder();
  const blocks: Buffer[] = [];
  for (let i = 0; i < times; i++) {
    encoder.begin();
    for (const [name, value] of fields) encoder.field(name, value);
    blocks.push(Buffer.from(encoder.finish()));
  }
  return blocks;
};

const decodeAll: DecodeAll = (blocks) => {
  const decoder = new HPACKDecoder();
  let read = 0;
  for (const block of blocks) {
    read += decoder.decode(block, 0, block.length, 16_384, 100)?.length ?? 0;
  }
  return read;
};

/** Measures the first block of a connection and later ones. */
function measure(
  work: (fields: Fields, times: number) => (() => number) & { expected: number },
): (effort: Effort) => Promise<Figures> {
  return async (effort) => {
    const figures: Record<string, number> = {};
    for (const [name, fields] of Object.entries(LISTS)) {
      for (const times of [1, MANY]) {
        const run = work(fields, times);
        const label = times === 1 ? `first ${name}` : name;
        figures[label] = await nsPerOperation(effort, times, run, (result) =>
          expectSame('result', result, run.expected),
        );
      }
    }
    return figures;
  };
}

function decoding(decode: DecodeAll): (effort: Effort) => Promise<Figures> {
  return measure((fields, times) => {
    const blocks = encodeAll(fields, times);
    return Object.assign(() => decode(blocks), { expected: fields.length * times });
  });
}

/** Different encoders choose different forms, so the blocks are decoded once, and then counted. */
function encoding(encode: EncodeAll): (effort: Effort) => Promise<Figures> {
  return measure((fields, times) => {
    expectSame('fields', decodeAll(encode(fields, times)), fields.length * times);
    return Object.assign(() => encode(fields, times).length, { expected: times });
  });
}

export const bench: MicroBench = {
  title: 'HPACK',
  workload:
    'Header blocks of one connection, 1,000 with the same fields, or only the first one, including the making of the encoder or decoder. All ' +
    'fields are read as strings.',
  unit: 'ns per block, less is better',
  cases: [
    {
      name: 'decode',
      reference: 'hpack.js',
      contenders: { 'hpack.js': decoding(decodeWithHpackJs), Ropewalk: decoding(decodeAll) },
    },
    {
      name: 'encode',
      reference: 'hpack.js',
      contenders: { 'hpack.js': encoding(encodeWithHpackJs), Ropewalk: encoding(encodeAll) },
    },
  ],
  bars: [],
};

await runAlone(import.meta.url, bench);
