/** Checks of a call into a thread. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { ThreadCallOptions } from '../core/thread-functions.js';
import {
  checkAbortSignal,
  checkFunction,
  checkMilliseconds,
  checkPlainObject,
} from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

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
