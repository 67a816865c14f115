// @ts-check
// Builds the addons of all platforms on one Linux x64 machine, reproducibly byte for byte, with the
// compiler that tools/toolchain/package-lock.json pins: zig, which includes the headers and libraries of
// all systems. Installs the compiler on demand.
//
//   node tools/prebuilds.mjs                     prebuilds/, its SHA256SUMS, and a table
//   node tools/prebuilds.mjs --only TARGET...    only these
//   node tools/prebuilds.mjs --verify [TARGET...]  builds in another folder and compares with SHA256SUMS
//   node tools/prebuilds.mjs --check             checks that prebuilds/ may be published: see prepublishOnly

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
  // Warnings about the toolchain's own libraries are ignored.
  if (/^native\/.*\bwarning: /m.test(output)) process.stderr.write(output);
}

/** The headers of every supported Node give the same addon, because the parts that we use are stable. */
function headersRoot() {
  const found = nodeHeaders();
  if (found !== undefined) return found;
  throw new PrebuildError('this Node does not include its headers: use an archive from nodejs.org');
}

/** Installs the compiler, unless the version that the lockfile pins is installed. */
function installToolchain() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new PrebuildError('prebuilds can only be made on Linux x64');
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
 * @param {string} from the folder of the sources; no path outside it gets into the addon
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
      // The compiler adds these itself if it links its own C++ library.
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
        // Compiling the C++ library takes half a minute per target; it is cached.
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
  if (faults.length > 0) throw new PrebuildError(`the addon is unusable:\n${faults.join('\n')}`);
  return { bytes, seconds: (performance.now() - begun) / 1000 };
}

/**
 * Calls a function for each target. Prints a failure and continues with the other targets.
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
  // Discards addons of other sources.
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

/** Builds from a copy of the sources, without cached objects. @param {readonly Target[]} targets */
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
        throw new PrebuildError(
          known === undefined ? 'is not listed' : 'differs from the listed one',
        );
      }
      console.log(`${target.name}: identical`);
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
  faults.push(...strangers.map((file) => `${file} belongs to no target`));
  if (faults.length === 0) return;
  throw new PrebuildError(
    `these can't be published; \`npm run prebuilds\` makes them again\n${faults.join('\n')}`,
  );
}

/** @param {string[]} names */
function targetsNamed(names) {
  return names.map((name) => {
    const target = TARGETS.find((known) => known.name === name);
    if (target !== undefined) return target;
    throw new PrebuildError(
      `unknown target ${name}; known are ${TARGETS.map((known) => known.name).join(', ')}`,
    );
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
  } else throw new PrebuildError(`unknown arguments: ${[mode, ...names].join(' ')}`);
} catch (error) {
  if (!(error instanceof PrebuildError)) throw error;
  console.error(`prebuilds: ${error.message}`);
  process.exitCode = 1;
}
