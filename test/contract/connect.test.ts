/** Outgoing connections: the order of what a factory is told, and every way in which an attempt can end. */
import { expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import {
  ConnectBindError,
  ConnectError,
  ConnectingCancelledError,
  ConnectionRefusedError,
  ConnectTimeoutError,
  DNSLookupError,
} from '../../src/core/errors/connecting.js';
import { Deferred, fail, type HostAddress, IPv4Address, IPv6Address } from '../../src/index.js';
import { contract, portOf } from '../support/contract.js';
import { HeldResolver, hostAddresses } from '../support/name-resolvers.js';
import { connected, quietMoment } from '../support/pairs.js';
import { closedPort, RawServer } from '../support/raw-peer.js';
import { Recorder, RecordingFactory, recorders } from '../support/recorder.js';
import { Blackhole, hasIPv6 } from '../support/sockets.js';

contract('connectTCP', (rig) => {
  it('gives the address of the peer, and has it as the transport does', async () => {
    const { protocol, peer, factory } = await connected(rig);
    const address = protocol.transport.getPeer();
    expect(address).toBeInstanceOf(IPv4Address);
    expect(factory.addresses[0]?.equals(address)).toBe(true);
    expect(address).toMatchObject({ port: peer.localPort });
    expect(protocol.transport.getHost()).toMatchObject({
      type: 'TCP',
      host: '127.0.0.1',
      port: peer.remotePort,
    });
  });

  it('returns its settings', () => {
    const factory = recorders();
    const connector = rig.reactor.connectTCP('localhost', 9, factory);
    expect(connector.getDestination()).toEqual({ host: 'localhost', port: 9 });
    connector.stopConnecting();
  });

  it('does not begin if doStart throws, and can begin later', async () => {
    const factory = recorders();
    const { doStart } = factory;
    factory.doStart = () => {
      throw new Error('not now');
    };
    expect(() => rig.reactor.connectTCP('127.0.0.1', 9, factory)).toThrow('not now');
    factory.doStart = doStart;
    await quietMoment(rig);
    expect(factory.log).toEqual([]);
    expect(rig.reactor.getDelayedCalls()).toEqual([]);
  });

  it('does not begin if startedConnecting throws, and can begin later', async () => {
    const factory = recorders();
    const { startedConnecting } = factory;
    factory.startedConnecting = () => {
      throw new Error('not now');
    };
    expect(() => rig.reactor.connectTCP('127.0.0.1', 9, factory)).toThrow('not now');
    expect(factory.log).toEqual(['doStart', 'startFactory', 'doStop', 'stopFactory']);
    await quietMoment(rig);
    expect(factory.log).toHaveLength(4);
    expect(rig.reactor.getDelayedCalls()).toEqual([]);
    factory.startedConnecting = startedConnecting;
    const raw = rig.use(await RawServer.listen());
    rig.reactor.connectTCP('127.0.0.1', raw.port, factory);
    await factory.protocol();
  });

  it('calls off the lookup of an attempt that began as another had failed at once', async () => {
    const held = new HeldResolver();
    let failing = true;
    rig.reactor.installNameResolver({
      resolveHostName: (host, options) => {
        if (!failing) return held.resolveHostName(host, options);
        failing = false;
        return fail(new Error('not now'));
      },
    });
    const factory = recorders();
    const attempts: Error[] = [];
    factory.clientConnectionFailed = (connector, reason) => {
      attempts.push(reason);
      if (attempts.length === 1) connector.connect();
    };
    const connector = rig.reactor.connectTCP('name.test', 9, factory);
    const question = await held.question();
    connector.stopConnecting();
    await quietMoment(rig);
    expect(attempts).toHaveLength(2);
    expect(question.cancelled).toBe(true);
  });

  it('reports a refusal after it has returned', async () => {
    const port = await closedPort();
    const factory = recorders();
    const connector = rig.reactor.connectTCP('127.0.0.1', port, factory);
    factory.note('returned');
    await factory.until('stopFactory');
    expect(factory.log).toEqual([
      'doStart',
      'startFactory',
      'startedConnecting',
      'returned',
      'clientConnectionFailed ConnectionRefusedError',
      'doStop',
      'stopFactory',
    ]);
    const [reason] = factory.reasons;
    expect(reason).toBeInstanceOf(ConnectionRefusedError);
    expect(reason).toMatchObject({ code: 'ERR_CONNECTION_REFUSED', host: '127.0.0.1', port });
    expect(reason).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    expect(connector.state).toBe('disconnected');
  });

  it('reports an unknown name', async () => {
    // RFC 6761: `invalid` never resolves.
    const factory = recorders();
    rig.reactor.connectTCP('no-such-host.invalid', 80, factory);
    factory.note('returned');
    await factory.until('clientConnectionFailed');
    const [reason] = factory.reasons;
    expect(reason).toBeInstanceOf(DNSLookupError);
    expect(reason).toMatchObject({ host: 'no-such-host.invalid', port: 80 });
    expect(reason).toMatchObject({ cause: { syscall: 'getaddrinfo' } });
    expect(factory.log.indexOf('returned')).toBeLessThan(factory.log.length - 1);
  });

  it('connects by name', async () => {
    const factory = recorders();
    const serverFactory = recorders();
    const listening = rig.reactor.listenTCP(0, serverFactory);
    rig.reactor.connectTCP('localhost', portOf(listening), factory);
    const client = await factory.protocol();
    await client.made();
    client.transport.write('by name');
    const server = await serverFactory.protocol();
    expect((await server.receive(7)).toString()).toBe('by name');
  });

  it('tries the next address of a name if one does not answer', async () => {
    // Wherever `localhost` stands for ::1 too, the first attempt is refused.
    const raw = rig.use(await RawServer.listen('127.0.0.1'));
    const factory = recorders();
    rig.reactor.connectTCP('localhost', raw.port, factory);
    const client = await factory.protocol();
    await client.made();
    expect(client.transport.getPeer()).toMatchObject({ host: '127.0.0.1' });
  });

  it('connects over IPv6', async ({ skip }) => {
    if (!(await hasIPv6())) skip('this machine has no IPv6');
    const raw = rig.use(await RawServer.listen('::1'));
    const factory = recorders();
    rig.reactor.connectTCP('::1', raw.port, factory);
    const client = await factory.protocol();
    await client.made();
    expect(client.transport.getPeer()).toBeInstanceOf(IPv6Address);
    expect(client.transport.getPeer()).toMatchObject({ host: '::1', port: raw.port });
    client.transport.write('six');
    expect((await (await raw.peer()).receive(3)).toString()).toBe('six');
  });

  it('makes hundreds of connections at once', async () => {
    const raw = rig.use(await RawServer.listen());
    const factory = recorders();
    for (let i = 0; i < 200; i++) rig.reactor.connectTCP('127.0.0.1', raw.port, factory);
    await factory.until('buildProtocol', 200);
    await raw.pulse.until(() => raw.peers.length === 200, '200 raw connections');
    expect(factory.users).toBe(200);
  });

  it('closes the connection when the factory gives no protocol, and stops it', async () => {
    const raw = rig.use(await RawServer.listen());
    const factory = new RecordingFactory(() => null);
    const connector = rig.reactor.connectTCP('127.0.0.1', raw.port, factory);
    await (await raw.peer()).untilGone();
    await factory.until('stopFactory');
    expect(connector.state).toBe('disconnected');
    expect(rig.reactor.statistics().connectionsOpen).toBe(0);
  });

  it('reports errors of buildProtocol, closes the connection and stops the factory', async () => {
    const raw = rig.use(await RawServer.listen());
    const factory = new RecordingFactory<Recorder>(() => {
      throw new Error('no protocol today');
    });
    const connector = rig.reactor.connectTCP('127.0.0.1', raw.port, factory);
    await (await raw.peer()).untilGone();
    await factory.until('stopFactory');
    expect(connector.state).toBe('disconnected');
    expect(rig.takeReports()).toMatchObject([{ error: { message: 'no protocol today' } }]);
  });

  it.each([-1, 65_536, 1.5, Number.NaN])('refuses port %s', (port) => {
    expect(() => rig.reactor.connectTCP('127.0.0.1', port, recorders())).toThrow(
      InvalidArgumentValueError,
    );
  });

  it.each([
    ['host', undefined],
    ['host', 5],
    ['port', '80'],
    ['factory', null],
    ['timeoutMs', '5'],
    ['localAddress', 5],
    ['localPort', '5'],
    ['signal', {}],
  ])('refuses a %s of the wrong type', (what, value) => {
    const { host, port, factory, ...options } = {
      host: '127.0.0.1',
      port: 9,
      factory: recorders(),
      [what]: value,
    };
    expect(() => rig.reactor.connectTCP(host, port, factory, options)).toThrow(
      InvalidArgumentTypeError,
    );
  });

  it.each([
    { timeoutMs: -1 },
    { timeoutMs: Number.NaN },
    { localAddress: 'localhost' },
    { localPort: 65_536 },
  ])('refuses %j', (options) => {
    const factory = recorders();
    expect(() => rig.reactor.connectTCP('127.0.0.1', 9, factory, options)).toThrow(
      InvalidArgumentValueError,
    );
    expect(factory.users).toBe(0);
  });
});

contract('the local end of connectTCP', (rig) => {
  it('is the requested local address', async () => {
    const { protocol, peer } = await connected(rig, new Recorder(), { localAddress: '127.0.0.2' });
    expect(peer.socket.remoteAddress).toBe('127.0.0.2');
    expect(protocol.transport.getHost()).toMatchObject({ host: '127.0.0.2' });
  });

  it('is the requested local port', async () => {
    const localPort = await closedPort();
    const { protocol, peer } = await connected(rig, new Recorder(), {
      localAddress: '127.0.0.1',
      localPort,
    });
    expect(peer.remotePort).toBe(localPort);
    expect(protocol.transport.getHost()).toMatchObject({ port: localPort });
  });

  it('fails with ConnectBindError if this machine lacks the address', async () => {
    const raw = rig.use(await RawServer.listen());
    const factory = recorders();
    rig.reactor.connectTCP('127.0.0.1', raw.port, factory, { localAddress: '203.0.113.1' });
    factory.note('returned');
    await factory.until('clientConnectionFailed');
    expect(factory.reasons[0]).toBeInstanceOf(ConnectBindError);
    expect(factory.reasons[0]).toMatchObject({ cause: { code: 'EADDRNOTAVAIL' } });
    expect(factory.log[3]).toBe('returned');
  });

  it('fails with ConnectBindError if the port is in use', async () => {
    const raw = rig.use(await RawServer.listen());
    const taken = rig.use(await RawServer.listen());
    const factory = recorders();
    rig.reactor.connectTCP('127.0.0.1', raw.port, factory, {
      localAddress: '127.0.0.1',
      localPort: taken.port,
    });
    await factory.until('clientConnectionFailed');
    expect(factory.reasons[0]).toBeInstanceOf(ConnectBindError);
    expect(factory.reasons[0]).toMatchObject({ cause: { code: 'EADDRINUSE' } });
  });
});

contract('an attempt that is not answered', (rig) => {
  it('fails with ConnectTimeoutError when timeoutMs has passed', async () => {
    const blackhole = rig.use(await Blackhole.open());
    const factory = recorders();
    const from = rig.reactor.now();
    const connector = rig.reactor.connectTCP('127.0.0.1', blackhole.port, factory, {
      timeoutMs: 60,
    });
    await factory.until('stopFactory');
    expect(factory.reasons[0]).toBeInstanceOf(ConnectTimeoutError);
    expect(factory.reasons[0]).toMatchObject({ host: '127.0.0.1', port: blackhole.port });
    expect(rig.reactor.now() - from).toBeGreaterThanOrEqual(60);
    expect(connector.state).toBe('disconnected');
    expect(rig.reactor.getDelayedCalls()).toEqual([]);
  });

  it('counts the time that the name takes', async () => {
    const raw = rig.use(await RawServer.listen());
    // One that can't be called off.
    const late = new Deferred<readonly HostAddress[]>();
    rig.reactor.installNameResolver({ resolveHostName: () => late });
    const factory = recorders();
    const from = rig.reactor.now();
    rig.reactor.connectTCP('host.test', raw.port, factory, { timeoutMs: 40 });
    await factory.until('clientConnectionFailed');
    expect(factory.reasons[0]).toBeInstanceOf(ConnectTimeoutError);
    expect(rig.reactor.now() - from).toBeGreaterThanOrEqual(40);
    late.callback(hostAddresses('127.0.0.1'));
    await quietMoment(rig);
    expect(raw.peers, 'no connection comes of a late answer').toHaveLength(0);
    expect(factory.log.filter((event) => event.startsWith('client'))).toHaveLength(1);
  });

  it('continues without a limit for 0', async () => {
    const blackhole = rig.use(await Blackhole.open());
    const factory = recorders();
    const connector = rig.reactor.connectTCP('127.0.0.1', blackhole.port, factory, {
      timeoutMs: 0,
    });
    await quietMoment(rig);
    expect(connector.state).toBe('connecting');
    expect(rig.reactor.getDelayedCalls()).toEqual([]);
  });

  it('leaves no delayed call behind when it succeeds', async () => {
    await connected(rig, new Recorder(), { timeoutMs: 60_000 });
    expect(rig.reactor.getDelayedCalls()).toEqual([]);
  });

  it('ends by stopConnecting, reported in a later turn', async () => {
    const blackhole = rig.use(await Blackhole.open());
    const factory = recorders();
    const connector = rig.reactor.connectTCP('127.0.0.1', blackhole.port, factory);
    await rig.turns(3);
    connector.stopConnecting();
    factory.note('stopConnecting returned');
    await factory.until('stopFactory');
    expect(factory.log.slice(3)).toEqual([
      'stopConnecting returned',
      'clientConnectionFailed ConnectingCancelledError',
      'doStop',
      'stopFactory',
    ]);
    expect(factory.reasons[0]).toBeInstanceOf(ConnectingCancelledError);
    expect(connector.state).toBe('disconnected');
  });

  it('ends by stopConnecting while the name is resolved', async () => {
    const resolver = new HeldResolver();
    rig.reactor.installNameResolver(resolver);
    const factory = recorders();
    const connector = rig.reactor.connectTCP('host.test', 9, factory);
    const question = await resolver.question();
    connector.stopConnecting();
    expect(question.cancelled).toBe(true);
    expect(factory.reasons, 'told in a later turn').toEqual([]);
    await factory.until('clientConnectionFailed');
    expect(factory.reasons[0]).toBeInstanceOf(ConnectingCancelledError);
  });

  it('ends by disconnect', async () => {
    const blackhole = rig.use(await Blackhole.open());
    const factory = recorders();
    const connector = rig.reactor.connectTCP('127.0.0.1', blackhole.port, factory);
    await rig.turns(2);
    connector.disconnect();
    await factory.until('clientConnectionFailed');
    expect(factory.reasons[0]).toBeInstanceOf(ConnectingCancelledError);
  });
});

contract('what connectTCP reports', (rig) => {
  it('is always a ConnectError with host and port', async () => {
    const factory = recorders();
    const port = await closedPort();
    rig.reactor.connectTCP('127.0.0.1', port, factory);
    rig.reactor.connectTCP('no-such-host.invalid', port, factory);
    rig.reactor.connectTCP('127.0.0.1', port, factory, { localAddress: '203.0.113.1' });
    // No listener can be on these: the system refuses the attempt itself.
    rig.reactor.connectTCP('255.255.255.255', port, factory, { timeoutMs: 200 });
    await factory.until('clientConnectionFailed', 4);
    for (const reason of factory.reasons) {
      expect(reason).toBeInstanceOf(ConnectError);
      expect((reason as ConnectError).port).toBe(port);
    }
  });
});
