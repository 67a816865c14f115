/**
 * A file of lines that is rotated by size, by day, or on demand.
 *
 * Lines are collected, and written in batches by Node's thread pool, one batch at a time: a slow disk does not block the loop. Lines
 * for which the buffer has no room are dropped and counted. The file is renamed and opened between two batches. If a write fails,
 * this is reported once, and the same bytes are written again every second. When the process exits, the rest is written synchronously.
 */
import {
  close,
  closeSync,
  constants,
  fstat,
  fstatSync,
  open,
  openSync,
  type Stats,
  write,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';

import type { Clock, DelayedCall } from '../core/clock.js';
import {
  checkBoolean,
  checkClock,
  checkFunction,
  checkInteger,
  checkString,
} from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { LogEventsDroppedError, LogNotWrittenError } from './errors.js';
import { atExit, notAtExit } from './exit-flush.js';
import { LineBuffer } from './line-buffer.js';
import { dayOf, rotateByDay, rotateByNumber } from './rotation.js';
import type { LogSink } from './sink.js';

export interface LogFileOptions {
  /** Begins a new file before one would grow beyond this number of bytes. Default: no limit. */
  readonly maxBytes?: number;
  /** Begins a new file each day, local time. Default false. */
  readonly daily?: boolean;
  /** The number of rotated files that are kept. Default 10. */
  readonly keep?: number;
  /** The permissions of files that are made. Default 0o640. */
  readonly mode?: number;
  /** The most bytes of unwritten lines; further lines are dropped. Default 4,194,304. */
  readonly maxBufferedBytes?: number;
  /** The time in milliseconds since 1970. Default `Date.now`. */
  readonly wallClock?: () => number;
  /** The clock of the delay after a failed write. Default Node's timers, which do not keep the process running. */
  readonly clock?: Clock;
}

const NAMES: OptionNames<LogFileOptions> = {
  maxBytes: true,
  daily: true,
  keep: true,
  mode: true,
  maxBufferedBytes: true,
  wallClock: true,
  clock: true,
};

/** As `a`, but without waiting for the reader of a FIFO. Windows has none. */
const FLAGS =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);
const RETRY_MS = 1000;
/** How long the end of the process waits for the batch that is being written. */
const EXIT_WAIT_MS = 5000;

const file = {
  close: promisify(close),
  open: promisify(open),
  stat: promisify(fstat) as (fd: number) => Promise<Stats>,
  write: promisify(write) as (fd: number, bytes: Uint8Array) => Promise<{ bytesWritten: number }>,
};

/**
 * A destination of `textObserver` and `jsonLinesObserver`. One process, and one thread of it, should write to a file that is rotated.
 *
 * @example publisher.addObserver(jsonLinesObserver(new LogFile('chat.log', { maxBytes: 10_000_000 })));
 */
export class LogFile implements LogSink, AsyncDisposable {
  readonly path: string;
  readonly #maxBytes: number;
  readonly #daily: boolean;
  readonly #keep: number;
  readonly #mode: number;
  readonly #wallClock: () => number;
  readonly #clock: Clock | undefined;
  readonly #buffer: LineBuffer;
  /** The batch that is being written. */
  #batch: Buffer = Buffer.alloc(0);
  /** A part of {@link #batch} is written. */
  #torn = false;
  #fd: number;
  /** Of the file, as far as this object knows; 0 for devices and FIFOs, which are therefore not rotated. */
  #size: number;
  #isFile: boolean;
  #day: string;
  /** The size at which it is rotated: larger than `maxBytes` after a rotation that failed. */
  #limit: number;
  #state: 'idle' | 'writing' | 'failing' | 'closed' = 'idle';
  #reopens = false;
  #rotates = false;
  #dropped = 0;
  #reportedDropped = 0;
  #reported = false;
  /** With a clock of the caller. */
  #retry: DelayedCall | undefined;
  #waiters: (() => void)[] = [];

  /**
   * Opens the file for appending, or makes it. The folder must exist. Devices and FIFOs are not rotated.
   * @throws LogNotWrittenError it cannot be opened, or is a FIFO without a reader.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(path: string, options: LogFileOptions = {}) {
    checkOptions('LogFile', options, NAMES);
    const { maxBytes, daily = false, keep = 10, mode = 0o640, wallClock = Date.now } = options;
    const { maxBufferedBytes = 4_194_304, clock } = options;
    this.path = checkString('path', path);
    this.#maxBytes =
      maxBytes === undefined
        ? Number.POSITIVE_INFINITY
        : checkInteger('maxBytes', maxBytes, 1, Number.MAX_SAFE_INTEGER);
    this.#daily = checkBoolean('daily', daily);
    this.#keep = checkInteger('keep', keep, 0, 100_000);
    this.#mode = checkInteger('mode', mode, 0, 0o777);
    this.#buffer = new LineBuffer(checkInteger('maxBufferedBytes', maxBufferedBytes, 1, 2 ** 30));
    checkFunction('wallClock', wallClock);
    this.#wallClock = wallClock;
    if (clock !== undefined) checkClock('clock', clock);
    this.#clock = clock;
    this.#limit = this.#maxBytes;
    try {
      this.#fd = openSync(path, FLAGS, this.#mode);
    } catch (cause) {
      throw new LogNotWrittenError(path, { cause });
    }
    const stats = fstatSync(this.#fd);
    const { size, mtimeMs } = stats;
    this.#size = size;
    this.#isFile = stats.isFile();
    this.#day = dayOf(size > 0 ? mtimeMs : wallClock());
    atExit(this, () => this.#flushAtExit());
  }

  /** The number of lines that were lost: the buffer was full, or the file was closed. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Adds a line, or several, with their line ends. Never throws, and never waits. */
  write(text: string): void {
    if (this.#state === 'closed' || !this.#buffer.add(text)) {
      this.#dropped += 1;
      return;
    }
    if (this.#state === 'idle') this.#start();
  }

  /** Opens the path again before the next line: another program, such as logrotate, has renamed the file. */
  reopen(): void {
    this.#reopens = true;
    if (this.#state === 'idle') this.#start();
  }

  /** Begins a new file before the next line. */
  rotate(): void {
    this.#rotates = true;
    if (this.#state === 'idle') this.#start();
  }

  /** Resolves when all lines are written, or at the next failure, which is reported. */
  async flush(): Promise<void> {
    if (this.#state === 'idle' || this.#state === 'closed') return;
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve);
      if (this.#state === 'failing') void this.#run();
    });
  }

  /** Writes all lines and closes the file. Lines that cannot be written are dropped, and their number is reported. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    await this.flush();
    if ((this.#state as string) === 'closed') return;
    this.#state = 'closed';
    if (this.#retry?.active()) this.#retry.cancel();
    notAtExit(this);
    this.#dropped += this.#buffer.length + (this.#batch.length > 0 ? 1 : 0);
    this.#reportDropped();
    await file.close(this.#fd);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Lines of the present turn become one batch. */
  #start(): void {
    this.#state = 'writing';
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'writing';
    try {
      while (this.#hasWork()) await this.#step();
      this.#state = 'idle';
      this.#reported = false;
      this.#reportDropped();
    } catch (error) {
      this.#failed(error);
    }
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  #hasWork(): boolean {
    return this.#reopens || this.#rotates || this.#batch.length > 0 || !this.#buffer.isEmpty;
  }

  async #step(): Promise<void> {
    // The rest of a batch belongs in the file that has its beginning.
    if (!this.#torn) {
      if (this.#mustRotate()) await this.#rotate();
      if (this.#reopens) await this.#reopen();
      if (this.#batch.length === 0) this.#batch = this.#buffer.take(this.#limit - this.#size);
      if (this.#batch.length === 0) return;
    }
    const { bytesWritten } = await file.write(this.#fd, this.#batch);
    if (this.#isFile) this.#size += bytesWritten;
    this.#batch = this.#batch.subarray(bytesWritten);
    this.#torn = this.#batch.length > 0;
  }

  #mustRotate(): boolean {
    if (this.#rotates) return true;
    if (this.#buffer.isEmpty) return false;
    if (this.#daily && dayOf(this.#wallClock()) !== this.#day) return true;
    return this.#size > 0 && this.#size + this.#buffer.nextBytes > this.#limit;
  }

  /** If files cannot be renamed, logging goes on in the same one. */
  async #rotate(): Promise<void> {
    this.#rotates = false;
    const day = this.#day;
    this.#day = dayOf(this.#wallClock());
    if (this.#size === 0) return;
    try {
      if (this.#daily) await rotateByDay(this.path, day, this.#keep);
      else await rotateByNumber(this.path, this.#keep);
      this.#reopens = true;
    } catch (cause) {
      this.#limit = this.#size + this.#maxBytes;
      this.#report(cause);
    }
  }

  async #reopen(): Promise<void> {
    const fd = await file.open(this.path, FLAGS, this.#mode);
    const old = this.#fd;
    this.#fd = fd;
    this.#reopens = false;
    this.#limit = this.#maxBytes;
    const stats = await file.stat(fd);
    this.#size = stats.size;
    this.#isFile = stats.isFile();
    await file.close(old);
  }

  #failed(error: unknown): void {
    this.#state = 'failing';
    this.#report(error);
    const again = (): void => {
      if (this.#state === 'failing') void this.#run();
    };
    if (this.#clock === undefined) setTimeout(again, RETRY_MS).unref();
    else this.#retry = this.#clock.callLater(RETRY_MS, again);
  }

  /** Once, until the file is written again. */
  #report(cause: unknown): void {
    if (this.#reported) return;
    this.#reported = true;
    reportError(new LogNotWrittenError(this.path, { cause }), 'log file');
  }

  #reportDropped(): void {
    const count = this.#dropped - this.#reportedDropped;
    this.#reportedDropped = this.#dropped;
    if (count > 0) reportError(new LogEventsDroppedError(this.path, count), 'log file');
  }

  #flushAtExit(): void {
    if (this.#state === 'idle') return;
    try {
      if (this.#state === 'writing' && this.#batch.length > 0) this.#awaitBatch();
      while (this.#batch.length > 0 || !this.#buffer.isEmpty) {
        if (this.#batch.length === 0) this.#batch = this.#buffer.take(Number.POSITIVE_INFINITY);
        this.#batch = this.#batch.subarray(writeSync(this.#fd, this.#batch));
      }
      closeSync(this.#fd);
    } catch (error) {
      this.#report(error);
    }
    this.#state = 'closed';
  }

  /** The thread pool still runs, so the file grows when the batch is written; its callback is never called. */
  #awaitBatch(): void {
    const sleep = new Int32Array(new SharedArrayBuffer(4));
    for (let waited = 0; waited < EXIT_WAIT_MS; waited += 2) {
      const stats = fstatSync(this.#fd);
      if (!stats.isFile()) return;
      if (stats.size >= this.#size + this.#batch.length) {
        this.#batch = Buffer.alloc(0);
        return;
      }
      Atomics.wait(sleep, 0, 0, 2);
    }
  }
}
