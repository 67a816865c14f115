// @ts-check
// Runs the packed contract suite (tools/portable-tests.mjs) in an engine and compares its failures with known-failures.json.
// A failure that is not listed is an error, and so is a listed one that no longer happens.

import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { openEngine } from './engines.mjs';
import { RunError, root, run } from './machine.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {{ file: string, name: string, reactor: string, why: string }} Test */
/**
 * Failures with one cause: a list of names, or a number of failures whose message contains a text.
 *
 * @typedef {object} KnownFailures
 * @property {string} why
 * @property {string[]} [tests]
 * @property {string} [message]
 * @property {number} [count]
 * @property {boolean} [sometimes] they may pass as well
 */

/**
 * The results of tools/portable/run.mjs.
 *
 * @typedef {object} Told
 * @property {string} engine
 * @property {string} version
 * @property {string} platform
 * @property {string} arch
 * @property {number} seconds
 * @property {number} patience that deadlines were multiplied by
 * @property {Record<string, Counts>} reactors
 * @property {Test[]} failures
 * @property {Test[]} skips
 */

/** @typedef {Record<string, Record<string, number>>} Reasons counts, by reactor and reason */

/**
 * @typedef {object} SuiteResult
 * @property {string} engine
 * @property {string} version
 * @property {number} seconds
 * @property {number} patience that deadlines were multiplied by
 * @property {Record<string, Counts>} reactors
 * @property {Reasons} notApplicable
 * @property {{ why: string, tests: number }[]} known failures
 * @property {string[]} wrong what should not be so
 */

const KNOWN = join(root, 'tools', 'portability', 'known-failures.json');
const LIMIT_MS = 60 * 60_000;
/**
 * All tests of reactors, without those of how the package finds its addon. The longest come first, so that others run beside
 * them.
 */
const TESTS = [
  ...['model', 'contract/transport', 'native-binding/hostile-arguments', 'contract/process'],
  ...['contract/memory', 'contract/fairness', 'contract'],
  ...['native-binding/buffers', 'native-binding/look-ups', 'native-binding/unix'],
].map((path) => `test/${path}`);

/**
 * The part of them that drives sockets through a poller, and one file of child processes: what CI runs where the rest would take
 * too long. Clocks, name look-ups, named pipes and what only concerns the pure-JS reactor are left to the whole suite. A new
 * file of tests that opens TCP or UDP sockets belongs here.
 */
const SOCKET_TESTS = [
  ...['contract/transport', 'model/streams', 'contract/memory', 'native-binding/hostile-arguments'],
  ...['contract/fairness', 'contract/connect', 'contract/listen', 'contract/reactor.'],
  ...['contract/options', 'contract/close', 'contract/datagram', 'contract/half-close'],
  ...['contract/stream', 'contract/statistics', 'contract/lifecycle', 'native-binding/buffers'],
  ...['contract/received-bytes', 'contract/lingering', 'contract/process-programs'],
].map((path) => `test/${path}`);

/** SQLite, by the module of Node where it has one. */
const DATABASE_TESTS = ['test/adbapi'];

const PARTS = { all: TESTS, sockets: SOCKET_TESTS, databases: DATABASE_TESTS };

/**
 * @param {keyof typeof PARTS} part
 * @returns {string} a folder, to be removed by the caller
 */
export function packSuite(part) {
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-suite-'));
  run([process.execPath, 'tools/portable-tests.mjs', folder, '--tests', PARTS[part].join(',')]);
  return folder;
}

/**
 * @param {import('./runs.mjs').Run & { engine: string }} which
 * @param {string} suite
 * @param {string | undefined} addon a file
 * @returns {SuiteResult}
 * @throws RunError
 */
export function runSuite(which, suite, addon) {
  const { name, engine: engineName, reactors = 'node', patience = 1, jobs = 3 } = which;
  const [json, log] = [`${name}.json`, join(suite, `${name}.log`)];
  rmSync(join(suite, json), { force: true });
  const args = ['run.mjs', '--json', json, '--reactors', reactors, '--patience', String(patience)];
  args.push('--jobs', String(jobs));
  if (addon !== undefined) {
    // A path that Windows understands too.
    copyFileSync(addon, join(suite, 'ropewalk.node'));
    args.push('--addon', 'ropewalk.node');
  }
  const engine = openEngine(engineName);
  try {
    const command = [...engine.command, ...args];
    run(command, { cwd: suite, env: engine.env, log, timeoutMs: LIMIT_MS, mayFail: true });
  } finally {
    engine.close();
  }
  if (!existsSync(join(suite, json))) {
    throw new RunError(`${name} reported no results:\n${readFileSync(log, 'utf8').slice(-4000)}`);
  }
  return judge(name, JSON.parse(readFileSync(join(suite, json), 'utf8')));
}

/** @param {string} name of the run @param {Told} told @returns {SuiteResult} */
function judge(name, told) {
  const { engine, version, seconds, patience, reactors, failures, skips } = told;
  /** @type {Record<string, KnownFailures[]>} */
  const { [name]: list = [] } = JSON.parse(readFileSync(KNOWN, 'utf8'));
  let unknown = failures;
  const known = [];
  const wrong = [];
  for (const each of list) {
    const found = unknown.filter((test) => isOf(each, test));
    unknown = unknown.filter((test) => !found.includes(test));
    const expected = each.count ?? each.tests?.length ?? 0;
    if (found.length !== expected && !each.sometimes) wrong.push(surprise(each, expected, found));
    known.push({ why: each.why, tests: found.length });
  }
  wrong.push(...unknown.map((test) => `fails: ${nameOf(test)}\n    ${indented(test.why)}`));
  const notApplicable = reasonsOf(skips);
  return { engine, version, seconds, patience, reactors, notApplicable, known, wrong };
}

/** @param {Test} test */
function nameOf({ file, name }) {
  return `${file}: ${name}`;
}

/** @param {string} text */
function indented(text) {
  return text.replaceAll('\n', '\n    ');
}

/** @param {KnownFailures} known @param {Test} test */
function isOf({ tests, message }, test) {
  return tests?.includes(nameOf(test)) ?? (message !== undefined && test.why.includes(message));
}

/** @param {KnownFailures} known @param {number} expected @param {Test[]} found */
function surprise({ why, tests = [] }, expected, found) {
  const names = found.map(nameOf);
  const pass = tests.filter((test) => !names.includes(test)).map((test) => `\n    passes: ${test}`);
  return `${found.length} tests fail, not ${expected}: ${why}${pass.join('')}`;
}

/** @param {Test[]} skips @returns {Reasons} */
function reasonsOf(skips) {
  /** @type {Reasons} */
  const reasons = {};
  for (const { reactor, why } of skips) {
    reasons[reactor] ??= {};
    const counts = reasons[reactor];
    counts[why] = (counts[why] ?? 0) + 1;
  }
  return reasons;
}
