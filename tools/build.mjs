// @ts-check
// Builds what is missing or older than its sources, says one line for each thing built, and
// nothing when all is up to date. It fetches nothing: the addon is compiled against the headers
// that stand beside the running Node, when they are there.
//
//   node tools/build.mjs               dist/ and build/Release/ropewalk.node
//   node tools/build.mjs --sanitize    build-asan/: the addon with ASan and UBSan
//   node tools/build.mjs --cmake       build-cmake/: the addon by cmake-js
//   node tools/build.mjs --prebuild    prebuilds/<platform>-<arch>/ by prebuildify
//   node tools/build.mjs --clean       removes all of these but the prebuilds

import { spawnSync } from 'node:child_process';
import {
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
import { fileURLToPath } from 'node:url';

import { nodeHeaders } from './node-headers.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const at = (/** @type {string[]} */ ...parts) => join(root, ...parts);

/** Ends the build with a message and no stack trace. */
class BuildError extends Error {}

/**
 * The latest modification time under some files and folders, in milliseconds; 0 when there are
 * none. A folder's own time counts, so that a removed file is seen too.
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
 * Runs `make`, which leaves `output` behind, and says so. The output's time is set even if
 * nothing in it changed, or the next run would find it stale again, and to the beginning: a source
 * that is saved meanwhile is newer.
 *
 * @param {string} output
 * @param {() => void} make
 */
function produce(output, make) {
  const begun = performance.now();
  const time = new Date();
  make();
  if (!existsSync(output)) throw new BuildError(`the build left no ${relative(root, output)}`);
  utimesSync(output, time, time);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const name = output === buildInfo ? 'dist' : relative(root, output);
  console.log(`built ${name} in ${seconds} s`);
}

/**
 * Runs a dev dependency's program with this Node. Its output is shown when it fails or warns.
 *
 * @param {string} script a module specifier, such as `node-gyp/bin/node-gyp.js`
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
function runTool(script, args, options = {}) {
  const [name = script] = script.split('/');
  let path = '';
  try {
    path = require.resolve(script);
  } catch {
    throw new BuildError(`${name} is not installed: run \`npm ci\` first`);
  }
  const result = spawnSync(process.execPath, [path, ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`;
  if (result.status !== 0) {
    process.stderr.write(output);
    throw new BuildError(`${name} failed (${result.signal ?? `exit code ${result.status}`})`);
  }
  if (/\bwarning: /.test(output)) process.stderr.write(output);
}

const buildInfo = at('dist', 'tsconfig.tsbuildinfo');

/** Compiles src/ to dist/, and removes the outputs of sources that are gone. */
function buildDist() {
  if (!isStale(buildInfo, [at('src'), at('tsconfig.json')])) return;
  produce(buildInfo, () => {
    runTool('typescript/bin/tsc', ['-p', 'tsconfig.json', '--pretty', 'false']);
    for (const file of readdirSync(at('dist'), { recursive: true, encoding: 'utf8' })) {
      const stem = file.replace(/(\.js|\.d\.ts)(\.map)?$/, '');
      if (stem !== file && !existsSync(at('src', `${stem}.ts`))) rmSync(at('dist', file));
    }
  });
}

/** Everything the addon is made of: native tests and fuzzers are not. */
function nativeSources() {
  const files = readdirSync(at('native'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(cc|h)$/.test(file) && !/^(test|fuzz)[/\\]/.test(file))
    .map((file) => at('native', file));
  return [...files, at('binding.gyp'), at('native', 'binding.gyp')];
}

/** The environment for node-gyp, prebuildify and cmake-js; all three honour `npm_config_nodedir`. */
function nativeEnv() {
  const nodedir = process.env.npm_config_nodedir || nodeHeaders();
  return nodedir === undefined ? process.env : { ...process.env, npm_config_nodedir: nodedir };
}

/** @param {string} command */
function runs(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * Fails with what to install when a build tool is missing. On Windows node-gyp looks for Visual
 * Studio itself and says what it did not find.
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
function runNodeGyp(directory, args) {
  requireToolchain();
  runTool(
    'node-gyp/bin/node-gyp.js',
    ['configure', 'build', `--directory=${directory}`, '--jobs=max', '--loglevel=error', ...args],
    { env: nativeEnv() },
  );
}

function buildAddon() {
  const output = at('build', 'Release', 'ropewalk.node');
  if (isStale(output, nativeSources())) produce(output, () => runNodeGyp(root, []));
}

/**
 * node-gyp always builds into ./build, so the sanitized addon gets a folder of its own with links
 * to the sources. ROPEWALK_PREBUILD=<that folder> makes the package load it.
 */
function buildSanitized() {
  const directory = at('build-asan');
  const output = join(directory, 'build', 'Release', 'ropewalk.node');
  if (!isStale(output, nativeSources())) return;
  mkdirSync(directory, { recursive: true });
  for (const name of ['binding.gyp', 'native']) {
    rmSync(join(directory, name), { force: true });
    symlinkSync(join('..', name), join(directory, name));
  }
  produce(output, () => runNodeGyp(directory, ['--sanitize=address,undefined']));
}

function buildWithCMake() {
  const output = at('build-cmake', 'Release', 'ropewalk.node');
  if (!isStale(output, [...nativeSources(), at('native', 'CMakeLists.txt')])) return;
  produce(output, () => {
    runTool(
      'cmake-js/bin/cmake-js',
      ['compile', '--directory', at('native'), '--out', at('build-cmake')],
      { env: nativeEnv() },
    );
  });
}

function buildPrebuild() {
  requireToolchain();
  // prebuildify moves build/Release/ropewalk.node away; the next build makes it again.
  const output = at('prebuilds', `${process.platform}-${process.arch}`, 'ropewalk.node');
  produce(output, () => {
    runTool('prebuildify/bin.js', ['--napi', '--strip'], { env: nativeEnv() });
  });
}

function clean() {
  for (const name of readdirSync(root)) {
    if (/^(dist|build|build-.*)$/.test(name)) rmSync(at(name), { recursive: true });
  }
}

/** @type {Record<string, () => void>} */
const modes = {
  '--sanitize': buildSanitized,
  '--cmake': buildWithCMake,
  '--prebuild': buildPrebuild,
  '--clean': clean,
};

function buildBoth() {
  buildDist();
  buildAddon();
}

try {
  const [mode, ...rest] = process.argv.slice(2);
  if (mode === undefined) buildBoth();
  else if (rest.length === 0 && modes[mode] !== undefined) modes[mode]();
  else throw new BuildError(`what is ${[mode, ...rest].join(' ')}?`);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`build: ${error.message}`);
  process.exitCode = 1;
}
