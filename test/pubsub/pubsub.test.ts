/** Patterns, queues and figures; the loss of a connection; relays to WebSockets and server-sent events. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HTTPHandler } from '../../src/http/index.js';
import { Deferred, HostnameEndpoint } from '../../src/index.js';
import { addPubSub, MetricsRegistry, prometheusText } from '../../src/metrics/index.js';
import {
  EventStreamRelay,
  MemoryPubSub,
  NatsPubSub,
  type PubSub,
  type PubSubGap,
  RedisPubSub,
  type RedisPubSubOptions,
  RedisStreams,
  SubscriptionRefusedError,
  WebSocketRelay,
} from '../../src/pubsub/index.js';
import { PatternTree } from '../../src/pubsub/pattern-tree.js';
import { checkPattern, isWild, matchesTopic } from '../../src/pubsub/topics.js';
import { MemoryReactor, successResultOf } from '../../src/testing/index.js';
import { WebSocketTopics } from '../../src/websocket/index.js';
import { get, Served } from '../http/served.js';
import { contract, type Rig } from '../support/contract.js';
import { Pulse, within } from '../support/deadline.js';
import { FakeRedis } from '../support/fake-redis.js';
import { closedPort } from '../support/raw-peer.js';
import { Recorder } from '../websocket/recorder.js';
import { ServedSockets } from '../websocket/served-socket.js';

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

describe('WebSocketRelay', () => {
  it('subscribes while a topic has sockets, and sends each message to all', async () => {
    const pubsub = new MemoryPubSub();
    const topics = new WebSocketTopics();
    const relay = new WebSocketRelay(pubsub, topics);
    const served = new ServedSockets(Recorder);
    const [one, two] = [served.connect(), served.connect()];
    for (const { socket } of [one, two]) topics.subscribe('room.1', socket);
    expect(relay.topics).toEqual(['room.1']);
    successResultOf(relay.ready('room.1'));
    await pubsub.publish('room.1', 'hello');
    await pubsub.publish('room.2', 'not here');
    await delivered();
    expect([one.received(), two.received()]).toEqual([['text "hello"'], ['text "hello"']]);
    topics.unsubscribe('room.1', one.socket);
    expect(pubsub.statistics().subscriptions).toBe(1);
    topics.unsubscribe('room.1', two.socket);
    expect(pubsub.statistics().subscriptions).toBe(0);
    expect(() => topics.subscribe('room 1', one.socket)).toThrow('topic');
    expect(topics.topics).toEqual([]);
  });

  it('sends bytes as binary messages if it has to, and passes gaps on', async () => {
    const pubsub = new MemoryPubSub();
    const topics = new WebSocketTopics();
    const served = new ServedSockets(Recorder);
    const client = served.connect();
    topics.subscribe('a', client.socket);
    const relay = new WebSocketRelay(pubsub, topics, { binary: true });
    await pubsub.publish('a', Uint8Array.of(1, 2));
    await delivered();
    expect(client.received()).toEqual(['binary 0102']);
    relay.close();
    await pubsub.publish('a', 'x');
    await delivered();
    expect(client.received()).toEqual([]);
    expect(() => new WebSocketRelay({} as never, topics)).toThrow('a PubSub');
  });
});

describe('EventStreamRelay', () => {
  it('subscribes while a topic has clients, and sends each message to all', async () => {
    const pubsub = new MemoryPubSub();
    let relay: EventStreamRelay | undefined;
    const served = new Served((request, response) => {
      relay?.open('prices', request, response);
    });
    relay = new EventStreamRelay(served.clock, pubsub);
    const transport = served.connect();
    expect(served.receive(get('/'))).toContain('text/event-stream');
    expect([relay.size('prices'), relay.topics]).toEqual([1, ['prices']]);
    await pubsub.publish('prices', '42');
    await delivered();
    expect(transport.text).toContain('data: 42\n\n');
    transport.peerCloses();
    transport.settle();
    expect([relay.size('prices'), relay.topics]).toEqual([0, []]);
    expect(pubsub.statistics().subscriptions).toBe(0);
  });

  it('makes events by a function, and ends the streams when it is closed', async () => {
    const pubsub = new MemoryPubSub();
    let relay: EventStreamRelay | undefined;
    const served = new Served((request, response) => {
      relay?.open('prices', request, response);
    });
    relay = new EventStreamRelay(served.clock, pubsub, {
      event: ({ text }) => (text === 'none' ? undefined : { event: 'price', data: text }),
    });
    const transport = served.connect();
    served.receive(get('/'));
    for (const text of ['1', 'none', '2']) await pubsub.publish('prices', text);
    await delivered();
    expect(transport.text).toContain('event: price\ndata: 1\n\n');
    expect(transport.text).toContain('event: price\ndata: 2\n\n');
    expect(transport.text).not.toContain('none');
    relay.close();
    expect(transport.text).toMatch(/0\r\n\r\n$/);
    expect(pubsub.statistics().subscriptions).toBe(0);
  });

  describe('with resume', () => {
    /** Notes the options of subscriptions; the messages are those of one process. */
    class Replaying extends MemoryPubSub {
      readonly given: object[] = [];
      override subscribe(...[pattern, receiver, options = {}]: Parameters<PubSub['subscribe']>) {
        const { after, ...rest } = options as { after?: string };
        this.given.push(after === undefined ? {} : { after });
        return super.subscribe(pattern, receiver, rest);
      }
    }

    function resuming(capacity?: number): {
      pubsub: Replaying;
      relay: EventStreamRelay;
      served: Served;
    } {
      const pubsub = new Replaying();
      let relay: EventStreamRelay | undefined;
      const handler: HTTPHandler = (request, response) => {
        relay?.open('prices', request, response);
      };
      const served = new Served(handler, {}, capacity);
      relay = new EventStreamRelay(served.clock, pubsub, { resume: true });
      return { pubsub, relay, served };
    }

    it('gives a client that comes back a subscription of its own', async () => {
      const { pubsub, relay, served } = resuming();
      const transport = served.connect();
      served.receive(get('/', 'Last-Event-ID: 1526919030474-55'));
      expect(pubsub.given).toEqual([{ after: '1526919030474-55' }]);
      expect([relay.size('prices'), relay.topics]).toEqual([0, []]);
      await pubsub.publish('prices', '42');
      await delivered();
      expect(transport.text).toContain('data: 42\n\n');
      transport.peerCloses();
      transport.settle();
      expect(pubsub.statistics().subscriptions).toBe(0);
    });

    it.each(['', '1', '1-', '1-2-3', '1-x', '-1-2', '123456789012345678901-0', '> ', '$'])(
      'takes a client with the id %j for a new one',
      (id) => {
        const { pubsub, relay, served } = resuming();
        served.receive(get('/', `Last-Event-ID: ${id}`));
        expect(pubsub.given).toEqual([{}]);
        expect(relay.size('prices')).toBe(1);
      },
    );

    it('takes no more messages than a slow client reads', async () => {
      const { pubsub, served } = resuming(50_000);
      served.receive(get('/', 'Last-Event-ID: 1-0'));
      const texts = Array.from({ length: 40 }, (_, i) => `${i} `.padEnd(20_000, 'x'));
      for (const text of texts) await pubsub.publish('prices', text);
      await delivered();
      expect(pubsub.statistics().queued).toBeGreaterThan(10);
      let received = '';
      for (let turn = 0; turn < 200 && !/39 x+\n\n/.test(received); turn++) {
        received += served.sent();
        served.transport.drain(50_000);
        await delivered();
      }
      const numbers = [...received.matchAll(/data: (\d+) x{19996,}/g)].map(([, number]) =>
        Number(number),
      );
      expect(numbers).toEqual(texts.map((_, i) => i));
      expect(pubsub.statistics()).toMatchObject({ queued: 0, dropped: 0, subscriptions: 1 });
    });

    it('ends the streams of these clients too when it is closed', () => {
      const { pubsub, relay, served } = resuming();
      const transport = served.connect();
      served.receive(get('/', 'Last-Event-ID: 1-0'));
      relay.close();
      expect(transport.text).toMatch(/0\r\n\r\n$/);
      expect(pubsub.statistics().subscriptions).toBe(0);
    });
  });
});
