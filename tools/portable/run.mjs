// @ts-check
// Runs the tests packed by tools/portable-tests.mjs, in any JavaScript engine: each file in its own process with a time limit,
// so that a crash names its file and other files keep their results. It is beside the packed tests.
//
//   ENGINE run.mjs [--addon FILE.node] [--reactors native,node] [--only contract/listen,...] [--json RESULTS.json]
//                  [--patience N] [--file-timeout SECONDS] [--jobs N] [--in-process]
//
// Deadlines are multiplied by the slowness of this machine, which is measured first (slowness.mjs), and at least by
// `--patience`. `--in-process` runs all files in one process, for emulators.
// Exit code 1 after a failure; the last line has the counts.

import { spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { measureSlowness } from './slowness.mjs';

/** @typedef {{ name: string, reactor: string, state: 'passed' | 'failed' | 'skipped', why?: string }} Outcome */
/** @typedef {{ name: string, seconds: number, outcomes: Outcome[] }} FileResult */

const here = dirname(fileURLToPath(import.meta.url));
const SETUP = join(here, 'src', 'testing', 'vitest.js');
const TEST_SECONDS = 20;
/** A suite names its reactor, or a poller of the native one: `listening (native+epoll)`. */
const REACTOR = /\('?(?:(node)|(?:native\+)?(epoll|poll|kqueue|iocp))'?\)$/;
/** How much of a hung process's output is kept; its end is printed. */
const MAX_OUTPUT = 4000;

const { values: options } = parseArgs({
  options: {
    addon: { type: 'string' },
    reactors: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'string' },
    'file-timeout': { type: 'string', default: '300' },
    patience: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    'in-process': { type: 'boolean', default: false },
    // From a run to its processes.
    file: { type: 'string' },
  },
});

const scratch = mkdtempSync(join(tmpdir(), 'ropewalk-run-'));
const floor = Number(options.patience);
const isRunner = options.file === undefined;
const patience = isRunner ? Math.max(floor, await measureSlowness(Number(options.jobs))) : floor;
const fileSeconds = Number(options['file-timeout']) * patience;

if (!isRunner) {
  rmSync(scratch, { recursive: true });
  await runHere(options.file ?? '', options.json ?? '');
  // Anything that a test left open must not keep the process alive; the checks of each test have reported it.
  process.exit(0);
} else {
  process.exit(await runAll());
}

async function runAll() {
  const began = Date.now();
  if (options.reactors) process.env.ROPEWALK_TEST_REACTORS = options.reactors;
  if (options.addon) process.env.ROPEWALK_PREBUILD = placeAddon(options.addon);
  process.env.ROPEWALK_TEST_PATIENCE = String(patience);
  const waiting = testFiles();
  /** @type {FileResult[]} */
  const results = [];
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const result = await runFile(name);
      results.push(result);
      tell(result);
    }
  };
  await Promise.all(Array.from({ length: Number(options.jobs) }, work));
  const summary = summarize(results, (Date.now() - began) / 1000);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(summary, undefined, 1)}\n`);
  try {
    rmSync(scratch, { recursive: true });
  } catch {
    // Windows can't delete an addon that is loaded.
  }
  const { passed, failed, skipped } = summary;
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** @returns {string[]} */
function testFiles() {
  const all = JSON.parse(readFileSync(join(here, 'tests.json'), 'utf8'));
  const only = options.only?.split(',');
  return only === undefined
    ? all
    : all.filter((/** @type {string} */ name) => only.some((part) => name.includes(part)));
}

/** The loader looks for an addon in a folder. @param {string} file */
function placeAddon(file) {
  const folder = join(scratch, 'build', 'Release');
  mkdirSync(folder, { recursive: true });
  copyFileSync(file, join(folder, 'ropewalk.node'));
  return scratch;
}

/** @param {string} name @returns {Promise<FileResult>} */
async function runFile(name) {
  const began = Date.now();
  const out = join(scratch, name.replaceAll(/\W/g, '-'));
  writeFileSync(out, '');
  const problem = options['in-process'] ? await runHere(name, out) : await runApart(name, out);
  /** @type {Outcome[]} */
  const outcomes = readFileSync(out, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  if (problem !== undefined) {
    const last = outcomes.at(-1)?.name ?? 'the beginning';
    outcomes.push({ name, reactor: '', state: 'failed', why: `after "${last}": ${problem}` });
  }
  return { name, seconds: (Date.now() - began) / 1000, outcomes };
}

/**
 * Runs a file in its own process.
 *
 * @param {string} name
 * @param {string} out
 * @returns {Promise<string | undefined>} Why there may be no results.
 */
function runApart(name, out) {
  const args = [fileURLToPath(import.meta.url), '--file', name, '--json', out];
  args.push('--patience', String(patience));
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let late = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-MAX_OUTPUT);
    });
  }
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, fileSeconds * 1000);
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(String(error)));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (late) resolve(`took longer than ${fileSeconds} s: ${output}`);
      else if (code === 0) resolve(undefined);
      else resolve(`ended with ${signal ?? `exit code ${code}`}: ${output}`);
    });
  });
}

/**
 * Runs a file in this process. Writes a line of JSON after each test, so that a crash does not lose the results.
 *
 * @param {string} name
 * @param {string} out
 * @returns {Promise<string | undefined>}
 */
async function runHere(name, out) {
  const { runTestFile } = await import('./vitest.mjs');
  const line = (/** @type {Outcome} */ outcome) => `${JSON.stringify(outcome)}\n`;
  /** @type {Outcome[]} */
  const uncaught = [];
  const catchIt = (/** @type {unknown} */ error) => {
    uncaught.push({ name, reactor: '', state: 'failed', why: `uncaught: ${messageOf(error)}` });
  };
  process.on('uncaughtException', catchIt).on('unhandledRejection', catchIt);
  try {
    const file = await runTestFile(join(here, name), {
      root: here,
      setupFiles: [SETUP],
      timeoutMs: TEST_SECONDS * patience * 1000,
      importFile: (path) => {
        // A module is evaluated once; in one process, the set-up file has to be another for each file of tests.
        const again = path === SETUP ? `?for=${name}` : '';
        return import(pathToFileURL(path).href + again);
      },
      finished: (test) => appendFileSync(out, line(outcomeOf(test, []))),
    });
    const all = [...outcomesOf(file, []), ...uncaught];
    if (all.length === 0) {
      all.push({
        name,
        reactor: '',
        state: 'skipped',
        why: 'the file has no tests for these reactors',
      });
    }
    writeFileSync(out, all.map(line).join(''));
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    process.off('uncaughtException', catchIt).off('unhandledRejection', catchIt);
  }
}

/** @typedef {import('@vitest/runner').Task} Task */

/**
 * Of all tests in a suite; and what failed outside of them, in its hooks or while it was collected.
 *
 * @param {import('@vitest/runner').Suite} suite
 * @param {string[]} within
 * @returns {Outcome[]}
 */
function outcomesOf(suite, within) {
  const inside = suite.tasks.flatMap((task) =>
    task.type === 'suite' ? outcomesOf(task, [...within, task.name]) : [outcomeOf(task, within)],
  );
  return suite.result?.errors?.length ? [outcomeOf(suite, within.slice(0, -1)), ...inside] : inside;
}

/** @param {Task} task @param {string[]} within @returns {Outcome} */
function outcomeOf(task, within) {
  const path = [...within, task.name];
  const [, node, poller] = path.map((name) => REACTOR.exec(name)).find(Boolean) ?? [];
  const reactor = node ?? (poller === undefined ? '' : `native+${poller}`);
  /** @type {Partial<import('@vitest/runner').TaskResult> & { note?: string } | undefined} */
  const result = task.result;
  const { state, errors = [], note } = result ?? {};
  const outcome = { name: path.join(' > '), reactor };
  if (state === 'pass') return { ...outcome, state: 'passed' };
  if (state === 'fail')
    return { ...outcome, state: 'failed', why: errors.map(messageOf).join('\n') };
  return { ...outcome, state: 'skipped', why: note ?? 'skipped by the file itself' };
}

/** With what caused it: fast-check says there what failed. @param {unknown} error @returns {string} */
function messageOf(error) {
  const {
    message = String(error),
    stack = '',
    cause,
  } = /** @type {Partial<Error>} */ (error ?? {});
  const place = stack
    .split('\n')
    .filter((line) => line.includes('.test.js'))
    .slice(0, 2);
  return [message, ...place, ...(cause === undefined ? [] : [messageOf(cause)])].join('\n');
}

/** @param {FileResult} result */
function tell({ name, seconds, outcomes }) {
  const { passed, failed, skipped } = countsOf(outcomes);
  console.log(
    `${name}: ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds.toFixed(1)} s`,
  );
  for (const { name, why } of outcomes.filter(({ state }) => state === 'failed')) {
    console.log(`  FAILED ${name}\n    ${why?.replaceAll('\n', '\n    ')}`);
  }
}

/** @param {Outcome[]} outcomes */
function countsOf(outcomes) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { state } of outcomes) counts[state] += 1;
  return counts;
}

/** @param {FileResult[]} files @param {number} seconds */
function summarize(files, seconds) {
  const all = files.flatMap(({ name, outcomes }) =>
    outcomes.map((outcome) => ({ file: name, ...outcome })),
  );
  const names = [...new Set(all.map(({ reactor }) => reactor))].sort();
  const reactors = names.map((name) => [
    name || 'several or none',
    countsOf(all.filter(({ reactor }) => reactor === name)),
  ]);
  return {
    ...engine(),
    seconds,
    patience,
    ...countsOf(all),
    reactors: Object.fromEntries(reactors),
    failures: all.filter(({ state }) => state === 'failed'),
    skips: all.filter(({ state }) => state === 'skipped'),
    files: files.map(({ name, seconds, outcomes }) => ({ name, seconds, ...countsOf(outcomes) })),
  };
}

function engine() {
  const { versions, platform, arch } = process;
  const name = versions.bun ? 'bun' : versions.deno ? 'deno' : 'node';
  return { engine: name, version: versions[name] ?? '', platform, arch };
}
