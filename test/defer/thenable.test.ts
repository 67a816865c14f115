import { describe, expect, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { isThenable } from '../../src/defer/thenable.js';

describe('isThenable', () => {
  it('is true of promises, Deferreds and whatever else has a then', () => {
    const callable = Object.assign(() => {}, { then: () => {} });
    const values = [Promise.resolve(), new Deferred(), { then: () => {} }, callable];
    expect(values.map(isThenable)).toEqual([true, true, true, true]);
  });

  it('is false of anything else', () => {
    const values = [undefined, null, 1, 'then', {}, () => {}, { then: 1 }];
    expect(values.some(isThenable)).toBe(false);
  });
});
