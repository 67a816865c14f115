/** The flags of `ropewalk run`. */

import type { ParseArgsConfig } from 'node:util';

import { argumentsFor, type BuiltIn } from './built-in.js';
import { milliseconds, wholeNumber } from './flag-values.js';
import { parseFlags } from './parse-flags.js';
import { choice, REACTOR_CHOICES, type ReactorChoice } from './reactor-choice.js';
import { type Account, accountOf } from './run-privileges.js';
import { UsageError } from './usage-error.js';

export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface RunOptions {
  readonly file: string;
  /** The arguments of the program: those behind the file. */
  readonly args: readonly string[];
  /** Undefined: the choice of the program, or `auto`. */
  readonly reactor: ReactorChoice | undefined;
  /** Worker processes; 0: this process runs the program. */
  readonly workers: number;
  readonly pidFile: string | undefined;
  /** The account to change to after the privileged start. */
  readonly account: Account | undefined;
  readonly umask: number | undefined;
  readonly logFormat: LogFormat;
  readonly logFile: string | undefined;
  /** The time for the start; 0: no limit. */
  readonly startMs: number;
  readonly drainMs: number;
  readonly unreadyMs: number;
}

const MAX_WORKERS = 1_024;
const DEFAULT_DRAIN_MS = 10_000;
const DEFAULT_START_MS = 60_000;

export const RUN_USAGE: string = `Usage: ropewalk run [flags] FILE [arguments]

Runs a program until a signal stops it. The default export of FILE (.js or .ts)
is an Application, a service, or a function (reactor, arguments) that returns a
service, or a promise of one: docs/howto/deployment.md. FILE can also be the
name of a service of a plug-in, which \`ropewalk plugins\` lists.

  --reactor KIND    native, node, or auto: native if it loads (default: the
                    variable ROPEWALK_REACTOR, else auto)
  --workers N       run FILE in N processes that share its TCP ports; those that
                    crash are started again (default 0: run it in this process)
  --pid-file PATH   write the process id there; refuse to start if the file
                    belongs to a running process
  --uid USER        change to this user, by name or number, after the ports are
                    open; groups other than --gid are dropped
  --gid GROUP       change to this group (default: the group of --uid)
  --umask MODE      permissions that new files do not get, octal, such as 027
  --log FORMAT      text (default) or json
  --log-file PATH   append the log to this file, which SIGHUP opens again
                    (default: standard output)
  --start-timeout SECONDS
                    end with an error if the program has not started by then
                    (default ${DEFAULT_START_MS / 1_000}); 0: no limit
  --drain SECONDS   time for connections to finish at the end (default ${DEFAULT_DRAIN_MS / 1_000})
  --unready SECONDS time between the announcement that the program is not ready
                    and the end of listening (default 0)
  --help            show this

SIGTERM and SIGINT drain and stop it; a second one ends the drain. SIGHUP
reloads. SIGUSR2 starts FILE again, which takes over the ports: no connection is
refused. systemd receives its state (Type=notify) and the watchdog's messages.

The exit status is that of the signal, as without a handler; 0 if the program
stopped by itself; 1 if it failed or could not start; 2 for wrong arguments.
`;

type Flags = NonNullable<ParseArgsConfig['options']>;
type Values = ReturnType<typeof parseFlags<typeof FLAGS>>['values'];

const string = { type: 'string' } as const;
const FLAGS = {
  drain: string,
  gid: string,
  help: { type: 'boolean', short: 'h' },
  log: string,
  'log-file': string,
  'pid-file': string,
  reactor: string,
  'start-timeout': string,
  uid: string,
  umask: string,
  unready: string,
  workers: string,
} as const;

/**
 * Reads the arguments.
 * @param builtIn The program, if the command is not `run` itself: it has no FILE, and takes `--listen`.
 * @returns Undefined if help was requested.
 * @throws UsageError
 */
export function parseRunOptions(
  args: readonly string[],
  builtIn?: BuiltIn,
): RunOptions | undefined {
  const flags = { ...builtIn?.flags, ...FLAGS };
  const { given, positionals } = split(args, flags, builtIn);
  const values = given as Values;
  if (values.help === true) return undefined;
  const [file, ...rest] =
    builtIn === undefined
      ? positionals
      : [builtIn.file, ...argumentsFor(builtIn, given, positionals)];
  if (file === undefined) throw new UsageError('run takes a FILE; `ropewalk run --help` explains');
  if (builtIn?.workers === false && values.workers !== undefined) {
    throw new UsageError(`${builtIn.name} has no --workers`);
  }
  for (const flag of ['pid-file', 'log-file'] as const) {
    if (values[flag] === '') throw new UsageError(`--${flag} takes a path, not ""`);
  }
  return {
    file,
    args: rest,
    reactor:
      values.reactor === undefined
        ? undefined
        : choice('--reactor', values.reactor, REACTOR_CHOICES),
    workers: wholeNumber('workers', values.workers, 0, MAX_WORKERS),
    pidFile: values['pid-file'],
    account: accountOf(values.uid, values.gid),
    umask: values.umask === undefined ? undefined : octal(values.umask),
    logFormat: choice('--log', values.log, LOG_FORMATS),
    logFile: values['log-file'],
    startMs: milliseconds('start-timeout', values['start-timeout'], DEFAULT_START_MS),
    drainMs: milliseconds('drain', values.drain, DEFAULT_DRAIN_MS),
    unreadyMs: milliseconds('unready', values.unready, 0),
  };
}

interface Split {
  readonly given: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

/** Flags may stand behind the arguments, unless they can be flags of another program. @throws UsageError */
function split(args: readonly string[], flags: Flags, builtIn: BuiltIn | undefined): Split {
  if (builtIn !== undefined && builtIn.count !== 'any') {
    const { values: given, positionals } = parseFlags(builtIn.name, args, flags, true);
    return { given, positionals };
  }
  const end = endOfFlags(args, flags);
  const { values: given } = parseFlags(builtIn?.name ?? 'run', args.slice(0, end), flags);
  return { given, positionals: args.slice(args[end] === '--' ? end + 1 : end) };
}

/** The index of the file, or of `--` before it: flags behind it are the program's. */
function endOfFlags(args: readonly string[], flags: Flags): number {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === '--' || !arg.startsWith('-')) return i;
    if (Object.hasOwn(flags, arg.slice(2)) && flags[arg.slice(2)]?.type === 'string') i += 1;
  }
  return args.length;
}

function octal(text: string): number {
  if (/^0?[0-7]{1,3}$/.test(text)) return Number.parseInt(text, 8);
  throw new UsageError(`--umask takes an octal number from 000 to 777, not "${text}"`);
}
