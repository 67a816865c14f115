/** The arguments of `spawnProcess`, checked. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import type { PtyOptions, ResourceLimits, SpawnOptions } from '../../core/spawn-options.js';
import type { TerminalSize } from '../../core/terminal-size.js';
import { checkBoolean, checkInteger, checkPlainObject, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { PROGRAM_OPTIONS } from '../../internal/program-options.js';

const OPTIONS: OptionNames<SpawnOptions> = {
  ...PROGRAM_OPTIONS,
  childDescriptors: true,
  pty: true,
};
const PTY_OPTIONS: OptionNames<PtyOptions> = {
  columns: true,
  rows: true,
  pixelWidth: true,
  pixelHeight: true,
  raw: true,
};
const SIZE_OPTIONS: OptionNames<TerminalSize> = {
  columns: true,
  rows: true,
  pixelWidth: true,
  pixelHeight: true,
};
const LIMIT_OPTIONS: OptionNames<ResourceLimits> = {
  addressSpaceBytes: true,
  coreBytes: true,
  cpuSeconds: true,
  dataBytes: true,
  fileBytes: true,
  lockedMemoryBytes: true,
  openFiles: true,
  processes: true,
  stackBytes: true,
};

const MAX_ID = 2 ** 32 - 2;
const MAX_INT = 2 ** 31 - 1;
const MAX_CHILD_DESCRIPTOR = 65_535;
const MAX_TERMINAL_SIZE = 65_535;
const DEFAULT_DESCRIPTORS = { 0: 'w', 1: 'r', 2: 'r' } as const;
const DEFAULT_SIZE = { columns: 80, rows: 24 };

/** `ignore` is the null device. */
export type DescriptorSource = 'r' | 'w' | 'ignore' | number;

export interface TerminalSettings {
  readonly size: Required<TerminalSize>;
  readonly raw: boolean;
}

export interface SpawnSettings {
  readonly executable: string;
  /** With the name of the program. */
  readonly argv: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly cwd: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly groups: readonly number[] | undefined;
  readonly umask: number | undefined;
  readonly session: boolean;
  /** 0: a new one. */
  readonly processGroup: number | undefined;
  readonly limits: Readonly<Partial<Record<keyof ResourceLimits, number>>>;
  /** By number, ascending; without a terminal, 0 to 2 are among them. */
  readonly descriptors: readonly (readonly [number: number, source: DescriptorSource])[];
  readonly terminal: TerminalSettings | undefined;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function spawnSettings(executable: string, options: SpawnOptions): SpawnSettings {
  checkText('executable', executable);
  if (executable === '') throw new InvalidArgumentValueError('executable', 'a path', executable);
  checkOptions('spawnProcess', options, OPTIONS);
  const { argv0, cwd, pty = false } = options;
  const terminal = terminalSettings(pty);
  if (terminal !== undefined) checkNotWithTerminal(options);
  return {
    executable,
    argv: [argv0 === undefined ? executable : checkText('argv0', argv0), ...argumentsOf(options)],
    env: environmentOf(options.env),
    cwd: cwd === undefined ? undefined : checkText('cwd', cwd),
    uid: idOf('uid', options.uid),
    gid: idOf('gid', options.gid),
    groups: groupsOf(options),
    umask: options.umask === undefined ? undefined : checkInteger('umask', options.umask, 0, 0o777),
    session: checkBoolean('session', options.session ?? false) || terminal !== undefined,
    processGroup: processGroupOf(options),
    limits: limitsOf(options.limits),
    descriptors:
      terminal === undefined ? descriptorsOf(options.childDescriptors ?? DEFAULT_DESCRIPTORS) : [],
    terminal,
  };
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function terminalSize(size: TerminalSize): Required<TerminalSize> {
  checkOptions('setTerminalSize', size, SIZE_OPTIONS);
  const { columns, rows, pixelWidth = 0, pixelHeight = 0 } = size;
  const of = (what: string, value: number): number =>
    checkInteger(what, value, 0, MAX_TERMINAL_SIZE);
  return {
    columns: of('columns', columns),
    rows: of('rows', rows),
    pixelWidth: of('pixelWidth', pixelWidth),
    pixelHeight: of('pixelHeight', pixelHeight),
  };
}

/** Text for the system: it would end at a NUL. */
function checkText(what: string, value: unknown): string {
  const text = checkString(what, value);
  if (text.includes('\0'))
    throw new InvalidArgumentValueError(what, 'text without NUL characters', text);
  return text;
}

function argumentsOf({ args = [] }: SpawnOptions): readonly string[] {
  if (!Array.isArray(args)) throw new InvalidArgumentTypeError('args', 'an array', args);
  return args.map((arg, at) => checkText(`args[${at}]`, arg));
}

function environmentOf(env: SpawnOptions['env'] = {}): string[] {
  if (env !== null) checkPlainObject('env', env);
  const entries: string[] = [];
  const variables = env ?? process.env;
  for (const name in variables) {
    const value = variables[name];
    if (value === undefined) continue;
    // A name with `=` would set another variable.
    if (env !== null && (name === '' || name.includes('=')))
      throw new InvalidArgumentValueError('env', 'names without =', name);
    entries.push(`${checkText('env', name)}=${checkText(`env.${name}`, value)}`);
  }
  return entries;
}

function idOf(what: string, id: number | undefined): number | undefined {
  return id === undefined ? undefined : checkInteger(what, id, 0, MAX_ID);
}

function groupsOf({ groups, uid, gid }: SpawnOptions): readonly number[] | undefined {
  if (groups === undefined) return undefined;
  if (!Array.isArray(groups)) throw new InvalidArgumentTypeError('groups', 'an array', groups);
  if (uid === undefined && gid === undefined) {
    const hint = 'give uid or gid too';
    throw new InvalidArgumentValueError('groups', 'left out', 'groups alone', hint);
  }
  return groups.map((id, at) => checkInteger(`groups[${at}]`, id, 0, MAX_ID));
}

function processGroupOf({ processGroup, session }: SpawnOptions): number | undefined {
  if (processGroup === undefined) return undefined;
  if (session === true) {
    const hint = 'a session has its own process group';
    throw new InvalidArgumentValueError('processGroup', 'left out', processGroup, hint);
  }
  return processGroup === 'new' ? 0 : checkInteger('processGroup', processGroup, 1, MAX_INT);
}

function limitsOf(limits: ResourceLimits = {}): SpawnSettings['limits'] {
  checkOptions('limits', limits, LIMIT_OPTIONS);
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined || value === Number.POSITIVE_INFINITY) continue;
    checkInteger(`limits.${name}`, value, 0, Number.MAX_SAFE_INTEGER);
  }
  return limits;
}

function descriptorsOf(
  descriptors: NonNullable<SpawnOptions['childDescriptors']>,
): [number, DescriptorSource][] {
  checkPlainObject('childDescriptors', descriptors);
  const sources = new Map<number, DescriptorSource>([0, 1, 2].map((number) => [number, 'ignore']));
  for (const [text, source] of Object.entries(descriptors)) {
    const number = checkInteger('childDescriptors', Number(text), 0, MAX_CHILD_DESCRIPTOR);
    if (source !== 'r' && source !== 'w' && source !== 'ignore') {
      if (typeof source !== 'number') {
        const expected = "'r', 'w', 'ignore' or a descriptor";
        throw new InvalidArgumentTypeError(`childDescriptors[${number}]`, expected, source);
      }
      checkInteger(`childDescriptors[${number}]`, source, 0, MAX_INT);
    }
    sources.set(number, source);
  }
  return [...sources].sort(([a], [b]) => a - b);
}

function terminalSettings(pty: boolean | PtyOptions): TerminalSettings | undefined {
  if (pty === false) return undefined;
  const options = pty === true ? {} : pty;
  checkOptions('pty', options, PTY_OPTIONS);
  const { raw = false, ...size } = options;
  return { size: terminalSize({ ...DEFAULT_SIZE, ...size }), raw: checkBoolean('raw', raw) };
}

function checkNotWithTerminal(options: SpawnOptions): void {
  for (const name of ['childDescriptors', 'session', 'processGroup'] as const) {
    if (options[name] === undefined) continue;
    const hint = 'a terminal is all standard descriptors, and has a session of its own';
    throw new InvalidArgumentValueError(name, 'left out with pty', options[name], hint);
  }
}
