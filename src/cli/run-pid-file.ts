/** A file with the number of a process, which is refused while that process is running. */
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { messageOf } from '../core/text-of.js';

/** The file belongs to a running process, or cannot be written. */
export class PIDFileError extends Error {
  override readonly name = 'PIDFileError';
}

/** `2.5 s`: the start of a process is known to the second only. */
const CLOCK_TOLERANCE_MS = 2_500;
/** More than the longest number and its line end. */
const MAX_FILE_BYTES = 64;
/** The unit of times in /proc on all Linux systems that Node supports. */
const TICKS_PER_SECOND = 100;

export class PIDFile {
  readonly path: string;
  #owned = true;
  readonly #removeAtExit = (): void => this.remove();

  private constructor(path: string) {
    this.path = path;
    process.once('exit', this.#removeAtExit);
  }

  /**
   * Writes the file, or replaces one that is stale.
   * @throws PIDFileError
   */
  static acquire(path: string): PIDFile {
    const own = writeTemporary(path);
    try {
      for (;;) {
        try {
          // Fails if the file exists.
          linkSync(own, path);
          return new PIDFile(path);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        }
        removeIfStale(path);
      }
    } finally {
      rmSync(own, { force: true });
    }
  }

  /** Replaces the file of the predecessor, which is still running. @throws SystemError */
  static takeOver(path: string): PIDFile {
    renameSync(writeTemporary(path), path);
    return new PIDFile(path);
  }

  /** Another process owns the file from now on. */
  forget(): void {
    this.#owned = false;
    process.removeListener('exit', this.#removeAtExit);
  }

  /** Removes the file if it is still that of this process. */
  remove(): void {
    if (!this.#owned) return;
    this.forget();
    try {
      if (pidIn(this.path) === process.pid) unlinkSync(this.path);
    } catch {
      // The folder is not this user's any more: the file is stale from now on.
    }
  }
}

/** @throws PIDFileError */
function writeTemporary(path: string): string {
  const temporary = `${path}.${process.pid}`;
  rmSync(temporary, { force: true });
  try {
    // `wx`: never through a link that another user has made.
    writeFileSync(temporary, `${process.pid}\n`, { flag: 'wx', mode: 0o644 });
  } catch (cause) {
    throw new PIDFileError(`the pid file ${path} cannot be written: ${messageOf(cause)}`, {
      cause,
    });
  }
  return temporary;
}

/** @throws PIDFileError the process is running. */
function removeIfStale(path: string): void {
  const pid = pidIn(path);
  if (pid !== undefined && pid !== process.pid && isOwner(path, pid)) {
    throw new PIDFileError(`process ${pid} of ${path} is running`);
  }
  // Another process that starts at the same time may have replaced the file since.
  const removed = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, removed);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const found = pidIn(removed);
  if (found !== pid && found !== undefined && !existsAt(path)) renameSync(removed, path);
  else rmSync(removed, { force: true });
}

/**
 * @returns Undefined if there is no file or it is empty, as after a loss of power.
 * @throws PIDFileError it is not a pid file, and is not to be replaced.
 */
function pidIn(path: string): number | undefined {
  let text: string;
  try {
    text = beginningOf(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    // A socket, or a FIFO that nothing reads.
    throw notAPIDFile(path, messageOf(error));
  }
  const digits = text.replaceAll('\0', '').trim();
  if (digits === '') return undefined;
  if (/^\d{1,10}$/.test(digits)) return Number(digits);
  throw notAPIDFile(path, 'it has other contents than a number');
}

function beginningOf(path: string): string {
  // Without waiting for the other end of a FIFO.
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    if (!fstatSync(fd).isFile()) throw new Error('it is not a regular file');
    const bytes = Buffer.alloc(MAX_FILE_BYTES);
    return bytes.toString('latin1', 0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}

function notAPIDFile(path: string, why: string): PIDFileError {
  return new PIDFileError(`${path} is not a pid file, and is kept: ${why}`);
}

/** Whether the process exists and began before the file was written: numbers are used again. */
function isOwner(path: string, pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const began = startOf(pid);
  const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return began === undefined || written === undefined || began <= written + CLOCK_TOLERANCE_MS;
}

/** In milliseconds since 1970; undefined if the system does not tell. */
function startOf(pid: number): number | undefined {
  try {
    // The name of the program, in parentheses, may contain anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const boot = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1];
    const began = (Number(boot) + ticks / TICKS_PER_SECOND) * 1_000;
    return Number.isNaN(began) ? undefined : began;
  } catch {
    return undefined;
  }
}

function existsAt(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
