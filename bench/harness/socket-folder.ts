// The temporary folder of the UNIX sockets of a run's servers.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string | undefined;
let made = 0;

process.once('exit', removeSocketFolder);

/** A path in it that was not given out before. */
export function newSocketPath(): string {
  folder ??= mkdtempSync(join(tmpdir(), 'ropewalk-bench-'));
  made++;
  return join(folder, `${made}.sock`);
}

/** Removes the folder and its contents; so does the end of this process. */
export function removeSocketFolder(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
}
