/** What the process does about failures that nobody handled: Node's option `--unhandled-rejections`, read once. */

export interface UnhandledRejections {
  /** Whether they are printed. */
  readonly prints: boolean;
  /** Whether the exit status is 1 on account of them. */
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
 * Without the option not `throw`, as in Node: when an unhandled failure is discovered is for the garbage collector to
 * decide, and that is no moment to end a server.
 */
const DEFAULT: UnhandledRejections = { prints: true, failsProcess: true, raises: false };
const OPTION = '--unhandled-rejections';

let known: UnhandledRejections | undefined;

export function unhandledRejections(): UnhandledRejections {
  known ??= readMode([...(process.env.NODE_OPTIONS ?? '').split(/\s+/), ...process.execArgv]);
  return known;
}

/** @internal Of several options the last one counts. */
export function readMode(args: readonly string[]): UnhandledRejections {
  let mode = DEFAULT;
  args.forEach((arg, index) => {
    const [name = '', value = args[index + 1]] = arg.split('=', 2);
    if (name.replaceAll('_', '-') === OPTION) mode = MODES[value ?? ''] ?? mode;
  });
  return mode;
}
