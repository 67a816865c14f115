// Statistics for the reports, and the order of slices.

/** Middle and spread of some figures. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  readonly count: number;
}

/** The value below which `share` of the sorted figures lie, interpolated between neighbours. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}

/** Undefined when there is no figure. */
export function spreadOf(figures: readonly number[]): Spread | undefined {
  if (figures.length === 0) return undefined;
  return {
    median: quantile(figures, 0.5),
    min: Math.min(...figures),
    max: Math.max(...figures),
    lowerQuartile: quantile(figures, 0.25),
    upperQuartile: quantile(figures, 0.75),
    count: figures.length,
  };
}

/** A figure of one round of a contender. */
export interface Sample {
  readonly round: number;
  readonly figure: number;
}

/**
 * How many times the figures of `to` those of `of` are: ratios within each round that both have, so
 * that drift between rounds cancels out. A round without a figure of `to` above 0 does not count.
 */
export function ratioOfRounds(of: readonly Sample[], to: readonly Sample[]): Spread | undefined {
  return spreadOf(
    pairs(of, to).flatMap(([figure, divisor]) => (divisor > 0 ? [figure / divisor] : [])),
  );
}

/** By how much the figures of `of` exceed those of `above`, within each round that both have. */
export function excessOfRounds(
  of: readonly Sample[],
  above: readonly Sample[],
): Spread | undefined {
  return spreadOf(pairs(of, above).map(([figure, other]) => figure - other));
}

/** The figures of the rounds that both have. */
function pairs(one: readonly Sample[], other: readonly Sample[]): (readonly [number, number])[] {
  const others = new Map(other.map((sample) => [sample.round, sample.figure]));
  return one.flatMap(({ round, figure }) => {
    const found = others.get(round);
    return found === undefined ? [] : [[figure, found] as const];
  });
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A copy in random order (Fisher-Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const rest = [...items];
  const order: T[] = [];
  while (rest.length > 0) order.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return order;
}
