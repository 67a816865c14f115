/** Programs of this package that are run as `ropewalk run` runs those of others: `ropewalk socks`, for example. */
import { fileURLToPath } from 'node:url';
import type { ParseArgsConfig } from 'node:util';

import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  UnknownOptionError,
} from '../core/errors/arguments.js';
import { InvalidHostNameError } from '../core/errors/names.js';
import { InvalidEndpointError } from '../endpoints/errors.js';
import { parseFlags } from './parse-flags.js';
import { UsageError } from './usage-error.js';

type Flags = NonNullable<ParseArgsConfig['options']>;

/** A program that has a command of its own. */
export interface BuiltIn<F extends Flags = Flags> {
  readonly name: string;
  /** The module whose default export makes its service. */
  readonly file: string;
  /** The default of `--listen`; undefined if it does not listen. */
  readonly listen: string | undefined;
  /** Its own flags: they stand among those of `ropewalk run`, and are passed on to it. */
  readonly flags: F;
  /** The number of arguments. Flags may stand behind them, unless it is `any`. */
  readonly count: number | 'any';
  /** Whether `--workers` is of use. */
  readonly workers: boolean;
  readonly usage: string;
}

const string = { type: 'string' } as const;
/** The flags of all programs that listen. */
export type ListenFlags = Record<'listen' | 'port', typeof string>;
const LISTEN_FLAGS: ListenFlags = { listen: string, port: string };

const LISTEN_USAGE = `  --port PORT       listen on this TCP port of 127.0.0.1 (default PRESET); 0: any
  --listen ENDPOINT listen there instead, such as unix:/run/NAME.sock,
                    systemd:index=0, or tcp:PRESET for all addresses
`;
const DEFAULT = ' (default PRESET)';
const COMMON_USAGE = `
The flags of \`ropewalk run\`, such as --log and --pid-file, are available too:
\`ropewalk run --help\` explains them, and the signals and exit codes.
`;

/** @param usage The help: its last lines are flags, to which the common ones are added. */
export function builtIn<const F extends Flags>(
  name: string,
  settings: {
    readonly usage: string;
    /** Undefined: it does not listen. `required`: the port has no default. */
    readonly port?: number | 'required';
    readonly flags?: F;
    readonly count?: number | 'any';
    readonly workers?: boolean;
  },
): BuiltIn<F & ListenFlags> {
  const { usage, port, flags, count = 0, workers = true } = settings;
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const listenUsage = (port === 'required' ? LISTEN_USAGE.replace(DEFAULT, '') : LISTEN_USAGE)
    .replaceAll('PRESET', port === 'required' ? '8080' : String(port))
    .replace('NAME', name);
  return {
    name,
    file: fileURLToPath(new URL(`./run-${name}${extension}`, import.meta.url)),
    listen: typeof port === 'number' ? onLoopback(String(port)) : undefined,
    flags: { ...flags, ...(port !== undefined && LISTEN_FLAGS) } as F & ListenFlags,
    count,
    workers,
    usage: `${usage}${port === undefined ? '' : listenUsage}${COMMON_USAGE}`,
  };
}

function onLoopback(port: string): string {
  return `tcp:${port}:interface=127.0.0.1`;
}

/** The arguments of the program: its own flags, in the form `--flag=value`, and the arguments behind the flags. */
export function argumentsFor(
  { flags }: BuiltIn,
  values: Readonly<Record<string, unknown>>,
  positionals: readonly string[],
): readonly string[] {
  const args: string[] = [];
  for (const name of Object.keys(flags)) {
    for (const value of [values[name] ?? []].flat()) {
      args.push(value === true ? `--${name}` : `--${name}=${String(value)}`);
    }
  }
  return [...args, '--', ...positionals];
}

type Values<F extends Flags> = ReturnType<typeof parseFlags<F>>['values'];

/** The choices that a program was started with. */
export interface BuiltInChoices<F extends Flags> {
  readonly values: Values<F>;
  readonly args: readonly string[];
  /** The endpoint to listen on. */
  readonly listen: string;
}

/**
 * Makes the service of a program, within its function.
 * @throws UsageError the arguments are wrong, or `make` refuses them.
 */
export function fromArguments<F extends Flags, S>(
  program: BuiltIn<F>,
  args: readonly string[],
  make: (choices: BuiltInChoices<F>) => S,
): S {
  const { name, count, flags } = program;
  const { values, positionals } = parseFlags(name, args, flags, true);
  if (count !== 'any' && positionals.length !== count) {
    const takes = count === 0 ? 'no arguments' : count === 1 ? '1 argument' : `${count} arguments`;
    const got = positionals.map((text) => JSON.stringify(text)).join(' ') || 'none';
    throw new UsageError(
      `${name} takes ${takes}, not ${got}; \`ropewalk ${name} --help\` explains`,
    );
  }
  const listen = listenOf(program, values as Values<ListenFlags>);
  try {
    return make({ values, args: positionals, listen });
  } catch (error) {
    if (error instanceof InvalidEndpointError) throw new UsageError(`--listen: ${error.message}`);
    if (isArgumentError(error)) throw new UsageError(`${name}: ${error.message}`);
    throw error;
  }
}

/** @throws UsageError */
function listenOf(
  { name, listen: preset, flags }: BuiltIn,
  { listen, port }: Values<ListenFlags>,
): string {
  if (port === undefined) {
    const chosen = listen ?? preset;
    if (chosen !== undefined || flags.listen === undefined) return chosen ?? '';
    throw new UsageError(`${name} takes --port or --listen`);
  }
  if (listen !== undefined) throw new UsageError(`${name} takes --port or --listen, not both`);
  if (/^\d{1,5}$/.test(port) && Number(port) <= 65_535) return onLoopback(port);
  throw new UsageError(`--port takes a whole number from 0 to 65535, not "${port}"`);
}

function isArgumentError(error: unknown): error is Error {
  return (
    error instanceof InvalidArgumentTypeError ||
    error instanceof InvalidArgumentValueError ||
    error instanceof InvalidHostNameError ||
    error instanceof UnknownOptionError
  );
}
