/** One task of a Cooperator: an iterator, each step of which is a piece of work. */
import { Deferred } from '../defer/deferred.js';
import { CancelledError, NotPausedError, ReactorStoppedError } from '../defer/errors.js';
import { Failure } from '../defer/failure.js';
import { Entry } from '../defer/linked-list.js';
import { fail } from '../defer/succeed.js';
import { isThenable } from '../defer/thenable.js';
import { type AsyncContext, captureContext } from '../internal/async-context.js';
import { checkObject } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import {
  SchedulerStoppedError,
  TaskDoneError,
  TaskFailedError,
  type TaskFinishedError,
  TaskStoppedError,
} from './errors.js';

/** Gives tasks their turns: steps through them one after the other. @internal */
export interface TaskScheduler {
  /** Gives the task turns from now on; ends it if the scheduler was stopped. */
  add(entry: Entry<CooperativeTask>): void;
  remove(entry: Entry<CooperativeTask>): void;
}

type Step = IteratorResult<unknown, unknown>;

/** The result of `Cooperator.cooperate`. `R` is the return type of a generator; other iterators usually return undefined. */
export class CooperativeTask<R = unknown> {
  private readonly iterator: Iterator<unknown> | AsyncIterator<unknown>;
  private readonly scheduler: TaskScheduler;
  private readonly context: AsyncContext = captureContext();
  private readonly entry: Entry<CooperativeTask> = new Entry<CooperativeTask>(this);
  private pauses = 0;
  /** Waiting for the result of a promise or Deferred that the iterator yielded. */
  private waiting = false;
  private stepping = false;
  private closed = false;
  private finished: TaskFinishedError | undefined;
  private outcome: R | Failure | undefined;
  private listeners: Deferred<R>[] = [];
  /** A failure that has not been asked for yet: reported if `whenDone` is never called. */
  private unheard: Deferred<never> | undefined;

  /** @internal Use `Cooperator.cooperate`. */
  constructor(iterator: Iterator<unknown> | AsyncIterator<unknown>, scheduler: TaskScheduler) {
    this.iterator = iterator;
    this.scheduler = scheduler;
    scheduler.add(this.entry);
  }

  /**
   * Fires with the return value of the iterator. Fails with the error that the iterator threw or that a yielded promise or
   * Deferred failed with, or with TaskStoppedError, SchedulerStoppedError or ReactorStoppedError. Each call returns a new
   * Deferred; cancelling it does not affect the task. A failure is reported if this is never called.
   */
  whenDone(): Deferred<R> {
    const done = new Deferred<R>();
    this.unheard?.addErrback(() => undefined);
    this.unheard = undefined;
    if (this.finished === undefined) this.listeners.push(done);
    else done.callback(this.outcome as R | Failure);
    return done;
  }

  /**
   * Gives the task no turns until `resume` has been called as often as this.
   * @throws TaskFinishedError the task has ended.
   */
  pause(): void {
    this.requireUnfinished();
    this.pauses += 1;
    this.scheduler.remove(this.entry);
  }

  /**
   * Ends a pause. The task still waits for a pending promise or Deferred that it yielded.
   * @throws NotPausedError
   */
  resume(): void {
    if (this.pauses === 0) throw new NotPausedError();
    this.pauses -= 1;
    this.scheduleIfReady();
  }

  /**
   * Ends the task. A generator's `finally` blocks run; a pending promise or Deferred is not cancelled.
   * @throws TaskFinishedError the task has ended.
   */
  stop(): void {
    this.requireUnfinished();
    const error = new TaskStoppedError();
    this.finish(error, new Failure(error));
    this.close();
  }

  /** @internal The scheduler was stopped. */
  schedulerStopped(): void {
    const error = new SchedulerStoppedError();
    this.finish(error, new Failure(error));
    this.close();
  }

  /** @internal The reactor was stopped while the task was waiting for its turn. */
  reactorStopped(): void {
    if (this.finished !== undefined) return;
    const error = new ReactorStoppedError();
    this.finish(new TaskFailedError(error), new Failure(error));
    this.close();
  }

  /** @internal Does one piece of work. */
  step(): void {
    this.stepping = true;
    try {
      const { iterator, context } = this;
      const step = context === undefined ? iterator.next() : this.stepIn(context);
      this.stepping = false;
      if (isThenable(step)) this.waitFor(step, (result) => this.take(result as Step));
      else this.take(step);
    } catch (error) {
      this.stepping = false;
      this.failed(Failure.from(error));
    }
  }

  private stepIn(context: NonNullable<AsyncContext>): Step | Promise<Step> {
    const { iterator } = this;
    return context.runInAsyncScope(() => iterator.next());
  }

  private take(step: Step): void {
    checkObject('the result of next()', step);
    if (step.done === true) {
      if (this.finished === undefined) this.finish(new TaskDoneError(), step.value as R);
    } else if (this.finished !== undefined) {
      this.close();
    } else if (isThenable(step.value)) {
      this.waitFor(step.value, () => {});
    }
  }

  /** Suspends this task only, until there is a result. */
  private waitFor(thenable: PromiseLike<unknown>, use: (result: unknown) => void): void {
    this.waiting = true;
    this.scheduler.remove(this.entry);
    Deferred.fromPromise(thenable)
      .addCallback((result) => {
        this.waiting = false;
        use(result);
        this.scheduleIfReady();
      })
      .addErrback((failure) => this.failed(failure));
  }

  private scheduleIfReady(): void {
    if (this.pauses > 0 || this.waiting || this.finished !== undefined) return;
    this.scheduler.add(this.entry);
  }

  private failed(failure: Failure): void {
    this.waiting = false;
    if (this.finished !== undefined) {
      // The iterator's `finally` blocks may have cancelled the pending Deferred.
      if (!failure.check(CancelledError)) reportError(failure.value, 'a task that was stopped');
      return;
    }
    const { listeners } = this;
    this.finish(new TaskFailedError(failure.value), failure);
    if (listeners.length === 0) this.unheard = fail(failure);
    this.close();
  }

  private finish(state: TaskFinishedError, outcome: R | Failure): void {
    this.finished = state;
    this.outcome = outcome;
    this.scheduler.remove(this.entry);
    const { listeners } = this;
    this.listeners = [];
    for (const listener of listeners) listener.callback(outcome);
  }

  /** Lets the iterator clean up. An iterator that is running now is closed after its step. */
  private close(): void {
    if (this.stepping || this.closed) return;
    this.closed = true;
    try {
      const closing = this.iterator.return?.();
      if (!isThenable(closing)) return;
      Deferred.fromPromise(closing).addErrback(({ value }) => reportError(value, CLOSING));
    } catch (error) {
      reportError(error, CLOSING);
    }
  }

  private requireUnfinished(): void {
    if (this.finished !== undefined) throw this.finished;
  }
}

const CLOSING = 'the end of a task';
