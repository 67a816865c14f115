/**
 * A file of users or keys, read again when it has changed.
 *
 * Each use costs one stat(2), in libuv's threads. A changed file is read once, however many logins wait for it. If it cannot be read,
 * logins fail: entries of an older version are never used, because the newer one may have removed them.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { callReported } from '../../defer/callback-result.js';
import { reportError } from '../../internal/error-report.js';
import { CredentialsFileError } from '../errors.js';

/** A problem of a line, which does not prevent the use of the others. */
export type FileProblem = (problem: string, line?: number, cause?: Error) => void;

export interface ReloadedFileSettings {
  readonly path: string;
  readonly maxBytes: number;
  /** Whether a file that everybody can read is reported. */
  readonly secret: boolean;
  /** Default: the errors are reported as those of callbacks. */
  readonly onProblem: ((error: CredentialsFileError) => void) | undefined;
}

export const MAX_FILE_BYTES: number = 16 * 2 ** 20;
/** Problems that are reported for one version of a file. */
const MAX_PROBLEMS = 10;

const WRITABLE_BY_ALL = 0o002;
const READABLE_BY_ALL = 0o004;

export class ReloadedFile<T> {
  readonly #settings: ReloadedFileSettings;
  readonly #parse: (text: string, problem: FileProblem) => T;
  #identity: string | undefined;
  #value: T | undefined;
  #loading: Promise<T> | undefined;
  #loads = 0;

  constructor(settings: ReloadedFileSettings, parse: (text: string, problem: FileProblem) => T) {
    this.#settings = settings;
    this.#parse = parse;
  }

  /** How often the file was read. */
  get loads(): number {
    return this.#loads;
  }

  /** Rejected with CredentialsFileError. */
  async get(): Promise<T> {
    if (this.#loading !== undefined) return this.#loading;
    const { path } = this.#settings;
    let identity: string;
    try {
      identity = identityOf(await stat(path, { bigint: true }));
    } catch (cause) {
      this.#identity = undefined;
      throw unreadable(path, cause);
    }
    if (identity === this.#identity) return this.#value as T;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(): Promise<T> {
    const { path } = this.#settings;
    this.#identity = undefined;
    let handle: FileHandle;
    try {
      // A FIFO without a writer does not block the thread.
      handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (cause) {
      throw unreadable(path, cause);
    }
    try {
      const value = await this.#read(handle);
      this.#loads++;
      return value;
    } finally {
      await handle.close();
    }
  }

  async #read(handle: FileHandle): Promise<T> {
    const { path, maxBytes, secret } = this.#settings;
    const facts = await handle.stat({ bigint: true });
    if (!facts.isFile()) throw new CredentialsFileError(path, 'it is not a regular file');
    const mode = Number(facts.mode);
    const posix = process.platform !== 'win32';
    if (posix && (mode & WRITABLE_BY_ALL) !== 0) {
      throw new CredentialsFileError(path, 'everybody can write it. Run chmod o-w');
    }
    if (facts.size > maxBytes) {
      throw new CredentialsFileError(path, `it is larger than ${maxBytes} bytes`);
    }
    const text = await readAtMost(handle, maxBytes);
    if (text === undefined) {
      throw new CredentialsFileError(path, `it is larger than ${maxBytes} bytes`);
    }
    const problem = this.#problems();
    if (posix && secret && (mode & READABLE_BY_ALL) !== 0) {
      problem('everybody can read the hashes in it. Run chmod o-r');
    }
    const value = this.#parse(text, problem);
    this.#value = value;
    this.#identity = identityOf(facts);
    return value;
  }

  #problems(): FileProblem {
    const { path, onProblem = (error) => reportError(error, 'a file of credentials') } =
      this.#settings;
    let count = 0;
    return (problem, line, cause) => {
      count++;
      if (count > MAX_PROBLEMS) return;
      const text =
        count === MAX_PROBLEMS ? `${problem}. Further problems are not reported` : problem;
      const options = cause === undefined ? undefined : { cause };
      callReported('onProblem', onProblem, new CredentialsFileError(path, text, line, options));
    };
  }
}

interface BigIntFacts {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntFacts): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

function unreadable(path: string, cause: unknown): CredentialsFileError {
  const { code } = cause as { code?: unknown };
  const reason = typeof code === 'string' ? ` (${code})` : '';
  return new CredentialsFileError(path, `it cannot be read${reason}`, undefined, { cause });
}

/** Omits the byte order mark that some editors write. */
const UTF8 = new TextDecoder();

/** A file may grow while it is read. */
async function readAtMost(handle: FileHandle, maxBytes: number): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let total = 0;
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(65_536), 0, 65_536);
    if (bytesRead === 0) return UTF8.decode(Buffer.concat(pieces));
    total += bytesRead;
    if (total > maxBytes) return undefined;
    pieces.push(buffer.subarray(0, bytesRead));
  }
}
