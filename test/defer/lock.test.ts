import { describe, expect, it } from 'vitest';
import { NotAcquiredError } from '../../src/defer/errors.js';
import { DeferredLock } from '../../src/defer/lock.js';
import { none, outcomeOf } from './outcome.js';

describe('DeferredLock', () => {
  it('is held by one at a time', () => {
    const lock = new DeferredLock();
    expect(lock.locked).toBe(false);
    const [first, second] = [outcomeOf(lock.acquire()), outcomeOf(lock.acquire())];
    expect([lock.locked, first.value, second.value]).toEqual([true, lock, none]);
    lock.release();
    expect([lock.locked, second.value]).toEqual([true, lock]);
    lock.release();
    expect(lock.locked).toBe(false);
  });

  it('can be released by who holds it only', () => {
    expect(() => new DeferredLock().release()).toThrow(NotAcquiredError);
  });
});
