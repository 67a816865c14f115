/** The rules of cancelling a Deferred: by `cancel`, by a signal, by time. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { AlreadyFiredError, CancelledError, TimeoutError } from '../../src/defer/errors.js';
import { Failure } from '../../src/defer/failure.js';
import { fail, succeed } from '../../src/defer/succeed.js';
import { takeUnhandledFailures } from '../../src/defer/unhandled.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { loggedBy, resultOf } from './outcome.js';

const boom = new Error('boom');

afterEach(() => {
  expect(takeUnhandledFailures().map(({ failure }) => failure.value)).toEqual([]);
});

describe('cancel', () => {
  it('not fired: calls the canceller, and fails with CancelledError if that did not fire it', () => {
    const canceller = vi.fn();
    const deferred = new Deferred<number>(canceller);
    deferred.cancel();
    expect(canceller).toHaveBeenCalledExactlyOnceWith(deferred);
    expect(resultOf(deferred)).toBeInstanceOf(CancelledError);
  });

  it('lets the canceller choose the result or the error', () => {
    const given = new Deferred<number>((d) => d.callback(7));
    given.cancel();
    expect(resultOf(given)).toBe(7);
    const refused = new Deferred<number>((d) => d.errback(boom));
    refused.cancel();
    expect(resultOf(refused)).toBe(boom);
  });

  it('without a canceller swallows exactly one late callback or errback', () => {
    for (const late of [
      (d: Deferred<number>) => d.callback(1),
      (d: Deferred<number>) => d.errback(boom),
    ]) {
      const deferred = new Deferred<number>();
      deferred.cancel();
      expect(resultOf(deferred)).toBeInstanceOf(CancelledError);
      late(deferred);
      expect(() => late(deferred)).toThrow(AlreadyFiredError);
    }
  });

  it('with a canceller swallows none', () => {
    const deferred = new Deferred<number>(() => {});
    deferred.cancel();
    resultOf(deferred);
    expect(() => deferred.callback(1)).toThrow(AlreadyFiredError);
  });

  it('waiting for an inner Deferred: cancels that', () => {
    const inner = new Deferred<number>();
    const outer = succeed(1).addCallback(() => inner);
    outer.cancel();
    expect(resultOf(outer)).toBeInstanceOf(CancelledError);
    expect(resultOf(inner)).toBe(undefined);
  });

  it('goes down a chain of several that wait', () => {
    const cancelled = vi.fn();
    const innermost = new Deferred<number>(cancelled);
    const middle = succeed(1).addCallback(() => innermost);
    const outer = succeed(1).addCallback(() => middle);
    outer.cancel();
    expect(cancelled).toHaveBeenCalledOnce();
    expect(resultOf(outer)).toBeInstanceOf(CancelledError);
  });

  it('fired and done: does nothing', () => {
    const canceller = vi.fn();
    const deferred = new Deferred<number>(canceller);
    deferred.callback(1);
    deferred.cancel();
    expect(canceller).not.toHaveBeenCalled();
    expect(resultOf(deferred)).toBe(1);
    const waited = succeed(1).addCallback(() => succeed(2));
    waited.cancel();
    expect(resultOf(waited)).toBe(2);
  });

  it('twice: never runs the canceller again', () => {
    const canceller = vi.fn();
    const deferred = new Deferred<number>(canceller);
    deferred.cancel();
    deferred.cancel();
    expect(canceller).toHaveBeenCalledOnce();
    resultOf(deferred);
    const reentrant = vi.fn((d: Deferred<number>) => d.cancel());
    const other = new Deferred<number>(reentrant);
    other.cancel();
    expect(reentrant).toHaveBeenCalledOnce();
    expect(resultOf(other)).toBeInstanceOf(CancelledError);
  });

  it('reports what the canceller throws, and fails all the same', () => {
    const deferred = new Deferred<number>(() => {
      throw boom;
    });
    expect(loggedBy(() => deferred.cancel())).toEqual([boom]);
    expect(resultOf(deferred)).toBeInstanceOf(CancelledError);
  });

  it('gives the cause to the error', () => {
    const deferred = new Deferred<number>();
    deferred.cancel('no longer wanted');
    expect(resultOf(deferred)).toMatchObject({ cause: 'no longer wanted' });
  });
});

describe('AbortSignal', () => {
  it('cancels when it aborts, with its reason as the cause', () => {
    const controller = new AbortController();
    const deferred = new Deferred<number>().cancelOn(controller.signal);
    controller.abort('enough');
    const error = resultOf(deferred);
    expect(error).toBeInstanceOf(CancelledError);
    expect(error).toMatchObject({ cause: 'enough' });
  });

  it('that has aborted cancels at once', () => {
    const deferred = new Deferred<number>().cancelOn(AbortSignal.abort('before'));
    expect(resultOf(deferred)).toMatchObject({ cause: 'before' });
  });

  it('cancels what a chain waits for, also where that is begun inside a callback', () => {
    const controller = new AbortController();
    const cancelled: string[] = [];
    const waiting = (name: string): Deferred<number> =>
      new Deferred<number>(() => void cancelled.push(name));
    const outer = succeed(1).addCallback(() => waiting('outer'));
    resultOf(outer.cancelOn(controller.signal));
    const inside = new Deferred<number>();
    const chained = inside.addCallback(() => {
      inside.cancelOn(controller.signal);
      return waiting('inside');
    });
    inside.callback(1);
    controller.abort();
    expect(cancelled).toEqual(['outer', 'inside']);
    expect(resultOf(chained)).toBeInstanceOf(CancelledError);
    expect(resultOf(outer)).toBe(undefined);
  });

  it('is let go when the result is there', () => {
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    const deferred = new Deferred<number>().cancelOn(controller.signal);
    deferred.callback(1);
    expect(remove).toHaveBeenCalledOnce();
    controller.abort();
    expect(resultOf(deferred)).toBe(1);
    const fired = succeed(1);
    expect(fired.cancelOn(AbortSignal.abort())).toBe(fired);
    expect(resultOf(fired)).toBe(1);
  });

  it('is given to what fromPromise starts, and aborts with cancel', async () => {
    let signal: AbortSignal | undefined;
    const deferred = Deferred.fromPromise((given) => {
      signal = given;
      return new Promise<number>((_resolve, reject) => {
        given.addEventListener('abort', () => reject(given.reason));
      });
    });
    deferred.cancel();
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toBeInstanceOf(CancelledError);
    expect(resultOf(deferred)).toBeInstanceOf(CancelledError);
    await new Promise(setImmediate);
  });

  it('of toPromise cancels', async () => {
    const controller = new AbortController();
    const cancelled = vi.fn();
    const promise = new Deferred<number>(cancelled).toPromise({ signal: controller.signal });
    controller.abort();
    await expect(promise).rejects.toBeInstanceOf(CancelledError);
    expect(cancelled).toHaveBeenCalledOnce();
    expect(await succeed(1).toPromise({})).toBe(1);
  });
});

describe('addTimeout', () => {
  it('cancels after the time, and CancelledError becomes TimeoutError', () => {
    const clock = new ManualClock();
    const cancelled = vi.fn();
    const deferred = new Deferred<number>(cancelled).addTimeout(1_000, clock);
    clock.advance(999);
    expect(cancelled).not.toHaveBeenCalled();
    clock.advance(1);
    expect(cancelled).toHaveBeenCalledOnce();
    const error = resultOf(deferred);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ timeoutMs: 1_000, message: 'no result in 1000 ms' });
  });

  it('lets go of its timer when the result or a failure is there in time', () => {
    const clock = new ManualClock();
    const deferred = new Deferred<number>().addTimeout(1_000, clock);
    deferred.callback(1);
    expect(clock.getDelayedCalls()).toEqual([]);
    expect(resultOf(deferred)).toBe(1);
    expect(resultOf(fail(boom).addTimeout(1_000, clock))).toBe(boom);
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('gives the result that comes after the reactor was stopped', () => {
    const clock = new ManualClock();
    const cancelled = vi.fn();
    const late = new Deferred<number>(cancelled).addTimeout(1_000, clock);
    const failed = new Deferred<number>(cancelled).addTimeout(1_000, clock);
    clock.dropCalls();
    clock.advance(1_000);
    late.callback(1);
    failed.errback(boom);
    expect([resultOf(late), resultOf(failed)]).toEqual([1, boom]);
    expect(cancelled).not.toHaveBeenCalled();
  });

  it('leaves a cancel that came from elsewhere a CancelledError', () => {
    const clock = new ManualClock();
    const deferred = new Deferred<number>().addTimeout(1_000, clock);
    deferred.cancel();
    expect(resultOf(deferred)).toBeInstanceOf(CancelledError);
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('leaves what a canceller made of it', () => {
    const clock = new ManualClock();
    const given = new Deferred<number>((d) => d.callback(7)).addTimeout(5, clock);
    const refused = new Deferred<number>((d) => d.errback(boom)).addTimeout(5, clock);
    clock.advance(5);
    expect([resultOf(given), resultOf(refused)]).toEqual([7, boom]);
  });

  it('asks onTimeoutCancel instead, where there is one', () => {
    const clock = new ManualClock();
    const onTimeoutCancel = vi.fn(() => 'too late');
    const deferred = new Deferred<number>().addTimeout(5, clock, onTimeoutCancel);
    clock.advance(5);
    expect(onTimeoutCancel).toHaveBeenCalledExactlyOnceWith(expect.any(Failure), 5);
    expect(resultOf(deferred)).toBe('too late');
    const inTime = new Deferred<number>().addTimeout(5, clock, onTimeoutCancel);
    inTime.callback(1);
    expect(resultOf(inTime)).toBe(1);
  });

  it('covers only the callbacks added before it', () => {
    const clock = new ManualClock();
    const slow = new Deferred<number>();
    const deferred = succeed(1)
      .addTimeout(5, clock)
      .addCallback(() => slow);
    clock.advance(10);
    slow.callback(2);
    expect(resultOf(deferred)).toBe(2);
    const covered = succeed(1)
      .addCallback(() => new Deferred<number>())
      .addTimeout(5, clock);
    clock.advance(5);
    expect(resultOf(covered)).toBeInstanceOf(TimeoutError);
  });

  it('checks the time and the clock', () => {
    expect(() => new Deferred().addTimeout(-1, new ManualClock())).toThrow('timeoutMs');
    expect(() => new Deferred().addTimeout(1, undefined as never)).toThrow('clock must be a clock');
  });
});
