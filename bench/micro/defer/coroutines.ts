// Workloads of coroutines, ten pauses each, and of `await`.

import { Deferred } from '../../../src/defer/deferred.js';
import { inlineCallbacks } from '../../../src/defer/inline-callbacks.js';
import { succeed } from '../../../src/defer/succeed.js';
import {
  atOnce,
  settled,
  sumBelow,
  tally,
  type Workload,
  whole,
  withResolvers,
} from './contest.js';

const YIELDS = 10;

const coroutineSum = (count: number): number => sumBelow(count) + count * sumBelow(YIELDS);

const firedCoroutine = inlineCallbacks(function* (first: number) {
  let total = first;
  for (let i = 0; i < YIELDS; i++) total += yield* succeed(i);
  return total;
});

async function settledAsync(first: number): Promise<number> {
  let total = first;
  for (let i = 0; i < YIELDS; i++) total += await Promise.resolve(i);
  return total;
}

const coroutineFired: Workload = {
  name: 'coroutine, fired',
  count: 100,
  expected: coroutineSum,
  run: {
    Deferred: atOnce((i) => void firedCoroutine(i).addCallback(tally)),
    promise: settled((i) => settledAsync(i).then(tally)),
  },
};

let waiting: Deferred<number>[] = [];
const unfiredCoroutine = inlineCallbacks(function* (first: number) {
  let total = first;
  for (let i = 0; i < YIELDS; i++) {
    const deferred = new Deferred<number>();
    waiting.push(deferred);
    total += yield* deferred;
  }
  return total;
});

let resolves: ((value: number) => void)[] = [];
async function pendingAsync(first: number): Promise<number> {
  let total = first;
  for (let i = 0; i < YIELDS; i++) {
    const { promise, resolve } = withResolvers();
    resolves.push(resolve);
    total += await promise;
  }
  return total;
}

const coroutineUnfired: Workload = {
  name: 'coroutine, not fired',
  count: 100,
  expected: coroutineSum,
  run: {
    Deferred: whole((count) => {
      waiting = [];
      for (let i = 0; i < count; i++) unfiredCoroutine(i).addCallback(tally);
      for (let i = 0; i < YIELDS; i++) {
        const fired = waiting;
        waiting = [];
        for (const deferred of fired) deferred.callback(i);
      }
    }),
    promise: whole(async (count) => {
      resolves = [];
      let last: Promise<void> | undefined;
      for (let i = 0; i < count; i++) last = pendingAsync(i).then(tally);
      for (let i = 0; i < YIELDS; i++) {
        const settling = resolves;
        resolves = [];
        for (const resolve of settling) resolve(i);
        // Queued behind all the coroutines that go on now.
        await undefined;
      }
      await last;
    }),
  },
};

const awaitFired: Workload = {
  name: 'await, fired',
  count: 100,
  expected: sumBelow,
  run: {
    Deferred: whole(async (count) => {
      for (let i = 0; i < count; i++) tally(await succeed(i));
    }),
    promise: whole(async (count) => {
      for (let i = 0; i < count; i++) tally(await Promise.resolve(i));
    }),
  },
};

async function awaitOne(one: PromiseLike<number>): Promise<void> {
  tally(await one);
}

const awaitUnfired: Workload = {
  name: 'await, not fired',
  count: 100,
  expected: sumBelow,
  run: {
    Deferred: settled((i) => {
      const deferred = new Deferred<number>();
      const end = awaitOne(deferred);
      queueMicrotask(() => deferred.callback(i));
      return end;
    }),
    promise: settled((i) => {
      const { promise, resolve } = withResolvers();
      const end = awaitOne(promise);
      queueMicrotask(() => resolve(i));
      return end;
    }),
  },
};

export const COROUTINES: readonly Workload[] = [
  coroutineFired,
  coroutineUnfired,
  awaitFired,
  awaitUnfired,
];
