import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../../src/core/errors/arguments.js';
import { Protocol } from '../../../src/core/protocol.js';
import { AccumulatingProtocol } from '../../../src/testing/accumulating-protocol.js';
import { SimulationStuckError } from '../../../src/testing/simulation/errors.js';
import {
  type SimulateOptions,
  SimulationFailedError,
  simulate,
} from '../../../src/testing/simulation/simulate.js';
import type { Simulation } from '../../../src/testing/simulation/simulation.js';

afterEach(() => vi.unstubAllEnvs());

/** Answers the length of what it takes for a message: right only where the message arrives whole. */
class Hasty extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(`${data.length};`);
  }
}

async function askHasty(simulation: Simulation): Promise<void> {
  simulation.host('server').listenTCP(7, Hasty);
  const client = new AccumulatingProtocol();
  simulation.host('client').connectTCP('server', 7, () => client);
  await client.onConnectionMade;
  client.transport.write('twelve bytes');
  await simulation.run(() => client.text.endsWith(';'));
  expect(client.text).toBe('12;');
}

async function failureOf(
  scenario: (simulation: Simulation) => unknown,
  options?: SimulateOptions,
): Promise<SimulationFailedError> {
  const failure = await simulate(scenario, options).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SimulationFailedError);
  return failure as SimulationFailedError;
}

describe('simulate', () => {
  it('runs a scenario under 100 seeds, or as many as requested', async () => {
    const seeds: number[] = [];
    const scenario = ({ seed }: Simulation): void => void seeds.push(seed);
    await simulate(scenario);
    expect(seeds).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    seeds.length = 0;
    await simulate(scenario, { seed: 7 });
    await simulate(scenario, { seed: 2 ** 32 - 1, runs: 2 });
    expect(seeds).toEqual([7, 2 ** 32 - 1, 0]);
  });

  it('finds the seed under which a scenario fails, and says how to run it again', async () => {
    const failure = await failureOf(askHasty);
    const { seed, message, needed, trace } = failure;
    expect(needed).toEqual(['split']);
    expect(failure.cause).toBeInstanceOf(Error);
    const lines = message.split('\n');
    expect(message).toContain(`seed ${seed} fails (run ${seed} of 100): expected '`);
    expect(lines).toContain(
      `To run it again: ROPEWALK_SIMULATION_SEED=${seed}, or { seed: ${seed} }.`,
    );
    expect(lines).toContain('It needs these faults: split.');
    expect(lines.at(-1)).toBe(trace.split('\n').at(-1));
    expect(trace).toContain('client:40001 -> server:7  data');
    const again = await failureOf(askHasty, { seed });
    expect([again.seed, again.trace]).toEqual([seed, trace]);
  });

  it('runs the one seed that the environment asks for', async () => {
    const seeds: number[] = [];
    vi.stubEnv('ROPEWALK_SIMULATION_SEED', '17');
    await simulate(({ seed }) => void seeds.push(seed), { seed: 3, runs: 5 });
    expect(seeds).toEqual([17]);
    vi.stubEnv('ROPEWALK_SIMULATION_SEED', 'seventeen');
    await expect(simulate(() => {})).rejects.toThrow(InvalidArgumentValueError);
  });

  it('drives the promise that a scenario gives', async () => {
    await simulate(
      (simulation) => new Promise<void>((resolve) => void simulation.callLater(1e6, resolve)),
      { runs: 3 },
    );
  });

  it('fails if a scenario gets stuck, and if application code throws', async () => {
    const stuck = await failureOf(() => new Promise(() => {}), { seed: 1 });
    expect(stuck.cause).toBeInstanceOf(SimulationStuckError);
    expect(stuck.message).toContain('It fails without any fault too.');
    const failure = new Error('thrown by a timer\nand more');
    const thrown = await failureOf(
      (simulation) => {
        simulation.callLater(1, () => {
          throw failure;
        });
        return simulation.run();
      },
      { seed: 1, shrink: false, traceLines: 1 },
    );
    expect(thrown.cause).toBe(failure);
    expect(thrown.needed).toBeUndefined();
    expect(thrown.message.split('\n').slice(-1)).toEqual([
      '     1.000 ms  simulation  error in delayed call: Error: thrown by a timer',
    ]);
  });

  it('refuses options that make no sense', async () => {
    await expect(simulate(() => {}, { runs: 0 })).rejects.toThrow(InvalidArgumentValueError);
    await expect(simulate(() => {}, { seed: '1' as never })).rejects.toThrow(
      InvalidArgumentTypeError,
    );
  });
});
