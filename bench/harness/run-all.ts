// One whole run: finds the contenders, runs the scenarios in turn and returns what was measured.

import type { Contender } from './contender.js';
import { probe } from './contender-process.js';
import { CONTENDERS } from './contenders.js';
import { runHold, runIdle } from './footprint.js';
import { LoadClient } from './load-client.js';
import { busyWarning, describeMachine, descriptorLimit } from './machine.js';
import { type Options, UsageError } from './options.js';
import { participantsOf, takesPart } from './participants.js';
import type { Progress } from './progress.js';
import type { ContenderRecord, RunRecord, ScenarioRecord } from './results.js';
import type { Scenario } from './scenario-types.js';
import { chooseScenarios } from './scenarios.js';
import { runSlices } from './slices.js';
import { randomFrom } from './statistics.js';

/** Descriptors that a server or client needs besides its connections. */
const OTHER_DESCRIPTORS = 200;

interface Present {
  readonly contenders: readonly Contender[];
  readonly records: readonly ContenderRecord[];
  readonly absent: RunRecord['absent'];
}

/** @throws UsageError for names that do not exist. */
export async function runAll(options: Options, progress: Progress): Promise<RunRecord> {
  const wanted = chooseScenarios(options.only, options.quick);
  const startedAt = new Date().toISOString();
  const machine = describeMachine();
  const busy = busyWarning(machine);
  if (busy !== undefined) progress.note(`warning: ${busy}`);
  const whyNoInstructions = await readInstructionSupport(options);
  const present = await findContenders(options, wanted, progress);
  const random = randomFrom(options.seed);
  const records: ScenarioRecord[] = [];
  const skipped: { scenario: string; reason: string }[] = [];
  for (const scenario of wanted) {
    const contenders = participantsOf(scenario, present.contenders, options.contenders.length > 0);
    const reason = whyNot(scenario, contenders);
    if (reason === undefined) {
      const record = await runOne(scenario, contenders, options, random, progress);
      for (const failure of record.failures) progress.note(`${scenario.name}: FAILED ${failure}`);
      records.push(record);
    } else {
      progress.note(`${scenario.name}: left out, ${reason}`);
      skipped.push({ scenario: scenario.name, reason });
    }
  }
  progress.clear();
  const { quick, seed, rounds, warmupSeconds, measureSeconds, serverCore, clientCore } = options;
  return {
    format: 1,
    startedAt,
    quick,
    seed,
    rounds,
    warmupSeconds,
    measureSeconds,
    serverCore,
    clientCore,
    machine,
    whyNoInstructions,
    contenders: present.records,
    absent: present.absent,
    skipped,
    scenarios: records,
  };
}

async function readInstructionSupport(options: Options): Promise<string> {
  const client = await LoadClient.start(options.clientCore);
  await client.end();
  return client.whyNoInstructions;
}

export async function findContenders(
  options: Options,
  wanted: readonly Scenario[],
  progress: Progress,
): Promise<Present> {
  const contenders: Contender[] = [];
  const records: ContenderRecord[] = [];
  const absent: { name: string; reason: string }[] = [];
  for (const contender of chooseContenders(options)) {
    if (!wanted.some((scenario) => takesPart(contender, scenario))) continue;
    progress.step('contenders', contender.name);
    const found = await probe(contender);
    const { name, title } = contender;
    if ('absent' in found) {
      progress.note(`${name}: skipped, ${found.absent}`);
      absent.push({ name, reason: found.absent });
    } else {
      contenders.push(contender);
      records.push({ name, title, version: found.version });
    }
  }
  return { contenders, records, absent };
}

function chooseContenders({ contenders, quick }: Options): Contender[] {
  const names = CONTENDERS.map((contender) => contender.name);
  for (const name of contenders) {
    if (!names.includes(name)) throw new UsageError(`no contender '${name}': ${names.join(', ')}`);
  }
  if (contenders.length > 0) return CONTENDERS.filter(({ name }) => contenders.includes(name));
  return CONTENDERS.filter((contender) => contender.quick || !quick);
}

function whyNot(scenario: Scenario, contenders: readonly Contender[]): string | undefined {
  if (contenders.length === 0) return 'no contender for it could be started';
  const needed = scenario.connections + OTHER_DESCRIPTORS;
  const limit = descriptorLimit();
  return needed > limit ? `it needs ${needed} descriptors, the limit is ${limit}` : undefined;
}

function runOne(
  scenario: Scenario,
  contenders: readonly Contender[],
  options: Options,
  random: () => number,
  progress: Progress,
): Promise<ScenarioRecord> {
  switch (scenario.kind) {
    case 'echo':
    case 'http':
    case 'http2':
    case 'file':
    case 'orders':
    case 'websocket':
    case 'churn':
    case 'datagrams':
    case 'workers':
      return runSlices(scenario, contenders, options, random, progress);
    case 'idle':
      return runIdle(scenario, contenders, options, random, progress);
    case 'hold':
      return runHold(scenario, contenders, options, progress);
  }
}
