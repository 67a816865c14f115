/** Runs a module in several threads or processes that share its ports. */
import { isDebugged } from './debugging.js';
import { nodeClock } from './node-clock.js';
import { processSpawner, threadSpawner } from './spawn.js';
import { WorkerGroup } from './worker-group.js';
import { type RunWorkersOptions, workerSettings } from './worker-settings.js';

/**
 * Starts workers, each a thread or process with its own reactor, and calls the default export of a module in each: a
 * function that takes a WorkerContext and may return a stop function. A worker that ends unexpectedly, even cleanly, is
 * restarted after a delay, and so is one that hangs: see `hangTimeoutMs`.
 *
 * Errors reported in a worker, and crashes of workers, are reported here as `worker 0: ...`.
 *
 * This process handles signals: worker processes ignore SIGINT, SIGTERM and SIGHUP, and end when this process ends, in
 * whatever way.
 *
 * @param module URL or absolute path. A relative one is made absolute by `new URL('./server.js', import.meta.url)`.
 * @example
 * const group = runWorkers(new URL('./server.js', import.meta.url), { workers: 4 });
 * await group.ready;
 * process.once('SIGTERM', () => void group.stop());
 *
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError; for `data` that cannot be cloned, the error of `structuredClone`.
 */
export function runWorkers(module: URL | string, options: RunWorkersOptions = {}): WorkerGroup {
  const settings = workerSettings(module, options);
  const spawner = settings.kind === 'threads' ? threadSpawner : processSpawner;
  const spawn = spawner(settings.execArgv);
  return new WorkerGroup(settings, {
    spawn,
    clock: nodeClock(),
    random: Math.random,
    debugged: isDebugged,
  });
}
