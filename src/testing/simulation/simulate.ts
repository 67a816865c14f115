/** Runs one scenario under many seeds, and tells of the first that fails how to see it fail again. */

import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { RopewalkError } from '../../core/errors/base.js';
import { messageOf } from '../../core/text-of.js';
import { checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { CHOPPY, type SimulationFaults } from './faults.js';
import { SIMULATION_OPTIONS, Simulation, type SimulationOptions } from './simulation.js';

/** What to check, on a fresh simulation each time. It may throw, or give a promise that is then driven until it settles. */
export type Scenario = (simulation: Simulation) => unknown;

export interface SimulateOptions extends Omit<SimulationOptions, 'seed'> {
  /** The first seed; each further run has the next. Default 1. `ROPEWALK_SIMULATION_SEED` overrules it, for one run. */
  readonly seed?: number;
  /** How many seeds. Default 100; where `seed` is given, 1. */
  readonly runs?: number;
  /** Default {@link CHOPPY}. */
  readonly faults?: SimulationFaults;
  /** Whether to find out which of the faults a failure takes, by running it without each. Default true. */
  readonly shrink?: boolean;
  /** How many of the trace's last lines the error's message ends with. Default 30. */
  readonly traceLines?: number;
}

/** A scenario failed. `cause` is what it threw. */
export class SimulationFailedError extends RopewalkError {
  override readonly name = 'SimulationFailedError';
  override readonly code = 'ERR_SIMULATION_FAILED';
  /** The seed that fails. */
  readonly seed: number;
  /** The faults without which this seed does not fail; undefined where that was not looked into. */
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

/** How many seeds there are. */
const SEEDS = 2 ** 32;

/**
 * Runs `scenario` once for each seed, and stops at the first that fails: that throws, gives a promise that rejects, gets
 * stuck, has no end, or has application code throw.
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
    // The scenario begins once its run is under way: the runs that it makes itself are then inside that one.
    await simulation.run(Promise.resolve().then(() => scenario(simulation)));
    return undefined;
  } catch (error) {
    return { simulation, error };
  }
}

/** Leaves out one fault after the other, for good where the seed fails without it too. */
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
  else if (needed !== undefined) lines.push(`It takes these faults: ${needed.join(', ')}.`);
  return [...lines, 'The end of its trace:', trace.tail(traceLines)].join('\n');
}

function checkSeed(what: string, value: unknown): number {
  return checkInteger(what, value, 0, SEEDS - 1);
}

/** The seed that the environment asks for. */
function replayedSeed(): number | undefined {
  const text = process.env[SEED_VARIABLE] ?? '';
  if (text === '') return undefined;
  if (/^\d+$/.test(text)) return checkSeed(SEED_VARIABLE, Number(text));
  throw new InvalidArgumentValueError(SEED_VARIABLE, 'a whole number', text);
}
