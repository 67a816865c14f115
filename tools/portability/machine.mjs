// @ts-check
// The machine of the runs: its folders, its programs and the Debian packages that it lacks.

import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** Ends a run with a message and no stack trace. */
export class RunError extends Error {}

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** What a package brings, and its name. @type {Record<string, { file: string, packages: string[] }>} */
const NEEDS = {
  qemu: { file: '/usr/bin/qemu-aarch64-static', packages: ['qemu-user-static'] },
  'arm64-libraries': {
    file: '/usr/aarch64-linux-gnu/lib/libstdc++.so.6',
    packages: ['libc6-arm64-cross', 'libstdc++6-arm64-cross'],
  },
  musl: { file: '/lib/ld-musl-x86_64.so.1', packages: ['musl'] },
  wine: { file: '/usr/bin/wine', packages: ['wine', 'wine64'] },
};

/**
 * Installs missing packages, if that is allowed.
 *
 * @param {string[]} names
 * @throws RunError
 */
export function need(names) {
  const packages = names
    .flatMap((name) => NEEDS[name] ?? [])
    .filter(({ file }) => !existsSync(file))
    .flatMap((each) => each.packages);
  if (packages.length === 0) return;
  if (process.getuid?.() !== 0) throw new RunError(`first apt-get install ${packages.join(' ')}`);
  const apt = ['apt-get', '-qq', '-y', '--no-install-recommends'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run([...apt, 'update'], { env });
  run([...apt, 'install', ...packages], { env });
}

/**
 * Runs a program to its end.
 *
 * @param {string[]} command
 * @param {object} [options]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {string} [options.cwd]
 * @param {string} [options.log] a file for what it prints; else it is shown where the program fails
 * @param {number} [options.timeoutMs]
 * @param {boolean} [options.mayFail] answers the exit code instead of throwing
 * @returns {number}
 * @throws RunError
 */
export function run([program = '', ...args], options = {}) {
  const { env = process.env, cwd = root, log, timeoutMs, mayFail = false } = options;
  const sink = log === undefined ? 'pipe' : openSync(log, 'w');
  const result = spawnSync(program, args, {
    env,
    cwd,
    stdio: ['ignore', sink, sink],
    maxBuffer: 1 << 28,
    killSignal: 'SIGKILL',
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  });
  if (typeof sink === 'number') closeSync(sink);
  if (result.error !== undefined) throw new RunError(`${program}: ${result.error.message}`);
  if (result.status !== 0 && !mayFail) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
    throw new RunError(
      `${[program, ...args].join(' ')} failed (${result.signal ?? result.status})`,
    );
  }
  return result.status ?? 1;
}

/** What a program prints; empty where it can't be run. @param {string[]} command */
export function output([program = '', ...args]) {
  const { stdout } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  return stdout?.trim() ?? '';
}
