// Workloads of callbacks: values, failures, and Deferreds that wait for Deferreds.

import { ConnectionLost } from '../../../src/core/errors/connection.js';
import { Deferred } from '../../../src/defer/deferred.js';
import type { Failure } from '../../../src/defer/failure.js';
import { fail } from '../../../src/defer/succeed.js';
import {
  atOnce,
  settled,
  sumBelow,
  tally,
  type Workload,
  whole,
  withResolvers,
} from './contest.js';

const error = new ConnectionLost();
const increment = (value: number): number => value + 1;

const fire: Workload = {
  name: 'make, 3 callbacks, fire',
  count: 100,
  expected: (count) => sumBelow(count) + 2 * count,
  run: {
    Deferred: atOnce((i) => {
      const deferred = new Deferred<number>();
      deferred.addCallback(increment).addCallback(increment).addCallback(tally);
      deferred.callback(i);
    }),
    promise: settled((i) => {
      const { promise, resolve } = withResolvers();
      const end = promise.then(increment).then(increment).then(tally);
      resolve(i);
      return end;
    }),
  },
};

const chain: Workload = {
  name: 'chain of 10,000',
  count: 10_000,
  expected: () => 7,
  run: {
    Deferred: whole((count) => {
      const tail = new Deferred<number>();
      let inner = tail;
      for (let i = 0; i < count; i++) {
        const waited = inner;
        const outer = new Deferred<number>();
        outer.addCallback(() => waited);
        outer.callback(0);
        inner = outer;
      }
      inner.addCallback(tally);
      tail.callback(7);
    }),
    promise: whole((count) => {
      const tail = withResolvers();
      let inner = tail.promise;
      for (let i = 0; i < count; i++) {
        const waited = inner;
        const outer = withResolvers();
        inner = outer.promise.then(() => waited);
        outer.resolve(0);
      }
      const end = inner.then(tally);
      tail.resolve(7);
      return end;
    }),
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
  name: 'errback, trap',
  count: 100,
  expected: (count) => count,
  run: {
    Deferred: atOnce(() => {
      const deferred = new Deferred<number>();
      deferred.addErrback(trapped).addCallback(tally);
      deferred.errback(error);
    }),
    promise: settled(() => {
      const { promise, reject } = withResolvers();
      const end = promise.catch(caught).then(tally);
      reject(error);
      return end;
    }),
  },
};

/** The errback comes after the failure: for that moment it is an unhandled one. */
const failed: Workload = {
  name: 'fail, then trap',
  count: 100,
  expected: (count) => count,
  run: {
    Deferred: atOnce(() => {
      fail<number>(error).addErrback(trapped).addCallback(tally);
    }),
    promise: settled(() => Promise.reject<number>(error).catch(caught).then(tally)),
  },
};

export const CALLBACKS: readonly Workload[] = [fire, chain, trap, failed];
