// What a delayed call costs while 1,000,000 are pending, against Node's own timers doing the same.
//
//     npx tsx bench/micro/reactor/delayed-calls.bench.ts [rounds]
//
// Two workloads: `scattered`, delays at random over 100 s, and `same`, one delay of 30 s for all (idle timeouts: the best
// case of Node's lists). Cancellations and resets come in random order. Node has no reset: `refresh()` where the delay stays
// the same, else `clearTimeout` and `setTimeout`. Each round of each contender is a process of its own, the contenders
// taking turns; the figures are the median and range of the rounds, in nanoseconds an operation. `run` is all the calls
// falling due at once, 1,000 ms of delays; for Node from the first callback to the last.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { DelayedCall } from '../../../src/core/clock.js';
import { DelayedCalls } from '../../../src/reactor/delayed-calls.js';
import { randomFrom, spreadOf } from '../../harness/statistics.js';

const COUNT = 1_000_000;
const WARM_UP = 20_000;
const OPERATIONS = ['insert', 'reset later', 'reset earlier', 'cancel', 'run', 'bytes'] as const;
const WORKLOADS = ['scattered', 'same'] as const;
const CONTENDERS = ['ropewalk', 'node'] as const;

type Workload = (typeof WORKLOADS)[number];
type Figures = Partial<Record<(typeof OPERATIONS)[number], number>>;

/** A way to have timers; `T` is its handle. */
interface Timers<T> {
  set(delayMs: number): T;
  reset(timer: T, delayMs: number, sameDelay: boolean): T;
  cancel(timer: T): void;
  /** Runs all the pending timers, none of which is more than 1,000 ms away, and gives the time it took. */
  run(): Promise<number>;
}

let ran = 0;
let firstRan = 0;
const callback = (): void => {
  if (ran++ === 0) firstRan = performance.now();
};

function ropewalkTimers(): Timers<DelayedCall> {
  let skew = 0;
  const calls = new DelayedCalls({
    now: () => performance.now() + skew,
    report: (error) => {
      throw error;
    },
    arm: () => {},
  });
  const none: [] = [];
  return {
    set: (delayMs) => calls.callLater(delayMs, callback, none),
    reset: (call, delayMs) => {
      call.reset(delayMs);
      return call;
    },
    cancel: (call) => call.cancel(),
    run: async () => {
      skew += 2000;
      const start = performance.now();
      calls.runDue();
      return performance.now() - start;
    },
  };
}

function nodeTimers(): Timers<NodeJS.Timeout> {
  return {
    set: (delayMs) => setTimeout(callback, delayMs),
    reset: (timer, delayMs, sameDelay) => {
      if (sameDelay) return timer.refresh();
      clearTimeout(timer);
      return setTimeout(callback, delayMs);
    },
    cancel: (timer) => clearTimeout(timer),
    run: async () => {
      const until = performance.now() + 1100;
      while (performance.now() < until);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return performance.now() - firstRan;
    },
  };
}

async function measure<T>(timers: Timers<T>, workload: Workload, count: number): Promise<Figures> {
  const random = randomFrom(7);
  const upTo = (ms: number): number => 1 + Math.floor(random() * ms);
  const scattered = workload === 'scattered';
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  const delays = Float64Array.from(order, () => (scattered ? upTo(100_000) : 30_000));
  const later = delays.map((delay) => (scattered ? delay + 50_000 : delay));
  const earlier = delays.map((delay) => Math.ceil(delay / 3));
  const short = delays.map(() => (scattered ? upTo(1000) : 500));
  const pending: T[] = new Array(count);
  const figures: Figures = {};
  const timed = (operation: keyof Figures, act: (index: number) => void, indices = order): void => {
    const start = performance.now();
    for (const index of indices) act(index);
    figures[operation] = ((performance.now() - start) * 1e6) / count;
  };
  const set = (times: Float64Array) => (index: number) => {
    pending[index] = timers.set(times[index] as number);
  };
  const reset = (times: Float64Array, same: boolean) => (index: number) => {
    pending[index] = timers.reset(pending[index] as T, times[index] as number, same);
  };
  // Connections come in the order of their numbers; what happens to them afterwards does not.
  const made = order.slice().sort();

  const before = memory();
  timed('insert', set(delays), made);
  figures.bytes = (memory() - before) / count;
  timed('reset later', reset(later, !scattered));
  timed('reset earlier', reset(earlier, false));
  timed('cancel', (index) => timers.cancel(pending[index] as T));

  for (const index of made) set(short)(index);
  ran = 0;
  figures.run = ((await timers.run()) * 1e6) / count;
  if (ran !== count) throw new Error(`${ran} calls ran, not ${count}`);
  return figures;
}

function memory(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function contend<T>(timers: Timers<T>, workload: Workload): Promise<void> {
  await measure(timers, workload, WARM_UP);
  console.log(JSON.stringify(await measure(timers, workload, COUNT)));
}

function report(rounds: number): void {
  const self = fileURLToPath(import.meta.url);
  const cells = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const workload of WORKLOADS) {
      for (const contender of CONTENDERS) {
        const args = [...process.execArgv, self, contender, workload];
        const figures: Figures = JSON.parse(execFileSync(process.execPath, args).toString());
        for (const operation of OPERATIONS) {
          const key = `${workload} ${operation} ${contender}`;
          cells.set(key, [...(cells.get(key) ?? []), figures[operation] ?? Number.NaN]);
        }
      }
    }
  }
  const cell = (key: string): [text: string, median: number] => {
    const { median = Number.NaN, min = 0, max = 0 } = spreadOf(cells.get(key) ?? []) ?? {};
    const text = `${median.toFixed(0)} (${min.toFixed(0)}-${max.toFixed(0)})`;
    return [text, median];
  };
  const row = (...columns: string[]): void => {
    console.log(columns.map((text, i) => (i < 2 ? text.padEnd(14) : text.padStart(18))).join(' '));
  };
  console.log(`${COUNT} pending, ns an operation (bytes: a pending call), ${rounds} rounds`);
  row('workload', 'operation', ...CONTENDERS, 'node / ropewalk');
  for (const workload of WORKLOADS) {
    for (const operation of OPERATIONS) {
      const [ours, node] = CONTENDERS.map((name) => cell(`${workload} ${operation} ${name}`));
      if (ours === undefined || node === undefined) continue;
      row(workload, operation, ours[0], node[0], (node[1] / ours[1]).toFixed(2));
    }
  }
}

const [first, workload] = process.argv.slice(2);
if (first === 'ropewalk') await contend(ropewalkTimers(), workload as Workload);
else if (first === 'node') await contend(nodeTimers(), workload as Workload);
else report(Number(first ?? 5));
