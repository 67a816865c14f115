// Decodes lines of 64 bytes against `node:readline` and two loops that people write by hand.
//
//     npx tsx bench/micro/framing/line-decoder.bench.ts [--rounds N] [--quick]

import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { LineDecoder } from '../../../src/framing/line-decoder.js';
import type { MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import {
  bufferLoop,
  CHUNK_KINDS,
  type Contender,
  casesOf,
  decodeAll,
  type Workload,
} from './contest.js';

const LINE_BYTES = 64;
const LINES = 65_536;
const LINE = 'PRIVMSG #channel :sixty-three bytes of perfectly ordinary chat.'.padEnd(63, '.');
const BYTES = Buffer.alloc(LINES * LINE_BYTES, `${LINE}\n`);

const WORKLOADS = [1 << 20, 1 << 16, 1448, 16].map(
  (chunkBytes): Workload => ({
    name: `chunks of ${chunkBytes.toLocaleString('en')} B`,
    bytes: BYTES,
    chunkBytes,
    frames: LINES,
    payloadBytes: LINES * (LINE_BYTES - 1),
  }),
);

const CONTENDERS: Record<string, Contender> = {
  LineDecoder: (chunks) => decodeAll(new LineDecoder(), chunks),

  'buffer loop': bufferLoop((bytes, found) => {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(10, start);
      if (end === -1) break;
      const line = bytes.subarray(start, end > start && bytes[end - 1] === 13 ? end - 1 : end);
      found.frames += 1;
      found.payloadBytes += line.length;
      start = end + 1;
    }
    return start;
  }),

  'string split'(chunks) {
    let rest = '';
    let frames = 0;
    let payloadBytes = 0;
    for (const chunk of chunks) {
      const lines = (rest + chunk.toString('latin1')).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        frames += 1;
        payloadBytes += line.length;
      }
    }
    return { frames, payloadBytes };
  },

  async readline(chunks) {
    let frames = 0;
    let payloadBytes = 0;
    const lines = createInterface({ input: Readable.from(chunks), crlfDelay: Infinity });
    lines.on('line', (line) => {
      frames += 1;
      payloadBytes += line.length;
    });
    await new Promise((resolve) => lines.on('close', resolve));
    return { frames, payloadBytes };
  },
};

export const bench: MicroBench = {
  title: 'Decoding lines',
  workload:
    '4 MiB of ASCII in lines of 64 bytes, including LF. `readline` reads a Readable; `buffer loop` joins the ' +
    'remainder with the next chunk and cuts views at each LF; `string split` decodes each chunk as Latin-1 and splits ' +
    'it, which produces strings, not bytes, and would break UTF-8. Only the decoder has a limit. ' +
    CHUNK_KINDS,
  unit: 'MB/s, more is better',
  cases: casesOf(WORKLOADS, 'readline', CONTENDERS),
  bars: [],
};

await runAlone(import.meta.url, bench);
