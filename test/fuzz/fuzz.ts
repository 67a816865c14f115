/** Runs a target on mutated inputs. Inputs that execute new code are mutated further. */
import { randomOf } from '../protocols/http/differential/messages.js';
import type { Coverage } from './coverage.js';
import { mutated } from './mutations.js';
import type { Target } from './target.js';

/** An input that breaks a promise. `target.check(bytes, randomOf(seed))` throws `error`. */
export interface Finding {
  readonly bytes: Buffer;
  readonly seed: number;
  readonly error: unknown;
}

export interface Progress {
  readonly executions: number;
  /** The number of inputs that are mutated. */
  readonly inputs: number;
  readonly finding: Finding | undefined;
}

/** Inputs between two looks at the coverage, which take some milliseconds. */
const BATCH = 1_000;

/**
 * @param goesOn Asked now and then whether to continue.
 * @param coverage Default: only the seeds are mutated.
 * @param seed Of the random numbers: the same seed makes the same run, with the same `goesOn`.
 */
export function fuzz(
  target: Target,
  goesOn: (executions: number) => boolean,
  seed: number,
  coverage?: Coverage,
): Progress {
  const random = randomOf(seed);
  const inputs = [...target.seeds];
  let executions = 0;
  let finding: Finding | undefined;
  const run = (bytes: Buffer, seedOfCheck: number): void => {
    executions += 1;
    try {
      target.check(bytes, randomOf(seedOfCheck));
    } catch (error) {
      finding ??= { bytes, seed: seedOfCheck, error };
    }
  };
  for (const bytes of inputs) run(bytes, 0);
  if (coverage !== undefined) coverage.add(coverage.takeNew());
  while (finding === undefined && goesOn(executions)) {
    const batch = Array.from({ length: BATCH }, () => ({
      bytes: mutated(random, inputs, target.words),
      seedOfCheck: random(2 ** 31),
    }));
    for (const { bytes, seedOfCheck } of batch) run(bytes, seedOfCheck);
    const found = coverage?.takeNew();
    if (coverage === undefined || found === undefined || found.size === 0) continue;
    for (const { bytes, seedOfCheck } of batch) {
      run(bytes, seedOfCheck);
      const own = coverage.takeNew();
      if (own.size > 0) inputs.push(bytes);
      coverage.add(own);
    }
    // Blocks that need more than one input, such as those of pools.
    coverage.add(found);
  }
  return { executions, inputs: inputs.length, finding };
}
