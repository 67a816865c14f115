/** The distribution of keys. vectors/ketama.json was made by libmemcached 1.1.4: `memcached_generate_hash` of `key-${i * 7919}`. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HashRing, type RingServer } from '../../../src/protocols/memcache/index.js';

interface Vector {
  readonly name: string;
  readonly servers: readonly RingServer[];
  /** The index of the server of each key, one digit each. */
  readonly owners: string;
}

const file = new URL('vectors/ketama.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vector[];
const keys = Array.from({ length: 500 }, (_, i) => `key-${i * 7919}`);

describe('HashRing', () => {
  it.each(vectors)('distributes keys as libmemcached does: $name', ({ servers, owners }) => {
    const ring = new HashRing(servers);
    expect(keys.map((key) => ring.serverOf(key)).join('')).toBe(owners);
  });

  it('moves only the keys of a server that is removed, to the next in its order', () => {
    const servers = ['a:1', 'b:1', 'c:1', 'd:1'].map((name) => ({ name, weight: 1 }));
    const all = new HashRing(servers);
    const fewer = new HashRing(servers.slice(0, 3));
    for (const key of keys) {
      const [first, second] = [...all.serversOf(key)];
      expect(all.serverOf(key)).toBe(first);
      expect(fewer.serverOf(key)).toBe(first === 3 ? second : first);
    }
  });

  it('lists every server once, and treats bytes and text alike', () => {
    const ring = new HashRing([1, 2, 5].map((weight) => ({ name: `s${weight}`, weight })));
    for (const key of keys.slice(0, 50)) {
      expect([...ring.serversOf(key)].sort()).toEqual([0, 1, 2]);
      expect(ring.serverOf(Buffer.from(key))).toBe(ring.serverOf(key));
    }
    const single = new HashRing([{ name: 'x', weight: 1 }]);
    expect([...single.serversOf('a')]).toEqual([0]);
  });
});
