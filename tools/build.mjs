// @ts-check
// Builds whatever is missing or older than its sources. Prints a line for each thing built, progress
// while the addon compiles, and nothing when all is up to date. Downloads nothing: the addon is compiled
// against the headers beside the running Node, if they exist.
//
//   node tools/build.mjs               dist/ and build/Release/ropewalk.node
//   node tools/build.mjs --sanitize    build-asan/: the addon with ASan and UBSan
//   node tools/build.mjs --cmake       build-cmake/: the addon by cmake-js
//   node tools/build.mjs --prebuild    prebuilds/<platform>-<arch>/ by prebuildify
//   node tools/build.mjs --clean       removes all of these except the prebuilds

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { addonSources } from './addon-sources.mjs';
import { lockFile, withBuildLock } from './build-lock.mjs';
import { nodeHeaders } from './node-headers.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const at = (/** @type {string[]} */ ...parts) => join(root, ...parts);

/** Ends the build with a message and no stack trace. */
class BuildError extends Error {}

/**
 * The latest modification time under some files and folders, in milliseconds; 0 when there are
 * none. A folder's own time counts, so that removed files are noticed too.
 *
 * @param {string[]} paths
 * @returns {number}
 */
function newest(paths) {
  let latest = 0;
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    latest = Math.max(latest, stat.mtimeMs);
    if (stat.isDirectory()) {
      latest = Math.max(latest, newest(readdirSync(path).map((name) => join(path, name))));
    }
  }
  return latest;
}

/** @param {string} output @param {string[]} sources */
function isStale(output, sources) {
  return !existsSync(output) || newest([output]) < newest(sources);
}

/**
 * Runs `make`, which creates `output`, and prints how long it took. Sets the output's time even if
 * nothing in it changed, or the next run would find it stale again, and to the beginning: a source
 * saved meanwhile is newer.
 *
 * @param {string} output
 * @param {() => Promise<void>} make
 */
async function produce(output, make) {
  const begun = performance.now();
  const time = new Date();
  try {
    await make();
  } catch (error) {
    // The step that writes the output may have succeeded: the next build must not take it for complete.
    if (existsSync(output)) utimesSync(output, 0, 0);
    throw error;
  }
  if (!existsSync(output)) throw new BuildError(`the build left no ${relative(root, output)}`);
  utimesSync(output, time, time);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const name = output === buildInfo ? 'dist' : relative(root, output);
  console.log(`built ${name} in ${seconds} s`);
}

/**
 * Runs a dev dependency's program with this Node. Shows its output if it fails or warns.
 *
 * @param {string} script a module specifier, such as `node-gyp/bin/node-gyp.js`
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, onLine?: (line: string) => void }} [options]
 */
async function runTool(script, args, { env = process.env, onLine } = {}) {
  const [name = script] = script.split('/');
  let path = '';
  try {
    path = require.resolve(script);
  } catch {
    throw new BuildError(`${name} is not installed: run \`npm ci\` first`);
  }
  /** @type {['ignore', 'pipe', 'pipe']} */
  const stdio = ['ignore', 'pipe', 'pipe'];
  const child = spawn(process.execPath, [path, ...args], { cwd: root, env, stdio });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      output += `${line}\n`;
      onLine?.(line);
    });
  }
  const [code, signal] = await once(child, 'close');
  if (code !== 0) {
    process.stderr.write(output);
    throw new BuildError(`${name} failed (${signal ?? `exit code ${code}`})`);
  }
  if (/\bwarning: /.test(output)) process.stderr.write(output);
}

const PROGRESS_MS = 5000;

/**
 * Prints what is being compiled, then every few seconds how far it is, terminal or not, so that nobody
 * takes the silence for a hang.
 *
 * @param {string} output
 */
function compileProgress(output) {
  const os = { darwin: 'mac', win32: 'win' }[/** @type {string} */ (process.platform)];
  const total = addonSources(root, os ?? process.platform).sources.length;
  const begun = performance.now();
  let compiled = 0;
  const name = relative(root, output);
  console.log(`compiling ${name}: ${total} C++ files, about half a minute on two idle cores`);
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - begun) / 1000);
    const done =
      compiled < total ? `${compiled} of ${total} files begun` : 'optimizing and linking';
    console.log(`  ${done} (${seconds} s)`);
  }, PROGRESS_MS);
  return {
    onLine: (/** @type {string} */ line) => {
      if (/^ *CXX\(|\.cc$/.test(line)) compiled += 1;
    },
    end: () => clearInterval(timer),
  };
}

const lock = lockFile(root);
const buildInfo = at('dist', 'tsconfig.tsbuildinfo');

function distIsStale() {
  return isStale(buildInfo, [at('src'), at('tsconfig.json')]);
}

/** The page of the dashboard, and the library that draws its charts, are files as they are. */
function copyPage() {
  const page = at('dist', 'dashboard', 'page');
  const vendored = join(page, 'vendor');
  rmSync(page, { recursive: true, force: true });
  cpSync(at('src', 'dashboard', 'page'), page, { recursive: true });
  mkdirSync(vendored);
  const library = dirname(require.resolve('uplot/package.json'));
  for (const file of ['uPlot.esm.js', 'uPlot.min.css']) {
    copyFileSync(join(library, 'dist', file), join(vendored, file));
  }
  copyFileSync(join(library, 'LICENSE'), join(vendored, 'uPlot-LICENSE.txt'));
}

/** Compiles src/ to dist/, and removes the outputs of sources that no longer exist. */
async function buildDist() {
  if (!distIsStale()) return;
  await produce(buildInfo, async () => {
    await runTool('typescript/bin/tsc', ['-p', 'tsconfig.json', '--pretty', 'false']);
    for (const file of readdirSync(at('dist'), { recursive: true, encoding: 'utf8' })) {
      const stem = file.replace(/(\.js|\.d\.ts)(\.map)?$/, '');
      if (stem !== file && !existsSync(at('src', `${stem}.ts`))) rmSync(at('dist', file));
    }
    copyPage();
  });
}

/** The addon's sources, without native tests and fuzzers. */
function nativeSources() {
  const files = readdirSync(at('native'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(cc|h)$/.test(file) && !/^(test|fuzz)[/\\]/.test(file))
    .map((file) => at('native', file));
  return [...files, at('binding.gyp'), at('native', 'binding.gyp')];
}

/** The environment for node-gyp, prebuildify and cmake-js; all three read `npm_config_nodedir`. */
function nativeEnv() {
  const nodedir = process.env.npm_config_nodedir || nodeHeaders();
  return nodedir === undefined ? process.env : { ...process.env, npm_config_nodedir: nodedir };
}

/** @param {string} command */
function runs(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * If a build tool is missing, fails with the command that installs it. On Windows node-gyp itself looks
 * for Visual Studio and reports what is missing.
 */
function requireToolchain() {
  if (process.platform === 'win32') return;
  const compiler = (process.env.CXX || (process.platform === 'darwin' ? 'c++' : 'g++')).split(' ');
  const python = process.env.npm_config_python || process.env.PYTHON || 'python3';
  const missing = [compiler[0] ?? 'g++', 'make', python].filter((command) => !runs(command));
  if (missing.length === 0) return;
  throw new BuildError(
    `the native addon can't be built: ${missing.join(', ')} not found. Install with\n` +
      '  Debian, Ubuntu   apt-get install g++ make python3\n' +
      '  Fedora, RHEL     dnf install gcc-c++ make python3\n' +
      '  Alpine           apk add g++ make python3\n' +
      '  macOS            xcode-select --install',
  );
}

/** @param {string} directory @param {string[]} args */
async function runNodeGyp(directory, args) {
  requireToolchain();
  const progress = compileProgress(join(directory, 'build', 'Release', 'ropewalk.node'));
  try {
    await runTool(
      'node-gyp/bin/node-gyp.js',
      ['configure', 'build', `--directory=${directory}`, '--jobs=max', '--loglevel=error', ...args],
      { env: nativeEnv(), onLine: progress.onLine },
    );
  } finally {
    progress.end();
  }
}

const addon = at('build', 'Release', 'ropewalk.node');

async function buildAddon() {
  if (isStale(addon, nativeSources())) await produce(addon, () => runNodeGyp(root, []));
}

/**
 * node-gyp always builds into ./build, so the sanitized addon has its own folder with links to the
 * sources. ROPEWALK_PREBUILD=<that folder> makes the package load it.
 */
async function buildSanitized() {
  const directory = at('build-asan');
  const output = join(directory, 'build', 'Release', 'ropewalk.node');
  if (!isStale(output, nativeSources())) return;
  mkdirSync(directory, { recursive: true });
  for (const name of ['binding.gyp', 'native']) {
    rmSync(join(directory, name), { force: true });
    symlinkSync(join('..', name), join(directory, name));
  }
  await produce(output, () => runNodeGyp(directory, ['--sanitize=address,undefined']));
}

async function buildWithCMake() {
  const output = at('build-cmake', 'Release', 'ropewalk.node');
  if (!isStale(output, [...nativeSources(), at('native', 'CMakeLists.txt')])) return;
  await produce(output, async () => {
    await runTool(
      'cmake-js/bin/cmake-js',
      ['compile', '--directory', at('native'), '--out', at('build-cmake')],
      { env: nativeEnv() },
    );
  });
}

async function buildPrebuild() {
  requireToolchain();
  // prebuildify moves build/Release/ropewalk.node away; the next build recreates it.
  const output = at('prebuilds', `${process.platform}-${process.arch}`, 'ropewalk.node');
  await produce(output, () =>
    runTool('prebuildify/bin.js', ['--napi', '--strip'], { env: nativeEnv() }),
  );
}

function clean() {
  for (const name of readdirSync(root)) {
    if (/^(dist|build|build-.*)$/.test(name)) rmSync(at(name), { recursive: true });
  }
}

/** @type {Record<string, () => void | Promise<void>>} */
const modes = {
  '--sanitize': buildSanitized,
  '--cmake': buildWithCMake,
  '--prebuild': buildPrebuild,
  '--clean': clean,
};

async function buildBoth() {
  if (!distIsStale() && !isStale(addon, nativeSources())) return;
  await withBuildLock(lock, buildDistAndAddon);
}

/** What another build has made meanwhile is not made again. */
async function buildDistAndAddon() {
  await buildDist();
  await buildAddon();
}

try {
  const [mode, ...rest] = process.argv.slice(2);
  if (mode === undefined) await buildBoth();
  else if (rest.length === 0 && modes[mode] !== undefined) await withBuildLock(lock, modes[mode]);
  else throw new BuildError(`unknown arguments: ${[mode, ...rest].join(' ')}`);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`build: ${error.message}`);
  process.exitCode = 1;
}
