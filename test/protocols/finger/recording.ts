/** What the readers of finger make of bytes, as text. */
import { parseFingerQuery } from '../../../src/protocols/finger/parser.js';
import { serializeFingerQuery } from '../../../src/protocols/finger/serializer.js';
import { expectSame, readLines } from '../read-lines.js';

/** The queries in a stream. Throws if a query that was read cannot be sent on. */
export function fingerQueries(chunks: readonly Buffer[]): string[] {
  return readLines(chunks, 64, (line) => {
    const query = parseFingerQuery(line);
    expectSame(query, parseFingerQuery(serializeFingerQuery(query).subarray(0, -2)));
    return [JSON.stringify(query)];
  });
}
