/** The paths that a watcher was given, as the directories to watch. */
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import type { SystemError } from '../core/errors/base.js';
import { WINDOWS } from '../internal/platform.js';
import { FileWatchError } from './errors.js';
import { absolute, type FileName, pathOf, textOf, toFileName } from './file-names.js';
import type { WatchSettings } from './watch-options.js';

/** A directory: with everything below it, or only some names in it. */
export interface WatchRoot {
  readonly path: FileName;
  /** Undefined for a tree. */
  readonly names: ReadonlySet<FileName> | undefined;
}

/**
 * A file is watched by its name in its directory, because programs replace files; it need not exist.
 * @throws FileWatchError
 */
export function watchRoots(paths: readonly (string | Uint8Array)[]): WatchRoot[] {
  const trees = new Set<FileName>();
  const files = new Map<FileName, Set<FileName>>();
  for (const given of paths) {
    const path = absolute(toFileName(given));
    if (isDirectory(path)) trees.add(path);
    else {
      const directory = dirname(path);
      if (!isDirectory(directory)) throw notADirectory(directory);
      const names = files.get(directory) ?? new Set();
      files.set(directory, names.add(basename(path)));
    }
  }
  const covered = (directory: FileName): boolean => trees.has(directory);
  return [
    ...[...trees].map((path) => ({ path, names: undefined })),
    ...[...files]
      .filter(([directory]) => !covered(directory))
      .map(([path, names]) => ({ path, names })),
  ];
}

function isDirectory(path: FileName): boolean {
  try {
    return statSync(pathOf(path), { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (cause) {
    throw new FileWatchError(textOf(path), cause as SystemError);
  }
}

function notADirectory(path: FileName): FileWatchError {
  try {
    statSync(pathOf(path)).isDirectory();
    const error = new Error(`ENOTDIR: not a directory ${JSON.stringify(textOf(path))}`);
    return new FileWatchError(
      textOf(path),
      Object.assign(error, { code: 'ENOTDIR', errno: -20, syscall: 'stat' }),
    );
  } catch (cause) {
    return new FileWatchError(textOf(path), cause as SystemError);
  }
}

/** The paths that were given. */
export function pathsOf({ path, names }: WatchRoot): FileName[] {
  return names === undefined ? [path] : [...names].map((name) => join(path, name));
}

/** Decides which names of a watched directory are reported, and which directories are entered. */
export class WatchFilter {
  readonly #settings: WatchSettings;

  constructor(settings: WatchSettings) {
    this.#settings = settings;
  }

  /** Whether the same file is decided about differently elsewhere: a moved directory must then be listed again. */
  get dependsOnPath(): boolean {
    const { ignoresPaths, maxDepth } = this.#settings;
    return ignoresPaths || maxDepth !== Number.POSITIVE_INFINITY;
  }

  /** @param path The whole path. */
  wants(root: WatchRoot, path: FileName, name: FileName, isDirectory: boolean): boolean {
    if (root.names !== undefined && !root.names.has(name)) return false;
    const { ignored } = this.#settings;
    if (ignored.length === 0) return true;
    const text = textOf(path);
    const prefix = root.path.endsWith('/') ? root.path.length : root.path.length + 1;
    const tail = textOf(path.slice(prefix));
    const below = WINDOWS ? tail.replaceAll('\\', '/') : tail;
    return !ignored.some((test) => test(below, textOf(name), text, isDirectory));
  }

  /** @param depth Of the directory: 0 is the root. */
  enters(root: WatchRoot, depth: number): boolean {
    return root.names === undefined && depth <= this.#settings.maxDepth;
  }
}
