// `npm run bench -- --micro`, and running a single micro bench.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { endChildrenOnSignals } from '../children.js';
import { exitWith } from '../exit.js';
import { parseStrictly, UsageError, wholeNumber } from '../options.js';
import { MICRO, MICRO_PAGE, REPOSITORY, RESULTS } from '../paths.js';
import { Progress } from '../progress.js';
import type { MicroBench } from './bench.js';
import type { MicroRunRecord } from './record.js';
import { microReport } from './report.js';
import { type FoundBench, type RunOptions, runMicro } from './runner.js';

const SUFFIX = '.bench.ts';

const HELP = `Usage: npm run bench -- --micro [NAME...] [options]

Measures parts of Ropewalk beside what Node and other code offer for the same. NAME: BENCHES
(default all, some eight minutes). Each is also a program: npx tsx bench/micro/FOLDER/NAME.bench.ts

  --quick         less of everything, within a minute: only checks that the benches work
  --rounds N      rounds (default 5; quick 1)
  --seed N        order of the contenders (default: from the clock; it is in the results)
  --out DIR       where the JSON goes (default bench/results; quick bench/results/tmp)
  --write-docs    write docs/micro-performance.md from this run
  --report FILE   report an earlier run's JSON again, without measuring
  --help          this

Exit status: 0; 1 when a contender did not do its work; 2 for a bad command line. A missed bar is
reported, not an error.
`;

const OPTIONS = {
  micro: { type: 'boolean' },
  quick: { type: 'boolean' },
  rounds: { type: 'string' },
  seed: { type: 'string' },
  out: { type: 'string' },
  'write-docs': { type: 'boolean' },
  report: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export interface MicroOptions extends RunOptions {
  /** Empty for all benches. */
  readonly names: readonly string[];
  readonly outFolder: string;
  readonly writeDocs: boolean;
  /** A results file to report again, without measuring. */
  readonly reportOf: string | undefined;
  readonly help: boolean;
}

/** @throws UsageError for a command line that cannot be obeyed. */
export function parseMicroOptions(args: readonly string[]): MicroOptions {
  const { values, positionals } = parseStrictly({
    args: [...args],
    allowPositionals: true,
    options: OPTIONS,
  });
  const quick = values.quick === true;
  return {
    names: positionals,
    quick,
    rounds: wholeNumber('--rounds', values.rounds, quick ? 1 : 5, 1),
    seed: wholeNumber('--seed', values.seed, Date.now() % 1_000_000, 0),
    outFolder: values.out ?? (quick ? join(RESULTS, 'tmp') : RESULTS),
    writeDocs: values['write-docs'] === true,
    reportOf: values.report,
    help: values.help === true,
  };
}

/** Returns the exit status. */
export async function microCommand(args: readonly string[]): Promise<number> {
  const options = parseMicroOptions(args);
  const { reportOf, outFolder } = options;
  if (options.help) {
    process.stdout.write(HELP.replace('BENCHES', benchPaths().map(nameOf).join(', ')));
    return 0;
  }
  if (reportOf !== undefined) return report(read(reportOf), reportOf, options);
  endChildrenOnSignals();
  const run = await runMicro(await chooseBenches(options.names), options, new Progress());
  const path = join(outFolder, `${fileNameOf(run, options)}.json`);
  mkdirSync(outFolder, { recursive: true });
  writeFileSync(path, `${JSON.stringify(run)}\n`);
  process.stderr.write(`wrote ${relative(process.cwd(), path)}\n`);
  return report(run, path, options);
}

/** Runs a bench whose file, of `url`, is the program that was started; nothing when it was only imported. */
export async function runAlone(url: string, bench: MicroBench): Promise<void> {
  const path = fileURLToPath(url);
  if (process.argv[1] !== path) return;
  await exitWith(async () => {
    const options = parseMicroOptions(process.argv.slice(2));
    endChildrenOnSignals();
    const run = await runMicro([{ name: nameOf(path), path, bench }], options, new Progress());
    process.stdout.write(microReport(run, undefined));
    return statusOf(run);
  });
}

/** The benches of these names, all for none. @throws UsageError for a name that does not exist. */
export async function chooseBenches(names: readonly string[]): Promise<FoundBench[]> {
  const paths = benchPaths();
  const all = paths.map(nameOf);
  for (const name of names) {
    if (!all.includes(name)) throw new UsageError(`no micro bench '${name}': ${all.join(', ')}`);
  }
  const chosen = paths.filter((path) => names.length === 0 || names.includes(nameOf(path)));
  return Promise.all(
    chosen.map(async (path) => {
      const { bench } = (await import(pathToFileURL(path).href)) as { bench: MicroBench };
      return { name: nameOf(path), path, bench };
    }),
  );
}

function benchPaths(): string[] {
  const files = readdirSync(MICRO, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith(SUFFIX))
    .sort()
    .map((file) => join(MICRO, file));
}

function nameOf(path: string): string {
  return basename(path, SUFFIX);
}

function read(path: string): MicroRunRecord {
  const run = JSON.parse(readFileSync(path, 'utf8')) as Partial<MicroRunRecord>;
  if (run.kind !== 'micro') throw new UsageError(`${path} is not the result of a run of --micro`);
  return run as MicroRunRecord;
}

/** `2026-11-23-micro`, `2026-11-23-micro-tasks+netstring`, `2026-11-23-micro-quick`. */
export function fileNameOf(run: MicroRunRecord, { names, quick }: MicroOptions): string {
  const chosen = names.length === 0 ? [] : [names.join('+')];
  return [run.startedAt.slice(0, 10), 'micro', ...chosen, ...(quick ? ['quick'] : [])].join('-');
}

function report(run: MicroRunRecord, path: string, { writeDocs }: MicroOptions): number {
  process.stdout.write(microReport(run, undefined));
  if (writeDocs) {
    const link = `../${relative(REPOSITORY, path).split(sep).join('/')}`;
    const origin =
      '<!-- Generated by `npm run bench -- --micro --write-docs`; do not edit. -->\n\n';
    writeFileSync(MICRO_PAGE, `${origin}${microReport(run, link)}`);
    process.stderr.write(`wrote ${relative(process.cwd(), MICRO_PAGE)}\n`);
  }
  return statusOf(run);
}

function statusOf(run: MicroRunRecord): number {
  return run.benches.some(({ failures }) => failures.length > 0) ? 1 : 0;
}
