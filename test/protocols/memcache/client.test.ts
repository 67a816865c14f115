/** The client over each reactor: waiting for connections, reconnecting, several servers, failover, stopping. */
import { expect, it } from 'vitest';
import { clientFromString, HostnameEndpoint } from '../../../src/index.js';
import {
  HashRing,
  MemcacheClient,
  type MemcacheClientOptions,
  MemcacheNotStartedError,
  type MemcacheServer,
} from '../../../src/protocols/memcache/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { Pulse, within } from '../../support/deadline.js';
import { closedPort } from '../../support/raw-peer.js';
import { FakeMemcache } from './fake-server.js';

type Options = Partial<MemcacheClientOptions>;

function started(
  rig: Rig,
  servers: readonly MemcacheServer[],
  options: Options = {},
): MemcacheClient {
  const client = new MemcacheClient(servers, { clock: rig.reactor, ...options });
  client.startService();
  rig.use({ [Symbol.asyncDispose]: async () => void (await client.stopService()) });
  return client;
}

function serverOf(rig: Rig, port: number, name = `127.0.0.1:${port}`): MemcacheServer {
  return { endpoint: new HostnameEndpoint(rig.reactor, '127.0.0.1', port), name };
}

const weighted = ({ name = '' }: MemcacheServer): { name: string; weight: number } => ({
  name,
  weight: 1,
});
const soon = { retryPolicy: () => 10 };
const keys = Array.from({ length: 200 }, (_, i) => `key${i}`);

contract('MemcacheClient', (rig) => {
  it('stores and reads, from the first turn on', async () => {
    const fake = rig.use(await FakeMemcache.listen());
    const client = started(rig, [serverOf(rig, fake.port)]);
    const large = Buffer.alloc(300_000, 'large');
    const stored = client.set('a', 'hello', { flags: 5 });
    const big = client.set('big', large);
    const found = client.get('a', { withCas: true });
    expect(await within(stored, 'an answer')).toBe(true);
    expect(await big).toBe(true);
    expect(await found).toMatchObject({ flags: 5, cas: '1', value: Buffer.from('hello') });
    expect((await client.get('big'))?.value.equals(large)).toBe(true);
    expect(await client.delete('a')).toBe(true);
    expect(await client.getMany(['a', 'none'])).toEqual(new Map());
    const name = `127.0.0.1:${fake.port}`;
    expect(await client.version()).toEqual(new Map([[name, 'fake']]));
    await client.metaNoop();
    expect(client.servers).toEqual([{ name, connected: true, unanswered: 0 }]);
  });

  it('fails, and does not throw, if one of several servers takes no more commands', async () => {
    const fakes = [rig.use(await FakeMemcache.listen()), rig.use(await FakeMemcache.listen())];
    const [one, two] = fakes.map((fake) => serverOf(rig, fake.port)) as [
      MemcacheServer,
      MemcacheServer,
    ];
    const client = started(rig, [one, two], { maxUnanswered: 1 });
    await within(client.version(), 'answers');
    for (const fake of fakes) fake.silent = true;
    const key = keys.find((name) => new HashRing([one, two].map(weighted)).serverOf(name) === 1);
    const waiting = client.get(key as string).addErrback(() => undefined);
    const all = client.flushAll({ timeoutMs: 1_000 });
    await expect(within(all, 'an error')).rejects.toMatchObject({ code: 'ERR_MEMCACHE_OVERLOAD' });
    for (const fake of fakes) fake.dropConnections();
    await waiting;
  });

  it('connects again, and says which commands may have run', async () => {
    const fake = rig.use(await FakeMemcache.listen());
    const client = started(rig, [serverOf(rig, fake.port)], soon);
    expect(await within(client.set('a', 'x'), 'an answer')).toBe(true);
    fake.silent = true;
    const lost = client.increment('a');
    rig.reactor.callLater(20, () => fake.dropConnections());
    await expect(within(lost, 'the loss')).rejects.toMatchObject({
      code: 'ERR_MEMCACHE_CONNECTION_LOST',
      mayHaveRun: true,
    });
    fake.silent = false;
    expect((await within(client.get('a'), 'a new connection'))?.value.toString()).toBe('x');
  });

  it('fails at once while the server is away, and with the time limit while it connects', async () => {
    const port = await closedPort();
    const failed = new Pulse();
    const failures: string[] = [];
    const onFailure = (error: Error, server: string): void => {
      failures.push(`${server}: ${(error as { code?: string }).code}`);
      failed.notify();
    };
    const client = started(rig, [serverOf(rig, port, 'away')], { ...soon, onFailure });
    const waiting = client.get('a');
    await expect(within(waiting, 'the attempt')).rejects.toMatchObject({
      code: 'ERR_MEMCACHE_UNAVAILABLE',
      server: 'away',
      mayHaveRun: false,
      cause: { code: 'ERR_CONNECTION_REFUSED' },
      message: expect.stringMatching(
        /server away is not connected: cannot connect \(ECONNREFUSED\)/,
      ),
    });
    await expect(client.get('a')).rejects.toMatchObject({ code: 'ERR_MEMCACHE_UNAVAILABLE' });
    await expect(client.getMany(['a'], { partial: true })).resolves.toEqual(new Map());
    expect(failures[0]).toBe('away: ERR_CONNECTION_REFUSED');
    rig.use(await FakeMemcache.listen(port));
    await within(
      (async () => {
        while (!client.servers[0]?.connected) await rig.turns(1);
      })(),
      'the server to be back',
    );
    expect(await client.get('a')).toBeUndefined();
  });

  it('limits the time that a command waits for a connection', async () => {
    const fake = rig.use(await FakeMemcache.listen());
    fake.silent = true;
    const client = started(rig, [serverOf(rig, fake.port)], { timeoutMs: 5_000 });
    const late = client.get('a', { timeoutMs: 20 });
    await expect(within(late, 'the limit')).rejects.toMatchObject({
      code: 'ERR_MEMCACHE_TIMEOUT',
      mayHaveRun: false,
    });
    const aborted = client.get('a', { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    fake.dropConnections();
  });

  it('distributes keys, and collects values of all servers', async () => {
    const fakes = [rig.use(await FakeMemcache.listen()), rig.use(await FakeMemcache.listen())];
    const names = ['10.0.0.1:11211', '10.0.0.2:11211'];
    const servers = fakes.map(({ port }, i) => serverOf(rig, port, names[i]));
    const client = started(rig, servers);
    await within(Promise.all(keys.map((key) => client.set(key, key))), 'answers');
    const ring = new HashRing(names.map((name) => ({ name, weight: 1 })));
    for (const key of keys) expect(fakes[ring.serverOf(key)]?.values.has(key)).toBe(true);
    const found = await client.getMany(keys);
    expect([...found.values()].map(({ value }) => value.toString()).sort()).toEqual(
      [...keys].sort(),
    );
    expect([...(await client.version()).keys()]).toEqual(names);
  });

  it.each(['none', 'next'] as const)('has the failover "%s"', async (failover) => {
    const fake = rig.use(await FakeMemcache.listen());
    const names = ['10.0.0.1:11211', '10.0.0.2:11211'];
    const servers = [
      serverOf(rig, fake.port, names[0]),
      serverOf(rig, await closedPort(), names[1]),
    ];
    const client = started(rig, servers, { failover, retryPolicy: () => 60_000 });
    const ring = new HashRing(names.map((name) => ({ name, weight: 1 })));
    const lost = keys.find((key) => ring.serverOf(key) === 1) as string;
    await within(client.get(lost), 'the attempt').then(undefined, () => {});
    const stored = client.set(lost, 'x');
    if (failover === 'next') {
      expect(await stored).toBe(true);
      expect(fake.values.has(lost)).toBe(true);
      expect((await client.getMany(keys)).size).toBe(1);
    } else {
      await expect(stored).rejects.toMatchObject({ server: names[1] });
      await expect(client.getMany(keys)).rejects.toMatchObject({ server: names[1] });
      expect((await client.getMany(keys, { partial: true })).size).toBe(0);
    }
  });

  it('answers what was sent before it stops, and can be started again', async () => {
    const fake = rig.use(await FakeMemcache.listen());
    const client = started(rig, [serverOf(rig, fake.port)]);
    await within(client.set('a', 'x'), 'a connection');
    const found = client.get('a');
    const stopped = client.stopService();
    expect(client.running).toBe(false);
    expect(() => client.get('a')).toThrow(MemcacheNotStartedError);
    expect(() => client.getMany(['a'])).toThrow(MemcacheNotStartedError);
    expect(() => client.version()).toThrow(MemcacheNotStartedError);
    await within(stopped, 'the stop');
    expect((await found)?.key).toBe('a');
    client.startService();
    const waiting = client.get('a');
    await within(client.stopService(), 'the stop');
    await expect(waiting).rejects.toMatchObject({ mayHaveRun: false });
    client.startService();
    expect((await within(client.get('a'), 'an answer'))?.key).toBe('a');
  });

  it('sends user and password first, which no error shows', async () => {
    const fake = rig.use(await FakeMemcache.listen());
    const credentials = { username: 'alice', password: 'secret' };
    const client = started(rig, [serverOf(rig, fake.port)], { credentials });
    await within(client.get('a'), 'an answer');
    expect(fake.lines[0]).toBe('set auth 0 0 12');
    expect(fake.values.get('auth')?.data.toString()).toBe('alice secret');
  });

  it('takes one endpoint, whose text is the name of the server', async () => {
    const fake = rig.use(await FakeMemcache.listen());
    fake.values.set('x', { flags: '0', data: Buffer.alloc(0) });
    const endpoint = clientFromString(rig.reactor, `tcp:127.0.0.1:${fake.port}`);
    const client = new MemcacheClient(endpoint, { clock: rig.reactor });
    expect(client.servers[0]?.name).toContain(String(fake.port));
    client.startService();
    expect((await within(client.get('x'), 'an answer'))?.key).toBe('x');
    await client.stopService();
  });

  it('does not accept a peer that does not speak memcache', async () => {
    const fake = rig.use(await FakeMemcache.listen());
    fake.answer = 'HTTP/1.1 400 Bad Request\r\n\r\n';
    const client = started(rig, [serverOf(rig, fake.port)], { retryPolicy: () => 60_000 });
    await expect(within(client.get('a'), 'the attempt')).rejects.toMatchObject({
      code: 'ERR_MEMCACHE_UNAVAILABLE',
      cause: { cause: { code: 'ERR_INVALID_MEMCACHE_REPLY' } },
    });
    expect(fake.lines).toEqual(['version']);
    expect(client.servers[0]?.connected).toBe(false);
  });
});

it('refuses wrong servers and options', () => {
  const endpoint = { connect: () => undefined as never };
  const clock = { now: () => 0, callLater: () => undefined as never, getDelayedCalls: () => [] };
  const make =
    (servers: unknown, options: object = {}) =>
    () =>
      new MemcacheClient(servers as never, { clock, ...options } as never);
  expect(make([])).toThrow(/one or more/);
  expect(
    make([
      { endpoint, name: 'a' },
      { endpoint, name: 'a' },
    ]),
  ).toThrow(/different names/);
  expect(make([{ endpoint, weight: 0 }])).toThrow(/weight/);
  expect(make([{ endpoint, port: 1 }])).toThrow(/no option 'port'/);
  expect(make({})).toThrow(/endpoint/);
  expect(make(endpoint, { failover: 'yes' })).toThrow(/failover/);
  expect(make(endpoint, { credentials: { username: 'a', password: 1 } })).toThrow(/password/);
  expect(make(endpoint, { onFailure: 1 })).toThrow(/onFailure/);
});
