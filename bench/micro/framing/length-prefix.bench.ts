// Decodes frames behind a length of 32 bits, of 64 bytes and of 4 KiB, against a loop that people write by hand.
//
//     npx tsx bench/micro/framing/length-prefix.bench.ts [--rounds N] [--quick]

import { LengthFieldDecoder } from '../../../src/framing/length-field-decoder.js';
import { encodeLengthPrefixed, LengthPrefixDecoder } from '../../../src/framing/length-prefix.js';
import type { MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import {
  bufferLoop,
  CHUNK_KINDS,
  type Contender,
  casesOf,
  decodeAll,
  workloadsOf,
} from './contest.js';

const CONTENDERS: Record<string, Contender> = {
  LengthPrefixDecoder: (chunks) => decodeAll(new LengthPrefixDecoder(32), chunks),

  LengthFieldDecoder: (chunks) =>
    decodeAll(new LengthFieldDecoder({ lengthFieldLength: 4, initialBytesToStrip: 4 }), chunks),

  'buffer loop': bufferLoop((bytes, found) => {
    let start = 0;
    while (bytes.length - start >= 4) {
      const end = start + 4 + bytes.readUInt32BE(start);
      if (end > bytes.length) break;
      found.payloadBytes += bytes.subarray(start + 4, end).length;
      found.frames += 1;
      start = end;
    }
    return start;
  }),
};

const WORKLOADS = workloadsOf((payload) => encodeLengthPrefixed(payload, 32));

export const bench: MicroBench = {
  title: 'Decoding frames behind a length',
  workload:
    '4 MiB of payload in frames with a 32-bit length prefix. `LengthFieldDecoder` decodes the same frames with its ' +
    'general rule. `buffer loop` is typical handwritten code: it joins the remainder with the next chunk, reads ' +
    'lengths with `readUInt32BE` and cuts views, without a limit. ' +
    CHUNK_KINDS,
  unit: 'MB/s, more is better',
  cases: casesOf(WORKLOADS, 'buffer loop', CONTENDERS),
  bars: [],
};

await runAlone(import.meta.url, bench);
