// What the steps of tasks cost: a tick of a LoopingCall, a step of a Cooperator, a turn at a semaphore.
//
//     npx tsx bench/micro/task/tasks.bench.ts [--rounds N] [--quick]

import { DeferredSemaphore } from '../../../src/defer/semaphore.js';
import { Cooperator } from '../../../src/task/cooperator.js';
import { LoopingCall } from '../../../src/task/looping-call.js';
import type { MicroBench, MicroCase } from '../../harness/micro/bench.js';
import { BenchClock } from '../../harness/micro/bench-clock.js';
import { runAlone } from '../../harness/micro/command.js';
import { expectSame, nsPerOperation } from '../../harness/micro/timing.js';

const TICKS = 200_000;
const TASKS = 1000;
const STEPS = 200;
const RUNS = 100_000;
const TOKENS = 10;

/** The semaphore that one would write with promises. */
class PromiseSemaphore {
  #available = TOKENS;
  #waiters: (() => void)[] = [];
  #next = 0;

  async run<T>(f: () => T | PromiseLike<T>): Promise<T> {
    if (this.#available > 0) this.#available -= 1;
    else await new Promise<void>((resolve) => this.#waiters.push(resolve));
    try {
      return await f();
    } finally {
      const waiter = this.#waiters[this.#next];
      if (waiter === undefined) this.#available += 1;
      else this.#next += 1;
      waiter?.();
    }
  }
}

let counted = 0;
const count = (): void => {
  counted += 1;
};

function* steps(): Generator<undefined> {
  for (let step = 0; step < STEPS; step++) {
    counted += 1;
    yield;
  }
}

/** What contenders do; each adds 1 to `counted` for each operation. */
interface Contest {
  readonly name: string;
  readonly reference: string;
  readonly operations: number;
  readonly contenders: Readonly<Record<string, () => unknown>>;
}

const CONTESTS: readonly Contest[] = [
  {
    name: 'tick',
    reference: 'callLater by hand',
    operations: TICKS,
    contenders: {
      LoopingCall: () => {
        const clock = new BenchClock();
        const loop = new LoopingCall(clock, count);
        loop.start(1, false);
        for (let tick = 0; tick < TICKS; tick++) clock.advance(1);
        loop.stop();
      },
      'callLater by hand': () => {
        const clock = new BenchClock();
        const again = (): void => {
          count();
          clock.callLater(1, again);
        };
        clock.callLater(1, again);
        for (let tick = 0; tick < TICKS; tick++) clock.advance(1);
      },
    },
  },
  {
    name: 'step',
    reference: 'async functions',
    operations: TASKS * STEPS,
    contenders: {
      Cooperator: () => {
        const clock = new BenchClock(() => performance.now());
        const cooperator = new Cooperator({ clock });
        for (let task = 0; task < TASKS; task++) cooperator.cooperate(steps());
        while (clock.size > 0) clock.advance(0);
      },
      'bare loop': () => {
        let tasks = Array.from({ length: TASKS }, steps);
        while (tasks.length > 0) tasks = tasks.filter((task) => task.next().done !== true);
      },
      'async functions': () =>
        Promise.all(
          Array.from({ length: TASKS }, async () => {
            for (const _ of steps()) await undefined;
          }),
        ),
    },
  },
  {
    name: 'uncontended',
    reference: 'of promises',
    operations: RUNS,
    contenders: {
      DeferredSemaphore: () => {
        const semaphore = new DeferredSemaphore(TOKENS);
        for (let run = 0; run < RUNS; run++) semaphore.run(count);
      },
      'of promises': async () => {
        const semaphore = new PromiseSemaphore();
        for (let run = 0; run < RUNS; run++) await semaphore.run(count);
      },
    },
  },
  {
    name: 'contended',
    reference: 'of promises',
    operations: RUNS,
    contenders: {
      DeferredSemaphore: async () => {
        const semaphore = new DeferredSemaphore(TOKENS);
        const hold = (): Promise<void> => Promise.resolve().then(count);
        let last = semaphore.run(hold);
        for (let run = 1; run < RUNS; run++) last = semaphore.run(hold);
        await last;
        await semaphore.run(() => {});
      },
      'of promises': async () => {
        const semaphore = new PromiseSemaphore();
        const hold = (): Promise<void> => Promise.resolve().then(count);
        let last = semaphore.run(hold);
        for (let run = 1; run < RUNS; run++) last = semaphore.run(hold);
        await last;
        await semaphore.run(() => {});
      },
    },
  },
];

function caseOf({ name, reference, operations, contenders }: Contest): MicroCase {
  const measure = (act: () => unknown): MicroCase['contenders'][string] => {
    const batch = async (): Promise<number> => {
      counted = 0;
      await act();
      return counted;
    };
    const check = (done: number): void => expectSame(`operations of ${name}`, done, operations);
    return async (effort) => ({ '': await nsPerOperation(effort, operations, batch, check) });
  };
  const measures = Object.entries(contenders).map(([one, act]) => [one, measure(act)] as const);
  return { name, reference, contenders: Object.fromEntries(measures) };
}

export const bench: MicroBench = {
  title: 'Tasks: ticks, steps, semaphores',
  workload:
    '`tick`: 200,000 ticks of 1 ms on a clock advanced by that interval, with a function that adds 1 to a number; ' +
    'against a function that schedules its next call itself, which drifts. `step`: 1,000 generators of 200 steps ' +
    'each, in turn, in slices of 10 ms of the real clock; against a bare loop over the same generators, and async ' +
    'functions that await in each step. `uncontended`: a semaphore of 10 runs a function that returns at once, ' +
    '100,000 times in sequence, which takes no `await` with Deferreds and one with promises. `contended`: 100,000 ' +
    'requests are waiting when the first token is released; each holds its token for a microtask. Both against a ' +
    'semaphore made of promises.',
  unit: 'ns an operation',
  cases: CONTESTS.map(caseOf),
  bars: [],
};

await runAlone(import.meta.url, bench);
