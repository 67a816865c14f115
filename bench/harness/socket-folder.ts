// Where the servers of a run put their UNIX sockets: one temporary folder, removed when this process
// ends.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string | undefined;
let made = 0;

/** A path in it that was not given out before. */
export function newSocketPath(): string {
  folder ??= makeFolder();
  made++;
  return join(folder, `${made}.sock`);
}

function makeFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ropewalk-bench-'));
  process.once('exit', () => rmSync(path, { recursive: true, force: true }));
  return path;
}
