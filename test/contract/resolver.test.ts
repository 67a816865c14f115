/** The name resolver of a reactor: the one it comes with, and one of the application's own. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, it } from 'vitest';
import {
  CancelledError,
  ConnectingCancelledError,
  ConnectTimeoutError,
  DNSLookupError,
  fail,
  NameNotFoundError,
  type NameResolver,
  ReactorDisposedError,
  succeed,
} from '../../src/index.js';
import { contract } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { HeldResolver, hostAddresses } from '../support/name-resolvers.js';
import { needs } from '../support/platform.js';
import { closedPort, RawServer } from '../support/raw-peer.js';
import { recorders } from '../support/recorder.js';
import { stallThreadPool } from '../support/sockets.js';

/** No IP address to Node, so that it is asked of the system; which reads it as 127.0.0.1 and asks nobody. */
const SYSTEM_NAME = '127.1';

contract('a resolver of the application', (rig) => {
  it('is asked by connectTCP, whose addresses are tried in order', async () => {
    const raw = rig.use(await RawServer.listen('127.0.0.1'));
    const resolver = new HeldResolver();
    rig.reactor.installNameResolver(resolver);
    const factory = recorders();
    rig.reactor.connectTCP('host.test', raw.port, factory);
    const question = await resolver.question();
    expect(question.name).toBe('host.test');
    // Nothing listens on the first.
    question.answer.callback(hostAddresses('127.0.0.9', '127.0.0.1', '127.0.0.8'));
    const client = await factory.protocol();
    await client.made();
    expect(client.transport.getPeer()).toMatchObject({ host: '127.0.0.1' });
    expect(factory.addresses).toMatchObject([{ host: '127.0.0.1' }]);
    expect(resolver.asked).toHaveLength(1);
    expect(question.cancelled).toBe(false);
  });

  it('may answer at once, or with a promise', async () => {
    const raw = rig.use(await RawServer.listen('127.0.0.1'));
    const found = hostAddresses('127.0.0.1');
    for (const answer of [succeed(found), Promise.resolve(found)]) {
      rig.reactor.installNameResolver({ resolveHostName: () => answer } as NameResolver);
      const factory = recorders();
      rig.reactor.connectTCP('host.test', raw.port, factory);
      await (await factory.protocol()).made();
    }
  });

  it('is not asked for an IP address', async () => {
    const resolver = new HeldResolver();
    rig.reactor.installNameResolver(resolver);
    const factory = recorders();
    rig.reactor.connectTCP('127.0.0.1', await closedPort(), factory);
    await factory.until('clientConnectionFailed');
    expect(resolver.asked).toEqual([]);
  });

  it('is asked for the family of localAddress, and must keep to it', async () => {
    const raw = rig.use(await RawServer.listen('127.0.0.1'));
    const resolver = new HeldResolver();
    rig.reactor.installNameResolver(resolver);
    const factory = recorders();
    rig.reactor.connectTCP('host.test', raw.port, factory, { localAddress: '127.0.0.1' });
    const question = await resolver.question();
    expect(question.options.families).toEqual(['IPv4']);
    question.answer.callback(hostAddresses('::1', '127.0.0.1'));
    await (await factory.protocol()).made();
  });

  it('is called off when the time is up, by stopConnecting and when the reactor is disposed of', async () => {
    const resolver = new HeldResolver();
    const reactor = rig.make();
    reactor.installNameResolver(resolver);
    const factory = recorders();
    reactor.connectTCP('late.test', 9, factory, { timeoutMs: 20 });
    await factory.until('clientConnectionFailed');
    expect(factory.reasons[0]).toBeInstanceOf(ConnectTimeoutError);
    reactor.connectTCP('disposed.test', 9, factory);
    await resolver.question(1);
    await reactor[Symbol.asyncDispose]();
    expect(factory.reasons[1]).toBeInstanceOf(ConnectingCancelledError);
    expect(resolver.asked.map(({ cancelled }) => cancelled)).toEqual([true, true]);
  });

  it('may be asked again by an attempt that follows one that was stopped', async () => {
    const raw = rig.use(await RawServer.listen('127.0.0.1'));
    const resolver = new HeldResolver();
    rig.reactor.installNameResolver(resolver);
    const factory = recorders();
    factory.hooks.clientConnectionFailed = (connector) => connector.connect();
    const connector = rig.reactor.connectTCP('host.test', raw.port, factory);
    await resolver.question();
    connector.stopConnecting();
    const second = await resolver.question(1);
    expect(second.cancelled).toBe(false);
    second.answer.callback(hostAddresses('127.0.0.1'));
    await (await factory.protocol()).made();
  });

  it.each<[string, () => unknown]>([
    ['fails', () => fail(new NameNotFoundError('no such name', 'host.test'))],
    ['fails in a way of its own', () => fail(new Error('out of order'))],
    [
      'throws',
      () => {
        throw new Error('out of order');
      },
    ],
    ['rejects', () => Promise.reject(new Error('out of order'))],
    ['cancels by itself', () => fail(new CancelledError())],
    ['finds nothing', () => succeed([])],
    ['gives what is no address', () => succeed([{ address: 'host.test', family: 'IPv4' }])],
    ['gives what is no list', () => succeed(5)],
    ['gives nothing', () => undefined],
  ])('fails the attempt when it %s', async (_how, resolveHostName) => {
    rig.reactor.installNameResolver({ resolveHostName } as NameResolver);
    const factory = recorders();
    rig.reactor.connectTCP('host.test', 9, factory);
    await factory.until('stopFactory');
    const [reason] = factory.reasons;
    expect(reason).toBeInstanceOf(DNSLookupError);
    expect(reason).toMatchObject({ host: 'host.test', port: 9, cause: expect.any(Error) });
    expect(factory.log.filter((event) => event.startsWith('client'))).toHaveLength(1);
  });
});

contract('the resolver that a reactor comes with', (rig) => {
  it('knows localhost', async () => {
    const found = await rig.reactor.nameResolver.resolveHostName('localhost');
    expect(found.map(({ address }) => address)).toContain('127.0.0.1');
  });

  it('uses the system', async () => {
    const found = await rig.reactor.nameResolver.resolveHostName(SYSTEM_NAME);
    expect(found).toEqual(hostAddresses('127.0.0.1'));
  });

  it('tells that there is no such name, and what the system said', async () => {
    const answer = rig.reactor.nameResolver.resolveHostName('no-such-host.invalid');
    const reason = await answer.then(
      () => undefined,
      (error: unknown) => error,
    );
    // Where no name server can be reached, nobody knows.
    expect(reason).toMatchObject({
      code: expect.stringMatching(/^ERR_NAME_(NOT_FOUND|LOOKUP_FAILED)$/),
      hostName: 'no-such-host.invalid',
      cause: {
        code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/),
        syscall: 'getaddrinfo',
        hostname: 'no-such-host.invalid',
        errno: expect.any(Number),
      },
    });
    expect(rig.reactor.getDelayedCalls()).toEqual([]);
  });

  it('reports that a name has no address of the family', async () => {
    if (!rig.native) needs('familyErrors');
    const options = { families: ['IPv6'] } as const;
    const answer = rig.reactor.nameResolver.resolveHostName(SYSTEM_NAME, options);
    await expect(answer.toPromise()).rejects.toMatchObject({
      code: 'ERR_NAME_NOT_FOUND',
      cause: { syscall: 'getaddrinfo', hostname: SYSTEM_NAME },
    });
  });

  it('gives up at once when it is cancelled', async () => {
    const answer = rig.reactor.nameResolver.resolveHostName(SYSTEM_NAME);
    answer.cancel();
    await expect(answer.toPromise()).rejects.toBeInstanceOf(CancelledError);
    expect(rig.reactor.getDelayedCalls()).toEqual([]);
    expect(await rig.reactor.nameResolver.resolveHostName(SYSTEM_NAME)).toHaveLength(1);
  });

  it('gives many answers at once', async () => {
    const names = Array.from({ length: 200 }, (_, i) => `127.${i}`);
    const answers = names.map((name) => rig.reactor.nameResolver.resolveHostName(name));
    const found = await within(Promise.all(answers), '200 answers');
    expect(found.map(([one]) => one?.address)).toEqual(names.map((_, i) => `127.0.0.${i}`));
  });

  it('answers outside any AsyncLocalStorage context', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen = await within(
      new Promise((resolve) => {
        storage.run('first', () => {
          const answer = rig.reactor.nameResolver.resolveHostName(SYSTEM_NAME);
          answer.addCallback(() => resolve(storage.getStore()));
        });
      }),
      'an answer',
    );
    expect(seen).toBeUndefined();
  });

  it('cancels pending look-ups when the reactor stops, and accepts none after disposal', async () => {
    const reactor = rig.make();
    const { nameResolver } = reactor;
    const answer = nameResolver.resolveHostName(SYSTEM_NAME);
    const disposed = reactor[Symbol.asyncDispose]();
    await expect(answer.toPromise()).rejects.toBeInstanceOf(CancelledError);
    await disposed;
    expect(() => nameResolver.resolveHostName(SYSTEM_NAME)).toThrow(ReactorDisposedError);
  });

  it('does without libuv’s threads under the native reactor, and waits for them under the other', async () => {
    needs('fifos');
    const stall = rig.use(stallThreadPool());
    const answer = rig.reactor.nameResolver.resolveHostName(SYSTEM_NAME);
    if (rig.native) {
      expect(await within(answer, 'an answer')).toHaveLength(1);
      return;
    }
    await rig.turns(20);
    expect(answer.fired).toBe(false);
    await stall[Symbol.asyncDispose]();
    expect(await within(answer, 'an answer')).toHaveLength(1);
  });

  it('is used by connectTCP', async () => {
    const raw = rig.use(await RawServer.listen('127.0.0.1'));
    const factory = recorders();
    rig.reactor.connectTCP(SYSTEM_NAME, raw.port, factory);
    const client = await factory.protocol();
    await client.made();
    expect(client.transport.getPeer()).toMatchObject({ host: '127.0.0.1' });
  });
});
