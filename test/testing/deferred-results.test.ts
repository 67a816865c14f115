import { AssertionError } from 'node:assert';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { ConnectionLost } from '../../src/core/errors/connection.js';
import { Deferred } from '../../src/defer/deferred.js';
import { CancelledError } from '../../src/defer/errors.js';
import { fail, succeed } from '../../src/defer/succeed.js';
import {
  assertNoResult,
  failureResultOf,
  successResultOf,
} from '../../src/testing/deferred-results.js';

const boom = new Error('boom');

function thrownBy(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it threw nothing');
}

describe('successResultOf', () => {
  it('returns the result, and removes it', () => {
    const deferred = succeed(5);
    const result = successResultOf(deferred);
    expectTypeOf(result).toEqualTypeOf<number>();
    expect(result).toBe(5);
    expect(successResultOf(deferred)).toBe(undefined);
  });

  it('fails if there is no result, and leaves a later one alone', () => {
    const deferred = new Deferred<number>();
    expect(thrownBy(() => successResultOf(deferred))).toBeInstanceOf(AssertionError);
    deferred.callback(6);
    expect(successResultOf(deferred)).toBe(6);
  });

  it('fails if it failed, with the error as the cause, which is then handled', () => {
    const error = thrownBy(() => successResultOf(fail(boom)));
    expect(error).toBeInstanceOf(AssertionError);
    expect(error).toMatchObject({ cause: boom, message: expect.stringContaining('boom') });
  });
});

describe('failureResultOf', () => {
  it('gives the error, which is then handled', () => {
    expect(failureResultOf(fail(boom))).toBe(boom);
  });

  it('gives an error of the kinds that are named, with its type', () => {
    const lost = new ConnectionLost();
    const error = failureResultOf(fail(lost), CancelledError, ConnectionLost);
    expectTypeOf(error).toEqualTypeOf<CancelledError | ConnectionLost>();
    expect(error).toBe(lost);
    expect(failureResultOf(fail(lost), 'ERR_CONNECTION_LOST')).toBe(lost);
  });

  it('fails if there is a result, none yet, or another error', () => {
    expect(thrownBy(() => failureResultOf(succeed(1)))).toMatchObject({ cause: 1 });
    expect(thrownBy(() => failureResultOf(new Deferred()))).toBeInstanceOf(AssertionError);
    expect(thrownBy(() => failureResultOf(fail(boom), CancelledError))).toMatchObject({
      cause: boom,
    });
  });
});

describe('assertNoResult', () => {
  it('passes if there is none, and leaves the Deferred as it is', () => {
    const deferred = new Deferred<number>();
    assertNoResult(deferred);
    deferred.callback(1);
    expect(successResultOf(deferred)).toBe(1);
  });

  it('passes if the result waits for another Deferred, and fails once that has fired', () => {
    const inner = new Deferred<number>();
    const outer = succeed(1).addCallback(() => inner);
    assertNoResult(outer);
    inner.callback(2);
    expect(thrownBy(() => assertNoResult(outer))).toMatchObject({ cause: 2 });
    expect(successResultOf(outer)).toBe(2);
  });

  it('leaves a failure that comes later alone', () => {
    const deferred = new Deferred<number>();
    assertNoResult(deferred);
    deferred.errback(boom);
    expect(failureResultOf(deferred)).toBe(boom);
  });

  it('fails if there is one, or a failure, which is then handled', () => {
    expect(thrownBy(() => assertNoResult(succeed(1)))).toBeInstanceOf(AssertionError);
    const failed: Deferred<unknown> = fail(boom);
    expect(thrownBy(() => assertNoResult(failed))).toMatchObject({
      cause: boom,
      message: expect.stringContaining('boom'),
    });
    expect(successResultOf(failed)).toBe(undefined);
  });
});
