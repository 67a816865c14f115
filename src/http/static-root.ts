/**
 * Opens files under a root and nowhere else.
 *
 * Symbolic links make a check of the path before the open a race: the path may lead elsewhere when it is opened. Here the file is opened
 * first, and then the system is asked where the open file is: Linux has its path, as a whole and without links, in /proc/self/fd. A file
 * outside the real path of the root is closed again; nothing was read from it. The check is about the file that is sent, so changing
 * links does not help an attacker.
 *
 * Other systems, and Linux without /proc, do not say where a descriptor is. There the real path of the requested path must be in the
 * root, and device and inode of that real path must be those of the descriptor. It remains a race for an attacker who can replace folders
 * inside the root by links, twice, between these calls; serve no folder there that untrusted users may change. A hard link is a
 * file of its own everywhere.
 *
 * A FIFO or device is opened without waiting (O_NONBLOCK) and is then refused: only regular files and folders are served.
 */
import { type BigIntStats, constants, type Dirent } from 'node:fs';
import { join, sep } from 'node:path';
import type { FileCalls } from './file-calls.js';

const { O_RDONLY, O_NONBLOCK = 0, O_NOCTTY = 0, O_DIRECTORY = 0 } = constants;
const FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY;

/** An open file. Its descriptor must be closed. */
export interface OpenFile {
  readonly fd: number;
  readonly stats: BigIntStats;
}

/** - `folder`: it is one. - Otherwise a status: 403 not permitted, 404 none or not a regular file, 503 too many open files. */
export type NotOpened = 'folder' | 403 | 404 | 503;

/** A file or folder in a folder. */
export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly stats: BigIntStats;
}

export interface FolderListing {
  readonly entries: readonly FolderEntry[];
  /** Whether there are more than the limit. */
  readonly isCut: boolean;
}

/** Errors of open(2) and stat(2). All others are thrown. */
const STATUSES: Readonly<Record<string, 403 | 404 | 503>> = {
  EACCES: 403,
  EPERM: 403,
  ENOENT: 404,
  ENOTDIR: 404,
  ENAMETOOLONG: 404,
  ELOOP: 404,
  EINVAL: 404,
  ENXIO: 404,
  ENODEV: 404,
  EMFILE: 503,
  ENFILE: 503,
};

/** Asks the system for the path of a descriptor. Undefined if it can't say. */
export type DescriptorPath = (fd: number, calls: FileCalls) => Promise<string | undefined>;

/** Exported for tests, which also cover systems without such paths. */
export const procDescriptorPath: DescriptorPath = async (fd, calls) => {
  if (process.platform !== 'linux') return undefined;
  try {
    return await calls.readlink(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
};

export class StaticRoot {
  readonly #path: string;
  readonly #anywhere: boolean;
  readonly #calls: FileCalls;
  readonly #descriptorPath: DescriptorPath;
  #realPath: string | undefined = undefined;

  /**
   * @param path A folder, which may be a link.
   * @param linksAnywhere Whether links may lead out of the root.
   */
  constructor(
    path: string,
    linksAnywhere: boolean,
    calls: FileCalls,
    descriptorPath: DescriptorPath = procDescriptorPath,
  ) {
    this.#path = path;
    this.#anywhere = linksAnywhere;
    this.#calls = calls;
    this.#descriptorPath = descriptorPath;
  }

  /** The path at which {@link open} looks. */
  pathOf(segments: readonly string[]): string {
    return join(this.#path, ...segments);
  }

  /** @param segments Names without separators, `.` or `..`. */
  async open(segments: readonly string[]): Promise<OpenFile | NotOpened> {
    const path = this.pathOf(segments);
    let fd: number;
    try {
      fd = await this.#calls.open(path, FLAGS);
    } catch (error) {
      return await this.#notOpened(error, path);
    }
    let result: OpenFile | NotOpened = 404;
    try {
      const stats = await this.#calls.fstat(fd);
      if (await this.#isInside(fd, stats, path)) {
        if (stats.isFile()) result = { fd, stats };
        else if (stats.isDirectory()) result = 'folder';
      }
    } catch (error) {
      result = statusOf(error);
    } finally {
      if (typeof result !== 'object') await this.#calls.close(fd);
    }
    return result;
  }

  /**
   * The regular files and folders in a folder that can be opened, in the order of their names.
   * @param isServed Whether a name counts.
   * @param max Most entries.
   * @returns Undefined if it is not a folder, or not permitted.
   */
  async list(
    segments: readonly string[],
    isServed: (name: string) => boolean,
    max: number,
  ): Promise<FolderListing | undefined> {
    const path = this.pathOf(segments);
    const calls = this.#calls;
    let fd: number | undefined;
    try {
      // Windows does not open folders; its links are checked by their real paths.
      if (process.platform !== 'win32') fd = await calls.open(path, FLAGS | O_DIRECTORY);
      const opened = fd === undefined ? undefined : await this.#descriptorPath(fd, calls);
      const real = opened ?? (await calls.realpath(path));
      if (!this.#anywhere && !(await this.#contains(real))) return undefined;
      // The names are those of the open folder, even if the path leads elsewhere by now.
      const folder = opened === undefined ? real : `/proc/self/fd/${fd}`;
      const found = (await calls.readdir(folder)).filter(({ name }) => isServed(name));
      found.sort((a, b) => (a.name < b.name ? -1 : 1));
      return await this.#entries(folder, found, max);
    } catch (error) {
      statusOf(error);
      return undefined;
    } finally {
      if (fd !== undefined) await calls.close(fd);
    }
  }

  async #entries(folder: string, found: readonly Dirent[], max: number): Promise<FolderListing> {
    const entries: FolderEntry[] = [];
    for (const entry of found) {
      if (!entry.isFile() && !entry.isDirectory() && !entry.isSymbolicLink()) continue;
      const stats = await this.#statsOf(join(folder, entry.name), entry.isSymbolicLink());
      if (stats === undefined) continue;
      if (entries.length === max) return { entries, isCut: true };
      entries.push({ name: entry.name, isFolder: stats.isDirectory(), stats });
    }
    return { entries, isCut: false };
  }

  /** Undefined for a file that has gone, and for a link that leads nowhere or out of the root. */
  async #statsOf(path: string, isLink: boolean): Promise<BigIntStats | undefined> {
    try {
      if (isLink && !this.#anywhere) {
        if (!(await this.#contains(await this.#calls.realpath(path)))) return undefined;
      }
      const stats = await this.#calls.find(path);
      return stats?.isFile() || stats?.isDirectory() ? stats : undefined;
    } catch (error) {
      statusOf(error);
      return undefined;
    }
  }

  /** Windows does not open folders. */
  async #notOpened(error: unknown, path: string): Promise<NotOpened> {
    const { code } = error as { code?: unknown };
    if (code !== 'EISDIR' && code !== 'EPERM' && code !== 'EACCES') return statusOf(error);
    try {
      const stats = await this.#calls.stat(path);
      if (!stats.isDirectory()) return statusOf(error);
      if (!this.#anywhere && !(await this.#contains(await this.#calls.realpath(path)))) return 404;
      return code === 'EACCES' && process.platform !== 'win32' ? 403 : 'folder';
    } catch (fault) {
      return statusOf(fault);
    }
  }

  async #isInside(fd: number, stats: BigIntStats, path: string): Promise<boolean> {
    if (this.#anywhere) return true;
    const opened = await this.#descriptorPath(fd, this.#calls);
    if (opened !== undefined) return this.#contains(opened);
    const realPath = await this.#calls.realpath(path);
    if (!(await this.#contains(realPath))) return false;
    const { dev, ino } = await this.#calls.stat(realPath);
    return dev === stats.dev && ino === stats.ino;
  }

  /** The root's real path is determined again if a file is not in it: a root that is a link may lead to a new release. */
  async #contains(realPath: string): Promise<boolean> {
    if (this.#realPath !== undefined && isWithin(this.#realPath, realPath)) return true;
    this.#realPath = await this.#calls.realpath(this.#path);
    return isWithin(this.#realPath, realPath);
  }
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

function statusOf(error: unknown): 403 | 404 | 503 {
  const status = STATUSES[String((error as { code?: unknown }).code)];
  if (status === undefined) throw error;
  return status;
}
