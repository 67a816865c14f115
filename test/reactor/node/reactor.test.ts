/** What only the pure-JS reactor does, or can't do. What every reactor does is in test/contract. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { UnsupportedError } from '../../../src/core/errors/reactor.js';
import type { FactoryLike } from '../../../src/core/factory.js';
import type { ListeningPort } from '../../../src/core/listening-port.js';
import type { ConnectTCPOptions, ListenTCPOptions } from '../../../src/core/tcp-options.js';
import { canReusePort } from '../../../src/reactor/node/net-handle.js';
import { NodeReactor } from '../../../src/reactor/node/reactor.js';
import { runProgram } from '../../support/child.js';
import { patterned } from '../../support/pairs.js';
import { RawPeer } from '../../support/raw-peer.js';
import { HalfCloseRecorder, Recorder, RecordingFactory } from '../../support/recorder.js';

const CLUSTER = new URL('programs/cluster-worker.ts', import.meta.url);

const toDispose: AsyncDisposable[] = [];

function use<T extends AsyncDisposable>(thing: T): T {
  toDispose.push(thing);
  return thing;
}

afterEach(async () => {
  for (const thing of toDispose.splice(0).reverse()) await thing[Symbol.asyncDispose]();
});

function listen(reactor: NodeReactor, factory: FactoryLike): ListeningPort {
  return reactor.listenTCP(0, factory, { interface: '127.0.0.1' });
}

async function served<P extends Recorder>(protocol: P): Promise<{ protocol: P; peer: RawPeer }> {
  const reactor = use(new NodeReactor());
  const listening = listen(reactor, new RecordingFactory(() => protocol));
  const peer = use(await RawPeer.connect(listening.getHost().port));
  await protocol.made();
  return { protocol, peer };
}

describe('NodeReactor', () => {
  it('returns its kind', () => {
    const reactor = use(new NodeReactor());
    expect({ kind: reactor.kind, poller: reactor.poller }).toEqual({
      kind: 'node',
      poller: 'libuv',
    });
  });

  const both: readonly [string, ConnectTCPOptions & ListenTCPOptions][] = [
    ['keepAlive.intervalMs', { keepAlive: { intervalMs: 1000 } }],
    ['keepAlive.count', { keepAlive: { count: 3 } }],
    ['lingerSeconds', { lingerSeconds: 0 }],
    ['sendBufferBytes', { sendBufferBytes: 65_536 }],
    ['receiveBufferBytes', { receiveBufferBytes: 65_536 }],
    ['userTimeoutMs', { userTimeoutMs: 1000 }],
  ];

  it.each([
    ...both,
    ['reuseAddress', { reuseAddress: false }],
    ['fastOpenQueue', { fastOpenQueue: 5 }],
    ['deferAcceptMs', { deferAcceptMs: 1000 }],
  ] as [string, ListenTCPOptions][])('refuses to listen with %s', (feature, options) => {
    const reactor = use(new NodeReactor());
    const call = (): unknown => reactor.listenTCP(0, () => null, options);
    expect(call).toThrow(UnsupportedError);
    expect(call).toThrow(expect.objectContaining({ feature }));
  });

  it.each([...both, ['fastOpen', { fastOpen: true }]] as [string, ConnectTCPOptions][])(
    'refuses to connect with %s',
    (feature, options) => {
      const reactor = use(new NodeReactor());
      const call = (): unknown => reactor.connectTCP('127.0.0.1', 1, () => null, options);
      expect(call).toThrow(expect.objectContaining({ feature }));
    },
  );

  it('watches no descriptors', () => {
    const reactor = use(new NodeReactor());
    const descriptor = { fileno: () => 0, connectionLost() {}, doRead() {}, doWrite() {} };
    expect(() => reactor.addReader(descriptor)).toThrow(UnsupportedError);
    expect(() => reactor.addWriter(descriptor)).toThrow(UnsupportedError);
    expect(() => reactor.removeReader(descriptor)).toThrow(UnsupportedError);
    expect(() => reactor.removeWriter(descriptor)).toThrow(UnsupportedError);
    expect([...reactor.getReaders(), ...reactor.getWriters()]).toEqual([]);
  });

  it('listens by itself in a worker of a cluster', async () => {
    const { code, stdout } = await runProgram(CLUSTER, []);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello from the worker\n' });
  });

  it('connects outside the async context of others that connect in the same turn', async () => {
    const reactor = use(new NodeReactor());
    const { port } = listen(reactor, new RecordingFactory(() => new Recorder())).getHost();
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const client = (): Recorder =>
      new Recorder({ connectionMade: () => void seen.push(storage.getStore()) });
    const factories = [new RecordingFactory(client), new RecordingFactory(client)] as const;
    storage.run('theirs', () => reactor.connectTCP('127.0.0.1', port, factories[0]));
    reactor.connectTCP('127.0.0.1', port, factories[1]);
    for (const factory of factories) await (await factory.protocol()).made();
    expect(seen).toEqual(['theirs', undefined]);
  });
});

describe('NodeTransport', () => {
  it('stops the reading of the system at once when it is paused', async () => {
    const { protocol, peer } = await served(
      new Recorder({ dataReceived: (_data, self) => self.transport.pauseProducing() }),
    );
    peer.write(patterned(1_000_000));
    await protocol.until(() => protocol.receivedBytes > 0, 'the first data');
    // Each round trip of another connection is a look at all sockets.
    const other = await served(
      new Recorder({ dataReceived: (_, self) => self.transport.write('.') }),
    );
    for (let trip = 1; trip <= 3; trip++) {
      other.peer.write('.');
      await other.peer.receive(trip);
    }
    expect(protocol.chunks).toHaveLength(1);
    protocol.hooks = {};
    protocol.transport.resumeProducing();
    expect((await protocol.receive(1_000_000)).equals(patterned(1_000_000))).toBe(true);
  });

  it('stays open when both sides have finished sending, for the protocol to close', async () => {
    const { protocol, peer } = await served(new HalfCloseRecorder());
    protocol.call('loseWriteConnection');
    peer.end();
    await peer.untilEnded();
    await protocol.until(() => protocol.log.length === 3, 'both ends of sending');
    await new Promise((resolve) => setImmediate(resolve));
    expect(protocol.connected).toBe(true);
    protocol.call('loseConnection');
    expect((await protocol.lost()).name).toBe('ConnectionDone');
  });

  it.skipIf(process.platform !== 'linux').each([
    ['nothing', () => {}],
    ['a half-close', (self: Recorder) => self.call('loseWriteConnection')],
    ['a blocked write', (self: Recorder) => self.transport.write(patterned(20_000_000))],
  ] as [string, (self: Recorder) => void][])(
    'keeps no descriptor when it is aborted after %s',
    async (_name, act) => {
      const reactor = use(new NodeReactor());
      const factory = new RecordingFactory(() => new Recorder());
      const { port } = listen(reactor, factory).getHost();
      const before = readdirSync('/proc/self/fd').length;
      for (let i = 0; i < 20; i++) {
        const peer = await RawPeer.connect(port);
        peer.socket.pause();
        const protocol = await factory.protocol(i);
        act(protocol);
        await new Promise((resolve) => setImmediate(resolve));
        protocol.call('abortConnection');
        await protocol.lost();
        await peer[Symbol.asyncDispose]();
      }
      // A few of other tests may come and go meanwhile.
      expect(readdirSync('/proc/self/fd').length).toBeLessThan(before + 10);
    },
  );

  it('continues after a write that had to wait, with bytes written meanwhile', async () => {
    const { protocol, peer } = await served(new Recorder());
    peer.socket.pause();
    const parts = [patterned(20_000_000, 1)];
    protocol.transport.write(parts[0] as Buffer);
    for (let i = 2; i < 50; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      const small = patterned(100, i);
      parts.push(Buffer.from(small));
      protocol.transport.write(small);
      small.fill(0);
    }
    protocol.call('loseConnection');
    peer.socket.resume();
    await peer.untilEnded();
    expect(peer.received.equals(Buffer.concat(parts))).toBe(true);
    expect((await protocol.lost()).name).toBe('ConnectionDone');
  });
});

describe('canReusePort', () => {
  it.each([
    ['20.19.0', false],
    ['22.11.0', false],
    ['22.12.0', true],
    ['23.0.0', false],
    ['23.1.0', true],
    ['24.0.0', true],
  ])('of Node %s is %s', (version, expected) => {
    expect(canReusePort(version)).toBe(expected);
  });
});
