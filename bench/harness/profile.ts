// `npm run bench -- --profile`: where the CPU time of each message goes. The server of each contender is
// sampled by perf during one slice of traffic, and its system calls are counted by strace during another;
// both are divided by the number of messages. cpu-clock needs no hardware counters, so this works in virtual
// machines too. Flags of Node make the names of JavaScript functions known to perf.

import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Child } from './children.js';
import type { Contender } from './contender.js';
import { table } from './markdown-table.js';
import { type Options, UsageError } from './options.js';
import { participantsOf } from './participants.js';
import { REPOSITORY, RESULTS } from './paths.js';
import { functionShares, kernelEntries, type Share, systemCalls } from './profile-output.js';
import type { Progress } from './progress.js';
import { findContenders } from './run-all.js';
import type { SlicedScenario } from './scenario-types.js';
import { chooseScenarios } from './scenarios.js';
import { endTraffic, measureTraffic, type Running, startTraffic } from './slices.js';

const run = promisify(execFile);

const NODE_FLAGS = ['--perf-basic-prof'];
const USUAL_SCENARIO = 'echo-64x50';
const USUAL_CONTENDERS = ['raw-epoll', 'ropewalk-native', 'ropewalk-native-lent'];
const SAMPLES_PER_SECOND = 4_999;
const ATTACH_MS = 1_000;
/** Long enough that attaching and the ends of a slice do not matter. */
const SLICE = { warmupSeconds: 0, measureSeconds: 3 };
const ROWS = 25;
const FOLDER: string = join(RESULTS, 'tmp');

/** Returns the exit status. @throws UsageError for a scenario that has no slices of traffic. */
export async function profileCommand(asked: Options, progress: Progress): Promise<number> {
  const only = asked.only.length > 0 ? asked.only : [USUAL_SCENARIO];
  const names = asked.contenders.length > 0 ? asked.contenders : USUAL_CONTENDERS;
  const options = { ...asked, only, contenders: names };
  const scenarios = chooseScenarios(only, options.quick);
  const { contenders } = await findContenders(options, scenarios, progress);
  mkdirSync(FOLDER, { recursive: true });
  for (const scenario of scenarios) {
    if (scenario.kind === 'idle' || scenario.kind === 'hold') {
      throw new UsageError(`${scenario.name} has no traffic to profile`);
    }
    for (const contender of participantsOf(scenario, contenders, options.contenders.length > 0)) {
      progress.step(scenario.name, `profiling ${contender.name}`);
      process.stdout.write(`${await profileOne(scenario, contender, options)}\n\n`);
    }
  }
  return 0;
}

async function profileOne(
  scenario: SlicedScenario,
  contender: Contender,
  options: Options,
): Promise<string> {
  const running = await startTraffic(scenario, contender, options, NODE_FLAGS);
  try {
    // The first slice lasts until V8 has optimized the hot code.
    await measureTraffic(scenario, running, SLICE);
    const quiet = await measureTraffic(scenario, running, SLICE);
    const data = join(FOLDER, `${scenario.name}-${contender.name}.perf`);
    await sample(scenario, running, data);
    const shares = functionShares(await reportOf(data, '--no-children', '--sort', 'dso,symbol'));
    const entries = kernelEntries(await reportOf(data, '--children', '--sort', 'symbol'));
    const calls = await counted(scenario, running);
    const us = quiet.cpuUsPerMessage ?? 0;
    return [
      `## ${scenario.title}: ${contender.title}`,
      `${us.toFixed(2)} us of CPU per message; samples in ${relative(REPOSITORY, data)}`,
      groupTable(shares, us),
      shareTable('kernel, from', entries, us),
      shareTable(
        'function outside of the kernel',
        shares.filter(({ where }) => where !== 'kernel'),
        us,
      ),
      calls,
    ].join('\n\n');
  } finally {
    await endTraffic(running);
    rmSync(`/tmp/perf-${running.server.pid}.map`, { force: true });
  }
}

async function sample(scenario: SlicedScenario, running: Running, data: string): Promise<void> {
  const { pid } = running.server;
  const rate = ['-e', 'cpu-clock', '-F', String(SAMPLES_PER_SECOND), '-g'];
  const perf = await Child.start('perf', ['perf', 'record', ...rate, '-o', data, '-p', `${pid}`]);
  await sleep(ATTACH_MS);
  await measureTraffic(scenario, running, SLICE);
  await interrupt(perf);
}

async function reportOf(data: string, ...how: string[]): Promise<string> {
  const args = ['report', '-i', data, '--stdio', '-t', '\t', '-g', 'none', '--percent-limit', '0'];
  const { stdout } = await run('perf', [...args, ...how], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** System calls of a message, as a table. */
async function counted(scenario: SlicedScenario, running: Running): Promise<string> {
  const { pid } = running.server;
  const output = join(FOLDER, `${pid}.strace`);
  const strace = await Child.start('strace', ['strace', '-cfp', `${pid}`, '-o', output]);
  await sleep(ATTACH_MS);
  const { messages } = await measureTraffic(scenario, running, SLICE);
  await interrupt(strace);
  const calls = systemCalls(readFileSync(output, 'utf8'));
  rmSync(output);
  const each = (count: number): string => (count / Math.max(1, messages)).toFixed(3);
  const rows = calls.map(({ name, count, failed }) => [name, each(count), each(failed)]);
  return table(['system call', 'per message', 'of these failed'], rows);
}

async function interrupt(child: Child): Promise<void> {
  child.kill('SIGINT');
  await child.end();
}

function groupTable(shares: readonly Share[], us: number): string {
  const groups = new Map<string, number>();
  for (const { where, share } of shares) groups.set(where, (groups.get(where) ?? 0) + share);
  const rows = [...groups].map(([name, share]) => ({ name, where: '', share }));
  return shareTable('in', rows, us);
}

/** The greatest ones first. */
function shareTable(head: string, shares: readonly Share[], us: number): string {
  const sorted = [...shares].sort((a, b) => b.share - a.share).slice(0, ROWS);
  const seen = sorted.filter(({ share }) => share >= 0.000_5);
  const rows = seen.map(({ name, where, share }) => {
    const place = where === '' || where === 'kernel' ? '' : ` (${where})`;
    return [`${name}${place}`, (share * us).toFixed(3), percent(share)];
  });
  return table([head, 'us per message', 'share'], rows);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
