/** Runs one scenario under many seeds, and reports how to reproduce the first failure. */

import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { RopewalkError } from '../../core/errors/base.js';
import { messageOf } from '../../core/text-of.js';
import { checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { CHOPPY, type SimulationFaults } from './faults.js';
import { SIMULATION_OPTIONS, Simulation, type SimulationOptions } from './simulation.js';

/** The check, called with a fresh simulation each time. It may throw, or return a promise, which is driven until it settles. */
export type Scenario = (simulation: Simulation) => unknown;

export interface SimulateOptions extends Omit<SimulationOptions, 'seed'> {
  /** The first seed; each further run has the next. Default 1. `ROPEWALK_SIMULATION_SEED` overrides it, for one run. */
  readonly seed?: number;
  /** How many seeds. Default 100, or 1 if `seed` is given. */
  readonly runs?: number;
  /** Default {@link CHOPPY}. */
  readonly faults?: SimulationFaults;
  /** Whether to find out which faults a failure needs, by running it without each. Default true. */
  readonly shrink?: boolean;
  /** How many of the trace's last lines the error's message includes. Default 30. */
  readonly traceLines?: number;
}

/** A scenario failed. `cause` is the error it threw. */
export class SimulationFailedError extends RopewalkError {
  override readonly name = 'SimulationFailedError';
  override readonly code = 'ERR_SIMULATION_FAILED';
  /** The seed that fails. */
  readonly seed: number;
  /** The faults without which this seed does not fail; undefined if that was not examined. */
  readonly needed: readonly string[] | undefined;
  /** The trace of the failed run. */
  readonly trace: string;

  /** @internal */
  constructor(message: string, failure: Failure, needed: readonly string[] | undefined) {
    super(message, { cause: failure.error });
    this.seed = failure.simulation.seed;
    this.needed = needed;
    this.trace = String(failure.simulation.trace);
  }
}

interface Failure {
  readonly simulation: Simulation;
  readonly error: unknown;
}

const OPTIONS: OptionNames<SimulateOptions> = {
  ...SIMULATION_OPTIONS,
  runs: true,
  shrink: true,
  traceLines: true,
};

const SEED_VARIABLE = 'ROPEWALK_SIMULATION_SEED';

/** The number of seeds. */
const SEEDS = 2 ** 32;

/**
 * Runs `scenario` once for each seed, and stops at the first that fails: one that throws, rejects, gets
 * stuck, has no end, or in which application code throws.
 *
 * @example
 * await simulate(async (simulation) => {
 *   simulation.host('server').listenTCP(7, Echo);
 *   const client = new AccumulatingProtocol();
 *   simulation.host('client').connectTCP('server', 7, () => client);
 *   await client.onConnectionMade;
 *   ...
 * });
 * @throws SimulationFailedError as a rejection, as are the others.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export async function simulate(scenario: Scenario, options: SimulateOptions = {}): Promise<void> {
  checkOptions('simulate', options, OPTIONS);
  const { seed, runs, shrink = true, traceLines = 30, ...rest } = options;
  const given = { faults: CHOPPY, ...rest };
  const replayed = replayedSeed();
  const first = replayed ?? checkSeed('seed', seed ?? 1);
  const asked = checkInteger('runs', runs ?? (seed === undefined ? 100 : 1), 1, SEEDS);
  const count = replayed === undefined ? asked : 1;
  for (let run = 0; run < count; run++) {
    const failure = await attempt(scenario, given, (first + run) % SEEDS);
    if (failure === undefined) continue;
    const needed = shrink ? await neededFaults(scenario, given, failure) : undefined;
    const message = describe(failure, needed, `run ${run + 1} of ${count}`, traceLines);
    throw new SimulationFailedError(message, failure, needed);
  }
}

async function attempt(
  scenario: Scenario,
  options: SimulationOptions,
  seed: number,
): Promise<Failure | undefined> {
  const simulation = new Simulation({ ...options, seed });
  try {
    // The scenario begins once its run is in progress, so the runs that it makes itself are inside that one.
    await simulation.run(Promise.resolve().then(() => scenario(simulation)));
    return undefined;
  } catch (error) {
    return { simulation, error };
  }
}

/** Omits one fault after the other, for good if the seed fails without it too. */
async function neededFaults(
  scenario: Scenario,
  options: SimulationOptions,
  { simulation }: Failure,
): Promise<string[]> {
  let faults: SimulationFaults = { ...options.faults };
  for (const name of Object.keys(faults)) {
    const fewer = Object.fromEntries(Object.entries(faults).filter(([other]) => other !== name));
    const failure = await attempt(scenario, { ...options, faults: fewer }, simulation.seed);
    if (failure !== undefined) faults = fewer;
  }
  return Object.keys(faults);
}

function describe(
  { simulation, error }: Failure,
  needed: readonly string[] | undefined,
  which: string,
  traceLines: number,
): string {
  const { seed, trace } = simulation;
  const lines = [
    `seed ${seed} fails (${which}): ${messageOf(error)}`,
    `To run it again: ${SEED_VARIABLE}=${seed}, or { seed: ${seed} }.`,
  ];
  if (needed?.length === 0) lines.push('It fails without any fault too.');
  else if (needed !== undefined) lines.push(`It needs these faults: ${needed.join(', ')}.`);
  return [...lines, 'The end of its trace:', trace.tail(traceLines)].join('\n');
}

function checkSeed(what: string, value: unknown): number {
  return checkInteger(what, value, 0, SEEDS - 1);
}

/** The seed given in the environment. */
function replayedSeed(): number | undefined {
  const text = process.env[SEED_VARIABLE] ?? '';
  if (text === '') return undefined;
  if (/^\d+$/.test(text)) return checkSeed(SEED_VARIABLE, Number(text));
  throw new InvalidArgumentValueError(SEED_VARIABLE, 'a whole number', text);
}
