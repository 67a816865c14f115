// The temporary folder that the file servers of a run serve: one file of printable bytes.

import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The file's name, and its path in URLs. */
export const FILE_NAME = 'file.txt';

/** Files that have just changed are not cached by servers that tell them apart by their times. */
const AN_HOUR_AGO: Date = new Date(Date.now() - 3_600_000);

let folder: string | undefined;

process.once('exit', removeSiteFolder);

/** The folder, with a file of `bytes` bytes. */
export function siteFolder(bytes: number): string {
  folder ??= mkdtempSync(join(tmpdir(), 'ropewalk-bench-site-'));
  let line = '';
  for (let code = 0x21; code < 0x7f; code++) line += String.fromCharCode(code);
  // Lines of a length that shares no factor with that of buffers: a misplaced part shows.
  const path = join(folder, FILE_NAME);
  writeFileSync(path, Buffer.alloc(bytes, `${line}\n`));
  utimesSync(path, AN_HOUR_AGO, AN_HOUR_AGO);
  return folder;
}

/** Removes it; so does the end of this process. */
export function removeSiteFolder(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
}
