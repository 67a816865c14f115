import { describe, expect, it } from 'vitest';
import { Waiters } from '../../src/defer/waiters.js';

describe('Waiters.fireAll', () => {
  it('fires all in order, those that are added meanwhile too, and not those that were cancelled', () => {
    const waiters = new Waiters<number>();
    const fired: string[] = [];
    const add = (name: string): ReturnType<typeof waiters.add> =>
      waiters.add().addCallback((value) => {
        fired.push(`${name} ${value}`);
        return value;
      });
    add('first').addCallback((value) => {
      add('later');
      return value;
    });
    const cancelled = add('cancelled');
    cancelled.addErrback(() => 0);
    add('second');
    cancelled.cancel();
    waiters.fireAll((each) => each.callback(5));
    expect(fired).toEqual(['first 5', 'second 5', 'later 5']);
    expect(waiters.size).toBe(0);
  });
});
