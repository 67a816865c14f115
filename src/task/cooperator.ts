/** Long work in small pieces: tasks take turns, and the reactor runs between slices of them. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { Deferred } from '../defer/deferred.js';
import { type Entry, LinkedList } from '../defer/linked-list.js';
import { ROOT_CONTEXT } from '../internal/async-context.js';
import { checkBoolean, checkClock, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { CooperativeTask, type TaskScheduler } from './cooperative-task.js';

export interface CooperatorOptions {
  readonly clock: Clock;
  /**
   * Duration of a slice, which is one turn of the reactor: no step begins later. 0 is one step. Default 10. On a manual clock
   * the time does not advance during a slice, which then lasts until no task can continue: use 0 there.
   */
  readonly sliceMs?: number;
  /** Pause between slices. Default 0: a slice in each turn. */
  readonly restMs?: number;
  /** Whether tasks get turns without a call of `start`. Default true. */
  readonly started?: boolean;
}

/** The arguments that a Cooperator accepts. A generator is both an iterator and an iterable. */
export type Work<R = unknown> =
  | Iterator<unknown, R>
  | Iterable<unknown, R>
  | AsyncIterator<unknown, R>
  | AsyncIterable<unknown, R>;

const DEFAULT_SLICE_MS = 10;
const OPTIONS: OptionNames<CooperatorOptions> = {
  clock: true,
  sliceMs: true,
  restMs: true,
  started: true,
};

/**
 * Steps through its tasks in turn, one step of each, slice by slice. If a step yields a Deferred or a promise, only that task
 * waits for the result; if the result is a failure, the task fails. A step of an async iterator is one `next()`.
 *
 * Stopping the reactor ends the tasks that wait for their turn with ReactorStoppedError. Paused tasks, tasks that wait for a
 * result, and tasks added later continue in the next run.
 *
 * @example
 * const cooperator = new Cooperator({ clock: reactor });
 * await cooperator.coiterate(function* () {
 *   for (const file of files) yield index(file);
 * }());
 */
export class Cooperator {
  readonly #clock: Clock;
  readonly #sliceMs: number;
  readonly #restMs: number;
  readonly #tasks = new LinkedList<CooperativeTask>();
  #state: 'waiting' | 'running' | 'stopped';
  #call: DelayedCall | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: CooperatorOptions) {
    checkOptions('Cooperator', options, OPTIONS);
    checkClock('clock', options.clock);
    this.#clock = options.clock;
    this.#sliceMs = checkMilliseconds('sliceMs', options.sliceMs ?? DEFAULT_SLICE_MS);
    this.#restMs = checkMilliseconds('restMs', options.restMs ?? 0);
    this.#state = checkBoolean('started', options.started ?? true) ? 'running' : 'waiting';
  }

  /** Whether tasks get turns. */
  get running(): boolean {
    return this.#state === 'running';
  }

  /**
   * Works on an iterator, step by step, starting in a later turn. If the Cooperator was stopped, the task ends immediately.
   * @throws InvalidArgumentTypeError `work` is neither an iterator nor an iterable.
   */
  cooperate<R>(work: Work<R>): CooperativeTask<R> {
    return new CooperativeTask<R>(iteratorOf(work), this.#scheduler);
  }

  /** `cooperate(work).whenDone()`; cancelling it stops the task. @throws InvalidArgumentTypeError */
  coiterate<R>(work: Work<R>): Deferred<R> {
    const task = this.cooperate(work);
    const done = new Deferred<R>(() => task.stop());
    task.whenDone().addBoth((outcome) => done.callback(outcome));
    return done;
  }

  /** Gives turns to all tasks, including those added before. After `stop`: only to tasks added from now on. */
  start(): void {
    this.#state = 'running';
    this.#schedule();
  }

  /** Ends all tasks with SchedulerStoppedError: paused and waiting ones when they would continue, later ones immediately. */
  stop(): void {
    this.#state = 'stopped';
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) {
      task.schedulerStopped();
    }
    this.#unschedule();
  }

  readonly #scheduler: TaskScheduler = {
    add: (entry) => {
      if (this.#state === 'stopped') {
        entry.value.schedulerStopped();
        return;
      }
      this.#tasks.push(entry);
      this.#schedule();
    },
    remove: (entry) => {
      this.#tasks.remove(entry);
      if (this.#tasks.size === 0) this.#unschedule();
    },
  };

  #schedule(): void {
    if (this.#state !== 'running' || this.#call !== undefined || this.#tasks.size === 0) return;
    // Slices serve many tasks: they run in the root context, not in that of the task that caused the scheduling.
    ROOT_CONTEXT.runInAsyncScope(() => {
      this.#call = this.#clock.callLater(this.#restMs, this.#slice);
      this.#call.whenDropped(this.#reactorStopped);
    });
  }

  #unschedule(): void {
    this.#call?.cancel();
    this.#call = undefined;
  }

  readonly #reactorStopped = (): void => {
    this.#call = undefined;
    const tasks: CooperativeTask[] = [];
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) {
      tasks.push(task);
    }
    // Their listeners may add tasks, which must not be ended.
    for (const task of tasks) task.reactorStopped();
  };

  readonly #slice = (): void => {
    this.#call = undefined;
    const end = this.#clock.now() + this.#sliceMs;
    let entry: Entry<CooperativeTask> | undefined = this.#tasks.first;
    while (entry !== undefined) {
      this.#tasks.remove(entry);
      this.#tasks.push(entry);
      entry.value.step();
      if (this.#clock.now() >= end) break;
      entry = this.#tasks.first;
    }
    this.#schedule();
  };
}

function iteratorOf<R>(work: Work<R>): Iterator<unknown, R> | AsyncIterator<unknown, R> {
  const { [Symbol.iterator]: iterate, [Symbol.asyncIterator]: iterateAsync } = (work ??
    {}) as Partial<Iterable<unknown, R> & AsyncIterable<unknown, R>>;
  let iterator: unknown = work;
  if (typeof iterate === 'function') iterator = iterate.call(work);
  else if (typeof iterateAsync === 'function') iterator = iterateAsync.call(work);
  if (typeof (iterator as Partial<Iterator<unknown>> | undefined)?.next === 'function') {
    return iterator as Iterator<unknown, R> | AsyncIterator<unknown, R>;
  }
  throw new InvalidArgumentTypeError('work', 'an iterator or an iterable', work);
}
