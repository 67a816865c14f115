/** A short run of each fuzz target, and the checks of the fuzzer itself. `npm run fuzz` runs them for longer. */
import { describe, expect, it } from 'vitest';
import { fuzz } from './fuzz.js';
import { TARGETS } from './targets.js';

describe('a short run', () => {
  it.each(Object.entries(TARGETS))('of %s finds nothing', (_name, target) => {
    const { finding } = fuzz(target, (executions) => executions < 1_000, 20261130);
    expect(finding).toBeUndefined();
  });
});

describe('the fuzzer', () => {
  it('finds an input that breaks a promise, and says how to repeat it', () => {
    const target = {
      seeds: [Buffer.from('abcd')],
      words: ['X'],
      check(bytes: Buffer, random: (below: number) => number): void {
        if (bytes.includes('X') && random(4) === 0) throw new Error('broken');
      },
    };
    const { finding } = fuzz(target, (executions) => executions < 100_000, 1);
    expect(finding?.error).toMatchObject({ message: 'broken' });
    expect(finding?.bytes.includes('X')).toBe(true);
  });
});
