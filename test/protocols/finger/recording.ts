/** What the readers of finger make of bytes, as text. */
import { RemoteProtocolError } from '../../../src/core/errors/base.js';
import { LineDecoder } from '../../../src/framing/line-decoder.js';
import { parseFingerQuery } from '../../../src/protocols/finger/parser.js';
import { serializeFingerQuery } from '../../../src/protocols/finger/serializer.js';

/** The queries in a stream. Throws if a query that was read cannot be sent on. */
export function fingerQueries(chunks: readonly Buffer[]): string[] {
  const decoder = new LineDecoder({ maxLength: 64 });
  const lines: string[] = [];
  try {
    for (const chunk of chunks) {
      decoder.receive(chunk);
      for (let line = decoder.next(); line !== undefined; line = decoder.next()) {
        const query = parseFingerQuery(line);
        const again = serializeFingerQuery(query).subarray(0, -2);
        lines.push(JSON.stringify(query));
        if (JSON.stringify(parseFingerQuery(again)) !== lines.at(-1))
          throw new Error('not the same');
      }
      decoder.keepRest();
      chunk.fill(0xdb);
    }
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    lines.push(error.message);
  }
  return lines;
}
