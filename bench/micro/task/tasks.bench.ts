// What the steps of tasks cost: a tick of a LoopingCall, a step of a Cooperator, a turn at a semaphore.
//
//     npx tsx bench/micro/task/tasks.bench.ts [rounds]
//
// `tick`: 200,000 ticks of 1 ms on a clock that is advanced by that, the function adding 1 to a number; against a function
// that asks for its next call by hand, which drifts. `step`: 1,000 generators of 200 steps each, taken in turn, slices of
// 10 ms by the real clock; against a bare loop over the same generators, and async functions that await a resolved promise
// for each step. `uncontended`: 100,000 times a semaphore of 10 runs a function that returns at once, one run after the
// other: that takes no `await` with Deferreds, and one with promises. `contended`: 100,000 are waiting when the tokens begin
// to come back; each holds its token for a microtask. Both against a semaphore made of promises. Contenders take turns in one process after a round for warming up; nanoseconds an operation, median and range
// of the rounds. Every contender's work is counted.

import type { Clock } from '../../../src/core/clock.js';
import { DeferredSemaphore } from '../../../src/defer/semaphore.js';
import { DelayedCalls } from '../../../src/reactor/delayed-calls.js';
import { Cooperator } from '../../../src/task/cooperator.js';
import { LoopingCall } from '../../../src/task/looping-call.js';
import { spreadOf } from '../../harness/statistics.js';

const TICKS = 200_000;
const TASKS = 1000;
const STEPS = 200;
const RUNS = 100_000;
const TOKENS = 10;

/** A clock that is advanced by hand, or follows the real one. */
class BenchClock implements Clock {
  time = 0;
  readonly #calls: DelayedCalls;

  constructor(now?: () => number) {
    this.now = now ?? (() => this.time);
    this.#calls = new DelayedCalls({
      now: this.now,
      report: (error) => {
        throw error;
      },
      arm: () => {},
    });
  }

  readonly now: () => number;

  callLater<Args extends unknown[]>(
    delayMs: number,
    callback: (...args: Args) => void,
    ...args: Args
  ): ReturnType<Clock['callLater']> {
    return this.#calls.callLater(delayMs, callback, args);
  }

  getDelayedCalls(): ReturnType<Clock['getDelayedCalls']> {
    return this.#calls.getDelayedCalls();
  }

  /** Runs what is due: whether anything is still waiting. */
  turn(ms = 0): boolean {
    this.time += ms;
    this.#calls.runDue();
    return this.#calls.size > 0;
  }
}

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

interface Contest {
  readonly name: string;
  readonly operations: number;
  readonly contenders: Readonly<Record<string, () => unknown>>;
}

const CONTESTS: readonly Contest[] = [
  {
    name: 'tick',
    operations: TICKS,
    contenders: {
      LoopingCall: () => {
        const clock = new BenchClock();
        const loop = new LoopingCall(clock, count);
        loop.start(1, false);
        for (let tick = 0; tick < TICKS; tick++) clock.turn(1);
        loop.stop();
      },
      'callLater by hand': () => {
        const clock = new BenchClock();
        const again = (): void => {
          count();
          clock.callLater(1, again);
        };
        clock.callLater(1, again);
        for (let tick = 0; tick < TICKS; tick++) clock.turn(1);
      },
    },
  },
  {
    name: 'step',
    operations: TASKS * STEPS,
    contenders: {
      Cooperator: () => {
        const clock = new BenchClock(() => performance.now());
        const cooperator = new Cooperator({ clock });
        for (let task = 0; task < TASKS; task++) cooperator.cooperate(steps());
        while (clock.turn());
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

async function measure(operations: number, act: () => unknown): Promise<number> {
  counted = 0;
  const start = performance.now();
  await act();
  const ns = ((performance.now() - start) * 1e6) / operations;
  if (counted !== operations) throw new Error(`${counted} operations were done, not ${operations}`);
  return ns;
}

const rounds = Number(process.argv[2] ?? 15);
console.log(`ns an operation, median (range) of ${rounds} rounds`);
for (const { name, operations, contenders } of CONTESTS) {
  const figures = new Map(Object.keys(contenders).map((contender) => [contender, [] as number[]]));
  for (let round = -1; round < rounds; round++) {
    for (const [contender, act] of Object.entries(contenders)) {
      const ns = await measure(operations, act);
      if (round >= 0) figures.get(contender)?.push(ns);
    }
  }
  for (const [contender, measured] of figures) {
    const { median = 0, min = 0, max = 0 } = spreadOf(measured) ?? {};
    const range = `(${min.toFixed(0)}-${max.toFixed(0)})`;
    console.log(
      name.padEnd(12),
      contender.padEnd(20),
      median.toFixed(0).padStart(6),
      range.padStart(14),
    );
  }
}
