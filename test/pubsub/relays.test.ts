/** Relays of publish/subscribe to WebSockets and server-sent events. */
import { describe, expect, it } from 'vitest';
import type { HTTPHandler } from '../../src/http/index.js';
import { Deferred, fail } from '../../src/index.js';
import {
  EventStreamRelay,
  MemoryPubSub,
  type PubSub,
  type PubSubGap,
  WebSocketRelay,
} from '../../src/pubsub/index.js';
import { flushLoggedErrors, successResultOf } from '../../src/testing/index.js';
import { WebSocketTopics } from '../../src/websocket/index.js';
import { get, Served } from '../http/served.js';
import { Recorder } from '../websocket/recorder.js';
import { ServedSockets } from '../websocket/served-socket.js';

/** Receivers are called in a microtask. */
const delivered = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

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

describe('onGap of a relay', () => {
  /** Interruptions make gaps, as lost connections do. */
  class Interrupted extends MemoryPubSub {
    readonly subscriptions: ReturnType<PubSub['subscribe']>[] = [];
    override subscribe(...args: Parameters<PubSub['subscribe']>) {
      const subscription = super.subscribe(...args);
      this.subscriptions.push(subscription);
      return subscription;
    }
    interrupt(): void {
      for (const subscription of this.subscriptions) {
        subscription.interrupted();
        subscription.confirmed();
      }
    }
  }

  function relayed(onGap: (topic: string, gap: PubSubGap) => unknown) {
    const pubsub = new Interrupted();
    const topics = new WebSocketTopics();
    const relay = new WebSocketRelay(pubsub, topics, { onGap });
    const client = new ServedSockets(Recorder).connect();
    topics.subscribe('a', client.socket);
    return { pubsub, topics, relay, client };
  }

  it('delays messages until its promise is fulfilled, and drops the oldest beyond the limit', async () => {
    const gaps: PubSubGap[] = [];
    const fetched: Deferred<void>[] = [];
    const { pubsub, topics, relay, client } = relayed((topic, gap) => {
      gaps.push(gap);
      const done = new Deferred<void>();
      fetched.push(done);
      return done.addCallback(() => void topics.publish(topic, `state ${fetched.length}`));
    });
    pubsub.interrupt();
    await delivered();
    for (let n = 0; n < 1_005; n++) void pubsub.publish('a', `${n}`);
    await delivered();
    expect([client.received(), gaps.length]).toEqual([[], 1]);
    fetched[0]?.callback(undefined);
    await delivered();
    expect(client.received()).toEqual(['text "state 1"']);
    expect(gaps[1]).toEqual({ reason: 'slow', count: 5 });
    fetched[1]?.callback(undefined);
    await delivered();
    const received = client.received();
    expect([received.length, received[0], received[1], received.at(-1)]).toEqual([
      1_001,
      'text "state 2"',
      'text "5"',
      'text "1004"',
    ]);
    expect([relay.topics, gaps.length]).toEqual([['a'], 2]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no state');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no state'))],
    ['fails', () => fail(new Error('no state'))],
  ])('is reported if it %s, and messages go on', async (_how, onGap) => {
    const { pubsub, client } = relayed(onGap);
    pubsub.interrupt();
    await pubsub.publish('a', 'x');
    await delivered();
    expect(client.received()).toEqual(['text "x"']);
    expect(flushLoggedErrors()).toMatchObject([
      { error: { message: 'no state' }, where: 'receiver of a' },
    ]);
  });

  it.each([
    'the relay is closed',
    'the topic loses its subscriber',
    'the PubSub is closed',
  ] as const)('may cause that %s', async (what) => {
    let calls = 0;
    const ends = relayed(async () => {
      calls += 1;
      if (what === 'the relay is closed') ends.relay.close();
      else if (what === 'the PubSub is closed') await ends.pubsub.close();
      else ends.topics.unsubscribe('a', ends.client.socket);
    });
    const { pubsub, client } = ends;
    pubsub.interrupt();
    const published = pubsub.publish('a', 'x');
    await delivered();
    await published;
    expect([calls, client.received(), pubsub.statistics()]).toMatchObject([
      1,
      [],
      { subscriptions: 0, queued: 0 },
    ]);
  });

  it('may subscribe and publish, and the topic may begin again in it', async () => {
    const ends = relayed(async (topic) => {
      ends.topics.unsubscribe(topic, ends.client.socket);
      ends.topics.subscribe(topic, ends.client.socket);
      await ends.pubsub.publish(topic, 'state');
    });
    const { pubsub, client, relay } = ends;
    pubsub.interrupt();
    void pubsub.publish('a', 'lost with the old subscription');
    await delivered();
    expect(client.received()).toEqual(['text "state"']);
    await pubsub.publish('a', 'y');
    await delivered();
    expect([client.received(), relay.topics]).toEqual([['text "y"'], ['a']]);
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
      last: ReturnType<PubSub['subscribe']> | undefined;
      override subscribe(...[pattern, receiver, options = {}]: Parameters<PubSub['subscribe']>) {
        const { after, ...rest } = options as { after?: string };
        this.given.push(after === undefined ? {} : { after });
        this.last = super.subscribe(pattern, receiver, rest);
        return this.last;
      }
    }

    function resuming(capacity?: number): {
      pubsub: Replaying;
      relay: EventStreamRelay;
      served: Served;
      gaps: string[];
    } {
      const gaps: string[] = [];
      const pubsub = new Replaying();
      let relay: EventStreamRelay | undefined;
      const handler: HTTPHandler = (request, response) => {
        relay?.open('prices', request, response);
      };
      const served = new Served(handler, {}, capacity);
      relay = new EventStreamRelay(served.clock, pubsub, {
        resume: true,
        onGap: (topic, { reason }) => void gaps.push(`${topic} ${reason}`),
      });
      return { pubsub, relay, served, gaps };
    }

    it('gives a client that comes back a subscription of its own', async () => {
      const { pubsub, relay, served, gaps } = resuming();
      const transport = served.connect();
      served.receive(get('/', 'Last-Event-ID: 1526919030474-55'));
      expect(pubsub.given).toEqual([{ after: '1526919030474-55' }]);
      pubsub.last?.gap({ reason: 'trimmed', count: undefined });
      await delivered();
      expect(gaps).toEqual(['prices trimmed']);
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
