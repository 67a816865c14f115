// What Deferreds cost in time and memory, against Node's promises doing the same. contest.ts tells how promises are treated.
//
//     npx tsx bench/micro/defer/deferred.bench.ts [--rounds N] [--quick]

import { Deferred } from '../../../src/defer/deferred.js';
import type { Effort, Figures, MicroBench, MicroCase } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { batchesFor, bytesOf, expectSame, nsPerOperation } from '../../harness/micro/timing.js';
import { CALLBACKS } from './callbacks.js';
import { type Contender, type Workload, withResolvers } from './contest.js';
import { COROUTINES } from './coroutines.js';

const WORKLOADS = [...CALLBACKS, ...COROUTINES];
const KEPT = 1_000_000;

/** After a little of all the other workloads: the engine has seen Deferreds in all their uses then, as it has in a program. */
async function timeOf(workload: Workload, contender: Contender, effort: Effort): Promise<Figures> {
  const batch = ({ count, run }: Workload) => run[contender](count);
  const checkOf =
    ({ name, count, expected }: Workload) =>
    (sum: number): void =>
      expectSame(`sum of ${name}`, sum, expected(count));
  for (const other of WORKLOADS) {
    await batchesFor(effort.warmUpMs / 5, () => batch(other), checkOf(other));
  }
  const { count } = workload;
  return { '': await nsPerOperation(effort, count, () => batch(workload), checkOf(workload)) };
}

function timeCase(workload: Workload): MicroCase {
  return {
    name: workload.name,
    reference: 'promise',
    contenders: {
      Deferred: (effort) => timeOf(workload, 'Deferred', effort),
      promise: (effort) => timeOf(workload, 'promise', effort),
    },
  };
}

/** Makes things and keeps them, with up to three parts each; the lists are not counted. */
function memoryOf(make: (kept: readonly unknown[][], index: number) => void) {
  return (effort: Effort): Figures => {
    const count = effort.count(KEPT);
    const kept = Array.from({ length: 3 }, () => new Array<unknown>(count));
    const bytes = bytesOf(count, () => {
      for (let i = 0; i < count; i++) make(kept, i);
    });
    expectSame('things kept', kept[0]?.length ?? 0, count);
    return { '': bytes };
  };
}

function keepDeferred(withCallback: boolean) {
  const callback = (value: number): number => value;
  return ([ones = []]: readonly unknown[][], i: number): void => {
    const deferred = new Deferred<number>();
    if (withCallback) deferred.addCallback(callback);
    ones[i] = deferred;
  };
}

/** With the two functions that settle it, which whoever makes a promise has to keep. */
function keepPromise(withCallback: boolean) {
  const callback = (value: number): number => value;
  return ([ones = [], resolves = [], rejects = []]: readonly unknown[][], i: number): void => {
    const { promise, resolve, reject } = withResolvers();
    if (withCallback) promise.then(callback);
    ones[i] = promise;
    resolves[i] = resolve;
    rejects[i] = reject;
  };
}

function keepPromiseOnly([ones = []]: readonly unknown[][], i: number): void {
  ones[i] = withResolvers().promise;
}

function memoryCase(name: string, withCallback: boolean): MicroCase {
  return {
    name,
    reference: 'promise',
    contenders: {
      Deferred: memoryOf(keepDeferred(withCallback)),
      promise: memoryOf(keepPromise(withCallback)),
      ...(withCallback ? {} : { 'promise that nobody can settle': memoryOf(keepPromiseOnly) }),
    },
  };
}

export const bench: MicroBench = {
  title: 'Deferreds against promises',
  workload:
    'Both perform the same steps, in batches of 100, which suits promises (10,000 links in `chain`). A batch of ' +
    'promises ends with one `await` of the promise that settles last, so that their microtasks have run, without a ' +
    'turn of the event loop; promises are made with an executor that makes no closure. A coroutine pauses ten times. ' +
    'Bytes are the memory of each of 1,000,000 that have not fired: a Deferred, against a promise with its two ' +
    'resolving functions.',
  unit: 'ns an operation',
  cases: [
    ...WORKLOADS.map(timeCase),
    memoryCase('bytes, not fired', false),
    memoryCase('bytes, not fired, 1 callback', true),
  ],
  bars: [
    {
      row: 'make, 3 callbacks, fire',
      of: 'Deferred',
      to: 'promise',
      sense: 'at most',
      limit: 0.5,
    },
  ],
};

await runAlone(import.meta.url, bench);
