/** The options of CGI scripts. */
import type { Clock } from '../core/clock.js';
import type { ReactorProcesses } from '../core/reactor-processes.js';
import type { SpawnOptions } from '../core/spawn-options.js';
import {
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkPlainObject,
  checkReactorWith,
  checkString,
} from '../internal/check.js';
import { checkOptions, type OptionNames, pickOptions } from '../internal/options.js';
import type { WebContext } from '../web/web-context.js';
import { type CGIHeadLimits, CGIHeadParser, HEAD_LIMITS } from './head-parser.js';

/** The facets of a reactor that run scripts. */
export type CGIReactor = Clock & ReactorProcesses;

/** Options of `spawnProcess` that limit what a script may do. */
export interface CGIProcessOptions
  extends Pick<SpawnOptions, 'uid' | 'gid' | 'groups' | 'umask' | 'limits'> {}

const PROCESS_NAMES: OptionNames<CGIProcessOptions> = {
  uid: true,
  gid: true,
  groups: true,
  umask: true,
  limits: true,
};

export interface CGIOptions extends CGIHeadLimits {
  /** The program that runs the script, such as `/usr/bin/perl`; its path becomes the last argument. Default: the script is executed. */
  readonly interpreter?: string;
  /** Arguments before the path of the script. Default none. The query never becomes an argument. */
  readonly args?: readonly string[];
  /**
   * Variables besides those of RFC 3875, which take precedence. Default `PATH`, with the usual folders. The environment of this process is not
   * inherited.
   */
  readonly env?: Readonly<Record<string, string>>;
  /** Further variables of a request, such as REMOTE_USER and AUTH_TYPE of a guarded resource. They take precedence. Default none. */
  readonly variables?: (context: WebContext) => Readonly<Record<string, string>>;
  /** The working directory. Default: the folder of the script. */
  readonly cwd?: string;
  /** User, groups, mask and limits of the process: see `SpawnOptions`. */
  readonly process?: CGIProcessOptions;
  /**
   * Time in which a script must have answered completely, in milliseconds; then it is ended. Before, content of unknown length must have
   * arrived in the same time; otherwise the request gets 408. Default 60,000.
   */
  readonly timeoutMs?: number;
  /** Time between SIGTERM and SIGKILL, in milliseconds. Default 1,000. */
  readonly killAfterMs?: number;
  /** Most scripts that run at the same time, 1 or more; for CGIDirectory all of it together. Further requests get 503. Default 32. */
  readonly maxRunning?: number;
  /** Most redirects inside the server that follow each other for a request, 0 or more; further ones get 502. Default 10. */
  readonly maxLocalRedirects?: number;
  /**
   * Most bytes of content of unknown length, 0 or more: they are stored before the script begins; longer content gets 413. It does not raise
   * the limit of the server, `maxContentBytes` (1 MiB by default). Default 2^26.
   */
  readonly maxStoredBytes?: number;
  /** Most bytes of the standard error output of a request that are logged, 0 or more; the rest is dropped. Default 65,536. */
  readonly maxErrorBytes?: number;
}

/** @internal */
export const CGI_NAMES: OptionNames<CGIOptions> = {
  interpreter: true,
  args: true,
  env: true,
  variables: true,
  cwd: true,
  process: true,
  timeoutMs: true,
  killAfterMs: true,
  maxRunning: true,
  maxErrorBytes: true,
  maxLocalRedirects: true,
  maxStoredBytes: true,
  ...HEAD_LIMITS,
};

const DEFAULT_ENV: Readonly<Record<string, string>> = { PATH: '/usr/local/bin:/usr/bin:/bin' };

/** Checked options, with the number of running scripts, which resources may share. */
export class CGISettings {
  readonly reactor: CGIReactor;
  readonly options: CGIOptions;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly killAfterMs: number;
  readonly maxRunning: number;
  readonly maxErrorBytes: number;
  readonly maxLocalRedirects: number;
  readonly maxStoredBytes: number;
  /** Shared by the scripts of a folder. */
  readonly load: { running: number };

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(
    what: string,
    reactor: CGIReactor,
    options: CGIOptions,
    load: { running: number } = { running: 0 },
  ) {
    checkReactorWith('spawnProcess', reactor);
    checkOptions(what, options, CGI_NAMES);
    const { interpreter, args = [], cwd, variables, env = DEFAULT_ENV } = options;
    const {
      timeoutMs = 60_000,
      killAfterMs = 1_000,
      maxRunning = 32,
      maxErrorBytes = 65_536,
    } = options;
    const { maxLocalRedirects = 10, maxStoredBytes = 2 ** 26 } = options;
    if (interpreter !== undefined) checkString('interpreter', interpreter);
    if (cwd !== undefined) checkString('cwd', cwd);
    if (variables !== undefined) checkFunction('variables', variables);
    if (options.process !== undefined) checkOptions('process', options.process, PROCESS_NAMES);
    for (const arg of args) checkString('each argument', arg);
    checkPlainObject('env', env);
    for (const value of Object.values(env)) checkString('each variable', value);
    this.load = load;
    this.reactor = reactor;
    this.options = options;
    this.env = env;
    this.timeoutMs = checkMilliseconds('timeoutMs', timeoutMs);
    this.killAfterMs = checkMilliseconds('killAfterMs', killAfterMs);
    this.maxRunning = checkInteger('maxRunning', maxRunning, 1, Number.MAX_SAFE_INTEGER);
    this.maxErrorBytes = checkCount('maxErrorBytes', maxErrorBytes);
    this.maxLocalRedirects = checkCount('maxLocalRedirects', maxLocalRedirects);
    this.maxStoredBytes = checkCount('maxStoredBytes', maxStoredBytes);
    this.headParser();
  }

  /** The same, with an interpreter. */
  withInterpreter(interpreter: string): CGISettings {
    const options = { ...this.options, interpreter };
    return new CGISettings('CGIDirectory', this.reactor, options, this.load);
  }

  headParser(): CGIHeadParser {
    return new CGIHeadParser(pickOptions(this.options, HEAD_LIMITS));
  }
}

function checkCount(what: string, value: number): number {
  return checkInteger(what, value, 0, Number.MAX_SAFE_INTEGER);
}
