/** The options of `runWorkers`: their meaning, their checks and their defaults. */
import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { deserialize, serialize } from 'node:v8';

import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import {
  checkChoice,
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkNumber,
} from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { checkNativeOptions } from '../reactor/create-reactor.js';
import type { WorkerKind, WorkerReactorOptions } from './messages.js';
import { RESTART_DEFAULTS, type RestartOptions } from './restart-delays.js';
import type { WorkerEvent } from './worker-event.js';

/** The inheritance of a worker process. */
export interface WorkerInheritance {
  /** Open descriptors of this process, which are 3, 4 and so on in the worker. This process still owns its own. */
  readonly descriptors: readonly number[];
  /** Variables in addition to those of this process. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface RunWorkersOptions {
  /** The number of workers, 1 to 1,024. Default: as many as the machine can run at the same time. */
  readonly workers?: number;
  /** Default `threads`. Processes cost more memory and share none: a crash does not affect the others. */
  readonly kind?: WorkerKind;
  /** Data for the workers: each receives a copy, made by structured clone when the group is created. */
  readonly data?: unknown;
  /** Options of each worker's reactor. */
  readonly reactor?: WorkerReactorOptions;
  /** The delays before workers that ended are started again; `false`: they are not. */
  readonly restart?: RestartOptions | false;
  /** Time that a worker asked to end may wait for its connections; then they are lost. Default 10,000. */
  readonly drainMs?: number;
  /** Time within which a worker must become ready. Default 30,000. */
  readonly readyTimeoutMs?: number;
  /**
   * Time that a ready worker may be silent, without even answering pings, before it is killed and started again: it is suspended
   * or in an endless loop. Must be longer than any work that blocks its thread. Time during which this process was suspended, or
   * a debugger may be active (`--inspect`), does not count. 0: no limit. Default 60,000.
   */
  readonly hangTimeoutMs?: number;
  /** Node's flags for the workers. Default: those of this process. */
  readonly execArgv?: readonly string[];
  /** Of worker processes: called before each start. An error that it throws is that of the start. Default: they inherit nothing. */
  readonly inherit?: () => WorkerInheritance;
  /** Called for each change of a worker, always after `runWorkers` has returned. An error that it throws is reported. */
  readonly onEvent?: (event: WorkerEvent) => void;
}

const OPTIONS: OptionNames<RunWorkersOptions> = {
  workers: true,
  kind: true,
  data: true,
  reactor: true,
  restart: true,
  drainMs: true,
  readyTimeoutMs: true,
  hangTimeoutMs: true,
  execArgv: true,
  inherit: true,
  onEvent: true,
};
const REACTOR_OPTIONS: OptionNames<WorkerReactorOptions> = {
  kind: true,
  poller: true,
  busyPollUs: true,
  collectAfterBytes: true,
  measureTurns: true,
};
const RESTART_OPTIONS: OptionNames<RestartOptions> = {
  initialDelayMs: true,
  maxDelayMs: true,
  factor: true,
  jitter: true,
  healthyAfterMs: true,
};

/** The options, checked and complete. */
export interface WorkerSettings {
  readonly module: string;
  readonly workers: number;
  readonly kind: WorkerKind;
  readonly data: unknown;
  readonly reactor: WorkerReactorOptions;
  readonly restart: Required<RestartOptions> | undefined;
  readonly drainMs: number;
  readonly readyTimeoutMs: number;
  readonly hangTimeoutMs: number;
  readonly execArgv: readonly string[] | undefined;
  readonly inherit: (() => WorkerInheritance) | undefined;
  readonly onEvent: (event: WorkerEvent) => void;
}

export const MAX_WORKERS = 1_024;
export const DRAIN_MS = 10_000;
export const READY_TIMEOUT_MS = 30_000;
const HANG_TIMEOUT_MS = 60_000;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnsupportedError; the error of `structuredClone` if data cannot be cloned. */
export function workerSettings(module: unknown, options: RunWorkersOptions): WorkerSettings {
  checkOptions('runWorkers', options, OPTIONS);
  if (options.reactor !== undefined) {
    checkOptions('runWorkers.reactor', options.reactor, REACTOR_OPTIONS);
    checkNativeOptions(options.reactor);
  }
  const kind = checkChoice('kind', options.kind ?? 'threads', ['threads', 'processes']);
  const { onEvent = ignore, execArgv, inherit } = options;
  checkFunction('onEvent', onEvent);
  if (inherit !== undefined) {
    checkFunction('inherit', inherit);
    if (kind === 'threads') {
      throw new InvalidArgumentValueError(
        'inherit',
        'absent: threads have the descriptors of their process',
        inherit,
      );
    }
  }
  if (execArgv !== undefined && !isStrings(execArgv)) {
    throw new InvalidArgumentTypeError('execArgv', 'an array of strings', execArgv);
  }
  return {
    module: moduleUrl(module),
    workers: checkInteger('workers', options.workers ?? availableParallelism(), 1, MAX_WORKERS),
    kind,
    data: copyFor(kind, options.data),
    reactor: copyFor(kind, options.reactor ?? {}),
    restart: restartSettings(options.restart),
    drainMs: checkMilliseconds('drainMs', options.drainMs ?? DRAIN_MS),
    readyTimeoutMs: checkMilliseconds('readyTimeoutMs', options.readyTimeoutMs ?? READY_TIMEOUT_MS),
    hangTimeoutMs: checkMilliseconds('hangTimeoutMs', options.hangTimeoutMs ?? HANG_TIMEOUT_MS),
    execArgv: execArgv && [...execArgv],
    inherit,
    onEvent,
  };
}

function restartSettings(
  options: RestartOptions | false | undefined,
): Required<RestartOptions> | undefined {
  if (options === false) return undefined;
  if (options !== undefined) checkOptions('runWorkers.restart', options, RESTART_OPTIONS);
  const restart = { ...RESTART_DEFAULTS, ...options };
  for (const key of ['initialDelayMs', 'maxDelayMs', 'healthyAfterMs'] as const) {
    checkMilliseconds(`restart.${key}`, restart[key]);
  }
  checkNumber('restart.factor', restart.factor, 1);
  checkNumber('restart.jitter', restart.jitter, 0, 1);
  return restart;
}

function moduleUrl(module: unknown): string {
  if (module instanceof URL) return module.href;
  const expected = 'a URL or an absolute path';
  if (typeof module !== 'string') throw new InvalidArgumentTypeError('module', expected, module);
  if (isAbsolute(module)) return pathToFileURL(module).href;
  // A relative URL has no base here.
  if (URL.canParse(module)) return module;
  throw new InvalidArgumentValueError('module', expected, module);
}

/** A copy as the worker will receive it: data that cannot be sent is the caller's fault, and throws at the call. */
function copyFor<T>(kind: WorkerKind, value: T): T {
  return kind === 'threads' ? structuredClone(value) : (deserialize(serialize(value)) as T);
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function ignore(): void {}
