/**
 * The same random programs on every reactor and the simulated one: the order of the callbacks that the contract fixes is the
 * same. ROPEWALK_LIFE_RUNS sets how many programs, ROPEWALK_MODEL_SEED which.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  inRealTime,
  type MakeReactorStage,
} from '../../src/testing/contracts/reactor/reactor-stage.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { DEADLINE_MS, PATIENCE } from '../support/deadline.js';
import { OWN_LOOPBACK } from '../support/own-loopback.js';
import { REACTORS } from '../support/reactors.js';
import { simulatedReactor } from '../testing/simulated-stage.js';
import { Journal } from './life-journal.js';
import type { Program } from './life-program.js';
import { World } from './life-world.js';
import { settledPrograms } from './settled-program.js';

const RUNS = Number(process.env.ROPEWALK_LIFE_RUNS ?? 40);
const SEED = Number(process.env.ROPEWALK_MODEL_SEED ?? Date.now() % 2 ** 31);
const LIMIT_MS = Math.max(60_000, RUNS * 1_000) * PATIENCE;

const STAGES: readonly (readonly [string, MakeReactorStage])[] = [
  ...REACTORS.map(
    ({ name, make }) =>
      [name, inRealTime(() => make(), { host: OWN_LOOPBACK, deadlineMs: DEADLINE_MS })] as const,
  ),
  ['simulated', simulatedReactor],
];

async function linesOf(makeStage: MakeReactorStage, program: Program): Promise<string[]> {
  using errors = captureLoggedErrors();
  const world = new World(await makeStage(), { folder: undefined, fifo: undefined }, 'settled');
  for (const round of program) if (!world.disposed) await world.round(round);
  await world.dispose();
  const reported = errors.flush().map(({ error }) => `reported: ${error}`);
  return [...world.journal.projection(), ...reported.sort()];
}

function projectionOf(...entries: readonly (readonly [name: string, what: string])[]): string[] {
  const journal = new Journal();
  for (const [name, what] of entries) journal.add(name, what);
  journal.mark('run has settled');
  return journal.projection();
}

describe('the compared order', () => {
  const [lost, told] = [
    ['client, connection 1', 'connectionLost ConnectionLost'],
    ['client', 'clientConnectionLost ConnectionLost'],
  ] as const;
  const [one, other] = [
    ['server, connection 1', 'connectionLost ConnectionDone'],
    ['server, connection 2', 'connectionLost ConnectionDone'],
  ] as const;

  it('contains the order of a factory and its connections', () => {
    expect(projectionOf(lost, told)).not.toEqual(projectionOf(told, lost));
  });

  it('does not contain the order of several connections', () => {
    expect(projectionOf(one, other)).toEqual(projectionOf(other, one));
    expect(projectionOf(one, lost, told)).toEqual(projectionOf(lost, told, one));
  });

  it('contains the order of callbacks and phases', () => {
    const mark = ['==', 'after shutdown'] as const;
    expect(projectionOf(lost, mark)).not.toEqual(projectionOf(mark, lost));
  });
});

/** The first line of the error is the difference: CI prints no others. */
function reportDifference({
  failed,
  errorInstance,
  counterexample,
}: fc.RunDetails<[Program]>): void {
  if (!failed) return;
  const difference = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  throw new Error(`${difference}\n${fc.stringify(counterexample)}`);
}

it('random lives have the same order on every reactor', { timeout: LIMIT_MS }, async () => {
  let lines = 0;
  await fc.assert(
    fc.asyncProperty(settledPrograms, async (program) => {
      const results: Record<string, string[]> = {};
      for (const [name, makeStage] of STAGES) results[name] = await linesOf(makeStage, program);
      const [[first, expected = []] = ['', []], ...others] = Object.entries(results);
      for (const [name, found] of others) {
        const at = found.findIndex((line, i) => line !== expected[i]);
        if (at < 0 && found.length === expected.length) continue;
        const [line, wanted] = [found[at], expected[at < 0 ? found.length : at]];
        throw new Error(`${name}: ${line}; ${first}: ${wanted}; seed ${SEED}`);
      }
      lines += expected.length;
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: true, reporter: reportDifference },
  );
  console.info(`life order: ${RUNS} programs, ${lines} lines, seed ${SEED}`);
});
