// What is done with Deferreds and, step for step the same, with promises. Each workload does `count` operations and gives
// a sum that both contenders must agree on. Where promises need their microtasks to run, that is part of the work, and so
// is the `setImmediate`, one a batch, that waits for it.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { ConnectionLost } from '../../../src/core/errors.js';
import { Deferred } from '../../../src/defer/deferred.js';
import type { Failure } from '../../../src/defer/failure.js';
import { inlineCallbacks } from '../../../src/defer/inline-callbacks.js';
import { fail, succeed } from '../../../src/defer/succeed.js';

export type Contender = 'ropewalk' | 'promise';

export interface Workload {
  /** Does `count` operations. */
  readonly run: Readonly<Record<Contender, (count: number) => Promise<number> | number>>;
  /** What `run` gives for `count`. */
  readonly expected: (count: number) => number;
  readonly count: number;
}

interface Resolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Error) => void;
}

/** As `Promise.withResolvers`, which Node 20 lacks. */
export function withResolvers<T>(): Resolvers<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: Error) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

const error = new ConnectionLost();
const YIELDS = 10;
const sumTo = (n: number): number => (n * (n - 1)) / 2;

let sum = 0;
const increment = (value: number): number => value + 1;
const tally = (value: number): void => {
  sum += value;
};

/** Operations that are begun in one turn and have all ended when `run` is called. */
function counted(
  begin: (index: number) => void,
  drain?: () => Promise<unknown>,
): (count: number) => Promise<number> | number {
  return drain === undefined
    ? (count) => {
        sum = 0;
        for (let i = 0; i < count; i++) begin(i);
        return sum;
      }
    : async (count) => {
        sum = 0;
        for (let i = 0; i < count; i++) begin(i);
        await drain();
        return sum;
      };
}

const fire: Workload = {
  count: 1_000,
  expected: (count) => sumTo(count) + 2 * count,
  run: {
    ropewalk: counted((i) => {
      const deferred = new Deferred<number>();
      deferred.addCallback(increment).addCallback(increment).addCallback(tally);
      deferred.callback(i);
    }),
    promise: counted((i) => {
      const { promise, resolve } = withResolvers<number>();
      promise.then(increment).then(increment).then(tally);
      resolve(i);
    }, nextTurn),
  },
};

const chain: Workload = {
  count: 10_000,
  expected: () => 7,
  run: {
    ropewalk: (count) => {
      const tail = new Deferred<number>();
      let inner = tail;
      for (let i = 0; i < count; i++) {
        const waited = inner;
        const outer = new Deferred<number>();
        outer.addCallback(() => waited);
        outer.callback(0);
        inner = outer;
      }
      sum = 0;
      inner.addCallback(tally);
      tail.callback(7);
      return sum;
    },
    promise: async (count) => {
      const tail = withResolvers<number>();
      let inner = tail.promise;
      for (let i = 0; i < count; i++) {
        const waited = inner;
        const outer = withResolvers<number>();
        inner = outer.promise.then(() => waited);
        outer.resolve(0);
      }
      await nextTurn();
      sum = 0;
      const done = inner.then(tally);
      tail.resolve(7);
      await done;
      return sum;
    },
  },
};

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

const coroutineSum = (count: number): number => sumTo(count) + count * sumTo(YIELDS);

const coroutineFired: Workload = {
  count: 1_000,
  expected: coroutineSum,
  run: {
    ropewalk: counted((i) => void firedCoroutine(i).addCallback(tally)),
    promise: counted((i) => void settledAsync(i).then(tally), nextTurn),
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

let pending: Resolvers<number>[] = [];
async function pendingAsync(first: number): Promise<number> {
  let total = first;
  for (let i = 0; i < YIELDS; i++) {
    const resolvers = withResolvers<number>();
    pending.push(resolvers);
    total += await resolvers.promise;
  }
  return total;
}

const coroutineUnfired: Workload = {
  count: 1_000,
  expected: coroutineSum,
  run: {
    ropewalk: (count) => {
      sum = 0;
      waiting = [];
      for (let i = 0; i < count; i++) unfiredCoroutine(i).addCallback(tally);
      for (let i = 0; i < YIELDS; i++) {
        const fired = waiting;
        waiting = [];
        for (const deferred of fired) deferred.callback(i);
      }
      return sum;
    },
    promise: async (count) => {
      sum = 0;
      pending = [];
      for (let i = 0; i < count; i++) void pendingAsync(i).then(tally);
      for (let i = 0; i < YIELDS; i++) {
        const settled = pending;
        pending = [];
        for (const { resolve } of settled) resolve(i);
        await nextTurn();
      }
      return sum;
    },
  },
};

function trapped(failure: Failure): number {
  failure.trap(ConnectionLost);
  return 1;
}

function caught(reason: unknown): number {
  if (!(reason instanceof ConnectionLost)) throw reason;
  return 1;
}

const trap: Workload = {
  count: 1_000,
  expected: (count) => count,
  run: {
    ropewalk: counted(() => {
      const deferred = new Deferred<number>();
      deferred.addErrback(trapped).addCallback(tally);
      deferred.errback(error);
    }),
    promise: counted(() => {
      const { promise, reject } = withResolvers<number>();
      promise.catch(caught).then(tally);
      reject(error);
    }, nextTurn),
  },
};

/** The errback comes after the failure: for that moment it is an unhandled one. */
const failed: Workload = {
  count: 1_000,
  expected: (count) => count,
  run: {
    ropewalk: counted(() => {
      fail<number>(error).addErrback(trapped).addCallback(tally);
    }),
    promise: counted(() => {
      Promise.reject<number>(error).catch(caught).then(tally);
    }, nextTurn),
  },
};

const awaitFired: Workload = {
  count: 1_000,
  expected: sumTo,
  run: {
    ropewalk: async (count) => {
      let total = 0;
      for (let i = 0; i < count; i++) total += await succeed(i);
      return total;
    },
    promise: async (count) => {
      let total = 0;
      for (let i = 0; i < count; i++) total += await Promise.resolve(i);
      return total;
    },
  },
};

async function awaitOne(one: PromiseLike<number>): Promise<void> {
  tally(await one);
}

const awaitUnfired: Workload = {
  count: 1_000,
  expected: sumTo,
  run: {
    ropewalk: counted((i) => {
      const deferred = new Deferred<number>();
      void awaitOne(deferred);
      queueMicrotask(() => deferred.callback(i));
    }, nextTurn),
    promise: counted((i) => {
      const { promise, resolve } = withResolvers<number>();
      void awaitOne(promise);
      queueMicrotask(() => resolve(i));
    }, nextTurn),
  },
};

/** By the name of a row of the report. An operation is one Deferred or promise; in `coroutine`, ten of them. */
export const WORKLOADS: Readonly<Record<string, Workload>> = {
  'make, 3 callbacks, fire': fire,
  'chain of 10,000': chain,
  'coroutine, fired': coroutineFired,
  'coroutine, not fired': coroutineUnfired,
  'errback, trap': trap,
  'fail, then trap': failed,
  'await, fired': awaitFired,
  'await, not fired': awaitUnfired,
};
