import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { CancelledError, NotPausedError } from '../../src/defer/errors.js';
import { fail, succeed } from '../../src/defer/succeed.js';
import { takeUnhandledFailures } from '../../src/defer/unhandled.js';
import type { CooperativeTask } from '../../src/task/cooperative-task.js';
import { Cooperator, type Work } from '../../src/task/cooperator.js';
import {
  SchedulerStoppedError,
  TaskDoneError,
  TaskFailedError,
  TaskFinishedError,
  TaskStoppedError,
} from '../../src/task/errors.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { loggedBy, none, outcomeOf } from '../defer/outcome.js';
import { TurnClock } from './turn-clock.js';

/** A task that does one step in each turn. */
function task<R>(work: Work<R>): { clock: TurnClock; task: CooperativeTask<R>; turn: () => void } {
  const clock = new TurnClock();
  const task = new Cooperator({ clock, sliceMs: 0 }).cooperate(work);
  return { clock, task, turn: () => clock.turn() };
}

/** Work without end; `steps` counts, `closed` counts its ends. */
function endless(): { work: Generator<unknown, number>; steps: number; closed: number } {
  const state = { steps: 0, closed: 0 };
  function* generate(): Generator<unknown, number> {
    try {
      for (;;) {
        state.steps += 1;
        yield;
      }
    } finally {
      state.closed += 1;
    }
  }
  return Object.assign(state, { work: generate() });
}

describe('CooperativeTask', () => {
  describe('whenDone', () => {
    it('fires with the return value of the generator, before and after the end', () => {
      const { task: given, turn } = task(
        (function* (): Generator<undefined, string> {
          yield;
          return 'result';
        })(),
      );
      const early = given.whenDone();
      expectTypeOf(early).toEqualTypeOf<Deferred<string>>();
      const outcome = outcomeOf(early);
      turn();
      expect(outcome.value).toBe(none);
      turn();
      expect([outcome.value, outcomeOf(given.whenDone()).value]).toEqual(['result', 'result']);
    });

    it('returns a new Deferred each time, which may be cancelled', () => {
      const { task: given, turn } = task([1]);
      const [first, second] = [given.whenDone(), given.whenDone()];
      first.cancel();
      turn();
      turn();
      expect(outcomeOf(first).value).toBeInstanceOf(CancelledError);
      expect(outcomeOf(second).value).toBe(undefined);
    });

    it('fails with the error that the iterator threw', () => {
      const error = new Error('no');
      const { task: given, turn } = task(
        // biome-ignore lint/correctness/useYield: it is to throw
        (function* (): Generator<undefined> {
          throw error;
        })(),
      );
      const outcome = outcomeOf(given.whenDone());
      turn();
      expect([outcome.value, outcomeOf(given.whenDone()).value]).toEqual([error, error]);
      expect(() => given.stop()).toThrow(TaskFailedError);
      expect(() => given.pause()).toThrow(expect.objectContaining({ cause: error }));
    });

    it('fails if the iterator violates its protocol', () => {
      const { task: given, turn } = task({ next: () => undefined as never });
      const outcome = outcomeOf(given.whenDone());
      turn();
      expect(outcome.value).toBeInstanceOf(TypeError);
    });
  });

  it('reports a failure that is never asked for, and no other', () => {
    const error = new Error('no');
    const throwing = (): Iterator<unknown> => ({
      next: () => {
        throw error;
      },
    });
    const asked = task(throwing());
    asked.turn();
    outcomeOf(asked.task.whenDone());
    expect(takeUnhandledFailures()).toEqual([]);
    task(throwing()).turn();
    expect(takeUnhandledFailures().map(({ failure }) => failure.value)).toEqual([error]);
    task(endless().work).task.stop();
    expect(takeUnhandledFailures()).toEqual([]);
  });

  describe('pause and resume', () => {
    it('are counted', () => {
      const state = endless();
      const { task: given, turn } = task(state.work);
      given.pause();
      given.pause();
      given.resume();
      turn();
      expect(state.steps).toBe(0);
      given.resume();
      turn();
      expect(state.steps).toBe(1);
    });

    it('can be called in a step', () => {
      let steps = 0;
      const pausing = task({
        next: () => {
          steps += 1;
          pausing.task.pause();
          if (steps === 1) pausing.task.resume();
          return { done: false, value: undefined };
        },
      });
      for (let i = 0; i < 5; i++) pausing.turn();
      expect(steps).toBe(2);
    });

    it('refuse to resume a task that is not paused', () => {
      expect(() => task([1]).task.resume()).toThrow(NotPausedError);
    });

    it('refuse to pause an ended task, and let a paused one be stopped', () => {
      const { task: given, turn } = task([]);
      turn();
      expect(() => given.pause()).toThrow(TaskDoneError);
      const paused = task(endless().work).task;
      paused.pause();
      paused.stop();
      paused.resume();
      expect(() => paused.pause()).toThrow(TaskStoppedError);
    });
  });

  describe('stop', () => {
    it('ends the task, with TaskStoppedError, and closes the generator', () => {
      const state = endless();
      const { clock, task: given, turn } = task(state.work);
      turn();
      const outcome = outcomeOf(given.whenDone());
      given.stop();
      expect(outcome.value).toBeInstanceOf(TaskStoppedError);
      expect([state.steps, state.closed, clock.getDelayedCalls()]).toEqual([1, 1, []]);
    });

    it('is refused after the task has ended, with the error for its end', () => {
      const done = task([]);
      done.turn();
      expect(() => done.task.stop()).toThrow(TaskDoneError);
      const stopped = task([1]);
      stopped.task.stop();
      expect(() => stopped.task.stop()).toThrow(TaskStoppedError);
      const cooperator = new Cooperator({ clock: new TurnClock() });
      const orphan = cooperator.cooperate([1]);
      cooperator.stop();
      expect(() => orphan.stop()).toThrow(SchedulerStoppedError);
      expect(() => orphan.stop()).toThrow(TaskFinishedError);
    });

    it('can be called in a step: the generator is closed after that', () => {
      const log: string[] = [];
      function* work(): Generator<undefined> {
        try {
          stopping.task.stop();
          log.push('stopped');
          yield;
        } finally {
          log.push('closed');
        }
      }
      const stopping = task(work());
      stopping.turn();
      expect(log).toEqual(['stopped', 'closed']);
    });

    it('can be called in the last step, and in one that throws', () => {
      const last = task({
        next: () => {
          last.task.stop();
          return { done: true, value: 1 };
        },
      });
      last.turn();
      expect(outcomeOf(last.task.whenDone()).value).toBeInstanceOf(TaskStoppedError);
      const error = new Error('no');
      const throwing = task({
        next: () => {
          throwing.task.stop();
          throw error;
        },
      });
      expect(loggedBy(throwing.turn)).toEqual([error]);
    });

    it('reports errors of closing', async () => {
      const error = new Error('no');
      const next = (): IteratorResult<unknown> => ({ done: false, value: 1 });
      const throwing = task({
        next,
        return: () => {
          throw error;
        },
      });
      expect(loggedBy(() => throwing.task.stop())).toEqual([error]);
      const rejecting = task({
        next: async () => next(),
        return: () => fail<IteratorResult<unknown>>(error).toPromise(),
      });
      using capture = captureLoggedErrors();
      rejecting.task.stop();
      await nextTurn();
      expect(capture.flush().map((logged) => logged.error)).toEqual([error]);
    });
  });

  describe('the value that a step yields', () => {
    it.each([
      ['a Deferred', () => new Deferred<void>()],
      [
        'a Deferred that waits for another',
        () => succeed().addCallback(() => new Deferred<void>()),
      ],
    ])('is waited for, where it is %s, by that task alone', (_what, make) => {
      const clock = new TurnClock();
      const cooperator = new Cooperator({ clock, sliceMs: 0 });
      const yielded = make();
      const log: string[] = [];
      cooperator.cooperate(
        (function* (): Generator<unknown> {
          log.push('before');
          yield yielded;
          log.push('after');
        })(),
      );
      const other = endless();
      cooperator.cooperate(other.work);
      for (let i = 0; i < 5; i++) clock.turn();
      expect([log, other.steps]).toEqual([['before'], 4]);
      yielded.cancel();
      for (let i = 0; i < 2; i++) clock.turn();
      expect(log).toEqual(['before']); // cancelled: the task failed
      expect(takeUnhandledFailures()).toHaveLength(1);
    });

    it('is waited for if it is a promise', async () => {
      const { task: given, turn } = task([Promise.resolve(), Promise.resolve()]);
      const outcome = outcomeOf(given.whenDone());
      for (let i = 0; i < 3; i++) {
        turn();
        await nextTurn();
      }
      expect(outcome.value).toBe(undefined);
    });

    it('costs a turn of its own if it already has a result', () => {
      const { task: given, turn } = task([succeed(1), succeed(2)]);
      const outcome = outcomeOf(given.whenDone());
      turn();
      turn();
      expect(outcome.value).toBe(none);
      turn();
      expect(outcome.value).toBe(undefined);
    });

    it('makes the task fail if it fails, and closes the generator', () => {
      const error = new Error('no');
      let closed = false;
      const { task: given, turn } = task(
        (function* (): Generator<unknown> {
          try {
            yield fail(error);
          } finally {
            closed = true;
          }
        })(),
      );
      const outcome = outcomeOf(given.whenDone());
      turn();
      expect([outcome.value, closed]).toEqual([error, true]);
    });

    it('is waited for despite pause and resume', () => {
      const yielded = new Deferred<void>();
      const { task: given, turn } = task([yielded, 1]);
      turn();
      expect(() => given.resume()).toThrow(NotPausedError);
      given.pause();
      given.resume();
      const outcome = outcomeOf(given.whenDone());
      for (let i = 0; i < 3; i++) turn();
      expect(outcome.value).toBe(none);
      given.pause();
      yielded.callback();
      for (let i = 0; i < 3; i++) turn();
      expect(outcome.value).toBe(none);
      given.resume();
      for (let i = 0; i < 2; i++) turn();
      expect(outcome.value).toBe(undefined);
    });

    it('is reported if it fails when the task was stopped, unless it was cancelled', () => {
      const error = new Error('no');
      const yielded = [new Deferred<void>(), new Deferred<void>()];
      for (const each of yielded) {
        const { task: given, turn } = task([each]);
        turn();
        given.stop();
      }
      expect(loggedBy(() => yielded[0]?.errback(error))).toEqual([error]);
      expect(loggedBy(() => yielded[1]?.cancel())).toEqual([]);
    });

    it('does nothing if it fires when the task was stopped', () => {
      const yielded = new Deferred<void>();
      const { clock, task: given, turn } = task([yielded]);
      turn();
      given.stop();
      yielded.callback();
      expect(clock.getDelayedCalls()).toEqual([]);
    });
  });

  describe('of an async iterator', () => {
    it('takes one next() for a step', async () => {
      let asked = 0;
      const { turn } = task({
        next: async () => {
          asked += 1;
          return { done: false, value: undefined };
        },
      });
      turn();
      turn();
      expect(asked).toBe(1);
      await nextTurn();
      turn();
      expect(asked).toBe(2);
    });

    it('fails with what it rejects with', async () => {
      const error = new Error('no');
      const { task: given, turn } = task({ next: () => Promise.reject(error) });
      const outcome = outcomeOf(given.whenDone());
      turn();
      await nextTurn();
      expect(outcome.value).toBe(error);
    });

    it('is closed once if it is stopped during a step', async () => {
      const step = new Deferred<IteratorResult<unknown>>();
      let closed = 0;
      const { task: given, turn } = task({
        next: () => step.toPromise(),
        return: async () => {
          closed += 1;
          return { done: true, value: undefined };
        },
      });
      turn();
      given.stop();
      step.callback({ done: false, value: 1 });
      await nextTurn();
      expect(closed).toBe(1);
    });
  });
});
