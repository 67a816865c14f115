// The command line of `npm run bench`.

import { type ParseArgsConfig, parseArgs } from 'node:util';

/** How long and how often to measure, and which things. */
export interface Options {
  readonly quick: boolean;
  /** Scenario names, or beginnings of them; empty for all of the default set. */
  readonly only: readonly string[];
  /** Contender names; empty for all that are present. */
  readonly contenders: readonly string[];
  /** Rounds of slices, the first of which is dropped. */
  readonly rounds: number;
  readonly warmupSeconds: number;
  readonly measureSeconds: number;
  /** Seed of the order of slices, so that a run can be repeated in the same order. */
  readonly seed: number;
  readonly serverCore: number;
  readonly clientCore: number;
  /** Folder of the JSON and HTML files; undefined for the usual one. */
  readonly outFolder: string | undefined;
  readonly writeDocs: boolean;
  /** A results file to report again, without measuring. */
  readonly reportOf: string | undefined;
  /** Says where the CPU time of each message goes instead of comparing. */
  readonly profile: boolean;
  readonly installPeers: boolean;
  readonly help: boolean;
}

export const HELP = `Usage: npm run bench -- [options]

Measures Ropewalk's TCP, UNIX and UDP servers and its proxy, with bytes given and lent, beside raw
epoll in C, node:net and other peers on this machine: server on one core, a busy-polling client that
checks every byte on another, short slices in random order. bench/README.md says what each scenario
does and how to read the figures.

  --quick             within three minutes: fewer rounds, scenarios, contenders and connections
  --only LIST         scenarios, by comma, or what the names of some begin with (udp, unix-echo):
                      SCENARIOS
  --contenders LIST   contenders, by comma: CONTENDERS
  --rounds N          rounds of slices, the first of which is dropped (default 6; quick 3)
  --seed N            order of the slices (default: from the clock; it is in the results)
  --server-core N     core of the servers (default 0)
  --client-core N     core of the client (default 1)
  --out DIR           where the JSON and HTML go (default bench/results; quick bench/results/tmp)
  --write-docs        write docs/performance.md from this run's TCP scenarios, and
                      docs/performance-sockets.md from those of UNIX sockets, UDP and workers
  --report FILE       report an earlier run's JSON again, without measuring
  --micro [NAME...]   the micro benches instead: --micro --help tells more
  --profile           CPU by function and system calls for each message in place of figures, by
                      perf and strace; of echo-64x50, raw epoll and the native reactor unless
                      others are named
  --install-peers     install the peers (apt-get for Debian's, npm into bench/.peers), then stop
  --help              this

Exit status: 0; 1 when a contender returned wrong bytes, died or could not be driven; 2 for a bad
command line. A missed bar is reported, not an error.
`;

/** Thrown for a command line that cannot be obeyed; the message is for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function parseOptions(args: readonly string[]): Options {
  const { values } = parseStrictly({ args: [...args], options: OPTIONS });
  const quick = values.quick === true;
  return {
    quick,
    only: list(values.only),
    contenders: list(values.contenders),
    rounds: wholeNumber('--rounds', values.rounds, quick ? 3 : 6, 2),
    warmupSeconds: quick ? 0.05 : 0.2,
    measureSeconds: quick ? 0.12 : 0.7,
    seed: wholeNumber('--seed', values.seed, Date.now() % 1_000_000, 0),
    serverCore: wholeNumber('--server-core', values['server-core'], 0, 0),
    clientCore: wholeNumber('--client-core', values['client-core'], 1, 0),
    outFolder: values.out,
    writeDocs: values['write-docs'] === true,
    reportOf: values.report,
    profile: values.profile === true,
    installPeers: values['install-peers'] === true,
    help: values.help === true,
  };
}

const OPTIONS = {
  quick: { type: 'boolean' },
  only: { type: 'string' },
  contenders: { type: 'string' },
  rounds: { type: 'string' },
  seed: { type: 'string' },
  'server-core': { type: 'string' },
  'client-core': { type: 'string' },
  out: { type: 'string' },
  'write-docs': { type: 'boolean' },
  report: { type: 'string' },
  profile: { type: 'boolean' },
  'install-peers': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** As `parseArgs`. @throws UsageError for arguments that it does not know. */
export function parseStrictly<T extends ParseArgsConfig>(
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function list(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((name) => name !== '');
}

/** @throws UsageError unless `text` is a whole number of at least `least`; without one, `usual`. */
export function wholeNumber(
  flag: string,
  text: string | undefined,
  usual: number,
  least: number,
): number {
  if (text === undefined) return usual;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new UsageError(`${flag} takes a whole number of at least ${least}, not '${text}'`);
  }
  return value;
}
