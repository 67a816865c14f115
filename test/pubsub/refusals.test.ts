/** Connections that cannot be made or used: a missing package, subscriptions that the server refuses, and limits. */
import { afterEach, describe, expect, it } from 'vitest';
import { MissingPackageError } from '../../src/core/errors/tls.js';
import type { Deferred } from '../../src/defer/deferred.js';
import { succeed } from '../../src/defer/succeed.js';
import { HostnameEndpoint } from '../../src/index.js';
import { type BrokerLink, BrokerPubSub, type LinkEvents } from '../../src/pubsub/broker-pub-sub.js';
import {
  PublishError,
  RedisPubSub,
  type RedisPubSubOptions,
  SubscriptionRefusedError,
} from '../../src/pubsub/index.js';
import type { NatsConnection } from '../../src/pubsub/nats/nats-client.js';
import { type LoadNats, NatsLink } from '../../src/pubsub/nats/nats-link.js';
import { type NatsPubSubOptions, natsSettings } from '../../src/pubsub/nats/nats-settings.js';
import { failureResultOf, flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import { contract, type Rig } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { FakeRedis } from '../support/fake-redis.js';

/** Imports and connections in memory take some turns. */
const turns = async (): Promise<void> => {
  for (let n = 0; n < 3; n++) await new Promise((resolve) => void setImmediate(resolve));
};

function nats(
  load: LoadNats,
  options: NatsPubSubOptions = {},
): { clock: ManualClock; pubsub: BrokerPubSub } {
  const clock = new ManualClock();
  return { clock, pubsub: new BrokerPubSub(new NatsLink(clock, natsSettings(options), load), {}) };
}

describe('NatsPubSub without its package', () => {
  it('fails at once, and does not try again', async () => {
    let loads = 0;
    const failures: Error[] = [];
    const missing = new MissingPackageError('NatsPubSub', ['@nats-io/transport-node']);
    const { clock, pubsub } = nats(
      async () => {
        loads += 1;
        throw missing;
      },
      { onFailure: (error) => void failures.push(error) },
    );
    const subscription = pubsub.subscribe('a', () => {});
    const [ready, ended] = [subscription.ready(), subscription.ended()];
    const published = pubsub.publish('a', 'x');
    await turns();
    expect([failureResultOf(ready), failureResultOf(ended)]).toEqual([missing, missing]);
    const error = failureResultOf(published) as PublishError;
    expect(error).toBeInstanceOf(PublishError);
    expect([error.cause, error.mayBePublished]).toEqual([missing, false]);
    expect(error.message).toContain('npm install @nats-io/transport-node');
    // Later calls too, and a subscription whose end nobody waits for is reported.
    expect(failureResultOf(pubsub.publish('a', 'x'))).toMatchObject({ cause: missing });
    const late = pubsub.subscribe('a', () => {}).ready();
    pubsub.subscribe('b', () => {});
    clock.advance(0);
    expect(failureResultOf(late)).toBe(missing);
    expect(flushLoggedErrors()).toMatchObject([{ error: missing, where: 'subscription of b' }]);
    clock.advance(1_000_000);
    await turns();
    expect([loads, failures, pubsub.statistics()]).toMatchObject([
      1,
      [missing],
      { subscriptions: 0, connected: false, failed: 2 },
    ]);
    await pubsub.close();
  });

  it('is closed while the package is loaded', async () => {
    const { pubsub } = nats(() => Promise.reject(new MissingPackageError('NatsPubSub', ['x'])));
    pubsub.subscribe('a', () => {});
    await pubsub.close();
    expect(flushLoggedErrors()).toEqual([]);
  });
});

describe('NatsPubSub with a server that closes each connection', () => {
  /** A connection that ends when it is told to. */
  class Ending implements NatsConnection {
    end: () => void = () => {};
    readonly #closed = new Promise<undefined>((resolve) => {
      this.end = () => resolve(undefined);
    });
    publish(): void {}
    subscribe(): { unsubscribe(): void } {
      return { unsubscribe() {} };
    }
    flush(): Promise<void> {
      return this.#closed;
    }
    async close(): Promise<void> {
      this.end();
    }
    closed(): Promise<undefined> {
      return this.#closed;
    }
    async *status(): AsyncGenerator<never> {}
  }

  it('fails publications that are not confirmed when the reactor has waited for them', async () => {
    const clock = new ManualClock();
    const connection = new Ending();
    const connect = async (): Promise<Ending> => connection;
    const link = new NatsLink(clock, natsSettings({ timeoutMs: 200 }), async () => ({ connect }));
    const pubsub = new BrokerPubSub(link, {});
    pubsub.subscribe('a', () => {});
    await turns();
    const settled = link.settled();
    clock.advance(1);
    const late = pubsub.publish('a', 'x');
    await turns();
    clock.advance(199);
    expect(failureResultOf(late)).toMatchObject({ code: 'ERR_PUBLISH', mayBePublished: true });
    await within(settled, 'the end of the wait');
    connection.end();
    await turns();
    await pubsub.close();
  });

  it('connects again at once after a connection that lasted, and after delays that grow otherwise', async () => {
    const made: Ending[] = [];
    const connect = async (): Promise<Ending> => {
      made.push(new Ending());
      return made.at(-1) as Ending;
    };
    const { clock, pubsub } = nats(async () => ({ connect }), {
      retryPolicy: (failures) => failures * 100,
    });
    pubsub.subscribe('a', () => {});
    await turns();
    for (const delayMs of [100, 200, 300]) {
      made.at(-1)?.end();
      await turns();
      const count = made.length;
      clock.advance(delayMs - 1);
      await turns();
      expect(made).toHaveLength(count);
      clock.advance(1);
      await turns();
      expect(made).toHaveLength(count + 1);
    }
    clock.advance(1_000);
    made.at(-1)?.end();
    await turns();
    clock.advance(0);
    await turns();
    expect(made).toHaveLength(5);
    made.at(-1)?.end();
    await turns();
    await pubsub.close();
  });
});

describe('a subscription that a server refuses', () => {
  class FakeLink implements BrokerLink {
    readonly connected = true;
    readonly subscribed: string[] = [];
    events: LinkEvents | undefined;
    keyOf(pattern: string): string {
      return pattern;
    }
    start(events: LinkEvents): void {
      this.events = events;
    }
    publish(): Deferred<void> {
      return succeed(undefined);
    }
    subscribe(key: string): void {
      this.subscribed.push(key);
    }
    unsubscribe(): Deferred<void> {
      return succeed(undefined);
    }
    stop(): Deferred<void> {
      return succeed(undefined);
    }
  }

  it('may be made again in the callback of its end, and is requested again', () => {
    const link = new FakeLink();
    const pubsub = new BrokerPubSub(link, {});
    let ends = 0;
    const again = (): void => {
      const subscription = pubsub.subscribe('a', () => {});
      subscription.ended().addErrback(() => {
        ends += 1;
        again();
      });
    };
    again();
    again();
    for (let n = 1; n <= 3; n++) {
      link.events?.refused('a', new Error('no'));
      expect([ends, pubsub.statistics().subscriptions, link.subscribed.length]).toEqual([
        2 * n,
        2,
        n + 1,
      ]);
    }
    for (let n = 4; n <= 5; n++) {
      link.events?.unusable(new Error('no package'));
      expect([ends, pubsub.statistics().subscriptions]).toEqual([2 * n, 2]);
    }
    void pubsub.close();
  });
});

contract('RedisPubSub', (rig: Rig) => {
  async function redis(
    options: Partial<RedisPubSubOptions> = {},
  ): Promise<{ fake: FakeRedis; pubsub: RedisPubSub }> {
    const fake = rig.use(await FakeRedis.listen());
    const endpoint = new HostnameEndpoint(rig.reactor, '127.0.0.1', fake.port);
    const settings = { clock: rig.reactor, retryPolicy: () => 10, ...options };
    return { fake, pubsub: rig.use(new RedisPubSub(endpoint, settings)) };
  }
  const asked = (fake: FakeRedis, name: string): number =>
    fake.commands.filter((text) => text.startsWith(`${name} `)).length;

  it.each([
    ['SUBSCRIBE', 'a', 'NOPERM', "-NOPERM No permissions to access the 'a' channel\r\n"],
    ['PSUBSCRIBE', 'a.*', 'NOPERM', '-NOPERM No permissions\r\n'],
    ['SUBSCRIBE', 'a', 'ERR', '-ERR too many subscriptions\r\n'],
  ])(
    'ends a subscription that the server refuses (%s %s: %s)',
    async (name, pattern, kind, text) => {
      const { fake, pubsub } = await redis();
      fake.answers.set(name, text);
      const other = pubsub.subscribe(name === 'SUBSCRIBE' ? 'b.*' : 'b', () => {});
      const refused = pubsub.subscribe(pattern, () => {});
      const error = await within(
        refused.ended().addCallbacks(
          () => undefined,
          ({ value }) => value,
        ),
        'the end',
      );
      expect(error).toBeInstanceOf(SubscriptionRefusedError);
      expect(error).toMatchObject({ pattern, cause: { code: 'ERR_REDIS_SERVER', kind } });
      await within(other.ready(), 'the other subscription');
      await within(pubsub.publish('b', 'x'), 'a publication');
      // On the next connection too it is not asked for again.
      fake.dropConnections();
      await within(
        (async () => {
          while (pubsub.statistics().lost === 0 || other.state !== 'ready') await rig.turns(1);
        })(),
        'the next connection',
      );
      expect([asked(fake, name), pubsub.statistics().subscriptions]).toEqual([1, 1]);
    },
  );

  it('waits for a server that is loading its data, and publishes meanwhile', async () => {
    const { fake, pubsub } = await redis();
    fake.answers.set('SUBSCRIBE', '-LOADING Redis is loading the dataset in memory\r\n');
    const early = pubsub.subscribe('a', () => {});
    await within(pubsub.publish('b', 'x'), 'a publication');
    const late = pubsub.subscribe('c', () => {});
    const dropped = pubsub.subscribe('d', () => {});
    await within(
      (async () => {
        while (asked(fake, 'SUBSCRIBE') < 3) await rig.turns(1);
      })(),
      'all requests',
    );
    expect([early.state, late.state, dropped.state]).toEqual(['pending', 'pending', 'pending']);
    const before = asked(fake, 'SUBSCRIBE');
    await within(pubsub.publish('b', 'x'), 'a publication');
    // No request follows at once.
    expect(asked(fake, 'SUBSCRIBE')).toBe(before);
    await within(dropped.unsubscribe(), 'the end');
    fake.answers.delete('SUBSCRIBE');
    await within(early.ready(), 'the first subscription');
    await within(late.ready(), 'the second one');
    expect([fake.connections, fake.subscriptions]).toEqual([1, ['a', 'c']]);
  });

  const BUSY = '-BUSY Redis is busy running a script\r\n';

  it('does not send a refused UNSUBSCRIBE again if a subscription has followed', async () => {
    const { fake, pubsub } = await redis();
    const first = pubsub.subscribe('a', () => {});
    await within(first.ready(), 'the first subscription');
    fake.answers.set('UNSUBSCRIBE', BUSY);
    const unsubscribed = first.unsubscribe();
    await within(pubsub.publish('b', 'x'), 'the refusal');
    const received: string[] = [];
    const second = pubsub.subscribe('a', (message) => void received.push(String(message.data)));
    await within(second.ready(), 'the second subscription');
    fake.answers.delete('UNSUBSCRIBE');
    await within(unsubscribed, 'the end of the first');
    expect(fake.subscriptions).toEqual(['a']);
    await within(pubsub.publish('a', 'x'), 'a publication');
    await within(pubsub.publish('b', 'x'), 'its message');
    expect(received).toEqual(['x']);
  });

  it('answers all calls of unsubscribe if their commands are refused', async () => {
    const { fake, pubsub } = await redis();
    const first = pubsub.subscribe('a', () => {});
    await within(first.ready(), 'the first subscription');
    for (const name of ['SUBSCRIBE', 'UNSUBSCRIBE']) fake.answers.set(name, BUSY);
    const unsubscribed = [first.unsubscribe()];
    await within(pubsub.publish('b', 'x'), 'the first refusal');
    const second = pubsub.subscribe('a', () => {});
    await within(pubsub.publish('b', 'x'), 'the second refusal');
    unsubscribed.push(second.unsubscribe());
    fake.answers.clear();
    for (const end of unsubscribed) await within(end, 'an end');
    expect(fake.subscriptions).toEqual([]);
  });

  it('does not send a refused SUBSCRIBE again if the subscription has ended', async () => {
    const { fake, pubsub } = await redis();
    await within(pubsub.publish('b', 'x'), 'the connection');
    fake.answers.set('SUBSCRIBE', '-LOADING Redis is loading the dataset in memory\r\n');
    const ended = pubsub.subscribe('a', () => {});
    // It is sent again after the same pause.
    const other = pubsub.subscribe('c', () => {});
    await within(ended.unsubscribe(), 'the end');
    fake.answers.delete('SUBSCRIBE');
    await within(other.ready(), 'the other subscription');
    expect(fake.subscriptions).toEqual(['c']);
  });

  it('subscribes to more topics than commands may be unanswered', async () => {
    const { fake, pubsub } = await redis({ maxUnanswered: 5 });
    const topics = Array.from({ length: 400 }, (_, n) => `t${n}`);
    const all = topics.map((topic) => pubsub.subscribe(topic, () => {}));
    for (const subscription of all) await within(subscription.ready(), 'a subscription');
    expect(pubsub.statistics()).toMatchObject({ lost: 0, subscriptions: 400 });
    expect(fake.subscriptions).toHaveLength(400);
    await within(Promise.all(all.map((one) => one.unsubscribe())), 'the ends');
    expect([fake.subscriptions, pubsub.statistics().lost]).toEqual([[], 0]);
  });
});

afterEach(() => {
  expect(flushLoggedErrors()).toEqual([]);
});
