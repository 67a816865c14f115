/** Watches the start of a program, until its services have started. */
import { constants } from 'node:os';

import type { RunOptions } from './run-options.js';

/** The signals that end a process unless it handles them. */
const SIGNALS: readonly NodeJS.Signals[] =
  process.platform === 'win32' ? ['SIGINT', 'SIGTERM'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];
const FAILED = 1;

/** The program has not started within `--start-timeout`. */
export class StartTimeoutError extends Error {
  override readonly name = 'StartTimeoutError';

  constructor(startMs: number) {
    super(`it has not started within ${startMs / 1_000} s (--start-timeout)`);
  }
}

/**
 * A program that waits for a promise while it is loaded, or its function is called, has no services to be stopped yet: the process ends
 * at a signal, after the time limit, or when nothing is left that could settle the promise.
 */
export class StartWatch implements Disposable {
  readonly #startMs: number;
  readonly #name: string;
  /** Called before the process ends. */
  readonly #cleanUp: () => void;
  readonly #limit: NodeJS.Timeout | undefined;
  #onLimit: ((error: Error) => void) | undefined;

  constructor({ startMs }: RunOptions, name: string, cleanUp: () => void) {
    this.#startMs = startMs;
    this.#name = name;
    this.#cleanUp = cleanUp;
    if (startMs > 0) this.#limit = setTimeout(() => this.#expired(), startMs).unref();
    for (const signal of SIGNALS) process.on(signal, this.#signalled);
    process.on('beforeExit', this.#idle);
  }

  /** The program has been loaded: from now on the application acts on signals, and `onLimit` on the limit. */
  loaded(onLimit: (error: Error) => void): void {
    this.#onLimit = onLimit;
    for (const signal of SIGNALS) process.removeListener(signal, this.#signalled);
    process.removeListener('beforeExit', this.#idle);
  }

  /** The start has ended. */
  [Symbol.dispose](): void {
    clearTimeout(this.#limit);
    this.loaded(() => {});
  }

  #expired(): void {
    const error = new StartTimeoutError(this.#startMs);
    if (this.#onLimit === undefined) this.#end(error.message);
    else this.#onLimit(error);
  }

  readonly #idle = (): void => {
    this.#end('it waits for a promise that nothing will settle');
  };

  readonly #signalled = (signal: NodeJS.Signals): void => {
    this.#cleanUp();
    this[Symbol.dispose]();
    process.kill(process.pid, signal);
    // The system does not end the first process of a container by a signal that it does not handle.
    process.exit(128 + constants.signals[signal]);
  };

  #end(reason: string): never {
    process.stderr.write(`ropewalk: cannot start ${this.#name}: ${reason}\n`);
    this.#cleanUp();
    process.exit(FAILED);
  }
}
