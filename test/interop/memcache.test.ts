/** The client against Debian's memcached. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clientFromString, createReactor, type Reactor } from '../../src/index.js';
import {
  MemcacheClient,
  type MemcacheClientOptions,
  memcacheJSON,
  TypedMemcache,
} from '../../src/protocols/memcache/index.js';
import { within } from '../support/deadline.js';
import { PeerProgram } from '../support/peers.js';
import { havePrograms } from './peer-files.js';

interface Scene {
  readonly client: MemcacheClient;
  readonly reactor: Reactor;
}

/** memcached prints nothing when it is ready. */
async function listening(path: string, memcached: PeerProgram): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!existsSync(path)) {
    if (Date.now() > deadline || !memcached.running) throw new Error(memcached.stderr);
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
}

/** memcached on a UNIX socket. */
async function withMemcached(
  body: (scene: Scene) => Promise<void>,
  args: readonly string[] = [],
  options: Partial<MemcacheClientOptions> = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ropewalk-memcache-'));
  const path = join(folder, 'socket');
  await writeFile(join(folder, 'users'), 'alice:secret\n');
  const filled = args.map((arg) => arg.replace('FOLDER', folder));
  const own = process.getuid?.() === 0 ? ['-u', 'root'] : [];
  const memcached = new PeerProgram('memcached', ['-s', path, '-m', '16', ...own, ...filled]);
  const reactor = createReactor();
  const endpoint = clientFromString(reactor, `unix:${path}`);
  const retryPolicy = (): number => 10;
  const client = new MemcacheClient(endpoint, { clock: reactor, retryPolicy, ...options });
  try {
    await listening(path, memcached);
    client.startService();
    await body({ client, reactor });
  } finally {
    await client.stopService();
    await reactor[Symbol.asyncDispose]();
    await memcached[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  }
}

describe.skipIf(!havePrograms('memcached'))('memcached', () => {
  it('understands all text commands', async () => {
    await withMemcached(async ({ client }) => {
      expect(await within(client.set('a', 'hello', { flags: 7 }), 'an answer')).toBe(true);
      expect(await client.add('a', 'x')).toBe(false);
      expect(await client.replace('b', 'x')).toBe(false);
      expect(await client.append('a', '!')).toBe(true);
      expect(await client.prepend('a', '>')).toBe(true);
      const found = await client.get('a', { withCas: true });
      expect(found).toMatchObject({ flags: 7, value: Buffer.from('>hello!') });
      const cas = found?.cas as string;
      expect(await client.compareAndSwap('a', 'new', cas)).toBe('stored');
      expect(await client.compareAndSwap('a', 'newer', cas)).toBe('exists');
      expect(await client.compareAndSwap('none', 'x', cas)).toBe('not found');
      expect(await client.touch('a', { expiresInSeconds: 100 })).toBe(true);
      expect(await client.touch('none')).toBe(false);
      expect((await client.getAndTouch('a', { expiresInSeconds: 9 }))?.value.toString()).toBe(
        'new',
      );
      expect(await client.set('n', '18446744073709551614')).toBe(true);
      expect(await client.increment('n')).toBe(2n ** 64n - 1n);
      expect(await client.increment('n', 2)).toBe(1n);
      expect(await client.decrement('n', 5n)).toBe(0n);
      expect(await client.decrement('none')).toBeUndefined();
      await expect(client.increment('a')).rejects.toMatchObject({ code: 'ERR_MEMCACHE_CLIENT' });
      expect(await client.delete('a')).toBe(true);
      expect(await client.delete('a')).toBe(false);
      expect(await client.set('old', 'x', { expiresAt: 0 })).toBe(true);
      expect(await client.get('old')).toBeUndefined();
      const key = 'ключ-🔑';
      await client.set(key, Buffer.from([0, 13, 10, 255]));
      expect((await client.get(key))?.value).toEqual(Buffer.from([0, 13, 10, 255]));
    });
  });

  it('gives figures, versions and many values', async () => {
    await withMemcached(async ({ client, reactor }) => {
      const keys = Array.from({ length: 1_000 }, (_, i) => `key:${i}`.padEnd(200, 'x'));
      await within(Promise.all(keys.map((key) => client.set(key, key))), 'answers');
      const found = await client.getMany(keys);
      expect(found.size).toBe(1_000);
      for (const key of keys) expect(found.get(key)?.value.toString()).toBe(key);
      for (const topic of [undefined, 'settings', 'items', 'slabs', 'conns']) {
        const [figures] = (await client.stats(topic)).values();
        expect(figures?.size).toBeGreaterThan(0);
      }
      await client.stats('reset');
      expect([...(await client.version()).values()][0]).toMatch(/^1\./);
      await client.verbosity(0);
      await client.flushAll();
      expect((await client.getMany(keys)).size).toBe(0);
      const json = new TypedMemcache(client, memcacheJSON<number[]>());
      await json.set('list', [1, 2]);
      expect(await json.get('list')).toEqual([1, 2]);
      expect(reactor.getDelayedCalls()).toEqual([]);
    });
  });

  it('understands the meta commands', async () => {
    await withMemcached(async ({ client }) => {
      const key = Buffer.from('a key with spaces\n');
      const stored = await within(client.metaSet(key, 'value', ['T60', 'F5', 'O1', 'c']), 'it');
      expect(stored.status).toBe('HD');
      const got = await client.metaGet(key, ['v', 'f', 't', 's', 'k', 'c', 'Oabc']);
      expect(got).toMatchObject({ status: 'VA', value: Buffer.from('value') });
      expect(got.flags.get('f')).toBe('5');
      expect(got.flags.get('k')).toBe(key.toString('base64'));
      expect(got.flags.get('O')).toBe('abc');
      expect((await client.metaSet(key, 'x', ['C999'])).status).toBe('EX');
      expect((await client.metaSet(key, 'x', ['ME'])).status).toBe('NS');
      expect((await client.metaGet('none')).status).toBe('EN');
      const counted = await client.metaArithmetic('n', ['v', 'N60', 'J41']);
      expect(counted.value?.toString()).toBe('41');
      expect((await client.metaArithmetic('n', ['v'])).value?.toString()).toBe('42');
      expect((await client.metaDebug('n'))?.get('size')).toMatch(/^\d+$/);
      expect(await client.metaDebug('none')).toBeUndefined();
      expect((await client.metaDelete('n')).status).toBe('HD');
      expect((await client.metaDelete('n')).status).toBe('NF');
      await client.metaNoop();
    });
  });

  it('never executes a value', async () => {
    await withMemcached(async ({ client }) => {
      const command = 'flush_all';
      await within(client.set('a', 'kept'), 'an answer');
      const { cas } = (await client.get('a', { withCas: true })) ?? {};
      await client.compareAndSwap('b', command, String(2n ** 64n - 1n));
      expect(() => client.compareAndSwap('b', command, String(2n ** 64n))).toThrow('cas');
      const flags = ['c', 'k', 'F1', 'I', 'Oabc', 's', 't', 'T0', 'MS', 'E1', 'f', 'h', 'l', 'v'];
      await client.metaSet('b', command, [...flags, 'x', 'y']).addErrback(() => undefined);
      await client.metaSet(Buffer.from('b'), command, [...flags, 'x']).addErrback(() => undefined);
      await client.set('b', command, { flags: 2 ** 32 - 1, expiresAt: (2 ** 31 - 1) * 1_000 });
      expect((await client.get('b'))?.value.toString()).toBe(command);
      expect((await client.get('a', { withCas: true }))?.cas).toBe(cas);
    });
  });

  it('rejects values that are too large, and the connection continues', async () => {
    await withMemcached(async ({ client }) => {
      const large = client.set('a', Buffer.alloc(2 ** 20));
      await expect(within(large, 'an answer')).rejects.toMatchObject({
        code: 'ERR_MEMCACHE_SERVER',
        text: 'object too large for cache',
      });
      expect(await client.set('a', Buffer.alloc(900_000, 1))).toBe(true);
      expect((await client.get('a'))?.value).toHaveLength(900_000);
    });
  });

  it('accepts user and password, and nothing without', async () => {
    const credentials = { username: 'alice', password: 'secret' };
    await withMemcached(
      async ({ client }) => {
        expect(await within(client.set('a', 'x'), 'an answer')).toBe(true);
      },
      ['-Y', 'FOLDER/users'],
      { credentials },
    );
    await withMemcached(
      async ({ client }) => {
        await expect(within(client.set('a', 'x'), 'an answer')).rejects.toMatchObject({
          code: 'ERR_MEMCACHE_UNAVAILABLE',
          cause: { code: 'ERR_MEMCACHE_CLIENT' },
        });
      },
      ['-Y', 'FOLDER/users'],
      { credentials: { ...credentials, password: 'wrong' } },
    );
  });
});
