import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { Deferred } from '../../src/defer/deferred.js';
import { ReactorStoppedError } from '../../src/defer/errors.js';
import { createReactor } from '../../src/reactor/create-reactor.js';
import type { CooperativeTask } from '../../src/task/cooperative-task.js';
import { Cooperator, type Work } from '../../src/task/cooperator.js';
import { SchedulerStoppedError, TaskFailedError, TaskStoppedError } from '../../src/task/errors.js';
import { none, outcomeOf } from '../defer/outcome.js';
import { TurnClock } from './turn-clock.js';

/** A Cooperator that does one step in each turn. */
function stepwise(options: { started?: boolean } = {}): {
  clock: TurnClock;
  cooperator: Cooperator;
} {
  const clock = new TurnClock();
  return { clock, cooperator: new Cooperator({ clock, sliceMs: 0, ...options }) };
}

/** Work that notes its steps, each taking some time, for ever or as often as told. */
function* noting(
  log: string[],
  name: string,
  {
    clock,
    takesMs = 0,
    steps = Infinity,
  }: { clock?: TurnClock; takesMs?: number; steps?: number } = {},
): Generator<undefined, string> {
  for (let step = 0; step < steps; step++) {
    log.push(name);
    if (clock !== undefined) clock.time += takesMs;
    yield;
  }
  return `${name} is done`;
}

function turns(clock: TurnClock, count: number): void {
  for (let i = 0; i < count; i++) clock.turn();
}

describe('Cooperator', () => {
  it('begins in a later turn', () => {
    const { clock, cooperator } = stepwise();
    const log: string[] = [];
    cooperator.cooperate(noting(log, 'a'));
    expect(log).toEqual([]);
    clock.turn();
    expect(log).toEqual(['a']);
  });

  it('takes a step of each task in turn, including one that is added late', () => {
    const { clock, cooperator } = stepwise();
    const log: string[] = [];
    cooperator.cooperate(noting(log, 'a'));
    cooperator.cooperate(noting(log, 'b'));
    turns(clock, 3);
    cooperator.cooperate(noting(log, 'c'));
    turns(clock, 6);
    expect(log.join(' ')).toBe('a b a b a c b a c');
  });

  it('begins no step after 10 ms, and continues in the next turn', () => {
    const clock = new TurnClock();
    const cooperator = new Cooperator({ clock });
    const log: string[] = [];
    cooperator.cooperate(noting(log, 'a', { clock, takesMs: 4 }));
    clock.turn();
    expect([log.length, clock.time]).toEqual([3, 12]);
    clock.turn();
    expect(log.length).toBe(6);
  });

  it('follows sliceMs and restMs', () => {
    const clock = new TurnClock();
    const cooperator = new Cooperator({ clock, sliceMs: 2, restMs: 50 });
    const log: string[] = [];
    cooperator.cooperate(noting(log, 'a', { clock, takesMs: 1 }));
    clock.turn(50);
    expect(log.length).toBe(2);
    clock.turn(49);
    expect(log.length).toBe(2);
    clock.turn(1);
    expect(log.length).toBe(4);
  });

  it('schedules no turn if no task can continue', () => {
    const { clock, cooperator } = stepwise();
    const task = cooperator.cooperate(noting([], 'a', { steps: 1 }));
    task.pause();
    expect(clock.getDelayedCalls()).toEqual([]);
    task.resume();
    expect(clock.getDelayedCalls()).toHaveLength(1);
    turns(clock, 2);
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('accepts new tasks in a step, and after a slice that ended all others', () => {
    const { clock, cooperator } = stepwise();
    const log: string[] = [];
    cooperator.cooperate(
      (function* (): Generator<undefined> {
        log.push('parent');
        cooperator.cooperate(noting(log, 'child', { steps: 2 }));
        yield;
      })(),
    );
    turns(clock, 9);
    expect(log).toEqual(['parent', 'child', 'child']);
  });

  it('is fair: no task is ever two steps ahead of another', () => {
    const act = fc.oneof(
      { weight: 4, arbitrary: fc.constant('turn' as const) },
      { weight: 1, arbitrary: fc.nat({ max: 4 }) },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(act), (count, acts) => {
        const { clock, cooperator } = stepwise();
        const steps: number[] = Array(count).fill(0);
        const tasks = steps.map((_, index) => {
          const work = function* (): Generator<undefined> {
            for (;;) {
              steps[index] = (steps[index] ?? 0) + 1;
              yield;
            }
          };
          return cooperator.cooperate(work());
        });
        let paused: CooperativeTask | undefined;
        for (const each of acts) {
          if (each === 'turn') clock.turn();
          else if (paused === undefined) {
            paused = tasks[each];
            paused?.pause();
          } else {
            // One that comes back has missed its turns: it is at the end of the line like any other.
            paused.resume();
            paused = undefined;
            steps.fill(0);
            turns(clock, count);
            expect(new Set(steps)).toEqual(new Set([1]));
          }
        }
        if (paused !== undefined) return;
        steps.fill(0);
        turns(clock, count * 3);
        expect(new Set(steps)).toEqual(new Set([3]));
      }),
    );
  });

  describe('start and stop', () => {
    it('gives no turns before it is started', () => {
      const { clock, cooperator } = stepwise({ started: false });
      const log: string[] = [];
      cooperator.cooperate(noting(log, 'a'));
      turns(clock, 2);
      expect([cooperator.running, log]).toEqual([false, []]);
      cooperator.start();
      cooperator.start(); // twice is once
      expect([cooperator.running, clock.getDelayedCalls().length]).toEqual([true, 1]);
      clock.turn();
      expect(log).toEqual(['a']);
    });

    it('ends all tasks when it is stopped, and later ones immediately', () => {
      const { clock, cooperator } = stepwise();
      const tasks = ['a', 'b'].map((name) => outcomeOf(cooperator.coiterate(noting([], name))));
      clock.turn();
      cooperator.stop();
      tasks.push(outcomeOf(cooperator.coiterate(noting([], 'c'))));
      for (const { value } of tasks) expect(value).toBeInstanceOf(SchedulerStoppedError);
      expect([cooperator.running, clock.getDelayedCalls()]).toEqual([false, []]);
    });

    it('ends paused and waiting tasks when they would continue', () => {
      const { clock, cooperator } = stepwise();
      const paused = cooperator.cooperate(noting([], 'a'));
      paused.pause();
      const yielded = new Deferred<void>();
      const waiting = cooperator.cooperate([yielded, 1]);
      clock.turn();
      cooperator.stop();
      const done = [paused, waiting].map((task) => outcomeOf(task.whenDone()));
      expect(done.map(({ value }) => value)).toEqual([none, none]);
      paused.resume();
      yielded.callback();
      for (const { value } of done) expect(value).toBeInstanceOf(SchedulerStoppedError);
    });

    it('can be stopped in a step', () => {
      const { clock, cooperator } = stepwise();
      const log: string[] = [];
      const work = function* (): Generator<undefined> {
        try {
          cooperator.stop();
          log.push('stopped');
          yield;
        } finally {
          log.push('closed');
        }
      };
      const done = outcomeOf(cooperator.coiterate(work()));
      const other = outcomeOf(cooperator.coiterate(noting(log, 'never')));
      turns(clock, 3);
      expect(log).toEqual(['stopped', 'closed']);
      for (const { value } of [done, other]) expect(value).toBeInstanceOf(SchedulerStoppedError);
    });

    it('lets a listener to the end stop other tasks', () => {
      const { cooperator } = stepwise();
      const first = cooperator.cooperate(noting([], 'a'));
      const second = cooperator.cooperate(noting([], 'b'));
      first.whenDone().addErrback(() => second.stop());
      const done = outcomeOf(second.whenDone());
      cooperator.stop();
      expect(done.value).toBeInstanceOf(TaskStoppedError);
    });

    it('continues after another start', () => {
      const { clock, cooperator } = stepwise();
      cooperator.stop();
      cooperator.start();
      const log: string[] = [];
      cooperator.cooperate(noting(log, 'a'));
      clock.turn();
      expect(log).toEqual(['a']);
    });
  });

  describe('when the reactor is stopped', () => {
    it('ends the tasks that wait for their turn, and closes their iterators', () => {
      const { clock, cooperator } = stepwise();
      let closed = 0;
      const work = function* (): Generator {
        try {
          for (;;) yield;
        } finally {
          closed += 1;
        }
      };
      const done = outcomeOf(cooperator.coiterate(work()));
      const task = cooperator.cooperate(work());
      turns(clock, 2);
      clock.clear();
      expect(done.value).toBeInstanceOf(ReactorStoppedError);
      expect(closed).toBe(2);
      expect(() => task.stop()).toThrow(TaskFailedError);
      expect(outcomeOf(task.whenDone()).value).toBeInstanceOf(ReactorStoppedError);
    });

    it('keeps paused tasks and those that wait for a result', () => {
      const { clock, cooperator } = stepwise();
      const log: string[] = [];
      const result = new Deferred<void>();
      const work = function* (): Generator {
        yield result;
        log.push('has its result');
      };
      const paused = cooperator.cooperate(noting(log, 'paused'));
      paused.pause();
      cooperator.cooperate(work());
      cooperator.cooperate(noting([], 'another'));
      turns(clock, 1);
      clock.clear();
      result.callback();
      paused.resume();
      turns(clock, 2);
      expect(log).toEqual(['has its result', 'paused']);
    });

    it('works on tasks that are added at the end of another, and afterwards', () => {
      const { clock, cooperator } = stepwise();
      const log: string[] = [];
      const first = cooperator.coiterate(noting([], 'first'));
      const second = outcomeOf(cooperator.coiterate(noting([], 'second')));
      first.addErrback(() => void cooperator.coiterate(noting(log, 'added')));
      clock.clear();
      expect(second.value).toBeInstanceOf(ReactorStoppedError);
      cooperator.cooperate(noting(log, 'afterwards'));
      turns(clock, 2);
      expect(log).toEqual(['added', 'afterwards']);
    });

    it('ends no task twice', () => {
      const { clock, cooperator } = stepwise();
      const second = cooperator.cooperate(noting([], 'second'));
      const first = cooperator.cooperate(noting([], 'first'));
      turns(clock, 1);
      // The second is at the end of the queue by now.
      first.whenDone().addErrback(() => second.stop());
      const outcome = outcomeOf(second.whenDone());
      clock.clear();
      expect(outcome.value).toBeInstanceOf(TaskStoppedError);
    });
  });

  describe('coiterate', () => {
    it('fires with what the generator returns', () => {
      const { clock, cooperator } = stepwise();
      const done = cooperator.coiterate(noting([], 'a', { steps: 1 }));
      expectTypeOf(done).toEqualTypeOf<Deferred<string>>();
      turns(clock, 2);
      expect(outcomeOf(done).value).toBe('a is done');
    });

    it('stops the task when it is cancelled', () => {
      const { clock, cooperator } = stepwise();
      const log: string[] = [];
      const done = cooperator.coiterate(noting(log, 'a'));
      clock.turn();
      done.cancel();
      turns(clock, 2);
      expect(log).toEqual(['a']);
      expect(outcomeOf(done).value).toBeInstanceOf(TaskStoppedError);
    });
  });

  describe('accepts as work', () => {
    const iterator = (): Iterator<number> => {
      const inner = [1, 2][Symbol.iterator]();
      return { next: () => inner.next() };
    };
    async function* asyncGenerator(): AsyncGenerator<number> {
      yield 1;
      yield 2;
    }
    const asyncIterator = (): AsyncIterator<number> => {
      const inner = asyncGenerator();
      return { next: () => inner.next() };
    };
    it.each<[string, Work, boolean]>([
      ['an array', [1, 2], false],
      ['an iterator', iterator(), false],
      ['an async generator', asyncGenerator(), true],
      ['an async iterator', asyncIterator(), true],
    ])('%s', async (_what, work, later) => {
      const { clock, cooperator } = stepwise();
      const done = outcomeOf(cooperator.coiterate(work));
      for (let i = 0; i < 4; i++) {
        clock.turn();
        if (later) await nextTurn();
      }
      expect(done).toEqual({ value: undefined, failed: false });
    });

    it.each([undefined, null, 1, {}, () => {}, { next: 1 }])('not %j', (work) => {
      const { cooperator } = stepwise();
      expect(() => cooperator.cooperate(work as never)).toThrow(InvalidArgumentTypeError);
    });
  });

  it.each(['sliceMs', 'restMs'])('refuses an impossible %s', (option) => {
    const clock = new TurnClock();
    const make = (value: unknown) => () => new Cooperator({ clock, [option]: value });
    expect(make(-1)).toThrow(InvalidArgumentValueError);
    expect(make('1')).toThrow(InvalidArgumentTypeError);
    expect(() => new Cooperator({ clock, started: 1 as never })).toThrow(InvalidArgumentTypeError);
  });

  it('runs each step in the async context of the caller that added the task', async () => {
    await using reactor = createReactor({ kind: 'node' });
    const cooperator = new Cooperator({ clock: reactor, sliceMs: 0 });
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const look = function* (): Generator<undefined> {
      for (let i = 0; i < 2; i++) {
        seen.push(storage.getStore());
        yield;
      }
    };
    const done = ['a', 'b', undefined].map((store) => {
      const add = (): Deferred<unknown> => cooperator.coiterate(look());
      return store === undefined ? add() : storage.run(store, add);
    });
    for (const each of done) await each;
    expect(seen).toEqual(['a', 'b', undefined, 'a', 'b', undefined]);
  });
});
