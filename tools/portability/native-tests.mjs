// @ts-check
// The native core's own tests, cross-built by zig and run: by this machine, or by an emulator.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { need, RunError, root, run } from './machine.mjs';

/** @typedef {{ passed: number, failed: string[] }} NativeResult */

const zig = join(
  root,
  ...['tools', 'toolchain', 'node_modules', '@ryoppippi', 'zig-linux-x64', 'zig'],
);

/**
 * @param {string} name of the run: build-native/NAME is built in
 * @param {import('./runs.mjs').NativeTests} native
 * @returns {NativeResult}
 * @throws RunError
 */
export function runNativeTests(name, { zig: target, emulator, needs }) {
  need(needs);
  const folder = join(root, 'build-native', name);
  const cache = join(folder, 'zig-cache');
  const env = { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache };
  run(
    [
      ...['cmake', '-S', 'native', '-B', folder],
      '-DCMAKE_SYSTEM_NAME=Linux',
      '-DCMAKE_BUILD_TYPE=Release',
      `-DCMAKE_CXX_COMPILER=${zig};c++`,
      `-DCMAKE_CXX_FLAGS=-target ${target}`,
      `-DCMAKE_CROSSCOMPILING_EMULATOR=${emulator.join(';')}`,
    ],
    { env },
  );
  run(['cmake', '--build', folder, '--parallel', '2'], { env });
  const log = join(folder, 'ctest.log');
  run(['ctest', '--test-dir', folder, '--no-tests=error', '--output-on-failure'], {
    env,
    log,
    mayFail: true,
  });
  return parse(readFileSync(log, 'utf8'));
}

/** @param {string} log @returns {NativeResult} @throws RunError */
function parse(log) {
  const tests = [...log.matchAll(/Test +#\d+: (\w+) \.+(.*?) +[\d.]+ sec$/gm)];
  if (tests.length === 0) throw new RunError(`ctest ran no test:\n${log.slice(-4000)}`);
  const failed = tests.filter(([, , outcome]) => outcome?.trim() !== 'Passed');
  return { passed: tests.length - failed.length, failed: failed.map(([, name = '']) => name) };
}
