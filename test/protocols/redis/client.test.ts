/** One connection over a memory transport, and the client over each reactor: time limits, loss, reconnecting, stopping. */
import { describe, expect, it } from 'vitest';
import { CancelledError, HostnameEndpoint } from '../../../src/index.js';
import {
  InvalidRedisCommandError,
  RedisClient,
  type RedisClientOptions,
  RedisConnectionLostError,
  RedisNotStartedError,
  RedisOverloadError,
  RedisProtocol,
  type RedisProtocolOptions,
  RedisServerError,
  RedisTimeoutError,
} from '../../../src/protocols/redis/index.js';
import {
  assertNoResult,
  failureResultOf,
  ManualClock,
  MemoryTransport,
  successResultOf,
} from '../../../src/testing/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { Pulse, within } from '../../support/deadline.js';
import { FakeRedis } from '../../support/fake-redis.js';
import { closedPort } from '../../support/raw-peer.js';

interface Scene {
  readonly clock: ManualClock;
  readonly transport: MemoryTransport;
  readonly protocol: RedisProtocol;
}

function scene(options: Partial<RedisProtocolOptions> = {}): Scene {
  const clock = new ManualClock();
  const transport = new MemoryTransport();
  const protocol = transport.connect(new RedisProtocol({ clock, ...options }));
  return { clock, transport, protocol };
}

describe('RedisProtocol', () => {
  it('sends commands at once, and gives each caller its answer', () => {
    const { transport, protocol } = scene();
    const set = protocol.call(['SET', 'a', Buffer.from('x')]);
    const wrong = protocol.call(['LPUSH', 'a', 1]);
    const got = protocol.call(['GET', 'a']);
    expect(transport.text).toBe(
      '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nx\r\n*3\r\n$5\r\nLPUSH\r\n$1\r\na\r\n$1\r\n1\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n',
    );
    transport.receive('+OK\r\n-WRONGTYPE no\r\n$1\r\nx\r\n');
    expect(successResultOf(set)).toBe('OK');
    expect(failureResultOf(wrong, RedisServerError)).toMatchObject({ kind: 'WRONGTYPE' });
    expect(successResultOf(got)).toEqual(Buffer.from('x'));
  });

  it('passes pushes on, and reports a receiver that fails', () => {
    const pushes: string[] = [];
    const { transport } = scene({
      onPush: (kind, values) => void pushes.push(`${kind} ${values}`),
    });
    transport.receive('>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n');
    expect(pushes).toEqual(['message message,a,hi']);
  });

  it('skips the answer to a command that ran out of time, or was cancelled', () => {
    const { clock, transport, protocol } = scene();
    const slow = protocol.call(['GET', 'a'], { timeoutMs: 1_000 });
    const controller = new AbortController();
    const cancelled = protocol.call(['GET', 'b'], { signal: controller.signal });
    const next = protocol.call(['GET', 'c']);
    controller.abort();
    clock.advance(3_000);
    expect(failureResultOf(slow, RedisTimeoutError)).toMatchObject({ mayHaveRun: true });
    failureResultOf(cancelled, CancelledError);
    transport.receive(':1\r\n:2\r\n:3\r\n');
    expect(successResultOf(next)).toBe(3);
  });

  it('aborts a connection that answers nothing for stallTimeoutMs', () => {
    const { clock, transport, protocol } = scene({ stallTimeoutMs: 10_000 });
    const call = protocol.call(['GET', 'a'], { timeoutMs: 60_000 });
    assertNoResult(call);
    for (let i = 0; i < 12; i++) clock.advance(1_000);
    transport.settle();
    expect(transport.connected).toBe(false);
    const value = failureResultOf(call, RedisConnectionLostError);
    expect(value).toMatchObject({ mayHaveRun: true, cause: { timeoutMs: 10_000 } });
    failureResultOf(protocol.call(['PING']), RedisConnectionLostError);
  });

  it('aborts the connection after bytes that are not RESP', () => {
    const { transport, protocol } = scene();
    const call = protocol.call(['GET', 'a']);
    transport.receive('SSH-2.0-OpenSSH\r\n');
    transport.settle();
    const value = failureResultOf(call, RedisConnectionLostError);
    expect(value).toMatchObject({ cause: { code: 'ERR_INVALID_REDIS_REPLY' } });
    expect(transport.connected).toBe(false);
  });

  it('limits unsent bytes', () => {
    const clock = new ManualClock();
    const transport = new MemoryTransport({ capacity: 10 });
    const protocol = transport.connect(new RedisProtocol({ clock, maxUnsentBytes: 100 }));
    const first = protocol.call(['SET', 'a', 'x'.repeat(500)]);
    expect(() => protocol.call(['GET', 'a'])).toThrow(RedisOverloadError);
    transport.abortConnection();
    transport.settle();
    failureResultOf(first, RedisConnectionLostError);
  });
});

function started(rig: Rig, port: number, options: Partial<RedisClientOptions> = {}): RedisClient {
  const endpoint = new HostnameEndpoint(rig.reactor, '127.0.0.1', port);
  const client = new RedisClient(endpoint, {
    clock: rig.reactor,
    retryPolicy: () => 10,
    ...options,
  });
  client.startService();
  rig.use({ [Symbol.asyncDispose]: async () => void (await client.stopService()) });
  return client;
}

contract('RedisClient', (rig) => {
  it('greets the server, and serves calls made before the connection', async () => {
    const fake = rig.use(await FakeRedis.listen());
    fake.password = 'secret';
    const client = started(rig, fake.port, { password: 'secret', database: 2, clientName: 'me' });
    const set = client.call(['SET', 'a', 'hello']);
    expect(client.unanswered).toBe(1);
    expect(await within(set, 'an answer')).toBe('OK');
    expect(await client.call(['GET', 'a'])).toEqual(Buffer.from('hello'));
    expect(await client.call(['GET', 'b'])).toBe(null);
    expect(client.connected).toBe(true);
    expect(fake.commands.slice(0, 2)).toEqual([
      'HELLO 3 AUTH default secret SETNAME me',
      'SELECT 2',
    ]);
  });

  it('fails calls with the reason if the password is wrong, and tries again', async () => {
    const fake = rig.use(await FakeRedis.listen());
    fake.password = 'secret';
    const client = started(rig, fake.port, { password: 'guess' });
    const call = client.call(['GET', 'a']);
    await expect(within(call, 'an error')).rejects.toMatchObject({
      code: 'ERR_REDIS_UNAVAILABLE',
      cause: { kind: 'WRONGPASS' },
    });
    await expect(client.call(['GET', 'a'])).rejects.toMatchObject({ mayHaveRun: false });
  });

  it('connects again, calls onConnected each time, and says which commands may have run', async () => {
    const fake = rig.use(await FakeRedis.listen());
    const pulse = new Pulse();
    const events: string[] = [];
    const note = (event: string): void => {
      events.push(event);
      pulse.notify();
    };
    const client = started(rig, fake.port, {
      onConnected: (protocol) => protocol.call(['SUBSCRIBE', 'news']).addCallback(() => note('up')),
      onLost: () => note('lost'),
      onPush: (_kind, values) => note(`${values[1]} ${values[2]}`),
    });
    await within(client.call(['PING']), 'an answer');
    fake.silent = true;
    const lost = client.call(['SET', 'a', 'x']);
    fake.dropConnections();
    await expect(within(lost, 'an error')).rejects.toMatchObject({ mayHaveRun: true });
    fake.silent = false;
    await pulse.until(() => events.length === 3, 'a second connection');
    expect(fake.publish('news', 'hello')).toBe(1);
    await pulse.until(() => events.length === 4, 'a message');
    expect(events).toEqual(['up', 'lost', 'up', 'news hello']);
  });

  it('counts a failing onConnected as a failed attempt', async () => {
    const fake = rig.use(await FakeRedis.listen());
    let attempts = 0;
    const client = started(rig, fake.port, {
      onConnected: () => {
        attempts += 1;
        if (attempts === 1) throw new Error('not now');
      },
    });
    await expect(within(client.call(['PING']), 'an error')).rejects.toMatchObject({
      cause: { message: 'not now' },
    });
  });

  it('fails calls at once while the server is away, and recovers', async () => {
    const port = await closedPort();
    const client = started(rig, port);
    await expect(within(client.call(['PING']), 'an error')).rejects.toMatchObject({
      code: 'ERR_REDIS_UNAVAILABLE',
    });
    rig.use(await FakeRedis.listen(port));
    expect(await within(answering(client), 'an answer')).toBe('PONG');
  });

  it('refuses a malformed command at the call, before there is a connection', async () => {
    const fake = rig.use(await FakeRedis.listen());
    const client = started(rig, fake.port);
    expect(() => client.call(['SUBSCRIBE', 'a', 'b'])).toThrow(InvalidRedisCommandError);
    expect(() => client.call(['SET', 'a', undefined as never])).toThrow(TypeError);
    expect(client.unanswered).toBe(0);
  });

  it('waits for answers when it is stopped, and refuses calls afterwards', async () => {
    const fake = rig.use(await FakeRedis.listen());
    const client = started(rig, fake.port);
    await within(client.call(['PING']), 'an answer');
    const set = client.call(['SET', 'a', 'x']);
    await within(client.stopService(), 'the stop');
    expect(await set).toBe('OK');
    expect(() => client.call(['PING'])).toThrow(RedisNotStartedError);
    client.startService();
    expect(await within(client.call(['GET', 'a']), 'an answer')).toEqual(Buffer.from('x'));
  });
});

/** PONG, once the client has connected. */
async function answering(client: RedisClient): Promise<unknown> {
  for (;;) {
    try {
      return await client.call(['PING']);
    } catch {
      await new Promise((resolve) => void setTimeout(resolve, 5));
    }
  }
}
