// What a delayed call costs while 1,000,000 are pending, against Node's own timers doing the same.
//
//     npx tsx bench/micro/reactor/delayed-calls.bench.ts [--rounds N] [--quick]

import type { Effort, Figures, MicroBench, MicroCase } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { bytesOf, expectSame, nsOf } from '../../harness/micro/timing.js';
import { randomFrom } from '../../harness/statistics.js';
import { delayedCalls, type MakeTimers, nodeTimers } from './timers.js';

const PENDING = 1_000_000;
const WARM_UP = 20_000;
const CHURNED = 1_000_000;
const CHURNED_A_TURN = 1_000;
const CHURN_DELAY_MS = 10_000;

type Spread = 'scattered' | 'same delay';

/** Each operation by itself, on all the timers. */
async function measureApart<T>(
  make: MakeTimers<T>,
  spread: Spread,
  count: number,
): Promise<Figures> {
  let ran = 0;
  const timers = make(() => {
    ran += 1;
  });
  const random = randomFrom(7);
  const upTo = (ms: number): number => 1 + Math.floor(random() * ms);
  const scattered = spread === 'scattered';
  // Connections come in the order of their numbers; what happens to them afterwards does not.
  const inOrder = Uint32Array.from({ length: count }, (_, i) => i);
  const mixed = mixedUp(inOrder, random);
  const delays = Float64Array.from(mixed, () => (scattered ? upTo(100_000) : 30_000));
  const later = delays.map((delay) => (scattered ? delay + 50_000 : delay));
  const earlier = delays.map((delay) => Math.ceil(delay / 3));
  const short = delays.map(() => (scattered ? upTo(1_000) : 500));
  const pending: T[] = new Array(count);
  const timed = (order: Uint32Array, act: (index: number) => void): number =>
    nsOf(count, () => {
      for (const index of order) act(index);
    });
  const set = (times: Float64Array) => (index: number) => {
    pending[index] = timers.set(times[index] as number);
  };
  const reset = (times: Float64Array, same: boolean) => (index: number) => {
    pending[index] = timers.reset(pending[index] as T, times[index] as number, same);
  };

  let insert = 0;
  const bytes = bytesOf(count, () => {
    insert = timed(inOrder, set(delays));
  });
  const figures = {
    insert,
    'reset later': timed(mixed, reset(later, !scattered)),
    'reset earlier': timed(mixed, reset(earlier, false)),
    cancel: timed(mixed, (index) => timers.cancel(pending[index] as T)),
  };
  for (const index of inOrder) set(short)(index);
  ran = 0;
  const run = ((await timers.runAll()) * 1e6) / count;
  expectSame('timers that ran', ran, count);
  return { ...figures, run, 'bytes each': bytes };
}

/** A copy in random order. */
function mixedUp(numbers: Uint32Array, random: () => number): Uint32Array {
  const mixed = numbers.slice();
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [mixed[i], mixed[j]] = [mixed[j] as number, mixed[i] as number];
  }
  return mixed;
}

/** All operations mixed, as many pending all the time. */
async function measureChurn<T>(make: MakeTimers<T>, effort: Effort): Promise<Figures> {
  const count = effort.count(PENDING);
  const random = randomFrom(11);
  const delay = (): number => 1 + Math.floor(random() * CHURN_DELAY_MS);
  const pending: T[] = new Array(count);
  let ran = 0;
  const replace = (index = 0): void => {
    ran += 1;
    pending[index] = timers.set(delay(), index);
  };
  const timers = make(replace);
  for (let index = 0; index < count; index++) pending[index] = timers.set(delay(), index);
  const churn = async (operations: number): Promise<number> => {
    ran = 0;
    const start = performance.now();
    for (let done = 1; done <= operations; done++) {
      const index = Math.floor(random() * count);
      const timer = pending[index] as T;
      if ((done & 1) === 0) {
        timers.cancel(timer);
        pending[index] = timers.set(delay(), index);
      } else pending[index] = timers.reset(timer, delay(), false, index);
      if (done % CHURNED_A_TURN === 0) await timers.turn();
    }
    return ((performance.now() - start) * 1e6) / (operations + ran);
  };
  await churn(effort.count(CHURNED) / 5);
  const ns = await churn(effort.count(CHURNED));
  expectSame('timers that are pending', timers.pending(), count);
  return { '': ns };
}

/** The same measured of both, whose handles differ. */
type MeasureTimers = <T>(make: MakeTimers<T>, effort: Effort) => Promise<Figures>;

function caseOf(name: string, measure: MeasureTimers): MicroCase {
  return {
    name,
    reference: 'Node',
    contenders: {
      Ropewalk: (effort) => measure(delayedCalls, effort),
      Node: (effort) => measure(nodeTimers, effort),
    },
  };
}

function apart(spread: Spread): MicroCase {
  return caseOf(spread, async (make, effort) => {
    await measureApart(make, spread, WARM_UP);
    return measureApart(make, spread, effort.count(PENDING));
  });
}

export const bench: MicroBench = {
  title: 'Timers, 1,000,000 pending',
  workload:
    '`scattered`: random delays up to 100 s. `same delay`: 30 s for all, as in idle timeouts, the best case for ' +
    'Node’s lists. Cancellations and resets are in random order. Node has no reset: `refresh()` if the delay stays ' +
    'the same, otherwise `clearTimeout` and `setTimeout`. `run`: all fall due at once, from delays of up to 1 s. ' +
    '`churn`: random delays up to 10 s; a random timer is reset, the next is cancelled and replaced, and so on, while ' +
    'time passes and each timer that falls due sets another; 1,000 operations per turn of the event loop, including ' +
    'timers that ran.',
  unit: 'ns an operation',
  cases: [apart('scattered'), apart('same delay'), caseOf('churn', measureChurn)],
  bars: [],
};

await runAlone(import.meta.url, bench);
