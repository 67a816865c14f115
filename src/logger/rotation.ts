/** The names of rotated log files. */
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** The local date of a time, `2026_11_30`, as in the names of Twisted's daily log files. */
export function dayOf(timeMs: number): string {
  const date = new Date(timeMs);
  const month = String(date.getMonth() + 1).padStart(2, '0');
  return `${date.getFullYear()}_${month}_${String(date.getDate()).padStart(2, '0')}`;
}

/**
 * Renames `path` to `path.1`, `path.1` to `path.2`, and so on. Files after the first `keep` are deleted.
 */
export async function rotateByNumber(path: string, keep: number): Promise<void> {
  const numbers = (await suffixes(path, /^\d+$/)).map(Number).sort((a, b) => b - a);
  for (const number of numbers) {
    const from = `${path}.${number}`;
    if (number >= keep) await rm(from, { force: true });
    else await renameIfThere(from, `${path}.${number + 1}`);
  }
  if (keep === 0) await rm(path, { force: true });
  else await renameIfThere(path, `${path}.1`);
}

/**
 * Renames `path` to `path.2026_11_30`, or to `path.2026_11_30.1` and so on if that exists. Only the `keep` latest files remain.
 */
export async function rotateByDay(path: string, day: string, keep: number): Promise<void> {
  const taken = await suffixes(path, /^\d{4}_\d\d_\d\d(?:\.\d+)?$/);
  let name = day;
  for (let number = 1; taken.includes(name); number++) name = `${day}.${number}`;
  await renameIfThere(path, `${path}.${name}`);
  const all = [...taken, name].sort((a, b) => comparable(b).localeCompare(comparable(a)));
  for (const old of all.slice(keep)) await rm(`${path}.${old}`, { force: true });
}

function comparable(suffix: string): string {
  const [day = '', number = '0'] = suffix.split('.');
  return `${day}.${number.padStart(9, '0')}`;
}

async function suffixes(path: string, pattern: RegExp): Promise<string[]> {
  const prefix = `${basename(path)}.`;
  const names = await readdir(dirname(path));
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((suffix) => pattern.test(suffix));
}

/** Another program may have moved it. */
async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
