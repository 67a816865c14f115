/** The errors of groups of workers. */

import { RopewalkError } from '../core/errors/base.js';
import { messageOf } from '../core/text-of.js';

/**
 * A worker did not become ready. `cause` is the reason: an error that its module threw, a {@link WorkerModuleError}, a
 * {@link WorkerExitedError}, or a TimeoutError. Errors thrown in the worker lose their class: compare the `code`.
 */
export class WorkerStartError extends RopewalkError {
  override readonly name = 'WorkerStartError';
  override readonly code = 'ERR_WORKER_START';
  /** The index of the worker, from 0. */
  readonly worker: number;

  constructor(worker: number, cause: Error) {
    super(`worker ${worker} did not start: ${messageOf(cause)}`, { cause });
    this.worker = worker;
  }
}

/** A worker's module has no function as its default export. */
export class WorkerModuleError extends RopewalkError {
  override readonly name = 'WorkerModuleError';
  override readonly code = 'ERR_WORKER_MODULE';
  /** The module's URL. */
  readonly module: string;

  constructor(module: string) {
    super(`the default export of ${module} is not a function`);
    this.module = module;
  }
}

/** A worker ended without being asked to. `cause` is the exception that ended it, if known. */
export class WorkerExitedError extends RopewalkError {
  override readonly name = 'WorkerExitedError';
  override readonly code = 'ERR_WORKER_EXITED';
  readonly worker: number;
  /** Null if a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;

  constructor(
    worker: number,
    end: {
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly error: Error | undefined;
    },
  ) {
    const { exitCode, signal, error } = end;
    const how = signal ?? (exitCode === null ? 'it could not be started' : `exit code ${exitCode}`);
    const why = error === undefined ? '' : `: ${error.message}`;
    super(`worker ${worker} ended (${how})${why}`, error && { cause: error });
    this.worker = worker;
    this.exitCode = exitCode;
    this.signal = signal;
  }
}

/** A worker did not respond for so long that it was killed. */
export class WorkerHungError extends RopewalkError {
  override readonly name = 'WorkerHungError';
  override readonly code = 'ERR_WORKER_HUNG';
  readonly worker: number;
  /** The minimum time without a message. */
  readonly silentMs: number;

  constructor(worker: number, silentMs: number) {
    super(`worker ${worker} hung: it did not respond for ${silentMs} ms and was killed`);
    this.worker = worker;
    this.silentMs = silentMs;
  }
}

/** The group was stopped before the requested operation was complete. */
export class WorkersStoppedError extends RopewalkError {
  override readonly name = 'WorkersStoppedError';
  override readonly code = 'ERR_WORKERS_STOPPED';

  constructor() {
    super('the group of workers was stopped');
  }
}
