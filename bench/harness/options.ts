// The command line of `npm run bench`.

import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The subjects, durations and repetitions of a measurement. */
export interface Options {
  readonly quick: boolean;
  /** Scenario names, or beginnings of them; empty for all of the default set. */
  readonly only: readonly string[];
  /** Contender names; empty for all that are available. */
  readonly contenders: readonly string[];
  /** Rounds of slices, the first of which is dropped. */
  readonly rounds: number;
  readonly warmupSeconds: number;
  readonly measureSeconds: number;
  /** Seed of the order of slices, so that a run can be repeated in the same order. */
  readonly seed: number;
  readonly serverCore: number;
  readonly clientCore: number;
  /** Folder of the JSON and HTML files; undefined for the default. */
  readonly outFolder: string | undefined;
  readonly writeDocs: boolean;
  /** A results file to report again, without measuring. */
  readonly reportOf: string | undefined;
  /** Reports where the CPU time of each message goes instead of comparing. */
  readonly profile: boolean;
  readonly installPeers: boolean;
  readonly help: boolean;
}

export const HELP = `Usage: npm run bench -- [options]

Measures Ropewalk's TCP, TLS, UNIX, UDP, HTTP and WebSocket servers and its proxy, with given and lent
bytes, and compares them with raw epoll in C++, node:net and other peers on this machine: the server on
one core, a busy-polling client that checks every byte on another, short slices in random order.
bench/README.md describes the scenarios and how to read the figures. Run it on an idle machine; a busy one
is reported.

  --quick             within three minutes: fewer scenarios and contenders, shorter slices, labelled
  --only LIST         scenarios, separated by commas, or beginnings of names (udp, unix-echo):
                      SCENARIOS
  --contenders LIST   contenders, separated by commas: CONTENDERS
  --rounds N          rounds of slices, the first of which is dropped (default 6; quick 3)
  --seed N            seed of the slices' order (default: from the clock; the results contain it)
  --server-core N     core of the servers (default 0)
  --client-core N     core of the client (default 1)
  --out DIR           folder of the JSON and HTML (default bench/results; quick bench/results/tmp)
  --write-docs        also write the pages docs/performance*.md (TCP, TLS, HTTP, WebSocket,
                      and other sockets with workers) of what was measured
  --report FILE       report an earlier run's JSON again, without measuring
  --micro [NAME...]   run the micro benches instead: see --micro --help
  --profile           report CPU time by function and system calls per message, by perf and strace,
                      instead of comparing (default: echo-64x50, raw epoll and the native reactor)
  --install-peers     install the peers (apt-get for Debian's, npm into bench/.peers), then stop
  --help              this

Exit status: 0; 1 if a contender returned wrong bytes, died or could not be driven; 2 for a wrong
command line. A missed bar is reported but is not an error.
`;

/** A wrong command line; the message is for the user. */
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
