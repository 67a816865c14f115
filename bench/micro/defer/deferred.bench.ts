// What Deferreds cost in time and memory, against Node's promises doing the same.
//
//     npx tsx bench/micro/defer/deferred.bench.ts [rounds] [--quick]
//
// The workloads are in workloads.ts. Time is the mean over 600 ms of batches of 1,000 operations (a chain: 10,000 links),
// collection of garbage included, after 300 ms of the same to warm up, and a little of all the other workloads before
// that: the engine has seen Deferreds in all their uses then, as it has in a program. Memory is the bytes that each of
// 1,000,000 takes that are not fired, the places where they are kept not counted: a Deferred against a promise with its two
// resolving functions, which whoever makes one has to keep; and each of these with one callback. Each round of each
// contender is a process of its own, the contenders taking turns; the figures are the median and range of the rounds.
// `--quick` is one short round: it shows that everything runs and adds up, its figures mean little.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Deferred } from '../../../src/defer/deferred.js';
import { spreadOf } from '../../harness/statistics.js';
import { type Contender, WORKLOADS, type Workload, withResolvers } from './workloads.js';

const CONTENDERS: readonly Contender[] = ['ropewalk', 'promise'];
const MEMORY_ROWS = ['bytes', 'bytes, 1 callback'];

interface Lengths {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly runMs: number;
  /** How many are kept to measure their memory. */
  readonly kept: number;
}

const FULL: Lengths = { rounds: 5, warmUpMs: 300, runMs: 600, kept: 1_000_000 };
const QUICK: Lengths = { rounds: 1, warmUpMs: 30, runMs: 60, kept: 100_000 };

async function timeOf(workload: Workload, contender: Contender, lengths: Lengths): Promise<number> {
  for (const other of Object.values(WORKLOADS))
    await batches(other, contender, lengths.warmUpMs / 10);
  await batches(workload, contender, lengths.warmUpMs);
  return batches(workload, contender, lengths.runMs);
}

/** Does batches for `ms`. Gives the nanoseconds an operation. */
async function batches(workload: Workload, contender: Contender, ms: number): Promise<number> {
  const { count } = workload;
  const run = workload.run[contender];
  const expected = workload.expected(count);
  const start = performance.now();
  for (let done = 1; ; done++) {
    const sum = await run(count);
    if (sum !== expected) throw new Error(`the sum is ${sum}, not ${expected}`);
    const elapsed = performance.now() - start;
    if (elapsed >= ms) return (elapsed * 1e6) / (done * count);
  }
}

/** Bytes each. */
function memoryOf(contender: Contender, withCallback: boolean, count: number): number {
  const callback = (value: number): number => value;
  const kept: unknown[][] = [new Array(count), new Array(count), new Array(count)];
  const [ones = [], resolves = [], rejects = []] = kept;
  const before = heapUsed();
  for (let i = 0; i < count; i++) {
    if (contender === 'ropewalk') {
      const deferred = new Deferred<number>();
      if (withCallback) deferred.addCallback(callback);
      ones[i] = deferred;
    } else {
      const { promise, resolve, reject } = withResolvers<number>();
      if (withCallback) promise.then(callback);
      ones[i] = promise;
      resolves[i] = resolve;
      rejects[i] = reject;
    }
  }
  const bytes = (heapUsed() - before) / count;
  if (kept.some((list) => list.length !== count)) throw new Error('some were lost');
  return bytes;
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

async function contend(row: string, contender: Contender, lengths: Lengths): Promise<void> {
  const workload = WORKLOADS[row];
  const figure =
    workload === undefined
      ? memoryOf(contender, row !== MEMORY_ROWS[0], lengths.kept)
      : await timeOf(workload, contender, lengths);
  console.log(figure);
}

function report(lengths: Lengths, flags: readonly string[]): void {
  const self = fileURLToPath(import.meta.url);
  const rows = [...Object.keys(WORKLOADS), ...MEMORY_ROWS];
  const figures = new Map<string, number[]>();
  for (let round = 0; round < lengths.rounds; round++) {
    for (const row of rows) {
      for (const contender of round % 2 === 0 ? CONTENDERS : [...CONTENDERS].reverse()) {
        const args = [...process.execArgv, self, '--row', row, '--contender', contender, ...flags];
        const figure = Number(execFileSync(process.execPath, args).toString());
        const key = `${row} ${contender}`;
        figures.set(key, [...(figures.get(key) ?? []), figure]);
      }
    }
  }
  const line = (...columns: string[]): void => {
    console.log(columns.map((text, i) => (i < 1 ? text.padEnd(24) : text.padStart(20))).join(' '));
  };
  console.log(`ns an operation (bytes: each), ${lengths.rounds} rounds`);
  line('workload', ...CONTENDERS, 'ropewalk / promise');
  for (const row of rows) {
    const [ours, theirs] = CONTENDERS.map((name) => spreadOf(figures.get(`${row} ${name}`) ?? []));
    if (ours === undefined || theirs === undefined) continue;
    const cells = [ours, theirs].map(
      ({ median, min, max }) => `${median.toFixed(0)} (${min.toFixed(0)}-${max.toFixed(0)})`,
    );
    line(row, ...cells, (ours.median / theirs.median).toFixed(2));
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean' },
    row: { type: 'string' },
    contender: { type: 'string' },
  },
});
const lengths = values.quick ? QUICK : FULL;
if (values.row !== undefined) await contend(values.row, values.contender as Contender, lengths);
else {
  const rounds = Number(positionals[0] ?? lengths.rounds);
  report({ ...lengths, rounds }, values.quick ? ['--quick'] : []);
}
