/** Forwarded ports over each reactor, with clients and targets of node:net; and their time limits, in memory. */
import { describe, expect, it } from 'vitest';
import type { StreamProtocol } from '../../src/core/stream-protocol.js';
import type { Deferred } from '../../src/defer/deferred.js';
import { succeed } from '../../src/defer/succeed.js';
import { TCPClientEndpoint } from '../../src/endpoints/tcp.js';
import { clientFromString, ProxyHeaderParser } from '../../src/index.js';
import { PortForwardFactory, type PortForwardOptions } from '../../src/portforward/index.js';
import { flushLoggedErrors } from '../../src/testing/logged-errors.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryReactor } from '../../src/testing/memory-reactor.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';
import { Simulation } from '../../src/testing/simulation/simulation.js';
import { accept } from '../policies/wired.js';
import { contract, portOf } from '../support/contract.js';
import { Pulse } from '../support/deadline.js';
import { hostAddresses } from '../support/name-resolvers.js';
import { HUGE, patterned } from '../support/pairs.js';
import { closedPort, RawPeer, RawServer } from '../support/raw-peer.js';

type Connected = [client: RawPeer, far: RawPeer, factory: PortForwardFactory, served: string[]];

contract('a forwarded port', (rig) => {
  function forward(port: number, options: PortForwardOptions = {}): [PortForwardFactory, number] {
    const target = new TCPClientEndpoint(rig.reactor, '127.0.0.1', port);
    const factory = new PortForwardFactory(rig.reactor, target, options);
    return [factory, portOf(rig.reactor.listenTCP(0, factory, { interface: '127.0.0.1' }))];
  }

  async function connected(options: PortForwardOptions = {}): Promise<Connected> {
    const target = rig.use(await RawServer.listen());
    const pulse = new Pulse();
    const served: string[] = [];
    const onForwarded = (one: unknown, two: unknown): void => {
      served.push(`${one} ${two}`);
      pulse.notify();
    };
    const [factory, port] = forward(target.port, { onForwarded, ...options });
    const client = rig.use(await RawPeer.connect(port));
    await pulse.until(() => served.length > 0, 'a relay');
    return [client, await target.peer(), factory, served];
  }

  it('relays in both directions, and passes the end of each on', async () => {
    const [client, far, factory, served] = await connected();
    expect(served).toEqual([`127.0.0.1:${client.localPort} 127.0.0.1:${far.localPort}`]);
    client.write('hello');
    expect((await far.receive(5)).toString()).toBe('hello');
    client.end();
    await far.untilEnded();
    far.write('still open');
    expect((await client.receive(10)).toString()).toBe('still open');
    expect(factory.connectionCount).toBe(1);
    far.end();
    await client.untilEnded();
    await rig.turns(3);
    expect(factory.connectionCount).toBe(0);
  });

  it('relays bytes that the client sends before the target is connected', async () => {
    const target = rig.use(await RawServer.listen());
    const [, port] = forward(target.port);
    const client = RawPeer.start(port);
    rig.use(client);
    client.write('early');
    client.end();
    const far = await target.peer();
    await far.untilEnded();
    expect(far.text).toBe('early');
  });

  it.each([0, 1])(
    'relays much more than buffers hold, in direction %d, to a late reader',
    async (direction) => {
      const [client, far] = await connected();
      const [from, to] = direction === 0 ? [client, far] : [far, client];
      to.socket.pause();
      const bytes = patterned(HUGE, 7);
      from.write(bytes);
      from.end();
      await rig.turns(20);
      to.socket.resume();
      await to.untilEnded();
      expect(to.received.equals(bytes)).toBe(true);
    },
  );

  it.each([0, 1])('passes a reset on, in direction %d', async (direction) => {
    const [client, far] = await connected();
    const [from, to] = direction === 0 ? [client, far] : [far, client];
    from.reset();
    await to.until(() => to.closed, 'close');
    expect(to.error?.code).toBe('ECONNRESET');
  });

  it.each([1, 2] as const)('begins with a PROXY header of version %d', async (proxyHeader) => {
    const [client, far] = await connected({ proxyHeader });
    client.write('hello');
    const parser = new ProxyHeaderParser();
    await far.until(() => far.received.includes('hello'), 'the text');
    parser.receive(far.received);
    const header = parser.next();
    expect(header).toMatchObject({ version: proxyHeader, command: 'PROXY' });
    expect(String(header?.source)).toBe(`127.0.0.1:${client.localPort}`);
    expect(String(header?.destination)).toBe(`127.0.0.1:${client.remotePort}`);
    expect(parser.takeRest().toString()).toBe('hello');
  });

  it('resets the client if the target cannot be reached', async () => {
    const failures: string[] = [];
    const onFailed = ({ name }: Error, client: unknown): void =>
      void failures.push(`${name} ${client}`);
    const [factory, port] = forward(await closedPort(), { onFailed });
    const client = rig.use(await RawPeer.connect(port));
    await client.until(() => client.closed, 'close');
    expect(client.error?.code).toBe('ECONNRESET');
    expect(failures).toEqual([`ConnectionRefusedError 127.0.0.1:${client.localPort}`]);
    await rig.turns(2);
    expect(factory.connectionCount).toBe(0);
  });

  it('reports that, unless a function is called', async () => {
    const [, port] = forward(await closedPort());
    const client = rig.use(await RawPeer.connect(port));
    await client.until(() => client.closed, 'close');
    expect(flushLoggedErrors('ERR_CONNECTION_REFUSED')).toHaveLength(1);
  });

  it('closes connections over maxConnections, until one ends', async () => {
    const target = rig.use(await RawServer.listen());
    const [factory, port] = forward(target.port, { maxConnections: 1 });
    const one = rig.use(await RawPeer.connect(port));
    await target.peer();
    const two = rig.use(await RawPeer.connect(port));
    await two.untilGone();
    expect(factory.refusedCount).toBe(1);
    one.reset();
    const first = await target.peer();
    await first.untilGone();
    const three = rig.use(await RawPeer.connect(port));
    three.write('x');
    await (await target.peer(1)).receive(1);
  });
});

describe('the time limits of a forwarded port', () => {
  function forward(options: PortForwardOptions) {
    const reactor = new MemoryReactor();
    const target = new TCPClientEndpoint(reactor, '192.0.2.7', 80);
    const factory = new PortForwardFactory(reactor, target, options);
    reactor.listenTCP(1, factory);
    const client = reactor.tcpServers[0]?.connect();
    if (client === undefined) throw new Error('no server');
    reactor.advance(0);
    return { reactor, client, factory, attempt: () => reactor.tcpClients[0] };
  }

  it('end an attempt to connect', () => {
    const failures: string[] = [];
    const onFailed = ({ message }: Error): void => void failures.push(message);
    const { reactor, client, factory } = forward({ connectTimeoutMs: 5_000, onFailed });
    reactor.advance(4_999);
    expect([client.peerSees, client.paused]).toEqual(['open', true]);
    reactor.advance(1);
    reactor.advance(0);
    expect([client.peerSees, failures]).toEqual([
      'reset',
      ['no connection in 5000 ms: 192.0.2.7:80'],
    ]);
    expect(factory.connectionCount).toBe(0);
  });

  it('end an idle connection, counted from the last byte of either side', () => {
    const { reactor, client, attempt } = forward({ idleTimeoutMs: 10_000 });
    const far = attempt()?.accept();
    reactor.advance(9_000);
    client.receive('x');
    reactor.advance(9_000);
    far?.receive('y');
    reactor.advance(9_000);
    expect([client.text, far?.text, client.peerSees]).toEqual(['y', 'x', 'open']);
    reactor.advance(3_000);
    expect([client.peerSees, far?.peerSees]).toEqual(['reset', 'reset']);
  });

  it('end the connection to a target that never reads the rest, after the client has left', () => {
    const clock = new ManualClock();
    const far = new MemoryTransport({ capacity: 100 });
    const endpoint = {
      connect<P extends StreamProtocol>(make: () => P): Deferred<P> {
        const end = make();
        far.connect(end);
        return succeed(end);
      },
    };
    const factory = new PortForwardFactory(clock, endpoint as never, { idleTimeoutMs: 10_000 });
    const { transport: client } = accept(factory);
    const settle = (): void => {
      for (let i = 0; i < 3; i++) for (const one of [client, far]) one.settle();
    };
    client.receive('x'.repeat(1_000));
    settle();
    client.peerCloses();
    settle();
    far.peerCloses();
    settle();
    expect([client.peerSees, factory.connectionCount]).toEqual(['end', 0]);
    expect([far.peerSees, far.bufferedBytes]).toEqual(['open', 900]);
    clock.advance(9_000);
    far.drain(500);
    settle();
    expect(far.peerSees).toBe('open');
    clock.advance(3_000);
    settle();
    expect(far.peerSees).toBe('reset');
    expect(factory.timeouts.size).toBe(0);
  });

  it('are not used up by a client that leaves while the target is connected', () => {
    const { reactor, client, factory, attempt } = forward({});
    client.peerResets();
    reactor.advance(0);
    expect(factory.connectionCount).toBe(0);
    expect(attempt()?.connector.state).toBe('disconnected');
    reactor.advance(100_000);
  });
});

it('A forwarded port reaches a target whose first address swallows packets, within 300 ms', async () => {
  const simulation = new Simulation();
  const [proxy, silent] = [simulation.host('proxy'), simulation.host('2001:db8::1')];
  simulation.partition(proxy, silent);
  proxy.installNameResolver({
    resolveHostName: () => succeed(hostAddresses('2001:db8::1', '192.0.2.1')),
  });
  simulation.host('192.0.2.1').listenTCP(80, () => ({}));
  const forwarded: string[] = [];
  const target = clientFromString(proxy, 'tcp:target.test:80');
  const onForwarded = (_client: unknown, peer: unknown): void => void forwarded.push(String(peer));
  proxy.listenTCP(80, new PortForwardFactory(proxy, target, { onForwarded }));
  simulation.host('client').connectTCP('proxy', 80, () => ({}));
  await simulation.run(() => forwarded.length > 0);
  expect(forwarded).toEqual(['192.0.2.1:80']);
  expect(simulation.now()).toBeLessThanOrEqual(300);
});
