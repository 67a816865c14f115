/** The reactor beside the rest of Node: promises, ticks, timers, files, async contexts, diagnostics channels. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFile } from 'node:fs';
import { readFile as readFileAsync } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Transport } from '../../src/index.js';
import { contract, portOf } from '../support/contract.js';
import { latch, within } from '../support/deadline.js';
import { connected, listenLocal, pair, patterned, served } from '../support/pairs.js';
import { closedPort, RawPeer, RawServer } from '../support/raw-peer.js';
import { Recorder, RecordingFactory } from '../support/recorder.js';

const THIS_FILE = fileURLToPath(import.meta.url);

contract('inside dataReceived', (rig) => {
  /** Runs `body` in dataReceived and gives what the peer is sent then. */
  async function answerOf(body: (transport: Transport) => unknown, bytes: number): Promise<string> {
    const failure = latch<unknown>();
    const { peer } = await served(
      rig,
      new Recorder({
        dataReceived: (_data, self) => {
          Promise.resolve(body(self.transport)).catch(failure.open);
        },
      }),
    );
    peer.write('go');
    const failed = failure.promise.then((error) => Promise.reject(error));
    return String(await Promise.race([peer.receive(bytes), failed]));
  }

  it('await goes on in the same turn, and what it writes is sent', async () => {
    const said = await answerOf(async (transport) => {
      transport.write('a');
      await null;
      transport.write('b');
      await Promise.resolve().then(() => {});
      transport.write('c');
    }, 3);
    expect(said).toBe('abc');
  });

  it('every kind of callback may write, and it is sent without more traffic', async () => {
    const said = await answerOf(async (transport) => {
      await new Promise<void>((resolve) => process.nextTick(resolve));
      transport.write('nextTick ');
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      transport.write('microtask ');
      await new Promise((resolve) => setImmediate(resolve));
      transport.write('setImmediate ');
      await new Promise((resolve) => setTimeout(resolve, 2));
      transport.write('setTimeout ');
      await new Promise<void>((resolve, reject) => {
        readFile(THIS_FILE, (error) => (error ? reject(error) : resolve()));
      });
      transport.write('fs ');
      await readFileAsync(THIS_FILE);
      transport.write('fs/promises.');
    }, 56);
    expect(said).toBe('nextTick microtask setImmediate setTimeout fs fs/promises.');
  });

  it('microtasks and ticks run before the next turn, immediates after the ticks', async () => {
    const order: string[] = [];
    const done = latch();
    const { peer } = await served(
      rig,
      new Recorder({
        dataReceived: () => {
          rig.reactor.callLater(0, () => {
            order.push('callLater');
            done.open();
          });
          rig.reactor.callFromThread(() => void order.push('callFromThread'));
          queueMicrotask(() => {
            order.push('microtask');
            queueMicrotask(() => void order.push('microtask of a microtask'));
          });
          process.nextTick(() => void order.push('nextTick'));
          order.push('dataReceived');
        },
      }),
    );
    peer.write('x');
    await within(done.promise, 'the next turn');
    expect(order).toEqual([
      'dataReceived',
      'nextTick',
      'microtask',
      'microtask of a microtask',
      'callFromThread',
      'callLater',
    ]);
  });

  it('promises settled there are handled before the next callback of the connection', async () => {
    const order: string[] = [];
    const { protocol, peer } = await served(
      rig,
      new Recorder({
        dataReceived: (_data, self) => {
          const turn = self.chunks.length;
          order.push(`data ${turn}`);
          void Promise.resolve().then(() => void order.push(`handled ${turn}`));
        },
        connectionLost: () => void order.push('lost'),
      }),
    );
    const total = 1_000_000;
    peer.write(patterned(total));
    await protocol.receive(total);
    peer.end();
    await protocol.lost();
    const turns = protocol.chunks.length;
    expect(turns).toBeGreaterThan(1);
    const expected = Array.from({ length: turns }, (_, i) => [`data ${i + 1}`, `handled ${i + 1}`]);
    expect(order).toEqual([...expected.flat(), 'lost']);
  });

  it('an unhandled rejection concerns the process, not the connection', async () => {
    const seen = latch<unknown>();
    const others = process.rawListeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.once('unhandledRejection', (error) => seen.open(error));
    try {
      const { protocol, peer } = await served(
        rig,
        new Recorder({
          dataReceived: () => {
            void Promise.reject(new Error('forgotten'));
          },
        }),
      );
      peer.write('x');
      expect(await within(seen.promise, 'the rejection')).toMatchObject({ message: 'forgotten' });
      expect(protocol.connected).toBe(true);
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of others) process.on('unhandledRejection', listener as () => void);
    }
  });
});

contract('the AsyncLocalStorage context', (rig) => {
  const storage = new AsyncLocalStorage<string>();

  function contextRecorder(seen: string[]): Recorder {
    const note = (what: string) => (): void => void seen.push(`${what} ${storage.getStore()}`);
    return new Recorder({
      connectionMade: note('made'),
      dataReceived: note('data'),
      connectionLost: note('lost'),
    });
  }

  it('of listenTCP is restored in callbacks of accepted connections', async () => {
    const seen: string[] = [];
    const factory = new RecordingFactory(() => {
      seen.push(`build ${storage.getStore()}`);
      return contextRecorder(seen);
    });
    const listening = storage.run('listener', () => listenLocal(rig.reactor, factory));
    const peer = rig.use(await storage.run('peer', () => RawPeer.connect(portOf(listening))));
    peer.write('x');
    const protocol = await factory.protocol();
    await protocol.receive(1);
    storage.run('other', () => protocol.transport.loseConnection());
    await protocol.lost();
    expect(seen).toEqual(['build listener', 'made listener', 'data listener', 'lost listener']);
  });

  it('of connectTCP is restored in callbacks of its connection', async () => {
    const seen: string[] = [];
    const { protocol, peer } = await storage.run('connector', () =>
      connected(rig, contextRecorder(seen)),
    );
    peer.write('x');
    await protocol.receive(1);
    peer.end();
    await protocol.lost();
    expect(seen).toEqual(['made connector', 'data connector', 'lost connector']);
  });

  it('of the code that made the reactor is not that of callbacks', async () => {
    const seen: string[] = [];
    const made = storage.run('maker', () => rig.reactor);
    const { client, server } = await pair(rig, {
      client: contextRecorder(seen),
      server: contextRecorder(seen),
    });
    client.transport.write('x');
    server.transport.write('x');
    await Promise.all([client.receive(1), server.receive(1)]);
    client.transport.loseConnection();
    await Promise.all([client.lost(), server.lost()]);
    const udp = made.listenUDP(
      0,
      () => {
        seen.push(`datagram ${storage.getStore()}`);
        arrived.open();
      },
      { interface: '127.0.0.1' },
    );
    const arrived = latch();
    udp.write('x', udp.getHost());
    await arrived.promise;
    const expected = ['made', 'data', 'lost', 'datagram'].map((what) => `${what} undefined`);
    expect(new Set(seen)).toEqual(new Set(expected));
  });

  it('of connectTCP is restored when the attempt fails', async () => {
    const seen: string[] = [];
    const factory = new RecordingFactory(() => new Recorder());
    factory.hooks.clientConnectionFailed = () => void seen.push(`failed ${storage.getStore()}`);
    const port = await closedPort();
    storage.run('connector', () => rig.reactor.connectTCP('127.0.0.1', port, factory));
    await factory.until('clientConnectionFailed');
    expect(seen).toEqual(['failed connector']);
  });

  it('of callLater is restored when the reactor drops the call', async () => {
    const seen: string[] = [];
    const note = (what: string) => (): void => void seen.push(`${what} ${storage.getStore()}`);
    const { reactor } = rig;
    storage.run('caller', () => reactor.callLater(60_000, () => {})).whenDropped(note('first'));
    const call = reactor.callLater(60_001, () => {});
    storage.run('other', () => call.whenDropped(note('second')));
    const running = reactor.run({ installSignalHandlers: false });
    await within(new Promise<void>((go) => reactor.callWhenRunning(go)), 'startup');
    storage.run('stopper', () => reactor.stop());
    await within(running, 'run to settle');
    expect(seen).toEqual(['first caller', 'second undefined']);
  });

  it('of one connection does not leak into another', async () => {
    const raw = rig.use(await RawServer.listen());
    const seen: string[] = [];
    const names = ['a', 'b', 'c', 'd'];
    const factories = names.map((name) => {
      const factory = new RecordingFactory(
        () => new Recorder({ dataReceived: () => void seen.push(`${name} ${storage.getStore()}`) }),
      );
      storage.run(name, () => rig.reactor.connectTCP('127.0.0.1', raw.port, factory));
      return factory;
    });
    for (let i = 0; i < names.length; i++) await raw.peer(i);
    for (const factory of factories) await (await factory.protocol()).made();
    for (const peer of raw.peers) peer.write('x');
    for (const factory of factories) await (await factory.protocol()).receive(1);
    expect(seen.sort()).toEqual(['a a', 'b b', 'c c', 'd d']);
    expect(storage.getStore()).toBeUndefined();
  });
});

contract('the diagnostics channel', (rig) => {
  /** Collects the sockets that are published on a channel while `body` runs. */
  async function published(name: string, body: () => Promise<void>): Promise<unknown[]> {
    const sockets: unknown[] = [];
    const onMessage = (message: unknown): void => {
      sockets.push((message as { socket?: unknown }).socket);
    };
    subscribe(name, onMessage);
    try {
      await body();
    } finally {
      unsubscribe(name, onMessage);
    }
    return sockets;
  }

  it.each([
    ['net.server.socket', 'server'],
    ['net.client.socket', 'client'],
  ] as const)('%s is told the transport of each connection', async (name, side) => {
    let transport: Transport | undefined;
    const sockets = await published(name, async () => {
      transport = (await pair(rig))[side].transport;
    });
    expect(sockets.filter((socket) => socket === transport)).toHaveLength(1);
  });
});
