/** The errors of tasks: loops, cooperators and whole programs. */
import { RopewalkError } from '../core/errors/base.js';
import { messageOf } from '../core/text-of.js';

/** The cooperative task has ended: it can be neither paused nor stopped. Which way it ended, the class says. */
export abstract class TaskFinishedError extends RopewalkError {}

/** The task's iterator has come to its end. */
export class TaskDoneError extends TaskFinishedError {
  override readonly name = 'TaskDoneError';
  override readonly code = 'ERR_TASK_DONE';

  constructor() {
    super('the task is done');
  }
}

/** The task was stopped. `whenDone` fails with this. */
export class TaskStoppedError extends TaskFinishedError {
  override readonly name = 'TaskStoppedError';
  override readonly code = 'ERR_TASK_STOPPED';

  constructor() {
    super('the task was stopped');
  }
}

/** The task's iterator threw, or something that it waited for failed: `cause`, with which `whenDone` fails. */
export class TaskFailedError extends TaskFinishedError {
  override readonly name = 'TaskFailedError';
  override readonly code = 'ERR_TASK_FAILED';

  constructor(cause: Error) {
    super(`the task failed: ${messageOf(cause)}`, { cause });
  }
}

/** The Cooperator of the task was stopped. `whenDone` fails with this. */
export class SchedulerStoppedError extends TaskFinishedError {
  override readonly name = 'SchedulerStoppedError';
  override readonly code = 'ERR_TASK_SCHEDULER_STOPPED';

  constructor() {
    super("the task's Cooperator was stopped");
  }
}

/** `start` of a LoopingCall that runs, or `stop` or `reset` of one that does not. */
export class LoopingCallStateError extends RopewalkError {
  override readonly name = 'LoopingCallStateError';
  override readonly code = 'ERR_LOOPING_CALL_STATE';
}

/** Thrown by the main function of `react`: ends the program with an exit code, and is not reported. */
export class ExitError extends RopewalkError {
  override readonly name = 'ExitError';
  override readonly code = 'ERR_EXIT';
  readonly exitCode: number;

  constructor(exitCode: number, message = `exit with code ${exitCode}`) {
    super(message);
    this.exitCode = exitCode;
  }
}
