import { describe, expect, it } from 'vitest';
import { logError } from '../../src/defer/log-error.js';
import { fail } from '../../src/defer/succeed.js';
import { takeUnhandledFailures } from '../../src/defer/unhandled.js';
import { loggedBy, outcomeOf } from './outcome.js';

describe('logError', () => {
  it('reports the error and ends the failure', () => {
    const error = new Error('no');
    const deferred = fail(error);
    expect(loggedBy(() => deferred.addErrback(logError))).toEqual([error]);
    expect(outcomeOf(deferred)).toEqual({ value: undefined, failed: false });
    expect(takeUnhandledFailures()).toEqual([]);
  });
});
