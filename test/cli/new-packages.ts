/** Packages that `ropewalk new` writes. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildResult, runProgram } from '../support/child.js';
import { MAIN, type RunFolder } from './run-program.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const POSIX = process.platform !== 'win32';

export function inside(path: string): { readonly before: string } {
  return { before: `cd '${path}'` };
}

export function create(folder: RunFolder, ...args: string[]): Promise<ChildResult> {
  return runProgram(MAIN, ['new', ...args], inside(folder.path));
}

/** Takes the place of `npm install`. */
export function install(path: string): void {
  const names = ['tsx', 'typescript', '@types/node'];
  const targets = names.map((name) => [name, `${ROOT}node_modules/${name}`] as const);
  for (const [name, target] of [['ropewalk', ROOT] as const, ...targets]) {
    const link = `${path}/node_modules/${name}`;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link, 'dir');
  }
}
