/** Bytes that reveal lost, doubled or swapped parts in tests. */

/** A prime, so that pieces of round sizes never look alike. */
const PATTERN_BYTES = 1_000_003;

/** Bytes that differ from place to place, the same for the same seed. */
export function patternedBytes(bytes: number, seed = 1): Buffer {
  const data = Buffer.allocUnsafeSlow(bytes);
  const end = Math.min(bytes, PATTERN_BYTES);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let i = 0; i < end; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    data[i] = state & 255;
  }
  for (let at = end; at < bytes; at += end) data.copy(data, at, 0, Math.min(end, bytes - at));
  return data;
}
