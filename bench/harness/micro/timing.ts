// Measures time and memory for the micro benches.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Effort, Figures } from './bench.js';

/**
 * Repeats `batch`, first to warm up, then measured: nanoseconds per operation, garbage collection
 * included. Checks the result of `batch` each time.
 */
export async function nsPerOperation<T>(
  effort: Effort,
  operations: number,
  batch: () => T | Promise<T>,
  check: (result: T) => void,
): Promise<number> {
  await batchesFor(effort.warmUpMs, batch, check);
  const { elapsedMs, batches } = await batchesFor(effort.measuredMs, batch, check);
  return (elapsedMs * 1e6) / (batches * operations);
}

/** Code that runs in several threads gets warm later than other code, so it is run for longer. */
const THREADS_TIMES = 5;

/**
 * As {@link nsPerOperation}, of work in which other threads take part: the processor time of all threads, and the time that
 * passes, which includes the time in which the system wakes them.
 */
export async function cpuAndTimePerOperation<T>(
  effort: Effort,
  operations: number,
  batch: () => T | Promise<T>,
  check: (result: T) => void,
): Promise<Figures> {
  await batchesFor(effort.warmUpMs * THREADS_TIMES, batch, check);
  const before = process.cpuUsage();
  const { elapsedMs, batches } = await batchesFor(effort.measuredMs * THREADS_TIMES, batch, check);
  const { user, system } = process.cpuUsage(before);
  const count = batches * operations;
  return { CPU: ((user + system) * 1000) / count, time: (elapsedMs * 1e6) / count };
}

/** Does `batch` until `ms` have passed, at least once. */
export async function batchesFor<T>(
  ms: number,
  batch: () => T | Promise<T>,
  check: (result: T) => void,
): Promise<{ elapsedMs: number; batches: number }> {
  const start = performance.now();
  for (let batches = 1; ; batches++) {
    const given = batch();
    check(given instanceof Promise ? await given : given);
    const elapsedMs = performance.now() - start;
    if (elapsedMs >= ms) return { elapsedMs, batches };
  }
}

/** How long `act` takes, in nanoseconds for each of its operations. */
export function nsOf(operations: number, act: () => void): number {
  const start = performance.now();
  act();
  return ((performance.now() - start) * 1e6) / operations;
}

/** How much memory `make` retains, in bytes for each of `count` things. */
export function bytesOf(count: number, make: () => void): number {
  const before = heapBytes();
  make();
  return (heapBytes() - before) / count;
}

/** JavaScript's memory after a collection of garbage. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  // The second collection frees objects that the first found weak or finalizable.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Throws unless both are the same. */
export function expectSame(what: string, actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`${what}: ${actual}, not ${expected}`);
}
