/** The process's treatment of unhandled failures: Node's option `--unhandled-rejections`, read once. */

export interface UnhandledRejections {
  /** Whether they are printed. */
  readonly prints: boolean;
  /** Whether they make the exit status 1. */
  readonly failsProcess: boolean;
  /** Whether they are raised as uncaught exceptions. */
  readonly raises: boolean;
}

const MODES: Readonly<Record<string, UnhandledRejections>> = {
  none: { prints: false, failsProcess: false, raises: false },
  warn: { prints: true, failsProcess: false, raises: false },
  'warn-with-error-code': { prints: true, failsProcess: true, raises: false },
  throw: { prints: true, failsProcess: true, raises: true },
  strict: { prints: true, failsProcess: true, raises: true },
};

/**
 * Without the option not `throw`, unlike Node: the garbage collector decides when an unhandled failure is discovered, and
 * a server should not end at such a moment.
 */
const DEFAULT: UnhandledRejections = { prints: true, failsProcess: true, raises: false };
const OPTION = '--unhandled-rejections';

let known: UnhandledRejections | undefined;

export function unhandledRejections(): UnhandledRejections {
  known ??= readMode([...(process.env.NODE_OPTIONS ?? '').split(/\s+/), ...process.execArgv]);
  return known;
}

/** @internal If the option is repeated, the last one counts. */
export function readMode(args: readonly string[]): UnhandledRejections {
  let mode = DEFAULT;
  args.forEach((arg, index) => {
    const [name = '', value = args[index + 1]] = arg.split('=', 2);
    if (name.replaceAll('_', '-') === OPTION) mode = MODES[value ?? ''] ?? mode;
  });
  return mode;
}
