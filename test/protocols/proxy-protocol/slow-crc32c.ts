/** CRC32c bit by bit, without a table: for comparison only. */
export function crc32c(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const odd = ((value ^ (byte >> bit)) & 1) === 1;
      value = (value >>> 1) ^ (odd ? 0x82f63b78 : 0);
    }
  }
  return ~value >>> 0;
}
