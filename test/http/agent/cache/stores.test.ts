/** Stores of the cache, and its options. */
import { describe, expect, it } from 'vitest';
import { type CacheEntry, HTTPCache, MemoryCacheStore } from '../../../../src/http/index.js';
import {
  Deferred,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../../../src/index.js';
import { later } from '../../client/memory-servers.js';
import { answer, Cached } from './cached.js';

const FRESH = ['Cache-Control: max-age=60'];

describe('stores', () => {
  const entry = (length: number): CacheEntry => ({
    head: { kind: 'variants', vary: [], id: '1' },
    content: Buffer.alloc(length),
  });

  it('in memory drop what was used least recently, at either limit', () => {
    const few = new MemoryCacheStore({ maxEntries: 2 });
    for (const key of ['a', 'b']) few.set(key, entry(0));
    few.get('a');
    few.set('c', entry(0));
    expect(['a', 'b', 'c'].map((key) => few.get(key) !== undefined)).toEqual([true, false, true]);
    const small = new MemoryCacheStore({ maxBytes: 4_000 });
    for (const key of ['a', 'b', 'c']) small.set(key, entry(1_000));
    expect(['a', 'b', 'c'].map((key) => small.get(key) !== undefined)).toEqual([false, true, true]);
    expect(small.bytes).toBeLessThanOrEqual(4_000);
    small.set('d', entry(4_000));
    expect([small.size, small.get('d')]).toEqual([2, undefined]);
    small.set('b', entry(10));
    small.delete('c');
    small.delete('c');
    expect(small.size).toBe(1);
    small.clear();
    expect([small.size, small.bytes]).toEqual([0, 0]);
  });

  it('may answer later, as promises or Deferreds, with entries that went through JSON', async () => {
    const kept = new Map<string, readonly [string, Buffer]>();
    const store = {
      get: async (key: string) => {
        const found = kept.get(key);
        return found === undefined ? undefined : { head: JSON.parse(found[0]), content: found[1] };
      },
      set: (key: string, { head, content }: CacheEntry) => {
        kept.set(key, [JSON.stringify(head), content]);
        const done = new Deferred<void>();
        done.callback();
        return done;
      },
      delete: async (key: string) => void kept.delete(key),
    };
    const rig = new Cached({ store });
    await rig.ask([answer(FRESH)]);
    await later();
    expect((await rig.ask('')).text).toBe('stored');
    await rig.ask(answer([]), { method: 'PUT' });
    expect(await rig.hits()).toBe(false);
  });

  it('that fail, or do not answer, are done without', async () => {
    const errors: unknown[] = [];
    const failing = {
      get: () => {
        throw new Error('get');
      },
      set: () => Promise.reject(new Error('set')),
      delete: () => Promise.reject(new Error('delete')),
    };
    const rig = new Cached({
      store: failing,
      onStoreError: (error) => errors.push((error as Error).message),
    });
    expect((await rig.ask(answer(FRESH))).text).toBe('stored');
    await rig.ask(answer([]), { method: 'PUT' });
    expect(new Set(errors)).toEqual(new Set(['get', 'set', 'delete']));
    expect(rig.cache.counts.storeErrors).toBe(errors.length);
    const silent = new Cached({
      store: { ...failing, get: () => new Promise(() => {}) },
      storeTimeoutMs: 100,
    });
    const asked = silent.agent.get('http://a/').text();
    silent.advance(250);
    await later();
    silent.server.answer(answer([]));
    expect(await asked).toBe('stored');
    const cancelled = silent.agent.get('http://a/');
    cancelled.cancel();
    await expect(cancelled.toPromise()).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    expect(silent.sent.split('GET').length).toBe(2);
  });
});

it('options of a cache are checked', () => {
  expect(() => new HTTPCache({ maxEntryBytes: -1 })).toThrow(InvalidArgumentValueError);
  expect(() => new HTTPCache({ heuristicFraction: 2 })).toThrow(InvalidArgumentValueError);
  expect(() => new HTTPCache({ keyFields: ['a b'] })).toThrow(InvalidArgumentValueError);
  expect(() => new HTTPCache({ keyFields: 'Host' as never })).toThrow(InvalidArgumentTypeError);
  expect(() => new HTTPCache({ store: {} as never })).toThrow(InvalidArgumentTypeError);
  expect(() => new HTTPCache({ store: new MemoryCacheStore(), maxBytes: 1 })).toThrow(
    InvalidArgumentValueError,
  );
  expect(() => new Cached({}, { cache: {} as never })).toThrow(InvalidArgumentTypeError);
});
