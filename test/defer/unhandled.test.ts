import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { setDebugging } from '../../src/defer/debugging.js';
import { Deferred } from '../../src/defer/deferred.js';
import { ReactorStoppedError } from '../../src/defer/errors.js';
import { fail, succeed } from '../../src/defer/succeed.js';
import {
  failLikePromise,
  reportUnhandledFailures,
  takeUnhandledFailures,
} from '../../src/defer/unhandled.js';
import { flushLoggedErrors, type LoggedError } from '../../src/testing/logged-errors.js';
import { loggedBy } from './outcome.js';

const boom = new Error('boom');

function taken(): Error[] {
  return takeUnhandledFailures().map(({ failure }) => failure.value);
}

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** What is reported while garbage is collected, until that is as much as expected. */
async function reportedAsGarbage(expected: number): Promise<readonly LoggedError[]> {
  const reports: LoggedError[] = [];
  for (let i = 0; i < 100 && reports.length < expected; i++) {
    gc();
    await new Promise(setImmediate);
    reports.push(...flushLoggedErrors());
  }
  return reports;
}

afterEach(() => {
  expect(taken()).toEqual([]);
});

describe('takeUnhandledFailures', () => {
  it('gives failures that nobody handled, at once and again after a microtask', async () => {
    fail(boom);
    expect(taken()).toEqual([boom]);
    const kept = fail(boom);
    await new Promise(setImmediate);
    expect(taken()).toEqual([boom]);
    expect(taken()).toEqual([]);
    expect(kept.fired).toBe(true);
  });

  it('does not give those of a stopped reactor: the stop was asked for', async () => {
    fail(new ReactorStoppedError());
    await new Promise(setImmediate);
    expect(taken()).toEqual([]);
  });

  it('does not give those that were handled, before or after the microtask', async () => {
    fail(boom).addErrback(() => {});
    const later = fail(boom);
    await new Promise(setImmediate);
    later.addErrback(() => {});
    expect(taken()).toEqual([]);
  });

  it('gives one that an errback passed on, once', async () => {
    const deferred = fail(boom);
    deferred.addErrback((failure) => failure);
    await new Promise(setImmediate);
    deferred.addErrback((failure) => failure).addCallback(() => {});
    expect(taken()).toEqual([boom]);
  });

  it('gives one whose callback threw', () => {
    succeed(1).addCallback(() => {
      throw boom;
    });
    expect(taken()).toEqual([boom]);
  });

  it('does not give one that waits, or whose failure went to another', () => {
    const waiting = fail(boom);
    waiting.pause();
    waiting.addErrback(() => {});
    waiting.unpause();
    const inner = new Deferred<number>();
    const outer = succeed(1).addCallback(() => inner);
    inner.errback(boom);
    expect(taken()).toEqual([boom]);
    expect(outer.fired).toBe(true);
  });

  it('does not give one that is paused before there is no more to come', () => {
    const deferred = new Deferred<number>();
    deferred.addErrback((failure) => {
      deferred.pause();
      return failure;
    });
    deferred.errback(boom);
    expect(taken()).toEqual([]);
    deferred.unpause();
    expect(taken()).toEqual([boom]);
  });

  it('counts what it gave as handled: an errback still gets it', () => {
    const deferred = fail(boom);
    expect(taken()).toEqual([boom]);
    deferred.markHandled();
    let seen: unknown;
    deferred.addErrback((failure) => {
      seen = failure.value;
    });
    expect(seen).toBe(boom);
  });
});

describe('an unhandled failure', () => {
  it('is reported once by reportUnhandledFailures', () => {
    const deferred = fail(boom);
    expect(loggedBy(reportUnhandledFailures)).toEqual([boom]);
    expect(loggedBy(reportUnhandledFailures)).toEqual([]);
    expect(deferred.fired).toBe(true);
  });

  it('is reported with where the Deferred was made, where that is known', () => {
    setDebugging(true);
    fail(boom);
    setDebugging(false);
    reportUnhandledFailures();
    const [logged] = flushLoggedErrors();
    expect(logged?.where).toMatch(/^Unhandled error in Deferred\nmade at:/);
  });

  it('is reported when the Deferred is garbage, unless it was handled or taken before', async () => {
    (() => void fail(new Error('taken')))();
    await new Promise(setImmediate);
    gc();
    expect(taken()).toMatchObject([{ message: 'taken' }]);
    (() => void fail(new Error('forgotten')))();
    const handled = fail(new Error('handled'));
    await new Promise(setImmediate);
    handled.addErrback(() => {});
    expect(await reportedAsGarbage(1)).toMatchObject([
      { error: { message: 'forgotten' }, where: 'Unhandled error in Deferred' },
    ]);
  });

  it('is reported though the stack of its error leads to the Deferred, or cannot be read', async () => {
    class Query {
      readonly answer: Deferred<void> = succeed().addCallback(() => this.parse());

      parse(): void {
        const cause = new Error('nonsense');
        Object.defineProperty(cause, 'stack', {
          get() {
            throw boom;
          },
        });
        throw new Error('no answer', { cause });
      }
    }
    const count = 100;
    for (let i = 0; i < count; i++) new Query();
    expect(await reportedAsGarbage(count)).toHaveLength(count);
  });

  it('counts as a rejection of a promise where the Deferred stands for one', async () => {
    const rejected: unknown[] = [];
    const others = process.rawListeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', (error) => void rejected.push(error));
    try {
      const handled = new Error('handled');
      failLikePromise(fail(handled)).addErrback(() => {});
      await expect(failLikePromise(fail(handled))).rejects.toBe(handled);
      failLikePromise(fail(boom));
      await new Promise(setImmediate);
      expect(rejected).toEqual([boom]);
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of others) process.on('unhandledRejection', listener as () => void);
    }
  });
});
