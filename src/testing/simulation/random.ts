/**
 * Random numbers determined by a seed: xoshiro128** (Blackman and Vigna, 2018), its state filled from the seed by
 * SplitMix32. Each purpose has its own stream, so that drawing more for one changes nothing for the others.
 */

const TWO_32 = 2 ** 32;

/** A stream of random numbers. Not for secrets. */
export class SeededRandom {
  readonly #seed: number;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed A whole number from 0 to 2^32 - 1. */
  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#a = mix(this.#seed + 0x9e3779b9);
    this.#b = mix(this.#seed + 0x3c6ef372);
    this.#c = mix(this.#seed + 0xdaa66d2b);
    this.#d = mix(this.#seed + 0x78dde6e4);
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotate(this.#d, 11);
    return result;
  }

  /** A number from 0 up to, not including, 1. */
  next(): number {
    return this.uint32() / TWO_32;
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** A number from `min` up to `max`. */
  between(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  /** True with this probability: never for 0, always for 1. Always draws exactly one number. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of these. */
  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.integer(0, choices.length - 1)] ?? choices[0];
  }

  /** A separate stream for a purpose: the same seed and purpose give the same stream, regardless of draws here. */
  fork(purpose: string): SeededRandom {
    // FNV-1a over the UTF-16 code units.
    let hash = 0x811c9dc5;
    for (let i = 0; i < purpose.length; i++) {
      hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193);
    }
    return new SeededRandom(mix(mix(this.#seed + 0x9e3779b9) ^ hash));
  }
}

/** The finalizer of SplitMix32: each bit of the input changes half of the output's. */
function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
