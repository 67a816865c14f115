import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { setDebugging } from '../../src/defer/debugging.js';
import { Deferred } from '../../src/defer/deferred.js';
import { ReactorStoppedError } from '../../src/defer/errors.js';
import { fail, succeed } from '../../src/defer/succeed.js';
import { reportUnhandledFailures, takeUnhandledFailures } from '../../src/defer/unhandled.js';
import { flushLoggedErrors, type LoggedError } from '../../src/testing/logged-errors.js';
import { loggedBy } from './outcome.js';

const boom = new Error('boom');

function taken(): Error[] {
  return takeUnhandledFailures().map(({ failure }) => failure.value);
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
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    (() => void fail(new Error('taken')))();
    await new Promise(setImmediate);
    gc();
    expect(taken()).toMatchObject([{ message: 'taken' }]);
    (() => void fail(new Error('forgotten')))();
    const handled = fail(new Error('handled'));
    await new Promise(setImmediate);
    handled.addErrback(() => {});
    let reports: readonly LoggedError[] = [];
    for (let i = 0; i < 100 && reports.length === 0; i++) {
      gc();
      await new Promise(setImmediate);
      reports = flushLoggedErrors();
    }
    expect(reports).toMatchObject([
      { error: { message: 'forgotten' }, where: 'Unhandled error in Deferred' },
    ]);
  });

  it('is reported when the process exits, whose code stays as it is', () => {
    const program = fileURLToPath(new URL('./programs/unhandled.ts', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', program], {
      encoding: 'utf8',
      timeout: 15_000,
    });
    const reports = stderr.match(/^ropewalk: .*/gm);
    expect(reports).toEqual([
      'ropewalk: Unhandled error in Deferred: Error: nobody looked at this',
      'ropewalk: Unhandled error in Deferred: Error: and this one too late to be entered',
    ]);
    expect(status).toBe(3);
  });
});
