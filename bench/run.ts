// `npm run bench`: measures the servers, or with --micro the parts, and reports. See bench/README.md.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { endChildrenOnSignals } from './harness/children.js';
import { CONTENDERS } from './harness/contenders.js';
import { docsPages } from './harness/docs-pages.js';
import { exitWith } from './harness/exit.js';
import { microCommand } from './harness/micro/command.js';
import { buildNativeTools } from './harness/native-tools.js';
import { HELP, type Options, parseOptions } from './harness/options.js';
import { RESULTS } from './harness/paths.js';
import { installPeers } from './harness/peers.js';
import { profileCommand } from './harness/profile.js';
import { Progress } from './harness/progress.js';
import { htmlReport } from './harness/report-html.js';
import { markdownReport } from './harness/report-markdown.js';
import type { RunRecord } from './harness/results.js';
import { runAll } from './harness/run-all.js';
import { scenarios } from './harness/scenarios.js';

const TITLE = 'Performance of TCP, UNIX and UDP sockets';

/** Returns the exit status. */
async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  const progress = new Progress();
  if (options.help) {
    process.stdout.write(help());
    return 0;
  }
  if (options.installPeers) return (await installPeers((text) => progress.note(text))) ? 0 : 1;
  if (options.reportOf !== undefined) {
    const run = JSON.parse(readFileSync(options.reportOf, 'utf8')) as RunRecord;
    return report(run, options, options.reportOf, progress);
  }
  endChildrenOnSignals();
  await buildNativeTools();
  if (options.profile) return profileCommand(options, progress);
  const run = await runAll(options, progress);
  const path = join(outFolder(options), `${nameOf(run, options)}.json`);
  mkdirSync(outFolder(options), { recursive: true });
  writeFileSync(path, `${JSON.stringify(run)}\n`);
  return report(run, options, path, progress);
}

/** Writes the requested reports beside the JSON at `path` and prints their names. */
function report(run: RunRecord, options: Options, path: string, progress: Progress): number {
  const page = path.replace(/\.json$/, '.html');
  const rawName = path.split(sep).at(-1) ?? path;
  process.stdout.write(markdownReport(run, undefined, TITLE));
  writeFileSync(page, htmlReport(run, rawName));
  progress.note(`\nwrote ${relative(process.cwd(), path)} and ${relative(process.cwd(), page)}`);
  if (options.writeDocs) {
    for (const page of docsPages(run, path)) {
      writeFileSync(page.path, page.text);
      progress.note(`wrote ${relative(process.cwd(), page.path)}`);
    }
  }
  return run.scenarios.some((record) => record.failures.length > 0) ? 1 : 0;
}

function outFolder({ outFolder: asked, quick }: Options): string {
  return asked ?? (quick ? join(RESULTS, 'tmp') : RESULTS);
}

/** `2026-11-23-all`, `2026-11-23-lines+churn`, `2026-11-23-quick`. */
function nameOf(run: RunRecord, { only, quick }: Options): string {
  const parts = only.length > 0 ? [only.join('+')] : quick ? [] : ['all'];
  return [run.startedAt.slice(0, 10), ...parts, ...(quick ? ['quick'] : [])].join('-');
}

function help(): string {
  const named = (things: readonly { name: string }[]): string =>
    things.map(({ name }) => name).join(', ');
  return HELP.replace('SCENARIOS', named(scenarios(false))).replace(
    'CONTENDERS',
    named(CONTENDERS),
  );
}

await exitWith(() => {
  const args = process.argv.slice(2);
  return args.includes('--micro') ? microCommand(args) : main(args);
});
