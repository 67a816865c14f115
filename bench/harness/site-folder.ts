// The temporary folder that the file servers of a run serve: one file of printable bytes.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The file's name, and its path in URLs. */
export const FILE_NAME = 'file.txt';

let folder: string | undefined;

process.once('exit', removeSiteFolder);

/** The folder, with a file of `bytes` bytes. */
export function siteFolder(bytes: number): string {
  folder ??= mkdtempSync(join(tmpdir(), 'ropewalk-bench-site-'));
  let line = '';
  for (let code = 0x21; code < 0x7f; code++) line += String.fromCharCode(code);
  // Lines of a length that shares no factor with that of buffers: a misplaced part shows.
  writeFileSync(join(folder, FILE_NAME), Buffer.alloc(bytes, `${line}\n`));
  return folder;
}

/** Removes it; so does the end of this process. */
export function removeSiteFolder(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
}
