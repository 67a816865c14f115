/** The contract of publish/subscribe with real servers, and what only they can show: streams, groups, permissions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientFromString, createReactor, Deferred, type Reactor } from '../../../src/index.js';
import { RedisClient } from '../../../src/protocols/redis/index.js';
import {
  EventStreamRelay,
  NatsPubSub,
  type PubSub,
  type PubSubGap,
  type PubSubMessage,
  RedisPubSub,
  RedisStreams,
  type RedisStreamsOptions,
} from '../../../src/pubsub/index.js';
import { captureLoggedErrors, pubSubContract } from '../../../src/testing/index.js';
import { get, Served, until } from '../../http/served.js';
import { endsOf } from '../../pubsub/ends.js';
import { Pulse, within } from '../../support/deadline.js';
import { havePrograms } from '../peer-files.js';
import { type BrokerServer, natsServer, redisServer } from './servers.js';

/** As far as a client of server-sent events sees it. */
interface Process {
  readonly streams: RedisStreams;
  readonly served: Served;
  readonly relay: EventStreamRelay;
}

describe.skipIf(!havePrograms('redis-server'))('Redis', () => {
  let server: BrokerServer;
  beforeAll(async () => {
    server = await redisServer();
  });
  afterAll(async () => await server[Symbol.asyncDispose]());

  const ends = (make: (reactor: Reactor) => PubSub): ReturnType<typeof endsOf> => {
    const reactor = createReactor();
    return endsOf(() => make(reactor), 2, reactor);
  };
  const endpoint = (reactor: Reactor): ReturnType<typeof clientFromString> =>
    clientFromString(reactor, server.address);

  describe('channels', () => {
    const contract = pubSubContract(() =>
      ends((reactor) => new RedisPubSub(endpoint(reactor), { clock: reactor, prefix: 'a[b]:' })),
    );
    for (const { name, run } of contract) it(name, run);
  });

  describe('streams', () => {
    const contract = pubSubContract(
      () => ends((reactor) => new RedisStreams(endpoint(reactor), { clock: reactor })),
      { patterns: false, pushes: false },
    );
    for (const { name, run } of contract) it(name, run);

    const withStreams = async (
      body: (make: () => RedisStreams, redis: RedisClient) => Promise<void>,
      options: Partial<RedisStreamsOptions> = {},
    ): Promise<void> => {
      const reactor = createReactor();
      const made: RedisStreams[] = [];
      const redis = new RedisClient(endpoint(reactor), { clock: reactor });
      redis.startService();
      try {
        await body(() => {
          const streams = new RedisStreams(endpoint(reactor), { clock: reactor, ...options });
          made.push(streams);
          return streams;
        }, redis);
      } finally {
        for (const streams of made) await streams.close();
        await redis.stopService();
        await reactor[Symbol.asyncDispose]();
      }
    };

    it('continue after the id of a message, or from the oldest', () =>
      withStreams(async (make) => {
        const streams = make();
        const ids: string[] = [];
        for (const text of ['1', '2', '3']) ids.push(`${await streams.publish('resume', text)}`);
        const pulse = new Pulse();
        const seen: string[] = [];
        const note = (name: string) => (message: PubSubMessage) => {
          seen.push(`${name} ${message.text} ${message.id}`);
          pulse.notify();
        };
        streams.subscribe('resume', note('rest'), { after: ids[0] as string });
        streams.subscribe('resume', note('all'), { after: 'oldest' });
        await pulse.until(() => seen.length === 5, 'five messages');
        ids.push(`${await streams.publish('resume', '4')}`);
        await pulse.until(() => seen.length === 7, 'seven messages');
        const expected = (name: string, from: number): string[] =>
          ids.slice(from).map((id, i) => `${name} ${i + from + 1} ${id}`);
        expect(seen.filter((text) => text.startsWith('rest'))).toEqual(expected('rest', 1));
        expect(seen.filter((text) => text.startsWith('all'))).toEqual(expected('all', 0));
      }));

    it('continue an event stream where the client lost it, at another process', () =>
      withStreams(async (make) => {
        const [one, two] = [make(), make()].map((streams) => {
          let relay: EventStreamRelay | undefined;
          const served = new Served((request, response) => {
            relay?.open('ticker', request, response);
          });
          relay = new EventStreamRelay(served.clock, streams, { resume: true });
          return { streams, served, relay };
        }) as [Process, Process];
        const events = ({ served }: Process): string[] =>
          [
            ...served.transport.text.matchAll(/^data: (.*)\nid: (.*)$|^id: (.*)\ndata: (.*)$/gm),
          ].map(([, data, id, firstId, lastData]) => `${data ?? lastData} ${id ?? firstId}`);
        const seen = (process: Process, count: number): Promise<void> =>
          until(() => events(process).length === count, `${count} events`);
        one.served.receive(get('/'));
        await within(one.relay.ready('ticker'), 'the subscription');
        const ids: unknown[] = [];
        ids.push(await one.streams.publish('ticker', '1'));
        await seen(one, 1);
        one.served.transport.peerResets();
        one.served.transport.settle();
        for (const text of ['2', '3']) ids.push(await one.streams.publish('ticker', text));
        two.served.receive(get('/', `Last-Event-ID: ${ids[0]}`));
        await seen(two, 2);
        ids.push(await one.streams.publish('ticker', '4'));
        await seen(two, 3);
        expect([...events(one), ...events(two)]).toEqual(ids.map((id, i) => `${i + 1} ${id}`));
        two.relay.close();
      }));

    it('lose nothing of a slow receiver, and ask for no more than it can take', () =>
      withStreams(async (make) => {
        const streams = make();
        const first = new Deferred<void>();
        const pulse = new Pulse();
        const texts: string[] = [];
        const slow = streams.subscribe(
          'slow',
          ({ text }) => {
            texts.push(text);
            pulse.notify();
            return text === '0' ? first : undefined;
          },
          { maxQueued: 10 },
        );
        await slow.ready();
        for (let i = 0; i < 300; i++) void streams.publish('slow', `${i}`);
        await streams.publish('slow', '300');
        expect(slow.queued).toBeLessThanOrEqual(10);
        first.callback(undefined);
        await pulse.until(() => texts.length === 301, 'all messages');
        expect(texts).toEqual(Array.from({ length: 301 }, (_, i) => `${i}`));
      }));

    it('tell subscribers that continue of messages that were removed', () =>
      withStreams(
        async (make, redis) => {
          const streams = make();
          const id = await streams.publish('trimmed', 'old');
          for (let i = 0; i < 20; i++) await streams.publish('trimmed', `${i}`);
          await redis.call(['XTRIM', 'trimmed', 'MAXLEN', 5]);
          const gaps: PubSubGap[] = [];
          const pulse = new Pulse();
          const texts: string[] = [];
          streams.subscribe(
            'trimmed',
            ({ text }) => {
              texts.push(text);
              pulse.notify();
            },
            { after: id as string, onGap: (gap) => void gaps.push(gap) },
          );
          await pulse.until(() => texts.length === 5, 'the rest');
          expect(gaps).toEqual([{ reason: 'trimmed', count: undefined }]);
          expect(texts).toEqual(['15', '16', '17', '18', '19']);
        },
        { maxLength: 1_000 },
      ));

    it('share the messages of a topic among the consumers of a group', () =>
      withStreams(async (make) => {
        const pulse = new Pulse();
        const seen: string[] = [];
        const consumers = ['a', 'b'].map((consumer) =>
          make().subscribe(
            'shared',
            ({ text }) => {
              seen.push(text);
              pulse.notify();
            },
            { group: 'g', consumer },
          ),
        );
        for (const consumer of consumers) await within(consumer.ready(), 'the group');
        const streams = make();
        const texts = Array.from({ length: 200 }, (_, i) => `${i}`);
        for (const text of texts) void streams.publish('shared', text);
        await pulse.until(() => seen.length >= 200, 'all messages');
        expect(seen.sort()).toEqual(texts.sort());
      }));

    it('deliver again what a consumer did not acknowledge: to itself, or to another', () =>
      withStreams(async (make, redis) => {
        using errors = captureLoggedErrors();
        const pulse = new Pulse();
        const seen: string[] = [];
        const receive = (name: string, fails: boolean) => (message: PubSubMessage) => {
          seen.push(`${name} ${message.text} ${message.redelivered}`);
          pulse.notify();
          if (fails) throw new Error('not now');
        };
        const options = { group: 'g', claimAfterMs: 200, after: 'oldest' };
        const first = make();
        first.subscribe('again', receive('a', true), { ...options, consumer: 'a' });
        await first.publish('again', 'x');
        await pulse.until(() => seen.includes('a x false'), 'the message');
        await pulse.until(() => seen.includes('a x true'), 'the message again');
        await first.close();
        make().subscribe('again', receive('b', false), { ...options, consumer: 'b' });
        await pulse.until(() => seen.includes('b x true'), 'the message at another');
        const deadline = Date.now() + 10_000;
        let left: unknown;
        do left = ((await redis.call(['XPENDING', 'again', 'g'])) as unknown[])[0];
        while (left !== 0 && Date.now() < deadline);
        expect(left).toBe(0);
        expect(errors.flush().length).toBeGreaterThan(0);
      }));
  });

  it('refuses subscriptions by its access rules', async () => {
    const reactor = createReactor();
    const redis = new RedisClient(endpoint(reactor), { clock: reactor });
    redis.startService();
    await redis.call(['ACL', 'SETUSER', 'eve', 'on', '>secret', '+@all', 'resetchannels', '&ok*']);
    const pubsub = new RedisPubSub(endpoint(reactor), {
      clock: reactor,
      username: 'eve',
      password: 'secret',
    });
    const secret = pubsub.subscribe('secret', () => {});
    const permitted = pubsub.subscribe('ok.a', () => {});
    await expect(within(secret.ended(), 'the end')).rejects.toMatchObject({
      code: 'ERR_SUBSCRIPTION_REFUSED',
      cause: { kind: 'NOPERM' },
    });
    await within(permitted.ready(), 'the other');
    await expect(within(pubsub.publish('secret', 'x'), 'an error')).rejects.toMatchObject({
      code: 'ERR_PUBLISH',
      mayBePublished: false,
    });
    await pubsub.close();
    await redis.stopService();
    await reactor[Symbol.asyncDispose]();
  });
});

describe.skipIf(!havePrograms('nats-server'))('NATS', () => {
  let server: BrokerServer;
  beforeAll(async () => {
    server = await natsServer();
  });
  afterAll(async () => await server[Symbol.asyncDispose]());

  const contract = pubSubContract(() => {
    const reactor = createReactor();
    const options = { servers: server.address, prefix: 'app' };
    return endsOf(() => new NatsPubSub(reactor, options), 2, reactor);
  });
  for (const { name, run } of contract) it(name, run);
});
