/** Pools of threads, as the functions that use them require them. */
import type { Deferred } from '../defer/deferred.js';
import type {
  FunctionArguments,
  FunctionName,
  FunctionResult,
  ThreadCallOptions,
  ThreadModule,
} from './thread-functions.js';

/** Figures of a pool: totals since its creation, unless stated otherwise. */
export interface ThreadPoolStatistics {
  /** The threads that exist now. */
  readonly threads: number;
  /** The threads that run a call now. */
  readonly busy: number;
  /** The calls that wait for a thread now. */
  readonly queued: number;
  /** Calls that returned a result. */
  readonly succeeded: number;
  /** Calls that failed, other than by cancellation. */
  readonly failed: number;
  readonly cancelled: number;
  /** Calls that were refused because the queue was full. */
  readonly refused: number;
  /** Time that calls waited for a thread, in milliseconds. */
  readonly waitedMs: number;
  /** Time that threads were busy with calls that have ended, in milliseconds. */
  readonly ranMs: number;
}

/** Calls functions of modules in threads of its own. `ThreadPool` of `ropewalk/threads` implements it. */
export interface ThreadPoolLike {
  /**
   * Calls a function in the next free thread. The arguments are copied, or moved, by structured clone. Cancelling removes a
   * queued call. A running one continues, and can learn of it from `callSignal` and `isCallCancelled`; `terminateAfterMs`
   * limits its time.
   * @returns It fails with the error of the function, or with ThreadExitedError, ThreadFunctionError, ThreadMessageError,
   * ThreadPoolFullError, ThreadPoolStoppedError, CancelledError.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  call<Exports, Name extends FunctionName<Exports>>(
    module: ThreadModule<Exports> | URL,
    name: Name,
    args: NoInfer<FunctionArguments<Exports, Name>>,
    options?: ThreadCallOptions,
  ): Deferred<FunctionResult<Exports, Name>>;
  /** Calls functions one after another in the same thread, until one fails. The results are dropped, a failure is reported. */
  callMultipleInThread(calls: readonly ThreadPoolCall[]): void;
  statistics(): ThreadPoolStatistics;
  /**
   * Sets the numbers of threads. Starts threads up to `minimum`; surplus ones end when they are idle.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  adjustSize(minimum: number, maximum: number): void;
  /**
   * Refuses new calls, waits for the queued and the running ones, and ends the threads.
   * @param timeoutMs Then the threads are terminated: their calls fail with ThreadExitedError. Default: no limit.
   */
  stop(timeoutMs?: number): Promise<void>;
  /** Ends the threads at once. Queued calls fail with ThreadPoolStoppedError, running ones with ThreadExitedError. */
  terminate(): Promise<void>;
}

/** A call of {@link ThreadPoolLike.callMultipleInThread}, whose types are not checked. */
export type ThreadPoolCall = readonly [
  module: ThreadModule<unknown> | URL,
  name: string,
  args: readonly unknown[],
  options?: ThreadCallOptions,
];
