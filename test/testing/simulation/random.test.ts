import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/testing/simulation/random.js';

function draws(random: SeededRandom, count: number): number[] {
  return Array.from({ length: count }, () => random.uint32());
}

describe('SeededRandom', () => {
  it('gives the same numbers for the same seed', () => {
    expect(draws(new SeededRandom(7), 50)).toEqual(draws(new SeededRandom(7), 50));
  });

  it('gives the numbers that it gave when this was written', () => {
    expect(draws(new SeededRandom(1), 4)).toEqual([2442144158, 3238099751, 3819917871, 2104621829]);
  });

  it('gives other numbers for a seed beside it', () => {
    const one = new Set(draws(new SeededRandom(1), 100));
    expect(draws(new SeededRandom(2), 100).filter((value) => one.has(value))).toEqual([]);
  });

  it('fills its range evenly', () => {
    const random = new SeededRandom(3);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const value = random.integer(5, 14) - 5;
      counts[value] = (counts[value] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(900);
    expect(Math.max(...counts)).toBeLessThan(1100);
  });

  it('keeps to bounds and probabilities', () => {
    const random = new SeededRandom(4);
    for (let i = 0; i < 1000; i++) {
      expect(random.next()).toBeGreaterThanOrEqual(0);
      expect(random.next()).toBeLessThan(1);
      expect(random.chance(0)).toBe(false);
      expect(random.chance(1)).toBe(true);
      expect(random.between(2, 2)).toBe(2);
      expect(['a', 'b']).toContain(random.pick(['a', 'b']));
    }
  });

  it('has streams that nothing drawn elsewhere disturbs', () => {
    const one = new SeededRandom(5);
    const other = new SeededRandom(5);
    draws(other, 10);
    expect(draws(one.fork('split'), 20)).toEqual(draws(other.fork('split'), 20));
    expect(draws(one.fork('split'), 20)).not.toEqual(draws(one.fork('reset'), 20));
  });
});
