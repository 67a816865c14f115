/** Compiles C++ with the system's compiler and Qt, once for each of their versions. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MissingToolkitError } from './connections-window.js';

const FLAGS = ['-std=c++17', '-O1', '-fPIC', '-shared'];

const run = promisify(execFile);

const PACKAGES = new Map([
  ['6', 'qt6-base-dev'],
  ['5', 'qtbase5-dev'],
]);

/** Finds or makes the library of qt-window.cpp: see {@link compileQt}. */
export function compileQtWindow(wanted?: string): Promise<string> {
  return compileQt(new URL('qt-window.cpp', import.meta.url), wanted);
}

/**
 * Finds or makes the library of a file of C++, in the user's cache folder.
 * @param wanted The version of Qt. By default Qt 6, or Qt 5 if the former is not installed.
 * @returns Its path.
 * @throws MissingToolkitError
 */
export async function compileQt(file: URL, wanted?: string): Promise<string> {
  const versions = wanted === undefined ? [...PACKAGES.keys()] : [wanted];
  if (!versions.every((version) => PACKAGES.has(version))) {
    throw new MissingToolkitError(`there is no binding to Qt ${wanted}, only to 6 and 5`);
  }
  for (const version of versions) {
    const flags = await qtFlags(version);
    if (flags !== undefined) return await compile(fileURLToPath(file), version, flags);
  }
  const names = versions.map((version) => PACKAGES.get(version)).join(' or ');
  throw new MissingToolkitError(`Qt is not installed: apt-get install g++ pkg-config and ${names}`);
}

/** The version of Qt and the flags of the compiler; undefined if Qt or pkg-config is not installed. */
async function qtFlags(version: string): Promise<string[] | undefined> {
  try {
    const name = `Qt${version}Widgets`;
    const { stdout } = await run('pkg-config', ['--cflags', '--libs', name]);
    const { stdout: exact } = await run('pkg-config', ['--modversion', name]);
    return [...stdout.trim().split(/\s+/), `-DQT_BUILT=${exact.trim()}`];
  } catch {
    return undefined;
  }
}

async function compile(source: string, version: string, qt: readonly string[]): Promise<string> {
  const { XDG_CACHE_HOME: cache = join(homedir(), '.cache'), CXX: compiler = 'g++' } = process.env;
  const folder = join(cache, 'ropewalk');
  const hash = createHash('sha256').update(await readFile(source));
  hash.update([compiler, process.arch, ...FLAGS, ...qt].join('\n'));
  const name = `qt${version}-${basename(source, '.cpp')}-${hash.digest('hex').slice(0, 16)}`;
  const library = join(folder, `${name}.so`);
  if (existsSync(library)) return library;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Under another name first: a second program may start in the meantime.
  const unfinished = `${library}.${process.pid}`;
  try {
    await run(compiler, [...FLAGS, source, ...qt, '-o', unfinished]);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new MissingToolkitError(
      code === 'ENOENT' ? `there is no ${compiler}: apt-get install g++` : message,
      { cause: error },
    );
  }
  await rename(unfinished, library);
  return library;
}
