/**
 * Collects given memory after a change of the process that its first argument names, or in threads at the same time. Prints whether
 * each thread's young objects were collected on request, and whether new contexts have `gc` afterwards.
 */
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { runInNewContext } from 'node:vm';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { collectGiven, countGiven } from '../../../src/internal/given-memory.js';

const THREADS = 16;
const [, , change = ''] = process.argv;
const globals = globalThis as { gc?: unknown };

if (change === 'another gc') globals.gc = () => {};
if (change === 'no memory') {
  const { allocUnsafeSlow } = Buffer;
  Buffer.allocUnsafeSlow = (length) => {
    if (length >= 1024 * 1024) throw new RangeError('Array buffer allocation failed');
    return allocUnsafeSlow(length);
  };
}

/** Passes of the loop after which an entry of an observer has been delivered: it takes two or three. */
const PASSES = 10;

/** Whether young objects are collected on request. */
async function collects(): Promise<boolean> {
  let collected = false;
  const observer = new PerformanceObserver((list) => {
    const entries = list.getEntries() as unknown as { detail: { kind: number; flags: number } }[];
    for (const { detail } of entries) {
      const { kind, flags } = detail;
      const isForced = (flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0;
      if (isForced && kind === constants.NODE_PERFORMANCE_GC_MINOR) collected = true;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  countGiven(1);
  collectGiven(1);
  for (let i = 0; i < PASSES; i++) await new Promise((resolve) => setImmediate(resolve));
  observer.disconnect();
  return collected;
}

function contextsHaveGC(): boolean {
  return runInNewContext('typeof gc') === 'function';
}

async function threadsCollect(): Promise<boolean[]> {
  const waiting = new Int32Array(new SharedArrayBuffer(4));
  const answers = Array.from({ length: THREADS }, async () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: waiting });
    return new Promise<boolean>((resolve) => worker.once('message', resolve));
  });
  return await Promise.all(answers);
}

if (isMainThread) {
  const collected = change === 'threads' ? await threadsCollect() : [await collects()];
  console.log(`${collected.every(Boolean)} ${contextsHaveGC()}`);
} else {
  const waiting = workerData as Int32Array;
  Atomics.add(waiting, 0, 1);
  Atomics.notify(waiting, 0);
  for (;;) {
    const present = Atomics.load(waiting, 0);
    if (present === THREADS) break;
    Atomics.wait(waiting, 0, present);
  }
  parentPort?.postMessage(await collects());
}
