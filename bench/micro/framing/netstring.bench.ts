// Decodes netstrings of 64 bytes and of 4 KiB, against a loop that people write by hand.
//
//     npx tsx bench/micro/framing/netstring.bench.ts [--rounds N] [--quick]

import { encodeNetstring, NetstringDecoder } from '../../../src/framing/netstring.js';
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

const COLON = 58;

const CONTENDERS: Record<string, Contender> = {
  NetstringDecoder: (chunks) => decodeAll(new NetstringDecoder(), chunks),

  'buffer loop': bufferLoop((bytes, found) => {
    let start = 0;
    for (;;) {
      const colon = bytes.indexOf(COLON, start);
      if (colon === -1) break;
      const end = colon + 1 + Number(bytes.toString('latin1', start, colon));
      if (end >= bytes.length) break;
      found.payloadBytes += bytes.subarray(colon + 1, end).length;
      found.frames += 1;
      start = end + 1;
    }
    return start;
  }),
};

export const bench: MicroBench = {
  title: 'Decoding netstrings',
  workload:
    '4 MiB of payload. `buffer loop` is typical handwritten code: it joins the remainder with the next chunk, finds ' +
    'the colon, reads the digits as a string and cuts views. It has no limit and checks neither the digits nor the ' +
    'comma. ' +
    CHUNK_KINDS,
  unit: 'MB/s, more is better',
  cases: casesOf(workloadsOf(encodeNetstring), 'buffer loop', CONTENDERS),
  bars: [],
};

await runAlone(import.meta.url, bench);
