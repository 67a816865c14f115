/** Runs a module in several threads or processes that share its ports. */
import { isDebugged } from './debugging.js';
import { nodeClock } from './node-clock.js';
import { processSpawner, threadSpawner } from './spawn.js';
import { WorkerGroup } from './worker-group.js';
import { type RunWorkersOptions, workerSettings } from './worker-settings.js';

/**
 * Starts workers, each a thread or process with a reactor of its own, and in each calls the default export of a module: a
 * function that is given a WorkerContext, and may give back what to do in the end. One that ends without being asked, in
 * whichever way, is started again after a while; also where it ended cleanly.
 *
 * The same happens to one that hangs: see `hangTimeoutMs`.
 *
 * What a worker reports as an error is reported here, as `worker 0: ...`, and so is that a worker crashed.
 *
 * Signals mean what this process makes of them: worker processes ignore SIGINT, SIGTERM and SIGHUP, and end when this one
 * does, however it ends.
 *
 * @param module URL or absolute path. A relative one is made absolute by `new URL('./server.js', import.meta.url)`.
 * @example
 * const group = runWorkers(new URL('./server.js', import.meta.url), { workers: 4 });
 * await group.ready;
 * process.once('SIGTERM', () => void group.stop());
 *
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError; for `data` that can't be cloned what `structuredClone` throws.
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
