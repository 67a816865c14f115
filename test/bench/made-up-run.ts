// Runs whose figures are made up, for tests of what is made of figures.

import type { Figures } from '../../bench/harness/load-client.js';
import { emptyRecord, type RunRecord, type ScenarioRecord } from '../../bench/harness/results.js';
import type { Scenario } from '../../bench/harness/scenario-types.js';
import { chooseScenarios } from '../../bench/harness/scenarios.js';

const MADE_UP: Figures = {
  messages: 1_000,
  elapsedNs: 8_000_000,
  wallNs: 9_000_000,
  cpuNs: 5_000_000,
  cpuUsPerMessage: 5,
  userInstructionsPerMessage: null,
  kernelInstructionsPerMessage: null,
  p50Ns: 100_000,
  p90Ns: 200_000,
  p99Ns: 300_000,
  wrongBytes: 0,
  differentBytes: 0,
  missingBytes: 0,
  surplusBytes: 0,
  lostConnections: 0,
  resent: 0,
  late: 0,
};

export function scenarioNamed(name: string): Scenario {
  const [scenario] = chooseScenarios([name], false);
  if (scenario === undefined) throw new Error(`no ${name}`);
  return scenario;
}

/** A record of two rounds and a dropped one; each contender differs from MADE_UP as said. */
export function recordOf(
  name: string,
  contenders: Record<string, Partial<Figures>>,
): ScenarioRecord {
  const record = emptyRecord(scenarioNamed(name));
  for (const round of [0, 1, 2]) {
    for (const [contender, figures] of Object.entries(contenders)) {
      record.slices.push({ ...MADE_UP, ...figures, round, contender });
    }
  }
  return record;
}

export function runOf(...records: ScenarioRecord[]): RunRecord {
  const names = new Set(records.flatMap(({ slices }) => slices.map((one) => one.contender)));
  return {
    format: 1,
    startedAt: '2026-11-23T00:00:00.000Z',
    quick: false,
    seed: 1,
    rounds: 3,
    warmupSeconds: 0.25,
    measureSeconds: 0.8,
    serverCore: 0,
    clientCore: 1,
    machine: {
      cpu: 'a processor',
      cores: 2,
      memoryGiB: 8,
      kernel: 'Linux',
      virtual: false,
      node: 'v20',
      commit: undefined,
    },
    whyNoInstructions: 'none here',
    contenders: [...names].map((name) => ({ name, title: `the ${name}`, version: '1' })),
    absent: [],
    skipped: [],
    scenarios: records,
  };
}
