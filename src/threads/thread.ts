/** One thread that calls functions of modules, one after another. */
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type Transferable,
  Worker,
} from 'node:worker_threads';
import { toError } from '../core/text-of.js';
import type {
  FunctionArguments,
  FunctionName,
  FunctionResult,
  ThreadCallOptions,
  ThreadModule,
} from '../core/thread-functions.js';
import type { Deferred } from '../defer/deferred.js';
import { CancelledError } from '../defer/errors.js';
import { ROOT_CONTEXT } from '../internal/async-context.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions } from '../internal/options.js';
import { packError } from '../internal/remote-error.js';
import { showAsText } from '../internal/shown-as-text.js';
import { NO_OPTIONS } from './call-options.js';
import {
  type ThreadEnd,
  ThreadExitedError,
  ThreadFunctionError,
  ThreadMessageError,
} from './errors.js';
import {
  type FromThread,
  type OutcomeMessage,
  type RequestMessage,
  SENT,
  type ThreadStart,
  type ToThread,
} from './messages.js';
import { ThreadCall } from './thread-call.js';
import {
  THREAD_OPTIONS,
  type ThreadOptions,
  type ThreadSettings,
  threadSettings,
} from './thread-settings.js';
import { transfersOf } from './transfers.js';

/** Beside this file, in dist/ as well as in src/. A bundle of CommonJS, which has no `import.meta.url`, can be loaded. */
function bootstrap(): URL {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`./bootstrap${extension}`, import.meta.url);
}

/** @internal The pool of a thread. */
export interface ThreadListener {
  /** The thread has answered a call, which has not been told yet. */
  answered(thread: Thread, call: ThreadCall, succeeded: boolean): void;
  /** Called once, last, with the calls that have failed therefore and have not been told yet. */
  ended(thread: Thread, lost: readonly ThreadCall[]): void;
}

/**
 * A thread that calls functions of modules. It can be given any number of calls: they run one after another, in their order, even
 * if they return promises. The thread keeps the process alive only while calls are pending: see {@link ref} and {@link unref}.
 *
 * A pool is better for most uses. A thread is for state that belongs to one thread, such as the connection to a database.
 *
 * @example
 * const thread = new Thread();
 * const sum = await thread.call(sums, 'add', [1, 2]);
 * await thread.stop();
 */
export class Thread implements AsyncDisposable {
  readonly name: string;
  /** Fires when the thread has ended, for whatever reason. It does not fail. */
  readonly ended: Promise<ThreadEnd>;
  readonly #calls: Map<number, ThreadCall> = new Map();
  readonly #cells: Int32Array = new Int32Array(new SharedArrayBuffer(4));
  readonly #port: MessagePort;
  readonly #resolveEnded: (end: ThreadEnd) => void;
  #worker: Worker | undefined;
  #listener: ThreadListener | undefined;
  #state: 'open' | 'stopping' | 'terminating' | 'ended' = 'open';
  #keepsAlive: 'calls' | 'always' | 'never' = 'calls';
  #end: ThreadEnd = { asked: true, exitCode: null, error: undefined };
  #referenced = false;
  #held = false;
  #lastId = 0;

  /** @throws InvalidArgumentTypeError, UnknownOptionError If the thread cannot be started, `ended` and all calls report it. */
  constructor(options: ThreadOptions = {}) {
    checkOptions('Thread', options, THREAD_OPTIONS);
    const settings = threadSettings(options);
    this.name = settings.name;
    let resolveEnded: (end: ThreadEnd) => void = () => {};
    this.ended = new Promise((resolve) => {
      resolveEnded = resolve;
    });
    this.#resolveEnded = resolveEnded;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    // The thread serves callers with different contexts.
    ROOT_CONTEXT.runInAsyncScope(() => this.#start(settings, port2));
  }

  /** The number of calls that the thread has not answered, cancelled ones included. */
  get pendingCalls(): number {
    return this.#calls.size;
  }

  /**
   * Calls a function of a module, which is loaded by the first call. The arguments are copied, or moved, by structured clone.
   * Cancelling removes a call that has not started. A running one continues, and can learn of the cancellation from `callSignal`
   * and `isCallCancelled`; `terminateAfterMs` limits its time.
   *
   * @returns It fails with the error of the function, or ThreadExitedError, ThreadFunctionError, ThreadMessageError,
   * CancelledError.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  call<Exports, Name extends FunctionName<Exports>>(
    module: ThreadModule<Exports> | URL,
    name: Name,
    args: NoInfer<FunctionArguments<Exports, Name>>,
    options: ThreadCallOptions = NO_OPTIONS,
  ): Deferred<FunctionResult<Exports, Name>> {
    const call = new ThreadCall(module, name, args, options);
    if (!call.deferred.fired) this.post(call);
    return call.deferred as Deferred<FunctionResult<Exports, Name>>;
  }

  /** @internal Whether it takes calls. */
  get open(): boolean {
    return this.#state === 'open';
  }

  /** @internal @returns Whether it was sent. Otherwise it has failed. */
  post(call: ThreadCall): boolean {
    const { module, name, args, options } = call;
    if (this.#state !== 'open') {
      call.fail(new ThreadExitedError(this.name, this.#end));
      return false;
    }
    const id = ++this.#lastId;
    try {
      this.#send({ type: 'call', id, module: module.href, name, args }, options.transfer);
    } catch (cause) {
      call.fail(new ThreadMessageError('arguments', name, { cause }));
      return false;
    }
    call.onCancel = () => this.#cancel(id, call);
    this.#calls.set(id, call);
    if (this.#calls.size === 1) this.#updateReference();
    return true;
  }

  /** @internal */
  listen(listener: ThreadListener): void {
    this.#listener = listener;
  }

  /** @internal Until {@link release} the thread keeps the process alive like a pending call. For messages on ports of others. */
  hold(): void {
    this.#held = true;
    this.#updateReference();
  }

  /** @internal */
  release(): void {
    this.#held = false;
    this.#updateReference();
  }

  /** Keeps the process alive until the thread has ended. */
  ref(): void {
    this.#keepsAlive = 'always';
    this.#updateReference();
  }

  /** Lets the process end even while calls are pending. */
  unref(): void {
    this.#keepsAlive = 'never';
    this.#updateReference();
  }

  /** Ends the thread when the pending calls have been answered. Later calls fail with ThreadExitedError. */
  async stop(): Promise<void> {
    if (this.#state === 'open') this.#state = 'stopping';
    this.#terminateIfDone();
    await this.ended;
  }

  /** Ends the thread at once. Pending calls fail with ThreadExitedError. */
  async terminate(): Promise<void> {
    this.#terminate();
    await this.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.terminate();
  }

  toString(): string {
    return `<${this.name}, ${this.#state}, ${this.#calls.size} pending calls>`;
  }

  #start({ name, execArgv, resourceLimits }: ThreadSettings, port: MessagePort): void {
    this.#port.on('message', (message: FromThread) => this.#receive(message));
    this.#port.unref();
    let error: Error | undefined;
    const workerData: ThreadStart = { port, cells: this.#cells };
    try {
      const worker = new Worker(bootstrap(), {
        name,
        workerData,
        transferList: [port],
        ...(execArgv && { execArgv: [...execArgv] }),
        ...(resourceLimits && { resourceLimits }),
      });
      worker.on('error', (thrown) => {
        error ??= toError(thrown);
      });
      worker.on('exit', (exitCode) => this.#ended(exitCode, error));
      worker.unref();
      this.#worker = worker;
    } catch (thrown) {
      this.#state = 'terminating';
      this.#end = { asked: false, exitCode: null, error: toError(thrown) };
      queueMicrotask(() => this.#ended(null, toError(thrown)));
    }
  }

  #send(message: ToThread, transfer?: readonly Transferable[]): void {
    this.#port.postMessage(message, transfer);
    Atomics.add(this.#cells, SENT, 1);
    Atomics.notify(this.#cells, SENT);
  }

  #receive(message: FromThread): void {
    if (message.type === 'request') void this.#requested(message);
    else this.#answered(message);
  }

  #answered(message: OutcomeMessage): void {
    const call = this.#calls.get(message.id);
    if (call === undefined) return;
    this.#calls.delete(message.id);
    clearTimeout(call.limit);
    this.#listener?.answered(this, call, message.type === 'result');
    if (this.#calls.size === 0) {
      this.#updateReference();
      this.#terminateIfDone();
    }
    if (message.type === 'result') call.succeed(message.value);
    else call.failWith(message.error);
  }

  #cancel(id: number, call: ThreadCall): void {
    if (!this.#calls.has(id)) return;
    this.#send({ type: 'cancel', id });
    const { terminateAfterMs } = call.options;
    if (terminateAfterMs === undefined) return;
    if (terminateAfterMs === 0) this.#terminate();
    else call.limit = setTimeout(() => this.#terminate(), terminateAfterMs);
  }

  /** A running call calls a function here. */
  async #requested({ id, call: callId, name, args }: RequestMessage): Promise<void> {
    try {
      const call = this.#calls.get(callId);
      if (call === undefined) throw new CancelledError();
      const { functions = {} } = call.options;
      const offered = Object.hasOwn(functions, name) ? functions[name] : undefined;
      if (offered === undefined) throw new ThreadFunctionError(undefined, name);
      this.#sendResult(id, name, await call.inContext(offered, ...(args as never[])));
    } catch (error) {
      this.#send({ type: 'failure', id, error: packError(error) });
    }
  }

  #sendResult(id: number, name: string, value: unknown): void {
    try {
      this.#send({ type: 'result', id, value }, transfersOf(value));
    } catch (cause) {
      throw new ThreadMessageError('result', name, { cause });
    }
  }

  #terminateIfDone(): void {
    if (this.#state === 'stopping' && this.#calls.size === 0) this.#terminate();
  }

  #terminate(): void {
    if (this.#state === 'terminating' || this.#state === 'ended') return;
    this.#state = 'terminating';
    void this.#worker?.terminate();
    this.#updateReference();
  }

  /** Whether the process has to wait for the thread. Only the worker counts: its end must be noticed too. */
  #updateReference(): void {
    const { size } = this.#calls;
    const works = size > 0 || this.#held;
    const awaited = this.#state === 'terminating' || (works && this.#keepsAlive !== 'never');
    const referenced = awaited || this.#keepsAlive === 'always';
    if (referenced === this.#referenced) return;
    this.#referenced = referenced;
    if (referenced) this.#worker?.ref();
    else this.#worker?.unref();
  }

  #ended(exitCode: number | null, error: Error | undefined): void {
    this.#receiveAll();
    const asked = this.#state === 'terminating' && exitCode !== null;
    this.#state = 'ended';
    this.#end = { asked, exitCode, error };
    this.#worker = undefined;
    this.#port.close();
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.#resolveEnded(this.#end);
    this.#listener?.ended(this, calls);
    const exited = new ThreadExitedError(this.name, this.#end);
    const unnoticed = calls.length === 0 && !this.#held;
    if (!asked && exitCode !== null && unnoticed) reportError(exited, this.name);
    for (const call of calls) {
      clearTimeout(call.limit);
      call.fail(exited);
    }
  }

  /** The last answers of the thread. */
  #receiveAll(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.#receive(received.message as FromThread);
    }
  }
}

showAsText(Thread);
