// @ts-check
// One build of a checkout at a time: two that write the same files fail, or leave a broken addon. The lock is a file with
// the number of the building process, in the system's temporary folder, so that --clean does not remove it. A killed build
// leaves the file behind; it does not count once its process is gone.

import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 200;

/** @param {string} root the checkout */
export function lockFile(root) {
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 16);
  return join(tmpdir(), `ropewalk-build-${hash}.lock`);
}

/**
 * Calls `build` when no other process builds, and prints a line if it has to wait.
 *
 * @template T
 * @param {string} file
 * @param {() => T | Promise<T>} build
 * @returns {Promise<T>}
 */
export async function withBuildLock(file, build) {
  for (let told = false; !take(file); told = true) {
    const other = holderOf(file);
    if (other === undefined) rmSync(file, { force: true });
    else {
      if (!told) console.log(`waiting for another build: process ${other} (${file})`);
      await delay(RETRY_MS);
    }
  }
  try {
    return await build();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @param {string} file @returns {boolean} whether this process has the lock now */
function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} file @returns {string | undefined} the number of the building process; undefined if it is gone */
function holderOf(file) {
  try {
    const pid = readFileSync(file, 'utf8');
    // An empty file was created in this moment: its number follows.
    if (pid !== '') process.kill(Number(pid), 0);
    return pid;
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    return codeOf(error) === 'EPERM' ? 'of another user' : undefined;
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
