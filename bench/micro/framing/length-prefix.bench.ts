// Decodes frames behind a length of 32 bits, of 64 bytes and of 4 KiB.
//
//     npx tsx bench/micro/framing/length-prefix.bench.ts [rounds]
//
// 4 MiB of payload, in chunks of 64 KiB and of 1,448 bytes (a TCP segment). `LengthFieldDecoder` does the same work by its
// general rule. `buffer loop` is what people write by hand: it joins what is left over with the next chunk, reads lengths
// with `readUInt32BE` and cuts views, without a limit.

import { LengthFieldDecoder } from '../../../src/framing/length-field-decoder.js';
import { encodeLengthPrefixed, LengthPrefixDecoder } from '../../../src/framing/length-prefix.js';
import { type Contender, contest, decodeAll, workloadsOf } from './contest.js';

const CONTENDERS: Record<string, Contender> = {
  LengthPrefixDecoder: (chunks) => decodeAll(new LengthPrefixDecoder(32), chunks),

  LengthFieldDecoder: (chunks) =>
    decodeAll(new LengthFieldDecoder({ lengthFieldLength: 4, initialBytesToStrip: 4 }), chunks),

  'buffer loop'(chunks) {
    let rest: Buffer = Buffer.alloc(0);
    let frames = 0;
    let payloadBytes = 0;
    for (const chunk of chunks) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      while (bytes.length - start >= 4) {
        const end = start + 4 + bytes.readUInt32BE(start);
        if (end > bytes.length) break;
        payloadBytes += bytes.subarray(start + 4, end).length;
        frames += 1;
        start = end;
      }
      rest = bytes.subarray(start);
    }
    return { frames, payloadBytes };
  },
};

const WORKLOADS = workloadsOf((payload) => encodeLengthPrefixed(payload, 32));

await contest(import.meta.url, WORKLOADS, CONTENDERS);
