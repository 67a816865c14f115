/** The options of a thread: their meaning and their checks. */
import type { ResourceLimits } from 'node:worker_threads';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { checkObject, checkString } from '../internal/check.js';
import type { OptionNames } from '../internal/options.js';

export interface ThreadOptions {
  /** For error messages and debuggers. Default `ropewalk thread`. */
  readonly name?: string;
  /** Node's flags for the thread. Default: those of this process. */
  readonly execArgv?: readonly string[];
  /** Limits of V8's heap and stack, as of `Worker` in node:worker_threads. A thread that exceeds them ends. */
  readonly resourceLimits?: ResourceLimits;
}

export const THREAD_OPTIONS: OptionNames<ThreadOptions> = {
  name: true,
  execArgv: true,
  resourceLimits: true,
};

/** The options, checked and complete. */
export interface ThreadSettings {
  readonly name: string;
  readonly execArgv: readonly string[] | undefined;
  readonly resourceLimits: ResourceLimits | undefined;
}

/** @throws InvalidArgumentTypeError */
export function threadSettings(options: ThreadOptions): ThreadSettings {
  const { name = 'ropewalk thread', execArgv, resourceLimits } = options;
  checkString('name', name);
  const isStrings =
    Array.isArray(execArgv) && execArgv.every((flag: unknown) => typeof flag === 'string');
  if (execArgv !== undefined && !isStrings) {
    throw new InvalidArgumentTypeError('execArgv', 'an array of strings', execArgv);
  }
  if (resourceLimits !== undefined) checkObject('resourceLimits', resourceLimits);
  return { name, execArgv: execArgv && [...execArgv], resourceLimits };
}
