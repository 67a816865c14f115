// Decodes netstrings of 64 bytes and of 4 KiB.
//
//     npx tsx bench/micro/framing/netstring.bench.ts [rounds]
//
// 4 MiB of payload, in chunks of 64 KiB and of 1,448 bytes (a TCP segment). `buffer loop` is what people write by hand: it
// joins what is left over with the next chunk, finds the colon, reads the digits as a string and cuts views. It has no
// limit and looks neither at the digits nor at the comma.

import { encodeNetstring, NetstringDecoder } from '../../../src/framing/netstring.js';
import { type Contender, contest, decodeAll, workloadsOf } from './contest.js';

const COLON = 58;

const CONTENDERS: Record<string, Contender> = {
  NetstringDecoder: (chunks) => decodeAll(new NetstringDecoder(), chunks),

  'buffer loop'(chunks) {
    let rest: Buffer = Buffer.alloc(0);
    let frames = 0;
    let payloadBytes = 0;
    for (const chunk of chunks) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (;;) {
        const colon = bytes.indexOf(COLON, start);
        if (colon === -1) break;
        const end = colon + 1 + Number(bytes.toString('latin1', start, colon));
        if (end >= bytes.length) break;
        payloadBytes += bytes.subarray(colon + 1, end).length;
        frames += 1;
        start = end + 1;
      }
      rest = bytes.subarray(start);
    }
    return { frames, payloadBytes };
  },
};

await contest(import.meta.url, workloadsOf(encodeNetstring), CONTENDERS);
