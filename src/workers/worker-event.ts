/** The events of a group of workers. */

interface OfWorker {
  /** Which one, counted from 0. */
  readonly worker: number;
}

interface OfLife extends OfWorker {
  /** Number of its thread or process; -1 where it could not be started. */
  readonly id: number;
}

/** A worker's thread or process was started. */
export interface WorkerStarted extends OfLife {
  readonly type: 'started';
}

/** The result of its module's function is available. */
export interface WorkerReady extends OfLife {
  readonly type: 'ready';
}

/** It was asked to end. */
export interface WorkerDraining extends OfLife {
  readonly type: 'draining';
}

/** It was silent for `silentMs`: it is killed now, and `exited` follows. */
export interface WorkerHung extends OfLife {
  readonly type: 'hung';
  readonly silentMs: number;
}

/** It has ended. */
export interface WorkerExited extends OfLife {
  readonly type: 'exited';
  /** Null if a signal ended it, or it could not be started. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The exception that ended a thread. A process prints its exceptions itself. */
  readonly error: Error | undefined;
  /** Whether it was asked to end. */
  readonly asked: boolean;
  /** Whether it took too long to become ready, to answer or to end, and was killed. */
  readonly killed: boolean;
}

/** It ended before it was ready. */
export interface WorkerFailed extends OfWorker {
  readonly type: 'failed';
  /** A WorkerStartError. */
  readonly error: Error;
}

/** It will be restarted. */
export interface WorkerRestarting extends OfWorker {
  readonly type: 'restarting';
  readonly delayMs: number;
  /** How many times in a row it ended without having been healthy. */
  readonly failures: number;
}

export type WorkerEvent =
  | WorkerStarted
  | WorkerReady
  | WorkerDraining
  | WorkerHung
  | WorkerExited
  | WorkerFailed
  | WorkerRestarting;
