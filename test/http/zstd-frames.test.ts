import { describe, expect, it } from 'vitest';
import { ZstdFrames } from '../../src/http/zstd-frames.js';
import { everySplit } from '../../src/testing/every-split.js';

function isComplete(pieces: Iterable<Uint8Array>): boolean {
  const frames = new ZstdFrames();
  for (const piece of pieces) frames.receive(piece);
  return frames.isComplete;
}

/** Made by node:zlib of Node 22. */
const FRAMES = {
  'one block': '28b52ffd200529000068656c6c6f',
  'a checksum': '28b52ffd240529000068656c6c6fa36d9f88',
  'no content size': '28b52ffd000029000068656c6c6f',
  'a compressed block': '28b52ffd60e8024d00001061610100e32b8005',
  'no content': '28b52ffd2000010000',
  'two blocks': '28b52ffd005830000068656c6c6f2029000068656c6c6f',
  'a block of one repeated byte': '28b52ffd0000430d0061',
  'a skippable frame': '502a4d1803000000abcdef',
  'a dictionary and a size of 8 bytes': '28b52ffde3010203040500000000000000290000aabbccddee',
};

describe.each(Object.entries(FRAMES))('a frame with %s', (_name, hex) => {
  const bytes = Buffer.from(hex, 'hex');

  it('is complete at its end only, however it is cut', () => {
    for (const pieces of everySplit(bytes)) expect(isComplete(pieces)).toBe(true);
    for (let length = 0; length < bytes.length; length++) {
      expect(isComplete([bytes.subarray(0, length)]), `${length} bytes`).toBe(false);
    }
  });

  it('may be followed by another, not by a part of one', () => {
    expect(isComplete([bytes, bytes])).toBe(true);
    expect(isComplete([bytes, bytes.subarray(0, 3)])).toBe(false);
  });
});
