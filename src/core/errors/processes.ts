/** Errors of child processes, and the reasons for their end. */
import { RopewalkError } from './base.js';

/** The reason for the end of a process, which `processExited` and `processEnded` receive. */
export abstract class ProcessClosed extends RopewalkError {}

/** The process exited with code 0. */
export class ProcessDone extends ProcessClosed {
  override readonly name = 'ProcessDone';
  override readonly code = 'ERR_PROCESS_DONE';

  constructor() {
    super('the process exited successfully');
  }
}

/** The process exited with another code, or was ended by a signal. */
export class ProcessTerminated extends ProcessClosed {
  override readonly name = 'ProcessTerminated';
  override readonly code = 'ERR_PROCESS_TERMINATED';
  /** 1 to 255 (more on Windows); undefined if a signal ended it. */
  readonly exitCode: number | undefined;
  /** The signal that ended it, such as `SIGTERM` (`SIG34` and others without a name); undefined if it exited. */
  readonly signal: string | undefined;

  /** Without both, its end was seen by other code of this program, and is unknown. */
  constructor(exitCode: number | undefined, signal: string | undefined) {
    const exited = exitCode === undefined ? 'ended in an unknown way' : `exited with ${exitCode}`;
    super(`the process ${signal === undefined ? exited : `was ended by ${signal}`}`);
    this.exitCode = exitCode;
    this.signal = signal;
  }
}

/** The reactor was stopped while the process was running. It continues, unless the end of its pipes ends it. */
export class ProcessAbandoned extends ProcessClosed {
  override readonly name = 'ProcessAbandoned';
  override readonly code = 'ERR_PROCESS_ABANDONED';

  constructor() {
    super('the reactor was stopped while the process was running; nothing waits for it any more');
  }
}

/** The process could not be started. `cause` is the error of the system. */
export class SpawnError extends RopewalkError {
  override readonly name = 'SpawnError';
  override readonly code = 'ERR_SPAWN';
  readonly executable: string;

  constructor(executable: string, why: string, options: ErrorOptions) {
    super(`${JSON.stringify(executable)} could not be started: ${why}`, options);
    this.executable = executable;
  }
}

/** A signal was to be sent to a process that has exited already. */
export class ProcessExitedAlreadyError extends RopewalkError {
  override readonly name = 'ProcessExitedAlreadyError';
  override readonly code = 'ERR_PROCESS_EXITED_ALREADY';

  constructor() {
    super('the process has exited already');
  }
}
