/** The errors of tasks: loops, cooperators and whole programs. */
import { RopewalkError } from '../core/errors/base.js';
import { messageOf } from '../core/text-of.js';

/** The cooperative task has ended and cannot be paused or stopped. The subclass says how it ended. */
export abstract class TaskFinishedError extends RopewalkError {}

/** The task's iterator has finished. */
export class TaskDoneError extends TaskFinishedError {
  override readonly name = 'TaskDoneError';
  override readonly code = 'ERR_TASK_DONE';

  constructor() {
    super('the task is done');
  }
}

/** The task was stopped. `whenDone` fails with this error. */
export class TaskStoppedError extends TaskFinishedError {
  override readonly name = 'TaskStoppedError';
  override readonly code = 'ERR_TASK_STOPPED';

  constructor() {
    super('the task was stopped');
  }
}

/** The task's iterator threw, or a promise or Deferred that it yielded failed: see `cause`. `whenDone` fails with that cause. */
export class TaskFailedError extends TaskFinishedError {
  override readonly name = 'TaskFailedError';
  override readonly code = 'ERR_TASK_FAILED';

  constructor(cause: Error) {
    super(`the task failed: ${messageOf(cause)}`, { cause });
  }
}

/** The task's Cooperator was stopped. `whenDone` fails with this error. */
export class SchedulerStoppedError extends TaskFinishedError {
  override readonly name = 'SchedulerStoppedError';
  override readonly code = 'ERR_TASK_SCHEDULER_STOPPED';

  constructor() {
    super("the task's Cooperator was stopped");
  }
}

/** `start` of a running LoopingCall, or `stop` or `reset` of one that is not running. */
export class LoopingCallStateError extends RopewalkError {
  override readonly name = 'LoopingCallStateError';
  override readonly code = 'ERR_LOOPING_CALL_STATE';
}

/** Thrown by the main function of `react` to end the program with an exit code. It is not reported. */
export class ExitError extends RopewalkError {
  override readonly name = 'ExitError';
  override readonly code = 'ERR_EXIT';
  readonly exitCode: number;

  constructor(exitCode: number, message = `exit with code ${exitCode}`) {
    super(message);
    this.exitCode = exitCode;
  }
}
