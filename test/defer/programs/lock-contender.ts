/**
 * Takes a lock again and again to add 1 to the number in a file, which takes a read and a write, and leaves the lock behind
 * each time as one of a dead process. Numbers get lost where two hold the lock.
 */
import { readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { DeferredFilesystemLock } from '../../../src/defer/filesystem-lock.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

const [path = '', counter = '', deadMark = '', rounds = '0'] = process.argv.slice(2);

for (let round = 0; round < Number(rounds); round++) {
  const lock = new DeferredFilesystemLock(path, new ManualClock());
  while (!lock.lock()) await turn();
  const count = Number(readFileSync(counter, 'utf8'));
  await turn();
  writeFileSync(counter, String(count + 1));
  const left = `${path}.${process.pid}`;
  symlinkSync(deadMark, left);
  renameSync(left, path);
}
