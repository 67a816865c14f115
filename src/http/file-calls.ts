/**
 * The system calls of file servers, in two forms.
 *
 * Blocking calls are those of nginx and of most servers: open, fstat, readlink and close of a file in the system's cache together take
 * 9 us, and reading 64 KiB 3 us. In threads of libuv, each call costs 20 us or more on two threads, but the reactor continues meanwhile.
 */
import {
  type BigIntStats,
  close,
  closeSync,
  type Dirent,
  fstat,
  fstatSync,
  open,
  openSync,
  read,
  readdir,
  readdirSync,
  readlink,
  readlinkSync,
  readSync,
  realpath,
  realpathSync,
  stat,
  statSync,
} from 'node:fs';
import { promisify } from 'node:util';

/** Each fails with a system error, thrown at once or as a rejection. */
export interface FileCalls {
  open(path: string, flags: number): number | Promise<number>;
  fstat(fd: number): BigIntStats | Promise<BigIntStats>;
  stat(path: string): BigIntStats | Promise<BigIntStats>;
  /** As `stat`, and undefined for a path that does not exist. */
  find(path: string): BigIntStats | undefined | Promise<BigIntStats | undefined>;
  readlink(path: string): string | Promise<string>;
  realpath(path: string): string | Promise<string>;
  readdir(path: string): Dirent[] | Promise<Dirent[]>;
  /** Reads into the whole buffer, if there are as many bytes at the position. Returns the number of bytes. */
  read(fd: number, buffer: Buffer, position: number): number | Promise<number>;
  close(fd: number): void | Promise<void>;
}

const BIGINT = { bigint: true } as const;
const BIGINT_IF_FOUND = { bigint: true, throwIfNoEntry: false } as const;
const WITH_TYPES = { withFileTypes: true } as const;
const threadReaddir = promisify(readdir);
const threadStat = promisify(stat);
const threadFstat = promisify(fstat);
const threadRead = promisify(read);

/** - `blocking`: in the reactor's thread. - `threads`: in threads of libuv. */
export const FILE_CALLS: Readonly<Record<'blocking' | 'threads', FileCalls>> = {
  blocking: {
    open: openSync,
    fstat: (fd) => fstatSync(fd, BIGINT),
    stat: (path) => statSync(path, BIGINT),
    find: (path) => statSync(path, BIGINT_IF_FOUND),
    readlink: (path) => readlinkSync(path),
    realpath: (path) => realpathSync.native(path),
    readdir: (path) => readdirSync(path, WITH_TYPES),
    read: (fd, buffer, position) => readSync(fd, buffer, 0, buffer.length, position),
    close: closeSync,
  },
  threads: {
    open: promisify(open),
    fstat: (fd) => threadFstat(fd, BIGINT),
    stat: (path) => threadStat(path, BIGINT),
    find: (path) =>
      threadStat(path, BIGINT).catch((error: { code?: unknown }) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
        throw error;
      }),
    readlink: promisify<string, string>(readlink),
    realpath: promisify<string, string>(realpath.native),
    readdir: (path) => threadReaddir(path, WITH_TYPES),
    read: async (fd, buffer, position) =>
      (await threadRead(fd, buffer, 0, buffer.length, position)).bytesRead,
    close: promisify(close),
  },
};
