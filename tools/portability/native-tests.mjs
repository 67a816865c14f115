// @ts-check
// Cross-builds the native core's own tests with zig and runs them, on this machine or in an emulator. Every program that is not
// run is excluded by name, with a reason.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { openWine } from './engines.mjs';
import { need, RunError, root, run } from './machine.mjs';

/**
 * @typedef {object} NativeResult
 * @property {number} passed
 * @property {string[]} failed
 * @property {Record<string, string[]>} leftOut programs, by the reason
 * @property {Record<string, string[]>} untold stories of those that were run, by the reason
 * @property {number} seconds that they ran
 */

/** @typedef {import('./runs.mjs').NativeTests} NativeTests */

const toolchain = join(root, 'tools', 'toolchain');
const zig = join(toolchain, 'node_modules', '@ryoppippi', 'zig-linux-x64', 'zig');

/**
 * @param {string} name of the run: build-native/NAME is built in
 * @param {NativeTests} native
 * @returns {NativeResult}
 * @throws RunError
 */
export function runNativeTests(name, native) {
  need(native.needs);
  if (!existsSync(zig)) {
    run(['npm', 'ci', '--prefix', toolchain, '--ignore-scripts', '--no-audit', '--no-fund']);
  }
  const folder = join(root, 'build-native', name);
  build(folder, native);
  const wine = native.needs.includes('wine') ? openWine() : undefined;
  try {
    return test(folder, native, wine?.env ?? process.env);
  } finally {
    wine?.close();
  }
}

/** @param {string} folder @param {NativeTests} native */
function build(folder, { zig: target, system = 'Linux', dynamic = false, emulator }) {
  const env = {
    ...process.env,
    // Compiling the C++ library takes minutes per target; it is cached.
    ZIG_GLOBAL_CACHE_DIR: join(root, 'build-prebuilds', 'libraries'),
    ZIG_LOCAL_CACHE_DIR: join(folder, 'zig-cache'),
  };
  run(
    [
      ...['cmake', '-S', 'native', '-B', folder],
      `-DCMAKE_SYSTEM_NAME=${system}`,
      // zig 0.11 wraps no functions; one kind of machine is enough for what is told over stand-ins.
      '-DKQUEUE_SHIM=OFF',
      '-DIOCP_SHIM=OFF',
      // Not Release, which takes twice as long, and not Debug.
      '-DCMAKE_BUILD_TYPE=None',
      `-DCMAKE_CXX_COMPILER=${zig};c++`,
      `-DCMAKE_CXX_FLAGS=-target ${target} -O1`,
      ...(dynamic ? [`-DCMAKE_CXX_LINK_EXECUTABLE=${dynamicLink(target)}`] : []),
      `-DCMAKE_CROSSCOMPILING_EMULATOR=${emulator.join(';')}`,
    ],
    { env },
  );
  run(['cmake', '--build', folder, '--parallel', '2'], { env });
}

/** `zig c++` links no musl dynamically, whatever it is told. @param {string} target */
function dynamicLink(target) {
  const inputs = '-lc -lc++ <OBJECTS> <LINK_LIBRARIES>';
  return `${zig} build-exe -target ${target} -dynamic ${inputs} -femit-bin=<TARGET>`;
}

/** @param {string} folder @param {NativeTests} native @param {NodeJS.ProcessEnv} env @returns {NativeResult} */
function test(folder, { leftOut = {}, untold = {} }, env) {
  const log = join(folder, 'ctest.log');
  const excused = Object.values(leftOut).flat();
  const begun = performance.now();
  run(
    [
      ...['ctest', '--test-dir', folder, '--parallel', '2', '--no-tests=error'],
      ...['--timeout', '300'],
      ...['--output-on-failure', '--exclude-regex', `^(${excused.join('|')})$`],
    ],
    { env, log, mayFail: true },
  );
  const seconds = Math.round(performance.now() - begun) / 1000;
  const outcomes = parse(readFileSync(log, 'utf8'));
  const forgotten = programs().filter((each) => !outcomes.has(each) && !excused.includes(each));
  const failed = [...outcomes.keys()].filter((each) => outcomes.get(each) !== 'Passed');
  return {
    passed: outcomes.size - failed.length,
    failed: [...failed, ...forgotten],
    leftOut,
    untold,
    seconds,
  };
}

function programs() {
  const files = readdirSync(join(root, 'native', 'test'));
  return files.flatMap((file) => /^(\w+_test)\.cc$/.exec(file)?.[1] ?? []);
}

/** @param {string} log @returns {Map<string, string>} outcomes by program @throws RunError */
function parse(log) {
  const tests = [...log.matchAll(/Test +#\d+: (\w+) \.+(.*?) +[\d.]+ sec$/gm)];
  if (tests.length === 0) throw new RunError(`ctest ran no test:\n${log.slice(-4000)}`);
  return new Map(tests.map(([, name = '', outcome = '']) => [name, outcome.trim()]));
}
