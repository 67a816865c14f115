// Runs micro benches: in each round every contender measures every case, in random order within a case, in a process of its
// own, so that neither memory nor optimized code is shared.

import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from '../children.js';
import { describeMachine } from '../machine.js';
import { REPOSITORY } from '../paths.js';
import type { Progress } from '../progress.js';
import { messageOf } from '../slices.js';
import { randomFrom, shuffled } from '../statistics.js';
import type { Figures, MicroBench } from './bench.js';
import type { MicroBenchRecord, MicroRunRecord } from './record.js';

const CHILD = join(fileURLToPath(import.meta.url), '..', 'child.ts');
const DEADLINE_MS = 180_000;

export interface FoundBench {
  /** `line-decoder` of `framing/line-decoder.bench.ts`. */
  readonly name: string;
  readonly path: string;
  readonly bench: MicroBench;
}

export interface RunOptions {
  readonly quick: boolean;
  readonly rounds: number;
  /** Of the order of the contenders. */
  readonly seed: number;
}

/** The task of one process. */
export interface Turn {
  readonly contender: string;
  readonly cases: readonly string[];
}

/** Measures a turn: the figures of each of its cases. */
export type MeasureTurn = (
  path: string,
  turn: Turn,
  quick: boolean,
) => Promise<Readonly<Record<string, Figures>>>;

export async function runMicro(
  benches: readonly FoundBench[],
  options: RunOptions,
  progress: Pick<Progress, 'step' | 'clear'>,
  measure: MeasureTurn = measureInChild,
): Promise<MicroRunRecord> {
  const { quick, rounds, seed } = options;
  const startedAt = new Date().toISOString();
  const machine = describeMachine();
  const random = randomFrom(seed);
  const records = benches.map(emptyRecord);
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const { bench } of benches) {
      if (bench.cases.length > 0 && bench.prepare) undo.push(await bench.prepare());
    }
    // Each round runs all benches: a bad minute of the machine then affects one round of each.
    for (let round = 0; round < rounds; round++) {
      for (const [index, found] of benches.entries()) {
        const record = records[index];
        if (record === undefined) continue;
        const step = (text: string): void =>
          progress.step(found.name, `round ${round + 1}/${rounds}, ${text}`);
        await runRound(found, record, round, quick, random, step, measure);
      }
    }
  } finally {
    for (const end of undo.reverse()) await end();
  }
  progress.clear();
  return { kind: 'micro', format: 1, startedAt, quick, seed, rounds, machine, benches: records };
}

async function runRound(
  { path, bench }: FoundBench,
  record: MicroBenchRecord,
  round: number,
  quick: boolean,
  random: () => number,
  step: (text: string) => void,
  measure: MeasureTurn,
): Promise<void> {
  for (const turn of turnsOf(bench, quick, random)) {
    const { contender } = turn;
    const name = [contender, ...turn.cases.filter((one) => one !== '')].join(', ');
    step(name);
    try {
      const measured = await measure(path, turn, quick);
      for (const [one, figures] of Object.entries(measured)) {
        record.samples.push({ round, case: one, contender, figures });
      }
    } catch (error) {
      record.failures.push(`round ${round + 1}: ${name}: ${messageOf(error)}`);
    }
  }
}

/** The processes of a round: one a contender and case; in a quick run one a contender. */
export function turnsOf(bench: MicroBench, quick: boolean, random: () => number): Turn[] {
  if (!quick) {
    return bench.cases.flatMap(({ name, contenders }) =>
      shuffled(Object.keys(contenders), random).map((contender) => ({ contender, cases: [name] })),
    );
  }
  const contenders = new Set(bench.cases.flatMap((one) => Object.keys(one.contenders)));
  return shuffled([...contenders], random).map((contender) => {
    const cases = bench.cases.filter((one) => contender in one.contenders);
    return { contender, cases: cases.map(({ name }) => name) };
  });
}

async function measureInChild(
  path: string,
  { contender, cases }: Turn,
  quick: boolean,
): Promise<Record<string, Figures>> {
  const { execPath, execArgv } = process;
  const effort = quick ? 'quick' : 'full';
  const command = [execPath, ...execArgv, CHILD, path, contender, effort, ...cases];
  const child = await Child.start(contender, command);
  try {
    return JSON.parse(await child.nextLine(DEADLINE_MS)) as Record<string, Figures>;
  } finally {
    await child.end();
  }
}

function emptyRecord({ name, path, bench }: FoundBench): MicroBenchRecord {
  const { title, workload, unit, bars } = bench;
  return {
    name,
    path: relative(REPOSITORY, path).split(sep).join('/'),
    title,
    workload,
    unit,
    bars,
    cases: bench.cases.map((one) => ({
      name: one.name,
      reference: one.reference,
      contenders: Object.keys(one.contenders),
    })),
    samples: [],
    failures: [],
  };
}
