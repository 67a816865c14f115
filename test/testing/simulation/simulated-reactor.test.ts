import { afterEach, describe, expect, it } from 'vitest';
import { InvalidArgumentTypeError } from '../../../src/core/errors/arguments.js';
import {
  ConnectBindError,
  ConnectingCancelledError,
  ConnectionRefusedError,
  ConnectTimeoutError,
  DNSLookupError,
  NoRouteError,
} from '../../../src/core/errors/connecting.js';
import { ConnectionLost } from '../../../src/core/errors/connection.js';
import { AcceptError, CannotListenError } from '../../../src/core/errors/listening.js';
import { ReactorDisposedError, UnsupportedError } from '../../../src/core/errors/reactor.js';
import { AccumulatingProtocol } from '../../../src/testing/accumulating-protocol.js';
import { Simulation } from '../../../src/testing/simulation/simulation.js';
import { Recorder, RecordingFactory, takeViolations } from '../../support/recorder.js';
import { connectedPair } from './pairs.js';

afterEach(() => expect(takeViolations(), 'rules broken').toEqual([]));

/** What becomes of an attempt of host `b` to connect. */
function outcome(
  simulation: Simulation,
  host: string,
  port = 80,
  options: Parameters<ReturnType<Simulation['host']>['connectTCP']>[3] = {},
): { readonly log: readonly string[]; readonly reason: Error | undefined } {
  const factory = new RecordingFactory(() => new Recorder());
  simulation.host('b').connectTCP(host, port, factory, options);
  expect(factory.reasons, 'told before connectTCP returned').toEqual([]);
  simulation.runSync();
  return { log: factory.log, reason: factory.reasons[0] };
}

describe('listening', () => {
  it('chooses a free port for 0 and refuses one in use', () => {
    const host = new Simulation().host('a');
    const one = host.listenTCP(0, Recorder);
    const other = host.listenTCP(0, Recorder);
    expect(one.getHost().port).not.toBe(other.getHost().port);
    expect(() => host.listenTCP(one.getHost().port, Recorder)).toThrow(CannotListenError);
    expect(() => host.listenTCP(80, Recorder, { interface: '10.9.9.9' })).toThrow(
      CannotListenError,
    );
  });

  it('on the loopback interface is for the same host only', () => {
    const simulation = new Simulation();
    simulation.host('a').listenTCP(80, Recorder, { interface: '127.0.0.1' });
    simulation.host('b').listenTCP(81, Recorder, { interface: '127.0.0.1' });
    expect(outcome(simulation, 'a').reason).toBeInstanceOf(ConnectionRefusedError);
    expect(outcome(simulation, 'localhost', 81).reason).toBeUndefined();
    expect(outcome(simulation, '127.0.0.1', 81).reason).toBeUndefined();
  });

  it('is shared in turn by ports with reusePort', () => {
    const simulation = new Simulation();
    const factories = [0, 1].map(() => new RecordingFactory(() => new Recorder()));
    for (const factory of factories) {
      simulation.host('a').listenTCP(80, factory, { reusePort: true });
    }
    for (let i = 0; i < 4; i++) outcome(simulation, 'a');
    expect(factories.map(({ built }) => built.length)).toEqual([2, 2]);
  });

  it('ends with stopListening: further connections are refused, those there stay', async () => {
    const { simulation, client, port, serverFactory } = connectedPair();
    await simulation.run(port.stopListening());
    expect(outcome(simulation, 'a').reason).toBeInstanceOf(ConnectionRefusedError);
    expect(client.connected).toBe(true);
    expect(serverFactory.log.at(-1)).toBe('stopFactory');
  });
});

describe('connecting', () => {
  it('finds hosts by name and by address', () => {
    const simulation = new Simulation();
    simulation.host('a').listenTCP(80, Recorder);
    simulation.host('203.0.113.9').listenTCP(80, Recorder);
    simulation.host('2001:db8::1').listenTCP(80, Recorder);
    for (const name of ['a', '10.0.0.1', '203.0.113.9', '2001:db8::1']) {
      expect(outcome(simulation, name).log).toEqual([
        'doStart',
        'startFactory',
        'startedConnecting',
        'buildProtocol',
      ]);
    }
    expect(simulation.host('a')).toBe(simulation.host('a'));
  });

  it('asks the resolver of its host, which knows the hosts of the simulation', async () => {
    const simulation = new Simulation();
    const { nameResolver } = simulation.host('a');
    const { hostAddress } = simulation.host('b');
    const found = await simulation.run(nameResolver.resolveHostName('b'));
    expect(found).toEqual([{ address: hostAddress, family: 'IPv4' }]);
    const lost = simulation.run(nameResolver.resolveHostName('nowhere'));
    await expect(lost).rejects.toMatchObject({
      code: 'ERR_NAME_NOT_FOUND',
      cause: { code: 'ENOTFOUND', syscall: 'getaddrinfo' },
    });
  });

  it('fails with the errors of a system', () => {
    const simulation = new Simulation();
    simulation.host('a');
    expect(outcome(simulation, 'a').reason).toBeInstanceOf(ConnectionRefusedError);
    expect(outcome(simulation, 'nowhere').reason).toBeInstanceOf(DNSLookupError);
    expect(outcome(simulation, '198.51.100.1').reason).toBeInstanceOf(NoRouteError);
    const bound = outcome(simulation, 'a', 80, { localAddress: '198.51.100.1' });
    expect(bound.reason).toBeInstanceOf(ConnectBindError);
    expect(bound.log.slice(-3)).toEqual([
      'clientConnectionFailed ConnectBindError',
      'doStop',
      'stopFactory',
    ]);
  });

  it('times out if the network drops everything, in virtual time', () => {
    const simulation = new Simulation();
    simulation.host('a').listenTCP(80, Recorder);
    simulation.partition(simulation.host('a'), simulation.host('b'));
    const { reason } = outcome(simulation, 'a', 80, { timeoutMs: 5_000 });
    expect(reason).toBeInstanceOf(ConnectTimeoutError);
    expect(simulation.now()).toBe(5_000);
    simulation.heal();
    simulation.runSync();
    expect(simulation.connections).toEqual([]);
  });

  it('can be cancelled at any moment', () => {
    for (const ms of [0, 0.5, 1, 1.5, 2]) {
      const simulation = new Simulation();
      const serverFactory = new RecordingFactory(() => new Recorder());
      simulation.host('a').listenTCP(80, serverFactory);
      const factory = new RecordingFactory(() => new Recorder());
      const connector = simulation.host('b').connectTCP('a', 80, factory);
      simulation.callLater(
        ms,
        () => connector.state === 'connecting' && connector.stopConnecting(),
      );
      simulation.runSync();
      if (factory.built.length === 0) {
        expect(factory.reasons[0]).toBeInstanceOf(ConnectingCancelledError);
        for (const { reason } of serverFactory.built) expect(reason).toBeInstanceOf(ConnectionLost);
        expect(simulation.connections).toEqual([]);
      } else expect(ms).toBe(2);
    }
  });

  it('again after the connection was lost works', () => {
    const { simulation, client, clientFactory, serverFactory, connector } = connectedPair();
    clientFactory.hooks = { clientConnectionLost: (lost) => lost.connect() };
    clientFactory.built.length = 0;
    const again = new Recorder();
    Object.assign(clientFactory, { buildProtocol: () => again });
    Object.assign(serverFactory, { buildProtocol: () => new Recorder() });
    client.call('loseConnection');
    simulation.runSync();
    expect(again.connected).toBe(true);
    expect(connector.state).toBe('connected');
  });
});

describe('a simulated reactor', () => {
  it('checks the options that the others check', () => {
    const host = new Simulation().host('a');
    expect(() => host.listenTCP('80' as never, Recorder)).toThrow(InvalidArgumentTypeError);
    expect(() => host.connectTCP('a', 80, Recorder, { noDelay: 1 as never })).toThrow(
      InvalidArgumentTypeError,
    );
    expect(() => host.addReader({} as never)).toThrow(UnsupportedError);
    expect([host.kind, host.poller, host.hostName, host.hostAddress]).toEqual([
      'node',
      'simulation',
      'a',
      '10.0.0.1',
    ]);
  });

  it('runs delayed calls at their virtual times, to the microsecond', () => {
    const simulation = new Simulation();
    const times: number[] = [];
    for (const ms of [2.25, 0.5, 86_400_000]) {
      simulation.host('a').callLater(ms, () => times.push(simulation.host('a').now()));
    }
    simulation.runSync();
    expect(times).toEqual([0.5, 2.25, 86_400_000]);
  });

  it('runs and stops: ports are closed, connections lost, startup and shutdown fired', async () => {
    const { simulation, server, client, serverHost } = connectedPair();
    const log: string[] = [];
    serverHost.addSystemEventTrigger('before', 'startup', () => log.push('startup'));
    serverHost.addSystemEventTrigger('after', 'shutdown', () => log.push('shutdown'));
    const signals = process.listenerCount('SIGINT');
    const running = serverHost.run();
    await simulation.run({ ms: 10 });
    expect(process.listenerCount('SIGINT')).toBe(signals);
    serverHost.stop();
    await simulation.run(running);
    expect(log).toEqual(['startup', 'shutdown']);
    expect(server.reason).toBeInstanceOf(ConnectionLost);
    await simulation.run();
    expect(client.connected).toBe(false);
    expect(outcome(simulation, 'a').reason).toBeInstanceOf(ConnectionRefusedError);
  });

  it('can be disposed of', async () => {
    const { simulation, serverHost } = connectedPair();
    await simulation.run(serverHost[Symbol.asyncDispose]());
    expect(() => serverHost.callLater(0, () => {})).toThrow(ReactorDisposedError);
  });

  it('counts its work', async () => {
    const { simulation, client, server, clientHost, serverHost } = connectedPair();
    client.transport.write('12345');
    simulation.runSync();
    expect(clientHost.statistics()).toMatchObject({ bytesSent: 5, connectionsMade: 1 });
    expect(serverHost.statistics()).toMatchObject({
      bytesReceived: 5,
      connectionsAccepted: 1,
      connectionsOpen: 1,
    });
    server.call('loseConnection');
    simulation.runSync();
    expect(serverHost.statistics()).toMatchObject({ connectionsLost: 1, connectionsOpen: 0 });
  });

  it('reports connections that it could not accept', () => {
    const reports: unknown[] = [];
    const simulation = new Simulation({
      faults: { acceptFailure: 1 },
      reportError: (error) => reports.push(error),
    });
    simulation.host('a').listenTCP(80, Recorder);
    const client = new AccumulatingProtocol();
    simulation.host('b').connectTCP('a', 80, () => client);
    simulation.runSync();
    expect(client.closedReason).toBeInstanceOf(ConnectionLost);
    expect(reports).toEqual([expect.any(AcceptError)]);
  });
});
