import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LARGE_WRITE_BYTES } from '../../src/core/transport.js';
import { WriteQueue } from '../../src/policies/write-queue.js';

describe('WriteQueue', () => {
  it('copies small and large data, which may be lent', () => {
    const queue = new WriteQueue();
    const small = Buffer.from('small');
    const large = Buffer.alloc(LARGE_WRITE_BYTES, 'L');
    queue.add(small);
    queue.add(large);
    small.fill('x');
    large.fill('x');
    const [first, second] = queue.take(1_000_000);
    expect(Buffer.from(first ?? []).toString()).toBe('small');
    expect(second?.every((byte) => byte === 0x4c)).toBe(true);
  });

  it('keeps a million small pieces in few large ones', () => {
    const queue = new WriteQueue();
    for (let i = 0; i < 1_000_000; i++) queue.add(Buffer.of(i & 255));
    expect(queue.length).toBe(1_000_000);
    const parts = queue.take(1_000_000);
    expect(parts.length).toBeLessThan(80);
    expect(Buffer.concat(parts).every((byte, i) => byte === (i & 255))).toBe(true);
  });

  it('forgets cleared data', () => {
    const queue = new WriteQueue();
    queue.add(Buffer.from('one'));
    queue.add(Buffer.alloc(LARGE_WRITE_BYTES));
    queue.clear();
    expect([queue.length, queue.take(10)]).toEqual([0, []]);
    queue.add(Buffer.from('two'));
    expect(Buffer.concat(queue.take(10)).toString()).toBe('two');
  });

  it('gives the bytes that a plain array would give, and never writes over them', () => {
    const size = fc.oneof(fc.nat(40), fc.nat(3_000), fc.constant(LARGE_WRITE_BYTES + 5));
    const operation = fc.record({ add: fc.boolean(), bytes: size });
    const property = fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
      const queue = new WriteQueue();
      const taken: { bytes: Uint8Array; from: number }[] = [];
      let [added, given] = [0, 0];
      for (const { add, bytes } of operations) {
        if (add) {
          queue.add(Uint8Array.from({ length: bytes }, (_, i) => (added + i) % 251));
          added += bytes;
        } else {
          const expected = Math.min(bytes, added - given);
          for (const part of queue.take(bytes)) {
            taken.push({ bytes: part, from: given });
            given += part.byteLength;
          }
          expect(added - given).toBe(queue.length);
          expect(taken.reduce((sum, part) => sum + part.bytes.byteLength, 0)).toBe(given);
          expect(given).toBeGreaterThanOrEqual(expected);
        }
        expect(queue.length).toBe(added - given);
      }
      for (const { bytes, from } of taken) {
        expect(bytes.every((byte, i) => byte === (from + i) % 251)).toBe(true);
      }
    });
    fc.assert(property, { numRuns: 200 });
  });
});
