/**
 * A pool of threads. Each thread runs one call at a time; further calls wait in one queue.
 *
 * Theory of operation. Calls go to the thread that became idle last, so the others age and end. Threads are started by calls, never
 * by the end of another thread: a thread that cannot start fails the call that wanted it, and nothing is repeated.
 */
import { performance } from 'node:perf_hooks';
import type {
  FunctionArguments,
  FunctionName,
  FunctionResult,
  ThreadCallOptions,
  ThreadModule,
} from '../core/thread-functions.js';
import type { ThreadPoolCall, ThreadPoolLike, ThreadPoolStatistics } from '../core/thread-pool.js';
import type { Deferred } from '../defer/deferred.js';
import { Entry, LinkedList } from '../defer/linked-list.js';
import { ROOT_CONTEXT } from '../internal/async-context.js';
import { checkMilliseconds } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { showAsText } from '../internal/shown-as-text.js';
import { NO_OPTIONS } from './call-options.js';
import { ThreadPoolFullError, ThreadPoolStoppedError } from './errors.js';
import {
  poolSettings,
  sizes,
  type ThreadPoolOptions,
  type ThreadPoolSettings,
} from './pool-settings.js';
import { Thread, type ThreadListener } from './thread.js';
import { ThreadCall } from './thread-call.js';

/** Node's own, even if a test replaces them later. */
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;

interface IdleThread {
  readonly thread: Thread;
  readonly since: number;
}

/**
 * Calls functions of modules in threads, and returns Deferreds. Threads keep the process alive only while they run calls.
 *
 * @example
 * const pool = new ThreadPool({ maximum: 4 });
 * const sums = threadModule<typeof import('./sums.js')>(new URL('./sums.js', import.meta.url));
 * const sum = await pool.call(sums, 'add', [1, 2]);
 * await pool.stop();
 */
export class ThreadPool implements ThreadPoolLike, ThreadListener, AsyncDisposable {
  readonly #settings: ThreadPoolSettings;
  readonly #threads: Set<Thread> = new Set();
  /** Threads that were idle and do not take calls any more. */
  readonly #ending: Set<Thread> = new Set();
  /** The thread that became idle last is the last. */
  readonly #idle: IdleThread[] = [];
  readonly #queue: LinkedList<ThreadCall> = new LinkedList();
  /** Calls to be made in the same thread after the key. */
  readonly #followers: WeakMap<ThreadCall, readonly ThreadCall[]> = new WeakMap();
  #minimum: number;
  #maximum: number;
  #state: 'open' | 'stopping' = 'open';
  #idleTimer: NodeJS.Timeout | undefined;
  #succeeded = 0;
  #failed = 0;
  #cancelled = 0;
  #refused = 0;
  #waitedMs = 0;
  #ranMs = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: ThreadPoolOptions = {}) {
    this.#settings = poolSettings('ThreadPool', options);
    this.#minimum = this.#settings.minimum;
    this.#maximum = this.#settings.maximum;
    this.#startMinimum();
  }

  call<Exports, Name extends FunctionName<Exports>>(
    module: ThreadModule<Exports> | URL,
    name: Name,
    args: NoInfer<FunctionArguments<Exports, Name>>,
    options: ThreadCallOptions = NO_OPTIONS,
  ): Deferred<FunctionResult<Exports, Name>> {
    const call = new ThreadCall(module, name, args, options);
    this.#admit(call);
    return call.deferred as Deferred<FunctionResult<Exports, Name>>;
  }

  callMultipleInThread(calls: readonly ThreadPoolCall[]): void {
    const made = calls.map(
      ([module, name, args, options = NO_OPTIONS]) => new ThreadCall(module, name, args, options),
    );
    for (const call of made) {
      call.deferred.addErrback(({ value }) => reportError(value, `${call.name} in a thread`));
    }
    const [first, ...others] = made;
    if (first === undefined) return;
    this.#followers.set(first, others);
    this.#admit(first);
  }

  statistics(): ThreadPoolStatistics {
    return {
      threads: this.#threads.size,
      busy: this.#threads.size - this.#idle.length,
      queued: this.#queue.size,
      succeeded: this.#succeeded,
      failed: this.#failed,
      cancelled: this.#cancelled,
      refused: this.#refused,
      waitedMs: this.#waitedMs,
      ranMs: this.#ranMs,
    };
  }

  adjustSize(minimum: number, maximum: number): void {
    sizes(minimum, maximum);
    this.#minimum = minimum;
    this.#maximum = maximum;
    if (this.#state !== 'open') return;
    this.#startMinimum();
    while (this.#threads.size > maximum) {
      const surplus = this.#idle.shift();
      if (surplus === undefined) break;
      this.#end(surplus.thread);
    }
    this.#startQueued();
    this.#watchIdle();
  }

  async stop(timeoutMs?: number): Promise<void> {
    if (timeoutMs !== undefined) checkMilliseconds('timeoutMs', timeoutMs);
    this.#state = 'stopping';
    stopTimer(this.#idleTimer);
    for (const { thread } of this.#idle.splice(0)) this.#end(thread);
    const timer =
      timeoutMs === undefined ? undefined : startTimer(() => this.#terminateAll(), timeoutMs);
    await this.#allEnded();
    stopTimer(timer);
  }

  async terminate(): Promise<void> {
    this.#state = 'stopping';
    stopTimer(this.#idleTimer);
    this.#terminateAll();
    await this.#allEnded();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.terminate();
  }

  toString(): string {
    const { threads, busy, queued } = this.statistics();
    return `<${this.#settings.name}, ${threads} threads, ${busy} busy, ${queued} calls queued>`;
  }

  /** @internal */
  answered(thread: Thread, call: ThreadCall, succeeded: boolean): void {
    this.#ranMs += performance.now() - call.since;
    if (call.cancelled) this.#cancelled++;
    else if (succeeded) this.#succeeded++;
    else this.#failed++;
    const [follower, ...others] = (succeeded && this.#followers.get(call)) || [];
    if (follower === undefined) this.#free(thread);
    else {
      this.#followers.set(follower, others);
      follower.since = performance.now();
      if (!this.#run(thread, follower)) this.#free(thread);
    }
  }

  /** @internal */
  ended(thread: Thread, lost: readonly ThreadCall[]): void {
    for (const { cancelled } of lost) {
      if (cancelled) this.#cancelled++;
      else this.#failed++;
    }
    const index = this.#idle.findIndex((idle) => idle.thread === thread);
    if (index >= 0) this.#idle.splice(index, 1);
    this.#threads.delete(thread);
    this.#ending.delete(thread);
    this.#startQueued();
  }

  #admit(call: ThreadCall): void {
    if (call.deferred.fired) return;
    call.since = performance.now();
    if (this.#state !== 'open') {
      call.fail(new ThreadPoolStoppedError());
      return;
    }
    const idle = this.#idle.pop()?.thread ?? this.#startThread();
    if (idle !== undefined) {
      if (!this.#run(idle, call)) this.#free(idle);
      return;
    }
    if (this.#queue.size >= this.#settings.maxQueued) {
      this.#refused++;
      call.fail(new ThreadPoolFullError(this.#settings.maxQueued));
      return;
    }
    const place = new Entry(call);
    this.#queue.push(place);
    call.onCancel = () => {
      this.#queue.remove(place);
      this.#cancelled++;
    };
  }

  /** @returns Whether the thread is busy with it. Otherwise it has failed. */
  #run(thread: Thread, call: ThreadCall): boolean {
    const now = performance.now();
    this.#waitedMs += now - call.since;
    call.since = now;
    if (thread.post(call)) return true;
    this.#failed++;
    return false;
  }

  /** The thread takes the next call, or is idle from now on. */
  #free(thread: Thread): void {
    while (thread.open && this.#threads.size <= this.#maximum) {
      const call = this.#queue.shift();
      if (call === undefined) break;
      if (this.#run(thread, call)) return;
    }
    if (!thread.open) return;
    if (this.#state !== 'open' || this.#threads.size > this.#maximum) {
      this.#end(thread);
      return;
    }
    this.#idle.push({ thread, since: performance.now() });
    this.#watchIdle();
  }

  #startQueued(): void {
    while (this.#queue.size > 0) {
      const thread = this.#startThread();
      if (thread === undefined) return;
      this.#free(thread);
    }
  }

  #startMinimum(): void {
    while (this.#threads.size < this.#minimum) {
      const thread = this.#startThread();
      if (thread !== undefined) this.#free(thread);
    }
  }

  #startThread(): Thread | undefined {
    if (this.#threads.size >= this.#maximum) return undefined;
    const { name, execArgv, resourceLimits } = this.#settings;
    const thread = new Thread({
      name,
      ...(execArgv && { execArgv }),
      ...(resourceLimits && { resourceLimits }),
    });
    thread.listen(this);
    this.#threads.add(thread);
    return thread;
  }

  /** Ends an idle thread. */
  #end(thread: Thread): void {
    this.#threads.delete(thread);
    this.#ending.add(thread);
    void thread.terminate();
  }

  #terminateAll(): void {
    for (let call = this.#queue.shift(); call !== undefined; call = this.#queue.shift()) {
      this.#failed++;
      call.fail(new ThreadPoolStoppedError());
    }
    for (const thread of this.#threads) void thread.terminate();
  }

  async #allEnded(): Promise<void> {
    while (this.#threads.size + this.#ending.size > 0) {
      await Promise.all([...this.#threads, ...this.#ending].map((thread) => thread.ended));
    }
  }

  /** Ends threads that have been idle for too long. One timer serves all: the first has been idle for the longest time. */
  #watchIdle(): void {
    const [oldest] = this.#idle;
    const surplus = this.#threads.size > this.#minimum;
    if (this.#idleTimer !== undefined || oldest === undefined || !surplus) return;
    const age = performance.now() - oldest.since;
    const delay = Math.min(Math.max(0, this.#settings.idleTimeoutMs - age), 2 ** 31 - 1);
    ROOT_CONTEXT.runInAsyncScope(() => {
      this.#idleTimer = startTimer(() => this.#endIdle(), Math.ceil(delay)).unref();
    });
  }

  #endIdle(): void {
    this.#idleTimer = undefined;
    const limit = performance.now() - this.#settings.idleTimeoutMs;
    while (this.#threads.size > this.#minimum) {
      const [oldest] = this.#idle;
      if (oldest === undefined || oldest.since > limit) break;
      this.#idle.shift();
      this.#end(oldest.thread);
    }
    this.#watchIdle();
  }
}

showAsText(ThreadPool);
