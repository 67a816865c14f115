// What a call into a thread costs: deferToThread against piscina, and against a message port by hand.
//
//     npx tsx bench/micro/threads/round-trip.bench.ts [--rounds N] [--quick]

import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { createReactor } from '../../../src/index.js';
import { deferToThread, threadModule } from '../../../src/threads/index.js';
import type { Effort, Figures, MicroBench, MicroCase } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { cpuAndTimePerOperation, expectSame } from '../../harness/micro/timing.js';

const CALLS = 500;
const MODULE = new URL('./add.mjs', import.meta.url);
/** The thread's program is TypeScript here: that of dist/ runs in its place. */
const PRELOAD = fileURLToPath(new URL('../../../test/support/compiled-main.cjs', import.meta.url));

type Add = (a: number) => PromiseLike<number>;

interface Contender {
  readonly add: Add;
  readonly end: () => PromiseLike<unknown>;
}

function ropewalk(): Contender {
  const execArgv = ['--require', PRELOAD];
  const threadPool = { minimum: 1, maximum: 1, execArgv };
  const reactor = createReactor({ kind: 'node', threadPool });
  const sums = threadModule<{ add: (numbers: { a: number; b: number }) => number }>(MODULE);
  return {
    add: (a) => deferToThread(reactor, sums, 'add', [{ a, b: 1 }]),
    end: () => reactor[Symbol.asyncDispose](),
  };
}

function piscina(): Contender {
  const pool = new Piscina({ filename: MODULE.href, minThreads: 1, maxThreads: 1 });
  return { add: (a) => pool.run({ a, b: 1 }, { name: 'add' }), end: () => pool.destroy() };
}

/** The least that can be done: one function, no errors, no queue. */
function byHand(): Contender {
  const { port1, port2 } = new MessageChannel();
  const source = `
    import { workerData } from 'node:worker_threads';
    import { add } from ${JSON.stringify(MODULE.href)};
    const { port } = workerData;
    port.on('message', ([id, numbers]) => port.postMessage([id, add(numbers)]));
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
    workerData: { port: port2 },
    transferList: [port2],
    execArgv: [],
  });
  const pending = new Map<number, (sum: number) => void>();
  let last = 0;
  port1.on('message', ([id, sum]: [number, number]) => {
    pending.get(id)?.(sum);
    pending.delete(id);
  });
  return {
    add: (a) =>
      new Promise((resolve) => {
        pending.set(++last, resolve);
        port1.postMessage([last, { a, b: 1 }]);
      }),
    end: () => worker.terminate(),
  };
}

async function oneByOne(add: Add): Promise<number> {
  let sum = 0;
  for (let call = 0; call < CALLS; call++) sum = await add(sum);
  return sum;
}

async function together(add: Add): Promise<number> {
  const sums = await Promise.all(Array.from({ length: CALLS }, (_, call) => add(call)));
  return sums.at(-1) ?? 0;
}

const CONTENDERS = { deferToThread: ropewalk, piscina, 'message port': byHand };

function caseOf(name: string, batch: (add: Add) => Promise<number>): MicroCase {
  const measure =
    (start: () => Contender) =>
    async (effort: Effort): Promise<Figures> => {
      const contender = start();
      try {
        const check = (sum: number): void => expectSame('the last sum', sum, CALLS);
        return await cpuAndTimePerOperation(effort, CALLS, () => batch(contender.add), check);
      } finally {
        await contender.end();
      }
    };
  const measures = Object.entries(CONTENDERS).map(([one, start]) => [one, measure(start)] as const);
  return { name, reference: 'piscina', contenders: Object.fromEntries(measures) };
}

export const bench: MicroBench = {
  title: 'Calls into a thread',
  workload:
    'A function that adds two numbers is called in a pool of one thread, which runs already. `round trip`: 500 calls, each after ' +
    'the result of the previous one. `at once`: 500 calls together. `message port` is the least by hand: no queue, no errors, ' +
    'and all calls of a batch are in the port at the same time. CPU is that of both threads; the time is mostly that in which ' +
    'the system wakes them.',
  unit: 'ns a call',
  cases: [caseOf('round trip', oneByOne), caseOf('at once', together)],
  bars: [
    { row: 'round trip: CPU', of: 'deferToThread', to: 'piscina', sense: 'at most', limit: 1.1 },
    { row: 'at once: CPU', of: 'deferToThread', to: 'piscina', sense: 'at most', limit: 1.1 },
  ],
};

await runAlone(import.meta.url, bench);
