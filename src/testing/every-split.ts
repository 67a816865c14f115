/** The ways in which a stream may cut the same bytes, for tests of stream readers. */

/**
 * Yields `bytes` whole, then cut in two at every position, then one byte at a time. A reader of a stream must give the
 * same result for each. An empty input is yielded once, as no chunks.
 *
 * Each chunk is a copy in memory of its own, so that a reader that looks outside its chunk finds nothing there.
 *
 * @example
 * for (const chunks of everySplit(Buffer.from('one\r\ntwo\r\n'))) {
 *   expect(decode(chunks)).toEqual(['one', 'two']);
 * }
 */
export function* everySplit(bytes: Uint8Array): Generator<readonly Buffer[]> {
  if (bytes.length === 0) {
    yield [];
    return;
  }
  const { length } = bytes;
  yield [chunkOf(bytes, 0, length)];
  for (let at = 1; at < length; at++) yield [chunkOf(bytes, 0, at), chunkOf(bytes, at, length)];
  if (length > 2) yield Array.from(bytes, (_, at) => chunkOf(bytes, at, at + 1));
}

function chunkOf(bytes: Uint8Array, from: number, to: number): Buffer {
  const chunk = Buffer.allocUnsafeSlow(to - from);
  chunk.set(bytes.subarray(from, to));
  return chunk;
}
