/** NatsPubSub and real servers: credentials, TLS, the time limit of confirmations, and the stop of the reactor. */
import { afterEach, describe, expect, it } from 'vitest';
import { createReactor, type Reactor } from '../../../src/index.js';
import { NatsPubSub, type NatsPubSubOptions } from '../../../src/pubsub/index.js';
import { MemoryReactor } from '../../../src/testing/index.js';
import { until } from '../../http/served.js';
import { Authority } from '../../support/certificates.js';
import { Pulse, within } from '../../support/deadline.js';
import { havePrograms, PeerFiles } from '../peer-files.js';
import { type BrokerServer, natsServer } from './servers.js';

const open: (AsyncDisposable | Disposable)[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) {
    if (Symbol.asyncDispose in thing) await thing[Symbol.asyncDispose]();
    else thing[Symbol.dispose]();
  }
});

function use<T extends AsyncDisposable>(thing: T): T {
  open.push(thing);
  return thing;
}

interface Connected {
  readonly pubsub: NatsPubSub;
  readonly reactor: Reactor;
  /** Of attempts to connect. */
  readonly failures: Error[];
  readonly pulse: Pulse;
}

function connect(server: BrokerServer, options: NatsPubSubOptions = {}): Connected {
  const reactor = use(createReactor());
  const failures: Error[] = [];
  const pulse = new Pulse();
  const pubsub = use(
    new NatsPubSub(reactor, {
      servers: server.address,
      retryPolicy: () => 20,
      onFailure: (error) => {
        failures.push(error);
        pulse.notify();
      },
      ...options,
    }),
  );
  return { pubsub, reactor, failures, pulse };
}

type Connection = NonNullable<NatsPubSubOptions['connection']>;

/** A message goes to the server and back. */
async function accepted(server: BrokerServer, connection: Connection): Promise<void> {
  const { pubsub } = connect(server, { connection });
  const arrived = new Promise<string>((resolve) => {
    pubsub.subscribe('greetings', ({ text }) => resolve(text));
  });
  await within(pubsub.publish('greetings', 'hello'), 'the publication');
  expect(await within(arrived, 'the message')).toBe('hello');
}

/** @returns The text of the error of the attempt to connect. */
async function refused(server: BrokerServer, connection: Connection): Promise<string> {
  const { pubsub, failures, pulse } = connect(server, { connection });
  const published = pubsub.publish('greetings', 'hello');
  await expect(within(published, 'the failure')).rejects.toMatchObject({
    code: 'ERR_PUBLISH',
    mayBePublished: false,
    topic: 'greetings',
  });
  await pulse.until(() => failures.length > 1, 'another attempt');
  expect(pubsub.statistics()).toMatchObject({ connected: false, published: 0, failed: 1 });
  return `${failures[0]} ${(failures[0]?.cause as Error | undefined) ?? ''}`;
}

describe.skipIf(!havePrograms('nats-server'))('NatsPubSub', () => {
  it('logs in with a name and a password, and is refused with wrong ones', async () => {
    const server = use(await natsServer('--user', 'app', '--pass', 'secret'));
    await accepted(server, { user: 'app', pass: 'secret' });
    for (const wrong of [{ user: 'app', pass: 'wrong' }, { user: 'eve', pass: 'secret' }, {}]) {
      expect(await refused(server, wrong)).toMatch(/authorization violation/i);
    }
  });

  it('logs in with a token, and is refused with another', async () => {
    const server = use(await natsServer('--auth', 's3cr3t'));
    await accepted(server, { token: 's3cr3t' });
    expect(await refused(server, { token: 'other' })).toMatch(/authorization violation/i);
  });

  it('verifies the certificate of the server, and has one of its own if that is required', async () => {
    const files = new PeerFiles();
    open.push({ [Symbol.dispose]: () => files.remove() });
    const [authority, other] = [await Authority.make(), await Authority.make('Other root')];
    const own = await authority.issue('server', { names: ['localhost'], addresses: ['127.0.0.1'] });
    const client = await authority.issue('app', { use: 'client' });
    const ca = authority.certificate;
    const server = use(
      await natsServer(
        ...['--tlsverify', '--tlscacert', files.write('ca.pem', ca)],
        ...['--tlscert', files.write('server.pem', own.certificate)],
        ...['--tlskey', files.write('server.key', own.key)],
      ),
    );
    const identity = { cert: client.certificate, key: client.key };
    await accepted(server, { tls: { ca, ...identity } });
    expect(await refused(server, { tls: { ca: other.certificate, ...identity } })).toMatch(
      /certificate/,
    );
    await refused(server, { tls: { ca } });
  });

  it('fails publications that are not confirmed in time, and connects again', async () => {
    const server = use(await natsServer());
    // Time passes only when the test says so.
    const clock = new MemoryReactor();
    const limits = { servers: server.address, timeoutMs: 1_000, maxUnconfirmed: 3 };
    const pubsub = use(new NatsPubSub(clock, limits));
    const pulse = new Pulse();
    const seen: string[] = [];
    const note = (text: string): void => {
      seen.push(text);
      pulse.notify();
    };
    const onGap = ({ reason }: { readonly reason: string }): void => note(`gap ${reason}`);
    const subscription = pubsub.subscribe('a', ({ text }) => note(text), { onGap });
    await within(subscription.ready(), 'the subscription');
    await within(pubsub.publish('a', 'before'), 'the publication');
    await pulse.until(() => seen.includes('before'), 'the message');
    server.pause();
    const silent = ['1', '2', '3'].map((text) => pubsub.publish('a', text));
    await expect(within(pubsub.publish('a', '4'), 'the failure')).rejects.toMatchObject({
      code: 'ERR_PUBLISH',
      mayBePublished: false,
      cause: { code: 'ERR_PUBSUB_OVERLOAD', option: 'maxUnconfirmed' },
    });
    clock.advance(999);
    await new Promise((resolve) => void setImmediate(resolve));
    expect(pubsub.statistics()).toMatchObject({ failed: 1, lost: 0 });
    clock.advance(1);
    for (const published of silent) {
      await expect(within(published, 'the failure')).rejects.toMatchObject({
        code: 'ERR_PUBLISH',
        mayBePublished: true,
        cause: { code: 'ERR_PUBSUB_TIMEOUT' },
      });
    }
    server.resume();
    await until(() => {
      clock.advance(100);
      return seen.includes('gap connection');
    }, 'the new connection');
    await within(subscription.ready(), 'the subscription');
    await within(pubsub.publish('a', 'after'), 'the publication');
    await pulse.until(() => seen.includes('after'), 'the message');
    expect(pubsub.statistics()).toMatchObject({ failed: 4, published: 2, lost: 1 });
  });

  it('is closed when the reactor stops, after the confirmations of its publications', async () => {
    const server = use(await natsServer());
    const { pubsub, reactor } = connect(server);
    const events: string[] = [];
    reactor.callWhenRunning(async () => {
      const subscription = pubsub.subscribe('a', () => {});
      subscription.ended().addCallback(() => void events.push('subscription ended'));
      await subscription.ready();
      pubsub.publish('a', 'last').addCallback(() => void events.push('confirmed'));
      reactor.addSystemEventTrigger('after', 'shutdown', () => void events.push('shutdown'));
      reactor.stop();
    });
    await within(reactor.run(), 'the stop');
    expect(events.sort()).toEqual(['confirmed', 'shutdown', 'subscription ended']);
    expect(pubsub.statistics()).toMatchObject({ connected: false, subscriptions: 0, published: 1 });
    expect(() => pubsub.publish('a', 'x')).toThrow(
      expect.objectContaining({ code: 'ERR_PUBSUB_CLOSED' }),
    );
  });

  it('stops with the reactor although the server is silent: within its time limit', async () => {
    const server = use(await natsServer());
    const { pubsub, reactor } = connect(server, { timeoutMs: 200 });
    let unknown: unknown;
    reactor.callWhenRunning(async () => {
      await pubsub.subscribe('a', () => {}).ready();
      server.pause();
      pubsub.publish('a', 'y').addErrback(({ value }) => {
        unknown = value;
      });
      reactor.stop();
    });
    await within(reactor.run(), 'the stop');
    expect(unknown).toMatchObject({ code: 'ERR_PUBLISH', mayBePublished: true });
    expect(pubsub.statistics()).toMatchObject({ connected: false, failed: 1 });
  });
});
