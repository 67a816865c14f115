/** Twisted's functions for threads: calls into the pool of a reactor, or into another pool. */
import type { ReactorThreads } from '../core/reactor-threads.js';
import type {
  FunctionArguments,
  FunctionName,
  FunctionResult,
  ThreadCallOptions,
  ThreadModule,
} from '../core/thread-functions.js';
import type { ThreadPoolCall, ThreadPoolLike } from '../core/thread-pool.js';
import type { Deferred } from '../defer/deferred.js';
import { checkReactorWith } from '../internal/check.js';

/**
 * Calls a function of a module in a thread of the reactor's pool: see {@link ThreadPoolLike.call}.
 *
 * @param module The result of `threadModule`, which has the types of its functions, or a URL.
 * @throws UnsupportedError the reactor has no threads; otherwise as `call`.
 * @example
 * const sums = threadModule<typeof import('./sums.js')>(new URL('./sums.js', import.meta.url));
 * const sum = await deferToThread(reactor, sums, 'add', [1, 2]);
 */
export function deferToThread<Exports, Name extends FunctionName<Exports>>(
  reactor: ReactorThreads,
  module: ThreadModule<Exports> | URL,
  name: Name,
  args: NoInfer<FunctionArguments<Exports, Name>>,
  options?: ThreadCallOptions,
): Deferred<FunctionResult<Exports, Name>> {
  return poolOf(reactor).call(module, name, args, options);
}

/** Calls a function of a module in a thread of `pool`: see {@link ThreadPoolLike.call}. */
export function deferToThreadPool<Exports, Name extends FunctionName<Exports>>(
  pool: ThreadPoolLike,
  module: ThreadModule<Exports> | URL,
  name: Name,
  args: NoInfer<FunctionArguments<Exports, Name>>,
  options?: ThreadCallOptions,
): Deferred<FunctionResult<Exports, Name>> {
  return pool.call(module, name, args, options);
}

/**
 * Calls a function of a module in a thread of the reactor's pool. The result is dropped; a failure is reported.
 * @throws as {@link deferToThread}
 */
export function callInThread<Exports, Name extends FunctionName<Exports>>(
  reactor: ReactorThreads,
  module: ThreadModule<Exports> | URL,
  name: Name,
  args: NoInfer<FunctionArguments<Exports, Name>>,
  options?: ThreadCallOptions,
): void {
  poolOf(reactor).callMultipleInThread([[module, name, args, options] as ThreadPoolCall]);
}

/**
 * Calls functions one after another in the same thread of the reactor's pool, until one fails. The results are dropped, a
 * failure is reported.
 * @throws as {@link deferToThread}
 */
export function callMultipleInThread(
  reactor: ReactorThreads,
  calls: readonly ThreadPoolCall[],
): void {
  poolOf(reactor).callMultipleInThread(calls);
}

function poolOf(reactor: ReactorThreads): ThreadPoolLike {
  checkReactorWith('getThreadPool', reactor);
  return reactor.getThreadPool();
}
