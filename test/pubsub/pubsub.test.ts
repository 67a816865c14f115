/** Patterns, queues and figures; receivers; the loss of a connection. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deferred, HostnameEndpoint } from '../../src/index.js';
import { addPubSub, MetricsRegistry, prometheusText } from '../../src/metrics/index.js';
import {
  MemoryPubSub,
  NatsPubSub,
  type PubSubGap,
  RedisPubSub,
  type RedisPubSubOptions,
  RedisStreams,
  SubscriptionRefusedError,
} from '../../src/pubsub/index.js';
import { PatternTree } from '../../src/pubsub/pattern-tree.js';
import { checkPattern, isWild, matchesTopic } from '../../src/pubsub/topics.js';
import { MemoryReactor } from '../../src/testing/index.js';
import { contract, type Rig } from '../support/contract.js';
import { Pulse, within } from '../support/deadline.js';
import { FakeRedis } from '../support/fake-redis.js';
import { closedPort } from '../support/raw-peer.js';

/** Receivers are called in a microtask. */
const delivered = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('PatternTree', () => {
  const segment = fc.constantFrom('a', 'b', '*');
  const pattern = fc
    .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([segments, tail]) => [...segments, ...(tail ? ['>'] : [])].join('.'));
  const topic = fc
    .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 5 })
    .map((segments) => segments.join('.'));

  it('finds the patterns that match, and forgets those that were removed', () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 12 }), topic, (patterns, given) => {
        const tree = new PatternTree<number>();
        patterns.forEach((text, i) => void tree.add(checkPattern(text), i));
        const found: number[] = [];
        tree.match(given, (i) => void found.push(i));
        const matching = patterns.flatMap((text, i) => (matchesTopic(text, given) ? [i] : []));
        expect(found.sort()).toEqual(matching.sort());
        patterns.forEach((text, i) => void tree.remove(text, i));
        expect(tree.isEmpty).toBe(true);
      }),
    );
  });

  it('knows which patterns have wildcards', () => {
    expect(['a', 'a.b', 'a*b'].map(isWild)).toEqual([false, false, false]);
    expect(['*', 'a.*', '*.a', '>', 'a.>'].map(isWild)).toEqual([true, true, true, true, true]);
  });
});

describe('a subscription', () => {
  it('counts in the metrics of its PubSub', async () => {
    const pubsub = new MemoryPubSub();
    const metrics = new MetricsRegistry();
    addPubSub(metrics, pubsub, 'main');
    const first = new Deferred<void>();
    pubsub.subscribe('a', () => first, { maxQueued: 2, slow: 'drop-oldest' });
    for (let i = 0; i < 2; i++) await pubsub.publish('a', `${i}`);
    await delivered();
    for (let i = 2; i < 6; i++) await pubsub.publish('a', `${i}`);
    const text = prometheusText(metrics);
    for (const line of [
      'connected{pubsub="main"} 1',
      'subscriptions{pubsub="main"} 1',
      'queued_messages{pubsub="main"} 2',
      'published_total{pubsub="main"} 6',
      'delivered_total{pubsub="main"} 1',
      'dropped_total{pubsub="main"} 3',
    ]) {
      expect(text).toContain(`ropewalk_pubsub_${line}\n`);
    }
    expect(() => addPubSub(metrics, {} as never, 'x')).toThrow('pubsub.statistics');
  });

  it('takes a burst of one turn that is longer than its queue', async () => {
    const pubsub = new MemoryPubSub();
    const texts: string[] = [];
    pubsub.subscribe('a', ({ text }) => void texts.push(text), { maxQueued: 10 });
    for (let i = 0; i < 100; i++) void pubsub.publish('a', `${i}`);
    await delivered();
    expect(texts).toHaveLength(100);
  });

  it('parses JSON, and shares one message among the receivers of a process', async () => {
    const pubsub = new MemoryPubSub();
    const messages: unknown[] = [];
    pubsub.subscribe('a', (message) => void messages.push(message));
    pubsub.subscribe('a', (message) => void messages.push(message, message.json()));
    await pubsub.publish('a', '{"x":1}');
    await delivered();
    expect(messages[0]).toBe(messages[1]);
    expect(messages[2]).toEqual({ x: 1 });
  });
});

describe('options', () => {
  const endpoint = new HostnameEndpoint(new MemoryReactor(), '127.0.0.1', 1);
  const clock = new MemoryReactor();

  it.each([
    ['maxMessageBytes', () => new MemoryPubSub({ maxMessageBytes: 0 })],
    ['prefix', () => new RedisPubSub(endpoint, { clock, prefix: 1 as never })],
    ['database', () => new RedisPubSub(endpoint, { clock, database: -1 })],
    ['maxLength', () => new RedisStreams(endpoint, { clock, maxLength: 0 })],
    ['topic', () => new NatsPubSub(clock, { prefix: 'a.' })],
    ['timeoutMs', () => new NatsPubSub(clock, { timeoutMs: 0 })],
    ['maxUnconfirmed', () => new NatsPubSub(clock, { maxUnconfirmed: 0 })],
    ['connection', () => new NatsPubSub(clock, { connection: [] as never })],
  ])('refuse a wrong %s', (name, make) => {
    expect(make).toThrow(name);
  });

  it.each([
    { after: 'yesterday' },
    { group: 'g' },
    { group: '', consumer: 'c' },
    { claimAfterMs: 0 },
    { slow: 'close' },
  ])('of streams: %j is refused', (options) => {
    const streams = new RedisStreams(endpoint, { clock });
    expect(() => streams.subscribe('a', () => {}, options as never)).toThrow(/must|has no option/);
  });
});

function redis(rig: Rig, port: number, options: Partial<RedisPubSubOptions> = {}): RedisPubSub {
  const endpoint = new HostnameEndpoint(rig.reactor, '127.0.0.1', port);
  return rig.use(
    new RedisPubSub(endpoint, { clock: rig.reactor, retryPolicy: () => 10, ...options }),
  );
}

contract('RedisPubSub', (rig) => {
  it('subscribes again after a lost connection, and tells receivers of the gap', async () => {
    const fake = rig.use(await FakeRedis.listen());
    const pubsub = redis(rig, fake.port);
    const pulse = new Pulse();
    const events: string[] = [];
    const note = (event: string): void => {
      events.push(event);
      pulse.notify();
    };
    const onGap = ({ reason }: PubSubGap): void => note(`gap ${reason}`);
    const exact = pubsub.subscribe('a.b', ({ text }) => note(`exact ${text}`), { onGap });
    const wild = pubsub.subscribe('a.*', ({ text }) => note(`wild ${text}`));
    await within(exact.ready(), 'the subscription');
    await within(wild.ready(), 'the subscription');
    expect(fake.subscriptions).toEqual(['a.*', 'a.b']);
    await pubsub.publish('a.b', '1');
    await pulse.until(() => events.length === 2, 'two messages');
    fake.dropConnections();
    await pulse.until(() => events.length === 3, 'the gap');
    expect(events[2]).toBe('gap connection');
    await within(wild.ready(), 'the subscription');
    expect(fake.subscriptions).toEqual(['a.*', 'a.b']);
    await pubsub.publish('a.b', '2');
    await pulse.until(() => events.length === 5, 'two messages');
    expect(pubsub.statistics()).toMatchObject({ lost: 1, published: 2, delivered: 4 });
    await within(exact.unsubscribe(), 'the end');
    expect(fake.subscriptions).toEqual(['a.*']);
  });

  it('shares one subscription of the server among those of a process', async () => {
    const fake = rig.use(await FakeRedis.listen());
    const pubsub = redis(rig, fake.port);
    const all = ['x', 'x', 'y.*', 'y.>'].map((pattern) => pubsub.subscribe(pattern, () => {}));
    for (const subscription of all) await within(subscription.ready(), 'the subscription');
    expect(fake.subscriptions).toEqual(['x', 'y.*']);
    for (const subscription of all) await within(subscription.unsubscribe(), 'the end');
    expect(fake.subscriptions).toEqual([]);
  });

  it('says of a publication that failed whether it may have been published', async () => {
    const fake = rig.use(await FakeRedis.listen());
    const pubsub = redis(rig, fake.port);
    await within(pubsub.publish('a', 'x'), 'a publication');
    fake.silent = true;
    const unknown = pubsub.publish('a', 'y');
    fake.dropConnections();
    await expect(within(unknown, 'an error')).rejects.toMatchObject({
      code: 'ERR_PUBLISH',
      topic: 'a',
      mayBePublished: true,
    });
    const away = redis(rig, await closedPort());
    await expect(within(away.publish('a', 'x'), 'an error')).rejects.toMatchObject({
      mayBePublished: false,
      cause: { code: 'ERR_REDIS_UNAVAILABLE' },
    });
    expect(away.statistics()).toMatchObject({ connected: false, failed: 1 });
  });

  it('subscribes when the server comes', async () => {
    const port = await closedPort();
    const failed = new Pulse();
    let failures = 0;
    const onFailure = (): void => {
      failures += 1;
      failed.notify();
    };
    const pubsub = redis(rig, port, { onFailure });
    const gaps: PubSubGap[] = [];
    const subscription = pubsub.subscribe('a', () => {}, { onGap: (gap) => void gaps.push(gap) });
    await failed.until(() => failures > 1, 'two failures');
    expect(subscription.state).toBe('pending');
    rig.use(await FakeRedis.listen(port));
    await within(subscription.ready(), 'the subscription');
    expect(gaps).toEqual([]);
  });
});

contract('RedisStreams', (rig) => {
  const LOADING = '-LOADING Redis is loading the dataset in memory\r\n';

  async function streams(): Promise<{ fake: FakeRedis; pubsub: RedisStreams }> {
    const fake = rig.use(await FakeRedis.listen());
    fake.answers.set('CLIENT', ':1\r\n').set('XRANGE', '*0\r\n').set('XREVRANGE', '*0\r\n');
    fake.answers.set('XGROUP', '+OK\r\n').set('XREADGROUP', '%0\r\n').set('XREAD', '_\r\n');
    const endpoint = new HostnameEndpoint(rig.reactor, '127.0.0.1', fake.port);
    return { fake, pubsub: rig.use(new RedisStreams(endpoint, { clock: rig.reactor })) };
  }

  it.each([
    ['XREVRANGE', {}],
    ['XGROUP', { group: 'g', consumer: 'c' }],
  ])('waits for a server that is loading its data (%s)', async (command, options) => {
    const { fake, pubsub } = await streams();
    const answer = fake.answers.get(command) as string;
    fake.answers.set(command, LOADING);
    const subscription = pubsub.subscribe('a', () => {}, options);
    const asked = async (): Promise<void> => {
      while (!fake.commands.some((text) => text.startsWith(command))) await rig.turns(1);
    };
    await within(asked(), 'the first command');
    fake.answers.set(command, answer);
    await within(subscription.ready(), 'the subscription');
    expect(subscription.state).toBe('ready');
  });

  it.each([
    ['XREVRANGE', 'new', '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n'],
    ['XRANGE', `${'9'.repeat(20)}-0`, '-ERR Invalid stream ID\r\n'],
  ])('ends a subscription that the server refuses (%s)', async (command, after, error) => {
    const { fake, pubsub } = await streams();
    fake.answers.set(command, error);
    const subscription = pubsub.subscribe('a', () => {}, { after });
    await expect(within(subscription.ended(), 'the end')).rejects.toThrow(SubscriptionRefusedError);
  });
});

describe('a receiver', () => {
  it.each(['unsubscribes', 'closes'] as const)(
    'that %s in its call gets no further message',
    async (how) => {
      const pubsub = new MemoryPubSub();
      const texts: string[] = [];
      const others: string[] = [];
      const subscription = pubsub.subscribe('a', ({ text }) => {
        texts.push(text);
        if (how === 'closes') void pubsub.close();
        else void subscription.unsubscribe();
      });
      pubsub.subscribe('>', ({ text }) => void others.push(text));
      for (const text of ['1', '2', '3']) void pubsub.publish('a', text);
      await delivered();
      expect(texts).toEqual(['1']);
      expect(others).toEqual(how === 'closes' ? [] : ['1', '2', '3']);
      expect(pubsub.statistics().queued).toBe(0);
    },
  );

  it('may publish to its topic and subscribe to it: order is kept, and nothing is delivered twice', async () => {
    const pubsub = new MemoryPubSub();
    const texts: string[] = [];
    const late: string[] = [];
    pubsub.subscribe('a', ({ text }) => {
      texts.push(text);
      if (text === '1') {
        void pubsub.publish('a', '3');
        pubsub.subscribe('a', (message) => void late.push(message.text));
        void pubsub.publish('a', '4');
      }
    });
    void pubsub.publish('a', '1');
    void pubsub.publish('a', '2');
    await delivered();
    expect([texts, late]).toEqual([['1', '2', '3', '4'], ['4']]);
  });

  it('that is replaced whenever it is too slow neither loops nor gets earlier messages', async () => {
    const pubsub = new MemoryPubSub();
    const hangs = new Deferred<void>();
    let ends = 0;
    const again = (): void => {
      const subscription = pubsub.subscribe('a', () => hangs, { maxQueued: 1 });
      subscription.ended().addErrback(() => {
        ends += 1;
        again();
      });
    };
    for (let n = 0; n < 2; n++) again();
    for (let n = 0; n < 6; n++) {
      void pubsub.publish('a', `${n}`);
      await delivered();
    }
    expect([ends > 0, pubsub.statistics().subscriptions]).toEqual([true, 2]);
    await pubsub.close();
  });
});
