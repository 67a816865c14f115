// @ts-check
// The engines that tests are run in: pinned by tools/engines/package-lock.json, installed on first use, and wrapped
// if they need an emulator.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { need, root, run } from './machine.mjs';

/**
 * @typedef {object} Engine
 * @property {string[]} command
 * @property {NodeJS.ProcessEnv} env
 * @property {() => void} close
 */

const folder = join(root, 'tools', 'engines');
const ARM64_LIBRARIES = '/usr/aarch64-linux-gnu';

/**
 * @param {string} name
 * @returns {Engine} to be closed
 * @throws RunError
 */
export function openEngine(name) {
  if (name === 'node') return plain([process.execPath]);
  install();
  if (name === 'bun') return plain([installed('bun', 'bin', 'bun')]);
  if (name === 'deno') return plain([installed('deno', 'deno'), 'run', '--allow-all']);
  if (name === 'node20-arm64') return underQemu(installed(name, 'bin', 'node'));
  if (name === 'node20-win') return underWine(installed(name, 'bin', 'node.exe'));
  return plain([installed(name, 'bin', 'node')]);
}

/** @param {string[]} path */
function installed(...path) {
  return join(folder, 'node_modules', ...path);
}

function install() {
  if (existsSync(installed('.package-lock.json'))) return;
  // Some are for other platforms, which npm would refuse.
  run(['npm', 'ci', '--prefix', folder, '--force', '--no-audit', '--no-fund']);
}

/** @param {string[]} command @returns {Engine} */
function plain(command) {
  return { command, env: process.env, close: () => {} };
}

/**
 * Linux starts no arm64 program by itself: the tests' own children are started through a script that this Node takes for
 * its own path.
 *
 * @param {string} node
 * @returns {Engine}
 */
function underQemu(node) {
  need(['qemu', 'arm64-libraries']);
  const scratch = mkdtempSync(join(tmpdir(), 'ropewalk-qemu-'));
  const wrapper = join(scratch, 'node');
  const preload = join(scratch, 'exec-path.cjs');
  writeFileSync(preload, `process.execPath = ${JSON.stringify(wrapper)};\n`);
  const command = `qemu-aarch64-static -L ${ARM64_LIBRARIES} '${node}' --require '${preload}'`;
  writeFileSync(wrapper, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  const close = () => rmSync(scratch, { recursive: true });
  const env = { ...process.env, ROPEWALK_TEST_EMULATOR: 'qemu-user' };
  return { command: [wrapper], env, close };
}

/** @param {string} node @returns {Engine} */
function underWine(node) {
  const { env, close } = openWine();
  return { command: ['wine', node], env, close };
}

/**
 * A Wine prefix of its own, which Node 20 takes for Windows 10.
 *
 * @returns {Pick<Engine, 'env' | 'close'>} to be closed
 * @throws RunError
 */
export function openWine() {
  need(['wine']);
  const prefix = mkdtempSync(join(tmpdir(), 'ropewalk-wine-'));
  const env = { ...process.env, WINEPREFIX: prefix, WINEDEBUG: '-all', DISPLAY: '' };
  const close = () => {
    // Ends only the server of this prefix.
    run(['wineserver', '-k'], { env, mayFail: true });
    run(['wineserver', '-w'], { env, mayFail: true });
    rmSync(prefix, { recursive: true });
  };
  try {
    run(['wine', 'wineboot', '--init'], { env });
    const version = ['/v', 'Version', '/d', 'win10', '/f'];
    run(['wine', 'reg', 'add', 'HKCU\\Software\\Wine', ...version], { env });
  } catch (error) {
    close();
    throw error;
  }
  return { env, close };
}
