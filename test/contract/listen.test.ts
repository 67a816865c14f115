/** Listening ports: where they listen, what they refuse, how they end. */
import { Worker } from 'node:worker_threads';
import { beforeAll, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import type { SystemError } from '../../src/core/errors/base.js';
import { CannotListenError } from '../../src/core/errors/listening.js';
import { ReactorDisposedError, UnsupportedError } from '../../src/core/errors/reactor.js';
import {
  IPv4Address,
  IPv6Address,
  type ListeningPort,
  type ListenTCPOptions,
  Protocol,
} from '../../src/index.js';
import { contract, portOf, type Rig } from '../support/contract.js';
import { DEADLINE_MS, within } from '../support/deadline.js';
import { echo, listenLocal, quietMoment, served } from '../support/pairs.js';
import { LACKS } from '../support/platform.js';
import { closedPort, RawPeer, RawServer } from '../support/raw-peer.js';
import { type Recorder, RecordingFactory, recorders } from '../support/recorder.js';
import { HAS_SS, hasIPv6, ss } from '../support/sockets.js';

let ipv6 = false;
beforeAll(async () => {
  ipv6 = await hasIPv6();
});

async function echoes(port: number, host = '127.0.0.1'): Promise<boolean> {
  const peer = await RawPeer.connect(port, host);
  try {
    peer.write('ping');
    return (await peer.receive(4)).toString() === 'ping';
  } finally {
    await peer[Symbol.asyncDispose]();
  }
}

async function refuses(port: number, host = '127.0.0.1'): Promise<boolean> {
  for (let left = LACKS.promptCloses === undefined ? 1 : 100; left > 0; left--) {
    if (await refusesNow(port, host)) return true;
  }
  return false;
}

async function refusesNow(port: number, host: string): Promise<boolean> {
  const attempt = RawPeer.connect(port, host).then((peer) => peer[Symbol.asyncDispose]());
  return attempt.then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED',
  );
}

function listenError(rig: Rig, port: number, options: ListenTCPOptions): CannotListenError {
  try {
    rig.reactor.listenTCP(port, recorders(), options);
  } catch (error) {
    expect(error).toBeInstanceOf(CannotListenError);
    return error as CannotListenError;
  }
  throw new Error('listenTCP did not throw');
}

function listenEcho(rig: Rig, options: ListenTCPOptions = {}, port = 0): ListeningPort {
  return rig.reactor.listenTCP(port, new RecordingFactory(echo), options);
}

contract('listenTCP', (rig) => {
  it('listens at once on a port that the system chooses for 0', async () => {
    const listening = listenEcho(rig, { interface: '127.0.0.1' });
    expect(listening.listening).toBe(true);
    const host = listening.getHost();
    expect(host).toBeInstanceOf(IPv4Address);
    expect(host).toMatchObject({ type: 'TCP', host: '127.0.0.1' });
    expect(host.port).toBeGreaterThan(0);
    expect(await echoes(host.port)).toBe(true);
  });

  it('listens on the requested port', async () => {
    const port = await closedPort();
    expect(portOf(listenEcho(rig, { interface: '127.0.0.1' }, port))).toBe(port);
    expect(await echoes(port)).toBe(true);
  });

  it('accepts a Protocol class and a function that gives handlers', async () => {
    class Greeter extends Protocol {
      override connectionMade(): void {
        this.transport.write('class');
      }
    }
    const ports = [
      listenLocal(rig.reactor, Greeter),
      listenLocal(rig.reactor, () => ({ connectionMade: (to) => to.write('plain') })),
      listenLocal(rig.reactor, () => new Greeter()),
    ];
    const peers = await Promise.all(ports.map((port) => RawPeer.connect(portOf(port))));
    for (const peer of peers) rig.use(peer);
    const said = await Promise.all(peers.map((peer) => peer.receive(5)));
    expect(said.map(String)).toEqual(['class', 'plain', 'class']);
  });

  it('throws at once for a port in use, and does not call the factory', async () => {
    const taken = rig.use(await RawServer.listen());
    const factory = recorders();
    let thrown: unknown;
    try {
      rig.reactor.listenTCP(taken.port, factory, { interface: '127.0.0.1' });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(CannotListenError);
    const { code, interface: name, port, cause } = thrown as CannotListenError;
    expect({ code, name, port }).toEqual({
      code: 'ERR_CANNOT_LISTEN',
      name: '127.0.0.1',
      port: taken.port,
    });
    expect((cause as SystemError).code).toBe('EADDRINUSE');
    expect(factory.log).toEqual([]);
  });

  it('throws for a port in use on every interface', async () => {
    const first = listenEcho(rig);
    const error = listenError(rig, portOf(first), {});
    expect((error.cause as SystemError).code).toBe('EADDRINUSE');
    expect(await echoes(portOf(first))).toBe(true);
  });

  it('throws for an interface that this machine does not have', () => {
    // 203.0.113.0/24 is for documentation (RFC 5737).
    const error = listenError(rig, 0, { interface: '203.0.113.1' });
    expect((error.cause as SystemError).code).toBe('EADDRNOTAVAIL');
    expect((error.cause as SystemError).syscall).toBeTypeOf('string');
  });

  it.each(['localhost', 'not an address', '1.2.3', '127.0.0.1:80', '1.2.3.4\0'])(
    'refuses an interface that is no IP address: %j',
    (name) => {
      expect(() => rig.reactor.listenTCP(0, recorders(), { interface: name })).toThrow(
        InvalidArgumentValueError,
      );
    },
  );

  it.each([-1, 65_536, 1.5, Number.NaN])('refuses port %s', (port) => {
    expect(() => rig.reactor.listenTCP(port, recorders())).toThrow(InvalidArgumentValueError);
  });

  it.each(['80', null, undefined, 80n])('refuses a port that is not a number: %s', (port) => {
    expect(() => rig.reactor.listenTCP(port as never, recorders())).toThrow(
      InvalidArgumentTypeError,
    );
  });

  it.each([null, undefined, {}, 5, { buildProtocol() {} }])('refuses factory %s', (factory) => {
    expect(() => rig.reactor.listenTCP(0, factory as never)).toThrow(InvalidArgumentTypeError);
  });

  it('lets as many wait as the backlog says', ({ skip }) => {
    if (!HAS_SS) skip('ss(8) is needed to see a backlog');
    const listening = listenLocal(rig.reactor, recorders(), { backlog: 7 });
    const columns = ss(portOf(listening), 'listening').trim().split(/\s+/);
    expect(columns[2]).toBe('7');
  });

  it('lets sockets share a port with reusePort, or says that it cannot', async () => {
    const options = { interface: '127.0.0.1', reusePort: true };
    let first: ListeningPort;
    try {
      first = listenEcho(rig, options);
    } catch (error) {
      expect(error).toBeInstanceOf(UnsupportedError);
      expect((error as UnsupportedError).feature).toBe('reusePort');
      const must = rig.native && process.platform === 'linux';
      expect(must, 'the native reactor can, on Linux').toBe(false);
      return;
    }
    const second = listenEcho(rig, options, portOf(first));
    expect(portOf(second)).toBe(portOf(first));
    await first.stopListening();
    expect(await echoes(portOf(second))).toBe(true);
  });

  it('serves hundreds of connections made at once', async () => {
    const factory = new RecordingFactory(echo);
    const listening = listenLocal(rig.reactor, factory);
    const answers = Array.from({ length: 300 }, () => echoes(portOf(listening)));
    expect((await Promise.all(answers)).every(Boolean)).toBe(true);
    expect(factory.built).toHaveLength(300);
  });
});

/** Connects and resets `count` connections, then wakes the thread that waits for `done`. */
const RESETS = `
  const { connect } = require('node:net');
  const { workerData: { port, count, done }, parentPort } = require('node:worker_threads');
  let left = count;
  const closed = () => {
    left -= 1;
    if (left > 0) return;
    Atomics.store(done, 0, 1);
    Atomics.notify(done, 0);
  };
  parentPort.once('message', () => {
    for (let i = 0; i < count; i++) {
      const socket = connect(port, '127.0.0.1', () => socket.resetAndDestroy());
      socket.on('error', () => {}).on('close', closed);
    }
  });
  parentPort.postMessage('ready');`;

contract('connections that are reset before they are accepted', (rig) => {
  it('do not delay the others, and are not reported', async () => {
    const port = portOf(listenEcho(rig, { interface: '127.0.0.1' }));
    const done = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(RESETS, { eval: true, workerData: { port, count: 200, done } });
    rig.use({ [Symbol.asyncDispose]: async () => void (await worker.terminate()) });
    await within(
      new Promise<void>((resolve, reject) => {
        worker.once('message', () => resolve());
        worker.once('error', reject);
      }),
      'a worker',
    );
    worker.postMessage('start');
    // This thread accepts nothing while it is blocked.
    expect(Atomics.wait(done, 0, 0, DEADLINE_MS)).not.toBe('timed-out');
    expect(await echoes(port)).toBe(true);
  });
});

contract('listening on both families', (rig) => {
  it('accepts IPv4 by default, and gives the peer as an IPv4Address', async () => {
    const factory = recorders();
    const listening = rig.reactor.listenTCP(0, factory);
    const peer = rig.use(await RawPeer.connect(portOf(listening)));
    const protocol = await factory.protocol();
    await protocol.made();
    const address = factory.addresses[0];
    expect(address).toBeInstanceOf(IPv4Address);
    expect(address).toMatchObject({ type: 'TCP', host: '127.0.0.1', port: peer.localPort });
    expect(protocol.transport.getPeer().equals(address as IPv4Address)).toBe(true);
    expect(protocol.transport.getHost()).toBeInstanceOf(IPv4Address);
    expect(protocol.transport.getHost()).toMatchObject({
      host: '127.0.0.1',
      port: portOf(listening),
    });
  });

  it('accepts IPv6 by default', async ({ skip }) => {
    if (!ipv6) skip('this machine has no IPv6');
    const factory = recorders();
    const listening = rig.reactor.listenTCP(0, factory);
    const peer = rig.use(await RawPeer.connect(portOf(listening), '::1'));
    const protocol = await factory.protocol();
    await protocol.made();
    expect(protocol.transport.getPeer()).toBeInstanceOf(IPv6Address);
    expect(protocol.transport.getPeer()).toMatchObject({ host: '::1', port: peer.localPort });
    expect(protocol.transport.getHost()).toMatchObject({ host: '::1', port: portOf(listening) });
  });

  it('accepts no IPv4 on an IPv6 interface', async ({ skip }) => {
    if (!ipv6) skip('this machine has no IPv6');
    const listening = listenEcho(rig, { interface: '::1' });
    expect(listening.getHost()).toBeInstanceOf(IPv6Address);
    expect(listening.getHost().host).toBe('::1');
    expect(await echoes(portOf(listening), '::1')).toBe(true);
    expect(await refuses(portOf(listening))).toBe(true);
  });

  it('accepts both on :: unless ipv6Only', async ({ skip }) => {
    if (!ipv6) skip('this machine has no IPv6');
    const both = listenEcho(rig, { interface: '::' });
    expect(await echoes(portOf(both), '::1')).toBe(true);
    expect(await echoes(portOf(both))).toBe(true);
    const only = listenEcho(rig, { interface: '::', ipv6Only: true });
    expect(await echoes(portOf(only), '::1')).toBe(true);
    expect(await refuses(portOf(only))).toBe(true);
  });

  it('accepts no IPv6 on an IPv4 interface', async ({ skip }) => {
    if (!ipv6) skip('this machine has no IPv6');
    const listening = listenEcho(rig, { interface: '0.0.0.0' });
    expect(listening.getHost().host).toBe('0.0.0.0');
    expect(await echoes(portOf(listening))).toBe(true);
    expect(await refuses(portOf(listening), '::1')).toBe(true);
  });
});

contract('a port that stops listening', (rig) => {
  it('accepts no more, while connections made before stay open', async () => {
    const { protocol, peer, listening } = await served(rig, echo());
    await within(listening.stopListening(), 'stopListening');
    expect(listening.listening).toBe(false);
    expect(await refuses(peer.remotePort)).toBe(true);
    peer.write('still');
    expect((await peer.receive(5)).toString()).toBe('still');
    expect(protocol.connected).toBe(true);
  });

  it('stops on disposal', async () => {
    const listening = listenEcho(rig);
    const port = portOf(listening);
    await within(listening[Symbol.asyncDispose](), 'disposal');
    expect(listening.listening).toBe(false);
    expect(await refuses(port)).toBe(true);
  });

  it('keeps the address it had', async () => {
    const listening = listenEcho(rig);
    const before = listening.getHost();
    await listening.stopListening();
    expect(listening.getHost().equals(before)).toBe(true);
  });

  it('listens again on the same port if that was requested', async () => {
    const factory = new RecordingFactory(echo);
    const port = await closedPort();
    const listening = rig.reactor.listenTCP(port, factory, { interface: '127.0.0.1' });
    for (let round = 0; round < 3; round++) {
      expect(await echoes(port)).toBe(true);
      await listening.stopListening();
      expect(await refuses(port)).toBe(true);
      listening.startListening();
      expect(listening.listening).toBe(true);
      expect(portOf(listening)).toBe(port);
    }
    expect(factory.log.filter((event) => event === 'doStart')).toHaveLength(4);
    expect(await echoes(port)).toBe(true);
  });

  it('leaves nothing behind if doStart throws', async () => {
    const port = await closedPort();
    const factory = new RecordingFactory(echo);
    factory.doStart = () => {
      throw new Error('not now');
    };
    const listen = (): unknown => rig.reactor.listenTCP(port, factory, { interface: '127.0.0.1' });
    expect(listen).toThrow('not now');
    expect(await refuses(port)).toBe(true);
  });

  it('cannot listen again on a reactor that was disposed of', async () => {
    const listening = listenEcho(rig, { interface: '127.0.0.1' });
    await rig.reactor[Symbol.asyncDispose]();
    expect(() => listening.startListening()).toThrow(ReactorDisposedError);
    expect(listening.listening).toBe(false);
  });

  it('notifies each caller that waits for it to stop with drain', async () => {
    const listening = listenEcho(rig, { interface: '127.0.0.1' });
    const both = [1, 2].map(() => listening.stopListening({ drain: true }));
    await within(Promise.all(both), 'both to be told');
    expect(listening.listening).toBe(false);
  });

  it('throws if it cannot listen again, and may be called later', async () => {
    const listening = listenEcho(rig, { interface: '127.0.0.1' }, await closedPort());
    const port = portOf(listening);
    await listening.stopListening();
    const thief = await RawServer.listen('127.0.0.1', port);
    expect(() => listening.startListening()).toThrow(CannotListenError);
    expect(listening.listening).toBe(false);
    await thief[Symbol.asyncDispose]();
    listening.startListening();
    expect(await echoes(port)).toBe(true);
  });

  it('may stop inside buildProtocol, and that connection lives', async () => {
    let listening: ListeningPort | undefined;
    const factory = new RecordingFactory(() => {
      void listening?.stopListening();
      return echo();
    });
    listening = listenLocal(rig.reactor, factory);
    expect(await echoes(portOf(listening))).toBe(true);
    expect(listening.listening).toBe(false);
    expect(factory.users).toBe(0);
  });
});

contract("a port's factory", (rig) => {
  it('refuses a connection with null, without a word', async () => {
    const factory = new RecordingFactory(() => null);
    const listening = listenLocal(rig.reactor, factory);
    const peer = rig.use(await RawPeer.connect(portOf(listening)));
    await peer.untilGone();
    expect(peer.receivedBytes).toBe(0);
    expect(rig.reactor.statistics().connectionsOpen).toBe(0);
    const next = rig.use(await RawPeer.connect(portOf(listening)));
    await next.untilGone();
    expect(factory.log.filter((event) => event === 'buildProtocol')).toHaveLength(2);
  });

  it('is reported when it throws; that connection is closed, the port stays open', async () => {
    let count = 0;
    const factory = new RecordingFactory<Recorder>(() => {
      count += 1;
      if (count === 1) throw new Error('no protocol today');
      return echo();
    });
    const listening = listenLocal(rig.reactor, factory);
    const peer = rig.use(await RawPeer.connect(portOf(listening)));
    await peer.untilGone();
    expect(rig.takeReports()).toMatchObject([{ error: { message: 'no protocol today' } }]);
    expect(await echoes(portOf(listening))).toBe(true);
  });

  it('is reported if it returns no protocol; the port stays open', async () => {
    let count = 0;
    const factory = new RecordingFactory<Recorder>(() => {
      count += 1;
      return count === 1 ? ({} as Recorder) : echo();
    });
    const listening = listenLocal(rig.reactor, factory);
    const peer = rig.use(await RawPeer.connect(portOf(listening)));
    await peer.untilGone();
    // What is no protocol can't be told of the end either, which may be reported behind the peer's back.
    await rig.turns(2);
    expect(rig.takeReports().length).toBeGreaterThan(0);
    expect(await echoes(portOf(listening))).toBe(true);
  });
});

contract("an accepted connection's addresses", (rig) => {
  it('are the same after the connection ended', async () => {
    const { protocol, peer, listening } = await served(rig);
    const [host, remote] = [protocol.transport.getHost(), protocol.transport.getPeer()];
    expect(remote).toMatchObject({ port: peer.localPort });
    expect(host.equals(listening.getHost())).toBe(true);
    peer.end();
    await protocol.lost();
    expect(protocol.transport.getHost().equals(host)).toBe(true);
    expect(protocol.transport.getPeer().equals(remote)).toBe(true);
  });

  it('are available after the end even if they were not read before', async () => {
    const factory = recorders();
    const listening = listenLocal(rig.reactor, factory);
    const peer = rig.use(await RawPeer.connect(portOf(listening)));
    const { localPort } = peer;
    const protocol = await factory.protocol();
    await protocol.made();
    peer.reset();
    await protocol.lost();
    await quietMoment(rig);
    expect(protocol.transport.getPeer()).toMatchObject({ host: '127.0.0.1', port: localPort });
    expect(protocol.transport.getHost().equals(listening.getHost())).toBe(true);
  });
});
