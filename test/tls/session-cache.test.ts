import { expect, it } from 'vitest';

import { SessionCache } from '../../src/tls/session-cache.js';

const session = (size: number) => ({ ticket: Buffer.alloc(size), certificates: [] });

it('drops the session that was used least recently', () => {
  const cache = new SessionCache(2);
  for (const key of ['a', 'b', 'a', 'c']) cache.set(key, session(1));
  expect(['a', 'b', 'c'].map((key) => cache.get(key) !== undefined)).toEqual([true, false, true]);
});

it('keeps no session without a key, and none whose ticket may be too large for a hello', () => {
  const cache = new SessionCache(2);
  cache.set('', session(1));
  cache.set('large', session(65_535));
  expect([cache.get(''), cache.get('large')]).toEqual([undefined, undefined]);
});

it('counts a resumption as use', () => {
  const cache = new SessionCache(2);
  cache.set('a', session(1));
  cache.set('b', session(1));
  cache.get('a');
  cache.set('c', session(1));
  expect(['a', 'b', 'c'].map((key) => cache.get(key) !== undefined)).toEqual([true, false, true]);
});

it('does not grow with the number of keys', () => {
  const cache = new SessionCache(100);
  const keys = Array.from({ length: 10_000 }, (_, i) => `host-${i}.example`);
  for (const key of keys) cache.set(key, session(1));
  expect(keys.filter((key) => cache.get(key) !== undefined)).toEqual(keys.slice(-100));
});
