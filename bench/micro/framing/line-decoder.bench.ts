// Decodes lines of 64 bytes, LF included, against `node:readline` and two loops that people write by hand.
//
//     npx tsx bench/micro/framing/line-decoder.bench.ts [rounds]
//
// 4 MiB of ASCII, in chunks of 1 MiB, 64 KiB, 1,448 bytes (a TCP segment) and 16 bytes. `readline` reads a Readable; `buffer
// loop` joins what is left over with the next chunk and cuts views at each LF; `string split` decodes each chunk as
// Latin-1 and splits it, which gives strings, not bytes, and would break UTF-8 characters. Only the decoder has a limit.

import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { LineDecoder } from '../../../src/framing/line-decoder.js';
import { type Contender, contest, decodeAll, type Workload } from './contest.js';

const LINE_BYTES = 64;
const LINES = 65_536;
const LINE = 'PRIVMSG #channel :sixty-three bytes of perfectly ordinary chat.'.padEnd(63, '.');
const BYTES = Buffer.alloc(LINES * LINE_BYTES, `${LINE}\n`);

const CHUNKS: readonly [string, number][] = [
  ['1 MiB chunks', 1 << 20],
  ['64 KiB chunks', 1 << 16],
  ['1,448-byte chunks', 1448],
  ['16-byte chunks', 16],
];

const WORKLOADS = CHUNKS.map(
  ([name, chunkBytes]): Workload => ({
    name,
    bytes: BYTES,
    chunkBytes,
    frames: LINES,
    payloadBytes: LINES * (LINE_BYTES - 1),
  }),
);

const CONTENDERS: Record<string, Contender> = {
  LineDecoder: (chunks) => decodeAll(new LineDecoder(), chunks),

  'buffer loop'(chunks) {
    let rest: Buffer = Buffer.alloc(0);
    let frames = 0;
    let payloadBytes = 0;
    for (const chunk of chunks) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (;;) {
        const end = bytes.indexOf(10, start);
        if (end === -1) break;
        const line = bytes.subarray(start, end > start && bytes[end - 1] === 13 ? end - 1 : end);
        frames += 1;
        payloadBytes += line.length;
        start = end + 1;
      }
      rest = bytes.subarray(start);
    }
    return { frames, payloadBytes };
  },

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

await contest(import.meta.url, WORKLOADS, CONTENDERS);
