/** Runs a module in several threads or processes that share its ports. */
import { isDebugged } from './debugging.js';
import { nodeClock } from './node-clock.js';
import { processSpawner, threadSpawner } from './spawn.js';
import { WorkerGroup } from './worker-group.js';
import { type RunWorkersOptions, workerSettings } from './worker-settings.js';

/**
 * Starts workers, each a thread or process with its own reactor, and calls the default export of a module in each: a function
 * that receives a WorkerContext, and may return a stop function. A worker that ends without being asked, even without an error,
 * is started again after a delay.
 *
 * The same applies to a worker that hangs: see `hangTimeoutMs`.
 *
 * Errors that a worker reports are reported here, as `worker 0: ...`. Crashes of workers are reported too.
 *
 * This process alone decides about signals: worker processes ignore SIGINT, SIGTERM and SIGHUP, and end when this process ends
 * for any reason.
 *
 * @param module URL or absolute path. Make a relative one absolute with `new URL('./server.js', import.meta.url)`.
 * @example
 * const group = runWorkers(new URL('./server.js', import.meta.url), { workers: 4 });
 * await group.ready;
 * process.once('SIGTERM', () => void group.stop());
 *
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnsupportedError; the error of `structuredClone` if `data` cannot be cloned.
 */
export function runWorkers(module: URL | string, options: RunWorkersOptions = {}): WorkerGroup {
  const settings = workerSettings(module, options);
  const { kind, execArgv, inherit } = settings;
  const spawn = kind === 'threads' ? threadSpawner(execArgv) : processSpawner(execArgv, inherit);
  return new WorkerGroup(settings, {
    spawn,
    clock: nodeClock(),
    random: Math.random,
    debugged: isDebugged,
  });
}
