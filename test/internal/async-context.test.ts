import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { captureContext, inContext, inContextOf } from '../../src/internal/async-context.js';

describe('captureContext', () => {
  const storage = new AsyncLocalStorage<unknown>();

  it.each([[5], [0], ['text'], [''], [null], [false], [{}]])(
    'keeps a store that is %o',
    (store) => {
      const context = storage.run(store, captureContext);
      const read = inContext(context, () => seen.push(storage.getStore()));
      const seen: unknown[] = [];
      read();
      expect(seen).toEqual([store]);
    },
  );

  it('keeps nothing where there is no store', () => {
    const callback = (): void => {};
    expect(captureContext()).toBe(undefined);
    expect(inContext(undefined, callback)).toBe(callback);
  });

  it('can be given to another callback', () => {
    const seen: unknown[] = [];
    const callback = (): void => void seen.push(storage.getStore());
    const other = inContext(storage.run('store', captureContext), () => {});
    inContextOf(other, callback)();
    expect(seen).toEqual(['store']);
    expect(inContextOf(callback, callback)).toBe(callback);
  });

  it('passes arguments on', () => {
    const context = storage.run('store', captureContext);
    const seen: unknown[] = [];
    inContext(context, (a: number, b: string) => void seen.push(a, b, storage.getStore()))(1, 'b');
    expect(seen).toEqual([1, 'b', 'store']);
  });
});
