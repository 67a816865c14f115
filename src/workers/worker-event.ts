/** Events that a group reports about its workers. */

interface OfWorker {
  /** The index of the worker, from 0. */
  readonly worker: number;
}

interface OfLife extends OfWorker {
  /** The number of its thread or process; -1 if it could not be started. */
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

/** It sent nothing for `silentMs`: it is killed now, and `exited` follows. */
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
  /** The number of consecutive ends without a healthy period. */
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
