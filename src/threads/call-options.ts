/** The options of a call into a thread. */
import type { Transferable } from 'node:worker_threads';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import {
  checkAbortSignal,
  checkFunction,
  checkMilliseconds,
  checkPlainObject,
} from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

/** Functions that a call may call in the thread of its caller. */
export type OfferedFunctions = Readonly<Record<string, (...args: never[]) => unknown>>;

export interface ThreadCallOptions {
  /** Objects in the arguments that are moved to the thread, not copied: they cannot be used here afterwards. */
  readonly transfer?: readonly Transferable[];
  /** Cancels the call, like `cancel` of the Deferred. */
  readonly signal?: AbortSignal;
  /**
   * How long a cancelled call may continue to run before its thread is terminated; 0 terminates it at once. Default: for ever,
   * until the function returns.
   */
  readonly terminateAfterMs?: number;
  /**
   * Functions that the thread may call here, by name, with `blockingCallFromThread` or `callFromThread`, while the call runs.
   * They may return a promise or a Deferred.
   */
  readonly functions?: OfferedFunctions;
}

const OPTIONS: OptionNames<ThreadCallOptions> = {
  transfer: true,
  signal: true,
  terminateAfterMs: true,
  functions: true,
};

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function checkCall(name: unknown, args: unknown, options: ThreadCallOptions): void {
  if (typeof name !== 'string') throw new InvalidArgumentTypeError('name', 'a string', name);
  if (!Array.isArray(args)) throw new InvalidArgumentTypeError('args', 'an array', args);
  if (options === NO_OPTIONS) return;
  checkOptions('a call into a thread', options, OPTIONS);
  const { transfer, signal, terminateAfterMs, functions } = options;
  if (transfer !== undefined && !Array.isArray(transfer)) {
    throw new InvalidArgumentTypeError('transfer', 'an array', transfer);
  }
  if (signal !== undefined) checkAbortSignal('signal', signal);
  if (terminateAfterMs !== undefined) checkMilliseconds('terminateAfterMs', terminateAfterMs);
  if (functions === undefined) return;
  checkPlainObject('functions', functions);
  for (const [key, value] of Object.entries(functions)) checkFunction(`functions.${key}`, value);
}

export const NO_OPTIONS: ThreadCallOptions = {};
