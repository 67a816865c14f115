/** The table of clients whose requests are limited: its memory, and which clients it forgets. */
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/testing/index.js';
import { ClientBuckets } from '../../src/web/client-buckets.js';
import { quietHeap } from '../support/quiet-heap.js';

const COST = 1_000;
const RATE = { bytesPerSecond: COST, burstBytes: 2 * COST };

function usedBytes(): number {
  quietHeap();
  return process.memoryUsage().heapUsed;
}

describe('ClientBuckets', () => {
  it('holds at most maxClients, of any length, and no text that names are part of', () => {
    const buckets = new ClientBuckets(new ManualClock(), RATE, COST, 2_000);
    const before = usedBytes();
    for (let n = 0; n < 5_000; n++) {
      const field = `${n}, `.padEnd(30_000, `${n} `);
      buckets.of(n % 2 === 0 ? field : field.slice(0, 40));
    }
    expect(buckets.size).toBe(2_000);
    expect(usedBytes() - before).toBeLessThan(3_000_000);
  });

  it('finds the buckets of names again', () => {
    const buckets = new ClientBuckets(new ManualClock(), RATE, COST, 10);
    for (const name of ['a', 'x'.repeat(64), 'x'.repeat(65), 'ä'.repeat(60), '€'.repeat(60), '']) {
      expect(buckets.of(name)).toBe(buckets.of(Buffer.from(name).toString()));
    }
    expect(buckets.size).toBe(6);
  });

  it.each([1, 2, 7, 8, 9, 100])('with %d clients forgets those that came longest ago', (max) => {
    const clock = new ManualClock();
    const buckets = new ClientBuckets(clock, RATE, COST, max);
    const made = Array.from({ length: 3 * max }, (_, n) => buckets.of(`${n}`));
    expect(buckets.size).toBe(max);
    for (let n = 2 * max; n < 3 * max; n++) expect(buckets.of(`${n}`)).toBe(made[n]);
    expect(buckets.of(`${2 * max - 1}`)).not.toBe(made[2 * max - 1]);
  });

  it('keeps those that must wait rather than others', () => {
    const clock = new ManualClock();
    const buckets = new ClientBuckets(clock, RATE, COST, 20);
    const waiting = Array.from({ length: 7 }, (_, n) => {
      const bucket = buckets.of(`waits${n}`);
      bucket.take(2 * COST);
      clock.advance(1);
      return bucket;
    });
    for (let n = 0; n < 200; n++) buckets.of(`new${n}`);
    waiting.forEach((bucket, n) => void expect(buckets.of(`waits${n}`)).toBe(bucket));
  });

  it.each([0, 3, 7])('forgets the first to be free if all wait: number %d', (first) => {
    const clock = new ManualClock();
    const buckets = new ClientBuckets(clock, RATE, COST, 8);
    const made = Array.from({ length: 8 }, (_, n) => buckets.of(`${n}`));
    made[first]?.take(2 * COST);
    clock.advance(1);
    for (const [n, bucket] of made.entries()) if (n !== first) bucket.take(2 * COST);
    buckets.of('one more');
    expect(buckets.size).toBe(8);
    for (let n = 0; n < 8; n++) if (n !== first) expect(buckets.of(`${n}`)).toBe(made[n]);
    expect(buckets.of(`${first}`)).not.toBe(made[first]);
  });
});
