/** Masking by vectors and by words, at every length and alignment of the ends. */
import { describe, expect, it } from 'vitest';
import {
  maskScratch,
  maskToScratch,
  maskWords,
  PAYLOAD_AT,
  SCRATCH_BYTES,
  scratch,
} from '../../../src/protocols/websocket/masking.js';
import { createVectorMask } from '../../../src/protocols/websocket/vector-mask.js';

const KEYS = [0, 0x1234_5678, 0x9a3c_5e70 | 0, -1];

function masked(bytes: Uint8Array, key: number): Buffer {
  return Buffer.from(bytes.map((byte, at) => byte ^ ((key >>> ((at & 3) * 8)) & 0xff)));
}

function pattern(length: number, step: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at * step) & 0xff));
}

describe.each([
  ['vectors', maskScratch],
  ['words', maskWords],
] as const)('masking by %s', (_how, mask) => {
  it('masks each length, and nothing beside it', () => {
    for (const key of KEYS) {
      for (let length = 0; length < 130; length++) {
        const bytes = pattern(length, 7);
        for (const at of [4, 16]) {
          scratch.fill(0xee, 0, 200);
          bytes.copy(scratch, at);
          mask(at, length, key);
          expect(scratch.subarray(at, at + length).equals(masked(bytes, key))).toBe(true);
          expect(scratch[at - 1]).toBe(0xee);
          expect(scratch[at + length]).toBe(0xee);
        }
      }
    }
  });

  it('tells whether all bytes are ASCII, wherever another one is', () => {
    const key = 0x8040_20ff | 0;
    for (let length = 1; length < 70; length++) {
      const text = pattern(length, 1);
      masked(text, key).copy(scratch);
      expect(mask(0, length, key)).toBe(true);
      for (let at = 0; at < length; at++) {
        const other = Buffer.from(text);
        other[at] = 0x80;
        masked(other, key).copy(scratch);
        expect(mask(0, length, key)).toBe(false);
      }
    }
  });

  it('masks the whole of the memory', () => {
    const bytes = pattern(SCRATCH_BYTES, 13);
    bytes.copy(scratch);
    mask(0, SCRATCH_BYTES, 0x7766_5544);
    expect(scratch.equals(masked(bytes, 0x7766_5544))).toBe(true);
  });
});

describe('maskToScratch', () => {
  it('masks bytes from any position, of Buffers and other arrays', () => {
    const source = pattern(300, 11);
    for (const from of [0, 1, 2, 3, 17]) {
      for (const length of [0, 1, 5, 47, 48, 49, 95, 96, 97, 200]) {
        const part = source.subarray(from, from + length);
        for (const bytes of [source, new Uint8Array(source)]) {
          scratch.fill(0);
          const ascii = maskToScratch(bytes, from, length, 0x0102_0384);
          const expected = masked(part, 0x0102_0384);
          expect(scratch.subarray(PAYLOAD_AT, PAYLOAD_AT + length).equals(expected)).toBe(true);
          expect(ascii).toBe(expected.every((byte) => byte < 0x80));
        }
      }
    }
  });
});

describe('createVectorMask', () => {
  it('works on memory of its own, where there is WebAssembly', () => {
    const [one, other] = [createVectorMask(), createVectorMask()];
    expect(one?.memory.byteLength).toBe(SCRATCH_BYTES);
    expect(one?.memory).not.toBe(other?.memory);
  });
});
