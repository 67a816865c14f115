/** The options of a pool of threads: their meaning, their checks and their defaults. */
import { availableParallelism } from 'node:os';
import { checkInteger, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import {
  THREAD_OPTIONS,
  type ThreadOptions,
  type ThreadSettings,
  threadSettings,
} from './thread-settings.js';

export interface ThreadPoolOptions extends ThreadOptions {
  /** Threads that are started at once and kept when they are idle. Default 0. */
  readonly minimum?: number;
  /** Maximum number of threads. Default: as many as the machine can run at the same time, but at least 2. */
  readonly maximum?: number;
  /** How long a thread above `minimum` may be idle before it is ended. Default 30,000. */
  readonly idleTimeoutMs?: number;
  /** Maximum number of calls that wait for a thread; more fail with ThreadPoolFullError. Default 100,000. */
  readonly maxQueued?: number;
}

const OPTIONS: OptionNames<ThreadPoolOptions> = {
  ...THREAD_OPTIONS,
  minimum: true,
  maximum: true,
  idleTimeoutMs: true,
  maxQueued: true,
};

/** The options, checked and complete. */
export interface ThreadPoolSettings extends ThreadSettings {
  readonly minimum: number;
  readonly maximum: number;
  readonly idleTimeoutMs: number;
  readonly maxQueued: number;
}

export const MAX_THREADS = 1_024;
const IDLE_TIMEOUT_MS = 30_000;
const MAX_QUEUED = 100_000;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function poolSettings(what: string, options: ThreadPoolOptions): ThreadPoolSettings {
  checkOptions(what, options, OPTIONS);
  const { maxQueued = MAX_QUEUED, idleTimeoutMs = IDLE_TIMEOUT_MS } = options;
  const fitting = Math.max(2, availableParallelism());
  const { minimum = 0, maximum = Math.max(fitting, options.minimum ?? 0) } = options;
  return {
    ...threadSettings({ name: 'ropewalk pool', ...options }),
    ...sizes(minimum, maximum),
    idleTimeoutMs: checkMilliseconds('idleTimeoutMs', idleTimeoutMs),
    maxQueued: checkInteger('maxQueued', maxQueued, 0, Number.MAX_SAFE_INTEGER),
  };
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function sizes(
  minimum: number,
  maximum: number,
): { readonly minimum: number; readonly maximum: number } {
  checkInteger('maximum', maximum, 1, MAX_THREADS);
  checkInteger('minimum', minimum, 0, maximum);
  return { minimum, maximum };
}
