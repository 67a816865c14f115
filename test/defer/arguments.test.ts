/** Arguments of the wrong type, at every entry point of Deferreds and tasks: one clear error at the call. */
import { describe, expect, it } from 'vitest';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import { setDebugging } from '../../src/defer/debugging.js';
import { Deferred } from '../../src/defer/deferred.js';
import { deferredList } from '../../src/defer/deferred-list.js';
import { Failure } from '../../src/defer/failure.js';
import { DeferredFilesystemLock } from '../../src/defer/filesystem-lock.js';
import { gatherResults } from '../../src/defer/gather-results.js';
import { ensureDeferred, inlineCallbacks } from '../../src/defer/inline-callbacks.js';
import { DeferredLock } from '../../src/defer/lock.js';
import { DeferredQueue } from '../../src/defer/queue.js';
import { race } from '../../src/defer/race.js';
import { maybeDeferred, succeed } from '../../src/defer/succeed.js';
import { Cooperator } from '../../src/task/cooperator.js';
import { deferLater } from '../../src/task/defer-later.js';
import { LoopingCall } from '../../src/task/looping-call.js';
import { react } from '../../src/task/react.js';
import { ticks } from '../../src/task/ticks.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { resultOf } from './outcome.js';

const clock = new ManualClock();
const cooperator = new Cooperator({ clock });
/** Of no type that any of these take. */
const WRONG: readonly unknown[] = [null, Symbol('wrong'), Object.create(null), 42n];

async function* asyncGenerator(): AsyncGenerator<number> {
  yield 1;
}

const entries: Record<string, (wrong: never) => unknown> = {
  'new Deferred(canceller)': (wrong) => new Deferred(wrong),
  'Deferred.fromPromise': (wrong) => Deferred.fromPromise(wrong),
  addCallback: (wrong) => succeed(1).addCallback(wrong),
  addErrback: (wrong) => succeed(1).addErrback(wrong),
  addBoth: (wrong) => succeed(1).addBoth(wrong),
  'addCallbacks, the first': (wrong) => succeed(1).addCallbacks(wrong, () => {}),
  'addCallbacks, the second': (wrong) => succeed(1).addCallbacks(() => {}, wrong),
  chainDeferred: (wrong) => succeed(1).chainDeferred(wrong),
  cancelOn: (wrong) => new Deferred().cancelOn(wrong),
  'toPromise({ signal })': (wrong) => new Deferred().toPromise({ signal: wrong }),
  'addTimeout, the time': (wrong) => succeed(1).addTimeout(wrong, clock),
  'addTimeout, the clock': (wrong) => succeed(1).addTimeout(1, wrong),
  'addTimeout, the function': (wrong) => succeed(1).addTimeout(1, clock, wrong),
  'new Failure': (wrong) => new Failure(wrong),
  'Failure.check': (wrong) => new Failure(new Error()).check(wrong),
  setDebugging: (wrong) => setDebugging(wrong),
  maybeDeferred: (wrong) => maybeDeferred(wrong),
  inlineCallbacks: (wrong) => inlineCallbacks(wrong),
  'inlineCallbacks, what the function returns': (wrong) => inlineCallbacks(() => wrong)(),
  ensureDeferred: (wrong) => ensureDeferred(wrong),
  deferredList: (wrong) => deferredList(wrong),
  'deferredList, a member': (wrong) => deferredList([wrong]),
  'deferredList({ consumeErrors })': (wrong) =>
    deferredList([], { consumeErrors: wrong ?? 'null' } as never),
  'deferredList({ fireOnOneCallback })': (wrong) =>
    deferredList([], { fireOnOneCallback: wrong ?? 'null' } as never),
  'deferredList({ fireOnOneErrback })': (wrong) =>
    deferredList([], { fireOnOneErrback: wrong ?? 'null' } as never),
  gatherResults: (wrong) => gatherResults(wrong),
  race: (wrong) => race(wrong),
  'DeferredLock.run': (wrong) => new DeferredLock().run(wrong),
  'queue.values({ signal })': (wrong) => new DeferredQueue().values({ signal: wrong }),
  'new DeferredFilesystemLock': (wrong) => new DeferredFilesystemLock(wrong, clock),
  'new DeferredFilesystemLock, the clock': (wrong) => new DeferredFilesystemLock('path', wrong),
  cooperate: (wrong) => cooperator.cooperate(wrong),
  'cooperate, what the iterable gives': (wrong) =>
    cooperator.cooperate({ [Symbol.iterator]: () => wrong }),
  'cooperate, what the async iterable gives': (wrong) =>
    cooperator.cooperate({ [Symbol.asyncIterator]: () => wrong }),
  coiterate: (wrong) => cooperator.coiterate(wrong),
  'new Cooperator({ clock })': (wrong) => new Cooperator({ clock: wrong }),
  'deferLater, the clock': (wrong) => deferLater(wrong, 1),
  'deferLater, the time': (wrong) => deferLater(clock, wrong),
  'deferLater, the function': (wrong) => deferLater(clock, 1, wrong),
  'new LoopingCall, the clock': (wrong) => new LoopingCall(wrong, () => {}),
  'new LoopingCall, the function': (wrong) => new LoopingCall(clock, wrong),
  'LoopingCall.withCount': (wrong) => LoopingCall.withCount(clock, wrong),
  'LoopingCall.start': (wrong) => new LoopingCall(clock, () => {}).start(wrong),
  'ticks, the clock': (wrong) => ticks(wrong, 1),
  'ticks, the time': (wrong) => ticks(clock, wrong),
  'ticks({ signal })': (wrong) => ticks(clock, 1, { signal: wrong }),
  'ticks({ now })': (wrong) => ticks(clock, 1, { now: wrong ?? 'null' } as never),
};

describe('an argument of the wrong type is refused by', () => {
  it.each(Object.entries(entries))('%s', (_name, call) => {
    for (const wrong of WRONG) {
      expect(() => call(wrong as never)).toThrow(InvalidArgumentTypeError);
    }
  });

  it.each<[string, (wrong: never) => unknown]>([
    ['deferredList', (wrong) => deferredList([], wrong)],
    ['gatherResults', (wrong) => gatherResults([], wrong)],
    ['DeferredQueue', (wrong) => new DeferredQueue(wrong)],
    ['DeferredQueue.values', (wrong) => new DeferredQueue().values(wrong)],
    ['DeferredFilesystemLock', (wrong) => new DeferredFilesystemLock('path', clock, wrong)],
    ['Cooperator', (wrong) => new Cooperator(wrong)],
    ['ticks', (wrong) => ticks(clock, 1, wrong)],
  ])('the options of %s', (_name, call) => {
    for (const wrong of [42, null, 'text', Symbol('wrong')]) {
      expect(() => call(wrong as never)).toThrow(InvalidArgumentTypeError);
    }
  });

  it.each<[string, unknown, unknown]>([
    ['main', 42, {}],
    ['options', () => {}, null],
    ['reactor', () => {}, { reactor: {} }],
    ['argv', () => {}, { reactor: { run: () => {} }, argv: 'text' }],
    ['exit', () => {}, { reactor: { run: () => {} }, exit: 0 }],
  ])('react: %s', async (name, main, options) => {
    await expect(react(main as never, options as never)).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringMatching(name),
      }),
    );
  });
});

describe('inlineCallbacks', () => {
  it('says so where it was not given a generator function', () => {
    const message = (body: unknown): string => {
      try {
        inlineCallbacks(body as never)();
        return 'accepted';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const expected =
      'the result of the function given to inlineCallbacks must be a generator (declare it as function*), not';
    expect(message(() => 42)).toBe(`${expected} 42`);
    expect(message(async () => 42)).toBe(`${expected} an object (Promise)`);
    expect(message(asyncGenerator)).toContain(expected);
    expect(message(() => [1][Symbol.iterator]())).toContain(expected);
  });

  it('fails where the generator gives something other than a result of next', () => {
    const broken = { next: () => 42, throw: () => 42, return: () => 42 };
    const error = resultOf(inlineCallbacks(() => broken as never)());
    expect(error).toBeInstanceOf(InvalidArgumentTypeError);
  });
});

describe('ensureDeferred', () => {
  it('refuses an async generator, which it could not run', () => {
    expect(() => ensureDeferred(asyncGenerator() as never)).toThrow(InvalidArgumentTypeError);
  });
});

describe('Deferred.fromPromise', () => {
  it('fails where the function gives no promise', () => {
    const error = resultOf(Deferred.fromPromise((() => 42) as never));
    expect((error as Error).message).toBe('the result of source must be a promise, not 42');
  });
});

describe('a task', () => {
  it('fails where the iterator gives something other than a result of next', () => {
    const done = new Cooperator({ clock, sliceMs: 0 }).coiterate({ next: () => 42 } as never);
    clock.advance(1);
    expect(resultOf(done)).toBeInstanceOf(InvalidArgumentTypeError);
  });
});
