/** A call into a thread, from its creation to its outcome. It may wait in the queue of a pool first. */
import type { ThreadCallOptions, ThreadModule } from '../core/thread-functions.js';
import { Deferred } from '../defer/deferred.js';
import { type AsyncContext, callIn, captureContext } from '../internal/async-context.js';
import { type RemoteError, unpackError } from '../internal/remote-error.js';
import { checkCall } from './call-options.js';
import { SENT_ERRORS } from './errors.js';
import { checkThreadModule, errorsOf } from './thread-module.js';

export class ThreadCall {
  readonly module: ThreadModule<unknown> | URL;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly options: ThreadCallOptions;
  readonly deferred: Deferred<unknown> = new Deferred(() => {
    this.cancelled = true;
    this.onCancel?.();
  });
  readonly #context: AsyncContext = captureContext();
  /** Set by its present owner: a queue or a thread. */
  onCancel: (() => void) | undefined;
  cancelled = false;
  /** When it was queued, later when it was started, in milliseconds. For pools. */
  since = 0;
  /** Ends the thread if it does not answer after the call was cancelled. */
  limit: NodeJS.Timeout | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(
    module: ThreadModule<unknown> | URL,
    name: string,
    args: readonly unknown[],
    options: ThreadCallOptions,
  ) {
    checkThreadModule(module);
    checkCall(name, args, options);
    this.module = module;
    this.name = name;
    this.args = args;
    this.options = options;
    if (options.signal !== undefined) this.deferred.cancelOn(options.signal);
  }

  /** Calls a function that the caller offers, or anything else on its behalf, in the context of the caller. */
  inContext<Args extends unknown[], R>(called: (...args: Args) => R, ...args: Args): R {
    return callIn(this.#context, undefined, called, ...args);
  }

  succeed(value: unknown): void {
    const { deferred } = this;
    if (!deferred.fired) callIn(this.#context, deferred, deferred.callback, value);
  }

  fail(error: Error): void {
    const { deferred } = this;
    if (!deferred.fired) callIn(this.#context, deferred, deferred.errback, error);
  }

  failWith(error: RemoteError): void {
    this.fail(unpackError(error, [...errorsOf(this.module), ...SENT_ERRORS]));
  }
}
