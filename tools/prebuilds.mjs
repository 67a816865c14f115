// @ts-check
// Makes the addon of every platform on one Linux x64 machine, byte for byte the same each time, with
// the compiler that tools/toolchain/package-lock.json pins: zig, which brings the headers and
// libraries of all systems. It is installed on demand.
//
//   node tools/prebuilds.mjs                     prebuilds/, its SHA256SUMS, and a table
//   node tools/prebuilds.mjs --only TARGET...    only these
//   node tools/prebuilds.mjs --verify [TARGET...]  builds elsewhere, and compares with SHA256SUMS
//   node tools/prebuilds.mjs --check             whether prebuilds/ may be published: see prepublishOnly

import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { clearTimes } from './addon-file.mjs';
import { addonSources } from './addon-sources.mjs';
import { EXPORTS, faultsOfAddon } from './check-addon.mjs';
import { hideExports } from './mach-exports.mjs';
import { nodeHeaders } from './node-headers.mjs';
import {
  faultsOfPrebuilds,
  readListing,
  sha256,
  sourcesDigest,
  writeListing,
} from './prebuild-listing.mjs';
import { TARGETS } from './prebuild-targets.mjs';

/** @typedef {import('./prebuild-targets.mjs').Target} Target */

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const prebuilds = join(root, 'prebuilds');
const toolchain = join(root, 'tools', 'toolchain');
const compiler = join(toolchain, 'node_modules', '@ryoppippi', 'zig-linux-x64');
const zig = join(compiler, 'zig');
const cxxHeaders = ['libcxx', 'libcxxabi'].map(
  (name) => `-I${join(compiler, 'lib', name, 'include')}`,
);

/** Ends the command with a message and no stack trace. */
class PrebuildError extends Error {}

/** @param {string} command @param {string[]} args @param {import('node:child_process').SpawnSyncOptions} options */
function run(command, args, options) {
  const result = spawnSync(command, args, { ...options, encoding: 'utf8', maxBuffer: 1 << 28 });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`;
  if (result.status !== 0) throw new PrebuildError(`${command} failed\n${output}`);
  // What the toolchain says of its own libraries is no matter of ours.
  if (/^native\/.*\bwarning: /m.test(output)) process.stderr.write(output);
}

/** Those of any Node that we support give the same addon: what we use of them is stable. */
function headersRoot() {
  const found = nodeHeaders();
  if (found !== undefined) return found;
  throw new PrebuildError("this Node came without its headers: take one from nodejs.org's archive");
}

/** Installs the compiler unless what the lockfile pins is there. */
function installToolchain() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new PrebuildError('prebuilds are made on Linux x64');
  }
  const lock = join(toolchain, 'package-lock.json');
  const installed = join(toolchain, 'node_modules', '.installed-lock.json');
  if (existsSync(installed) && readFileSync(lock).equals(readFileSync(installed))) return;
  console.log('installing the toolchain');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: toolchain });
  copyFileSync(lock, installed);
}

/**
 * @param {Target} target
 * @param {string} from the folder that has the sources; no path outside of it gets into the addon
 * @param {string} output
 */
function compile(target, from, output) {
  const { sources, libraries, defines } = addonSources(from, target.os);
  mkdirSync(dirname(output), { recursive: true });
  run(
    zig,
    [
      'c++',
      ...['-target', target.zig, '-shared', '-std=c++20', '-O3', '-DNDEBUG'],
      ...['-fno-exceptions', '-fno-rtti', '-fvisibility=hidden', '-fvisibility-inlines-hidden'],
      ...[
        '-ffunction-sections',
        '-fdata-sections',
        '-Wall',
        '-Wextra',
        '-Wno-unused-command-line-argument',
      ],
      ...defines.map((define) => `-D${define}`),
      ...['-Inative', '-isystem', join(headersRoot(), 'include', 'node')],
      // The compiler adds them itself where its own C++ library is linked.
      ...(target.flags.includes('-nostdlib++') ? cxxHeaders : []),
      ...sources,
      ...target.flags,
      ...libraries.map((library) => `-l${library.replace(/\.lib$/, '')}`),
      ...['-o', output],
    ],
    {
      cwd: from,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        SOURCE_DATE_EPOCH: '0',
        // The C++ library of each target takes half a minute, and is kept.
        ZIG_GLOBAL_CACHE_DIR: join(root, 'build-prebuilds', 'libraries'),
        ZIG_LOCAL_CACHE_DIR: join(from, 'build-prebuilds', 'objects'),
      },
    },
  );
}

/** @param {Target} target @param {string} from @param {string} output */
function make(target, from, output) {
  const begun = performance.now();
  compile(target, from, output);
  const bytes = readFileSync(output);
  if (target.format === 'pe') clearTimes(bytes);
  if (target.format === 'mach-o') hideExports(bytes, EXPORTS);
  writeFileSync(output, bytes);
  const faults = faultsOfAddon(bytes, target);
  if (faults.length > 0) throw new PrebuildError(`the file is no good:\n${faults.join('\n')}`);
  return { bytes, seconds: (performance.now() - begun) / 1000 };
}

/**
 * Does something for each target; one that fails is told and does not keep the others.
 *
 * @param {readonly Target[]} targets
 * @param {(target: Target) => void} work
 */
function forEach(targets, work) {
  for (const target of targets) {
    try {
      work(target);
    } catch (error) {
      if (!(error instanceof PrebuildError)) throw error;
      console.error(`${target.name}: ${error.message}`);
      process.exitCode = 1;
    }
  }
}

/** @param {Target} target @param {Buffer} bytes @param {number} seconds */
function printRow(target, bytes, seconds) {
  const columns = [
    target.name.padEnd(18),
    String(bytes.length).padStart(7),
    sha256(bytes),
    `${seconds.toFixed(1)} s`.padStart(8),
    target.minimum,
  ];
  console.log(columns.join('  '));
}

/** @param {readonly Target[]} targets */
function makeAll(targets) {
  const sources = sourcesDigest(root);
  const listing = readListing(prebuilds);
  // Those of other sources are no longer what they say.
  const { sums } = listing.sources === sources ? listing : { sums: new Map() };
  for (const { file } of TARGETS) {
    if (!sums.has(file)) rmSync(join(prebuilds, file), { force: true });
    else if (!existsSync(join(prebuilds, file))) sums.delete(file);
  }
  writeListing(prebuilds, { sources, sums });
  console.log(
    `${'target'.padEnd(18)}  ${'bytes'.padStart(7)}  ${'SHA-256'.padEnd(64)}      time  needs`,
  );
  forEach(targets, (target) => {
    const output = join(root, 'build-prebuilds', target.file);
    const { bytes, seconds } = make(target, root, output);
    const place = join(prebuilds, target.file);
    mkdirSync(dirname(place), { recursive: true });
    copyFileSync(output, place);
    sums.set(target.file, sha256(bytes));
    writeListing(prebuilds, { sources, sums });
    printRow(target, bytes, seconds);
  });
}

/** Builds from a copy of the sources, with no object kept. @param {readonly Target[]} targets */
function verifyAll(targets) {
  const { sums } = readListing(prebuilds);
  const copy = mkdtempSync(join(tmpdir(), 'ropewalk-prebuilds-'));
  try {
    for (const name of [
      'native',
      'tools/toolchain/exports.map',
      'tools/toolchain/libc++.tbd',
      'tools/toolchain/terminate.cc',
    ]) {
      cpSync(join(root, name), join(copy, name), { recursive: true });
    }
    forEach(targets, (target) => {
      const { bytes } = make(target, copy, join(copy, target.file));
      const known = sums.get(target.file);
      if (sha256(bytes) !== known) {
        throw new PrebuildError(known === undefined ? 'is not listed' : 'came out otherwise');
      }
      console.log(`${target.name}: the same`);
    });
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function checkAll() {
  const faults = faultsOfPrebuilds(root, prebuilds, TARGETS);
  const strangers = readdirSync(prebuilds, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.node') && !TARGETS.some((target) => target.file === file),
  );
  faults.push(...strangers.map((file) => `${file} is of no target`));
  if (faults.length === 0) return;
  throw new PrebuildError(
    `these can't be published; \`npm run prebuilds\` makes them anew\n${faults.join('\n')}`,
  );
}

/** @param {string[]} names */
function targetsNamed(names) {
  return names.map((name) => {
    const target = TARGETS.find((known) => known.name === name);
    if (target !== undefined) return target;
    throw new PrebuildError(`what is ${name}? ${TARGETS.map((known) => known.name).join(', ')}`);
  });
}

try {
  const [mode, ...names] = process.argv.slice(2);
  const targets = names.length === 0 ? TARGETS : targetsNamed(names);
  if (mode === '--check' && names.length === 0) checkAll();
  else if (mode === undefined || mode === '--only' || mode === '--verify') {
    installToolchain();
    if (mode === '--verify') verifyAll(targets);
    else makeAll(targets);
  } else throw new PrebuildError(`what is ${[mode, ...names].join(' ')}?`);
} catch (error) {
  if (!(error instanceof PrebuildError)) throw error;
  console.error(`prebuilds: ${error.message}`);
  process.exitCode = 1;
}
