/** One of the tasks of a Cooperator: an iterator whose every step is a piece of work. */
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

/** What gives tasks their turns: it steps through them one after the other. @internal */
export interface TaskScheduler {
  /** Gives the task turns from now on; or, having been stopped, ends it. */
  add(entry: Entry<CooperativeTask>): void;
  remove(entry: Entry<CooperativeTask>): void;
}

type Step = IteratorResult<unknown, unknown>;

/** What `Cooperator.cooperate` gives. `R` is what a generator returns; other iterators give undefined as a rule. */
export class CooperativeTask<R = unknown> {
  private readonly iterator: Iterator<unknown> | AsyncIterator<unknown>;
  private readonly scheduler: TaskScheduler;
  private readonly context: AsyncContext = captureContext();
  private readonly entry: Entry<CooperativeTask> = new Entry<CooperativeTask>(this);
  private pauses = 0;
  /** For what the iterator yielded. */
  private waiting = false;
  private stepping = false;
  private closed = false;
  private finished: TaskFinishedError | undefined;
  private outcome: R | Failure | undefined;
  private listeners: Deferred<R>[] = [];
  /** A failure that nobody has asked for yet: reported if nobody ever does. */
  private unheard: Deferred<never> | undefined;

  /** @internal Use `Cooperator.cooperate`. */
  constructor(iterator: Iterator<unknown> | AsyncIterator<unknown>, scheduler: TaskScheduler) {
    this.iterator = iterator;
    this.scheduler = scheduler;
    scheduler.add(this.entry);
  }

  /**
   * Fires with what the iterator returned at its end. Fails with what it threw, or what something that it yielded failed
   * with, or with TaskStoppedError, SchedulerStoppedError or ReactorStoppedError. Each call gives a Deferred of its own; cancelling that does
   * not touch the task. A failure is reported if this is never called.
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
   * Gives the task no turns until `resume` was called as often as this.
   * @throws TaskFinishedError it has ended.
   */
  pause(): void {
    this.requireUnfinished();
    this.pauses += 1;
    this.scheduler.remove(this.entry);
  }

  /**
   * Ends a pause. What the iterator yielded is waited for all the same.
   * @throws NotPausedError
   */
  resume(): void {
    if (this.pauses === 0) throw new NotPausedError();
    this.pauses -= 1;
    this.goOn();
  }

  /**
   * Ends the task. A generator's `finally` blocks run; what it waits for is not cancelled.
   * @throws TaskFinishedError it has ended.
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

  /** @internal The reactor was stopped while the task waited for its turn. */
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
    checkObject('what next() of the iterator gives', step);
    if (step.done === true) {
      if (this.finished === undefined) this.finish(new TaskDoneError(), step.value as R);
    } else if (this.finished !== undefined) {
      this.close();
    } else if (isThenable(step.value)) {
      this.waitFor(step.value, () => {});
    }
  }

  /** Holds the task, and no other, until there is a result. */
  private waitFor(thenable: PromiseLike<unknown>, use: (result: unknown) => void): void {
    this.waiting = true;
    this.scheduler.remove(this.entry);
    Deferred.fromPromise(thenable)
      .addCallback((result) => {
        this.waiting = false;
        use(result);
        this.goOn();
      })
      .addErrback((failure) => this.failed(failure));
  }

  private goOn(): void {
    if (this.pauses > 0 || this.waiting || this.finished !== undefined) return;
    this.scheduler.add(this.entry);
  }

  private failed(failure: Failure): void {
    this.waiting = false;
    if (this.finished !== undefined) {
      // Its `finally` blocks may well have cancelled what it waited for.
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

  /** Lets the iterator clean up. One that is at work now is closed after that. */
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
