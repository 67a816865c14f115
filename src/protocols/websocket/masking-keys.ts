/** Masking keys from the system's random numbers, which are read in blocks: one call for each frame would cost 1 us. */
import { randomFillSync } from 'node:crypto';
import type { MaskingKeySource } from './serializer.js';

const BLOCK_KEYS = 1024;

/** A source of unpredictable masking keys (RFC 6455 section 10.3). One source may serve all connections of a thread. */
export function randomMaskingKeys(): MaskingKeySource {
  const block = new Int32Array(BLOCK_KEYS);
  let next = BLOCK_KEYS;
  return () => {
    if (next === BLOCK_KEYS) {
      randomFillSync(block);
      next = 0;
    }
    const key = block[next] as number;
    // Keys that were sent are not kept.
    block[next++] = 0;
    return key;
  };
}
