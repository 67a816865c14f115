import { afterEach, describe, expect, it } from 'vitest';
import { IPv4Address, UNIXAddress } from '../../src/core/address.js';
import type { ListenUDPOptions } from '../../src/core/datagram.js';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import {
  ConnectingCancelledError,
  ConnectionRefusedError,
  ConnectTimeoutError,
} from '../../src/core/errors/connecting.js';
import { ConnectionDone, ConnectionLost } from '../../src/core/errors/connection.js';
import { InvalidAddressError, MessageLengthError } from '../../src/core/errors/datagram.js';
import { CannotListenError } from '../../src/core/errors/listening.js';
import { NameNotFoundError } from '../../src/core/errors/names.js';
import { UnsupportedError } from '../../src/core/errors/reactor.js';
import { Protocol } from '../../src/core/protocol.js';
import { CancelledError } from '../../src/defer/errors.js';
import {
  assertNoResult,
  failureResultOf,
  successResultOf,
} from '../../src/testing/deferred-results.js';
import { MemoryReactor } from '../../src/testing/memory-reactor.js';
import type {
  MemoryTCPClient,
  MemoryTCPServer,
  MemoryUDPPort,
} from '../../src/testing/memory-records.js';
import {
  SimulationLimitError,
  TestTransportStateError,
} from '../../src/testing/simulation/errors.js';
import { DatagramRecorder } from '../support/datagrams.js';
import { HeldResolver, hostAddresses } from '../support/name-resolvers.js';
import { Recorder, RecordingFactory, takeViolations } from '../support/recorder.js';

afterEach(() => expect(takeViolations(), 'rules broken').toEqual([]));

interface Served {
  readonly reactor: MemoryReactor;
  readonly factory: RecordingFactory;
  readonly server: MemoryTCPServer;
}

function served(): Served {
  const reactor = new MemoryReactor();
  const factory = new RecordingFactory(() => new Recorder());
  reactor.listenTCP(80, factory, { backlog: 5 });
  return { reactor, factory, server: reactor.tcpServers[0] as MemoryTCPServer };
}

interface Connecting {
  readonly reactor: MemoryReactor;
  readonly factory: RecordingFactory;
  readonly client: MemoryTCPClient;
}

function connecting(): Connecting {
  const reactor = new MemoryReactor();
  const factory = new RecordingFactory(() => new Recorder());
  reactor.connectTCP('example.org', 25, factory, { timeoutMs: 3_000 });
  return { reactor, factory, client: reactor.tcpClients[0] as MemoryTCPClient };
}

describe('the names of a MemoryReactor', () => {
  it('all stand for one address, found in the next turn; an address stands for itself', () => {
    const reactor = new MemoryReactor();
    const answer = reactor.nameResolver.resolveHostName('example.org');
    const itself = reactor.nameResolver.resolveHostName('::1');
    assertNoResult(answer);
    reactor.advance(0);
    expect(successResultOf(answer)).toEqual(hostAddresses('192.0.2.10'));
    expect(successResultOf(itself)).toEqual(hostAddresses('::1'));
    expect(reactor.getDelayedCalls()).toEqual([]);
  });

  it('are not found if another family is wanted', () => {
    const reactor = new MemoryReactor();
    const options = { families: ['IPv6'] } as const;
    const answer = reactor.nameResolver.resolveHostName('example.org', options);
    reactor.advance(0);
    failureResultOf(answer, NameNotFoundError);
  });

  it('are asked for until that is cancelled', () => {
    const reactor = new MemoryReactor();
    const controller = new AbortController();
    const { signal } = controller;
    const answers = [
      reactor.nameResolver.resolveHostName('a.test'),
      reactor.nameResolver.resolveHostName('b.test', { signal }),
    ];
    answers[0]?.cancel();
    controller.abort();
    reactor.advance(0);
    for (const answer of answers) failureResultOf(answer, CancelledError);
  });

  it('are resolved by whatever the test installs', () => {
    const { reactor, factory, client } = connecting();
    const resolver = new HeldResolver();
    reactor.installNameResolver(resolver);
    reactor.advance(0);
    expect(resolver.asked).toMatchObject([{ name: 'example.org' }]);
    resolver.asked[0]?.answer.callback(hostAddresses('192.0.2.77'));
    client.accept();
    expect(factory.addresses[0]).toMatchObject({ host: '192.0.2.77' });
  });
});

describe('a MemoryReactor that listens', () => {
  it('records what was asked for', () => {
    const { reactor, factory, server } = served();
    expect(server).toMatchObject({ port: 80, factory, options: { backlog: 5 } });
    expect(String(server.listeningPort.getHost())).toBe('192.0.2.1:80');
    expect(reactor.listenTCP(0, factory).getHost().port).toBeGreaterThan(0);
    expect(() => reactor.listenTCP(80, factory)).toThrow(CannotListenError);
    expect(() => reactor.listenTCP('80' as never, factory)).toThrow(InvalidArgumentTypeError);
    expect(reactor.tcpServers.length).toBe(2);
  });

  it('is connected to by the test', () => {
    const { reactor, factory, server } = served();
    const peer = new IPv4Address('TCP', '198.51.100.7', 1234);
    const transport = server.connect(peer);
    const [protocol] = factory.built;
    expect(factory.addresses).toEqual([peer]);
    transport.receive('question');
    protocol?.transport.write('answer');
    protocol?.call('loseConnection');
    expect([protocol?.text, transport.text]).toEqual(['question', 'answer']);
    reactor.advance(0);
    expect(protocol?.reason).toBeInstanceOf(ConnectionDone);
    expect(reactor.statistics()).toMatchObject({ connectionsAccepted: 1, connectionsOpen: 0 });
  });

  it('closes the connection that a factory does not want', () => {
    const reactor = new MemoryReactor();
    reactor.listenTCP(80, () => null);
    const transport = reactor.tcpServers[0]?.connect();
    expect([transport?.connected, transport?.peerSees]).toEqual([false, 'end']);
  });

  it('cannot be connected to once it has stopped', () => {
    const { reactor, factory, server } = served();
    server.listeningPort.stopListening();
    reactor.advance(0);
    expect(() => server.connect()).toThrow(TestTransportStateError);
    expect(factory.log.at(-1)).toBe('stopFactory');
    reactor.listenTCP(80, factory);
  });
});

describe('a MemoryReactor that connects', () => {
  it('records what was asked for, and waits for an answer', () => {
    const { reactor, factory, client } = connecting();
    expect(client).toMatchObject({ host: 'example.org', port: 25, factory });
    reactor.advance(2_999);
    expect(client.connector.state).toBe('connecting');
    reactor.advance(1);
    expect(factory.reasons).toEqual([expect.any(ConnectTimeoutError)]);
    expect(() => client.accept()).toThrow(TestTransportStateError);
  });

  it('is accepted by the test', () => {
    const { reactor, factory, client } = connecting();
    const transport = client.accept();
    const [protocol] = factory.built;
    expect(String(transport.getPeer())).toBe('192.0.2.10:25');
    transport.receive('220 ready');
    expect(protocol?.text).toBe('220 ready');
    transport.peerResets();
    expect(protocol?.reason).toBeInstanceOf(ConnectionLost);
    expect(factory.log.slice(-3)).toEqual([
      'clientConnectionLost ConnectionLost',
      'doStop',
      'stopFactory',
    ]);
    reactor.advance(10_000);
    expect(reactor.getDelayedCalls()).toEqual([]);
  });

  it('uses the local address that was requested', () => {
    const reactor = new MemoryReactor();
    const local = { localAddress: '192.0.2.66', localPort: 1234 };
    reactor.connectTCP('192.0.2.10', 25, () => new Recorder(), local);
    expect(String(reactor.tcpClients[0]?.accept().getHost())).toBe('192.0.2.66:1234');
  });

  it('is refused by the test, as often as it tries', () => {
    const { factory, client } = connecting();
    let tries = 0;
    factory.hooks = {
      clientConnectionFailed: (connector) => {
        tries += 1;
        if (tries < 3) connector.connect();
      },
    };
    client.refuse();
    client.refuse();
    client.refuse(Object.assign(new Error('no'), { code: 'EHOSTUNREACH' }));
    expect(factory.reasons.map(({ name }) => name)).toEqual([
      'ConnectionRefusedError',
      'ConnectionRefusedError',
      'NoRouteError',
    ]);
    expect(factory.reasons[0]).toBeInstanceOf(ConnectionRefusedError);
    expect(() => client.refuse()).toThrow(TestTransportStateError);
  });

  it('can be cancelled', () => {
    const { reactor, factory, client } = connecting();
    reactor.advance(0);
    client.connector.stopConnecting();
    reactor.advance(0);
    expect(factory.reasons).toEqual([expect.any(ConnectingCancelledError)]);
  });

  it('loses its connections when it is stopped', async () => {
    const { reactor, factory, client } = connecting();
    const running = reactor.run({ installSignalHandlers: false });
    client.accept();
    reactor.stop();
    reactor.advance(0);
    await running;
    expect(factory.built[0]?.reason).toBeInstanceOf(ConnectionLost);
  });
});

describe('time of a MemoryReactor', () => {
  it('passes in advance only', () => {
    const reactor = new MemoryReactor();
    const times: number[] = [];
    for (const ms of [1.5, 10, 20]) reactor.callLater(ms, () => times.push(reactor.now()));
    reactor.advance(10);
    expect(times).toEqual([1.5, 10]);
    reactor.pump([5, 5]);
    expect([times, reactor.now()]).toEqual([[1.5, 10, 20], 20]);
  });

  it('passes in an advance inside a delayed call, each call at its own time', () => {
    const reactor = new MemoryReactor();
    const log: [string, number][] = [];
    const note = (name: string): void => void log.push([name, reactor.now()]);
    reactor.callLater(1, () => {
      note('first');
      reactor.callLater(3, note, 'made inside');
      reactor.pump([2, 3]);
      note('end of the first');
    });
    reactor.callLater(1, note, 'due with the first');
    reactor.callLater(2, note, 'due in the inner advance');
    reactor.callLater(8, note, 'due in the outer advance');
    reactor.advance(4);
    expect(reactor.now()).toBe(6);
    reactor.advance(2);
    expect(log).toEqual([
      ['first', 1],
      ['due with the first', 1],
      ['due in the inner advance', 2],
      ['made inside', 4],
      ['end of the first', 6],
      ['due in the outer advance', 8],
    ]);
  });

  it('passes in an advance inside a callback of a protocol', () => {
    const reactor = new MemoryReactor();
    const log: string[] = [];
    class Impatient extends Protocol {
      override dataReceived(data: Buffer): void {
        log.push(String(data));
        reactor.callLater(5, () => log.push('delayed call'));
        reactor.advance(5);
        this.transport.write(data);
        this.transport.loseConnection();
      }
      override connectionLost(): void {
        log.push('connectionLost');
      }
    }
    reactor.listenTCP(7, Impatient);
    const transport = reactor.tcpServers[0]?.connect();
    transport?.receive('hello');
    expect([log, transport?.text]).toEqual([['hello', 'delayed call'], 'hello']);
    reactor.advance(0);
    expect(log.at(-1)).toBe('connectionLost');
  });

  it('is not spent on what never comes to rest', () => {
    const reactor = new MemoryReactor();
    const again = (): void => void reactor.callLater(0, again);
    again();
    expect(() => reactor.advance(1)).toThrow(SimulationLimitError);
  });

  it('has sockets without descriptors', () => {
    const reactor = new MemoryReactor();
    const port = reactor.listenTCP(80, () => ({}));
    expect(() => port.fileno()).toThrow(UnsupportedError);
    expect(reactor.poller).toBe('memory');
  });

  it('reports errors of application code', () => {
    const errors: unknown[] = [];
    const reactor = new MemoryReactor({ reportError: (error) => errors.push(error) });
    const failure = new Error('a bug');
    reactor.listenTCP(80, () => {
      throw failure;
    });
    reactor.tcpServers[0]?.connect();
    reactor.callLater(1, () => {
      throw failure;
    });
    reactor.advance(1);
    expect(errors).toEqual([failure, failure]);
  });
});

describe('a MemoryReactor over UNIX sockets', () => {
  it('records what was listened on, and connects clients', () => {
    const reactor = new MemoryReactor();
    const factory = new RecordingFactory(() => new Recorder());
    const options = { mode: 0o600, wantPID: true };
    const port = reactor.listenUNIX('/run/nowhere/socket', factory, options);
    const [server] = reactor.unixServers;
    expect(server).toMatchObject({ path: '/run/nowhere/socket', factory, options });
    expect(port.getHost()).toEqual(new UNIXAddress('/run/nowhere/socket'));
    expect(() => reactor.listenUNIX('/run/nowhere/socket', factory)).toThrow(CannotListenError);
    expect(() => reactor.listenUNIX('', factory)).toThrow(RangeError);

    const transport = server?.connect();
    transport?.receive('hello');
    const [protocol] = factory.built;
    expect(protocol?.text).toBe('hello');
    expect(protocol?.transport.getPeer()).toEqual(new UNIXAddress(''));
    expect(protocol?.transport.getHost()).toEqual(port.getHost());
    expect(server?.connect(new UNIXAddress('/run/me'))?.getPeer()).toEqual(
      new UNIXAddress('/run/me'),
    );
    port.stopListening();
    expect(() => server?.connect()).toThrow(TestTransportStateError);
    expect(() => reactor.listenUNIX('/run/nowhere/socket', factory)).not.toThrow();
  });

  it('answers attempts to connect', () => {
    const reactor = new MemoryReactor();
    const factory = new RecordingFactory(() => new Recorder());
    const connector = reactor.connectUNIX('/run/nowhere/socket', factory, { checkPID: true });
    const [client] = reactor.unixClients;
    expect(client).toMatchObject({ path: '/run/nowhere/socket', connector, factory });
    client?.refuse();
    expect(factory.reasons[0]).toBeInstanceOf(ConnectionRefusedError);
    expect(factory.reasons[0]).toMatchObject({ path: '/run/nowhere/socket' });
    connector.connect();
    const transport = client?.accept();
    expect(transport?.getPeer()).toEqual(new UNIXAddress('/run/nowhere/socket'));
    transport?.receive('welcome');
    expect(factory.built[0]?.text).toBe('welcome');
    expect(() => transport?.setTcpNoDelay(true)).toThrow(UnsupportedError);
    expect(() => client?.accept()).toThrow(TestTransportStateError);
  });
});

describe('a MemoryReactor with UDP ports', () => {
  function opened(options: ListenUDPOptions = {}) {
    const reactor = new MemoryReactor();
    const protocol = new DatagramRecorder();
    const transport = reactor.listenUDP(53, protocol, options);
    return { reactor, protocol, transport, port: reactor.udpPorts[0] as MemoryUDPPort };
  }

  it('records requests and written bytes', () => {
    const { reactor, protocol, transport, port } = opened({ broadcast: true });
    expect(port).toMatchObject({ port: 53, protocol, transport, options: { broadcast: true } });
    expect(String(transport.getHost())).toBe('192.0.2.1:53');
    expect(() => reactor.listenUDP(53, protocol)).toThrow(CannotListenError);
    expect(reactor.listenUDP(0, () => {}).getHost().port).toBeGreaterThan(0);
    transport.write('question', { host: '192.0.2.9', port: 5353 });
    expect(port.written.map(({ data, to }) => `${data} ${to}`)).toEqual([
      'question 192.0.2.9:5353',
    ]);
    expect(() => transport.write('x', { host: 'name', port: 1 })).toThrow(InvalidAddressError);
    expect(() => transport.write('x')).toThrow(InvalidAddressError);
    expect(() => transport.write(Buffer.alloc(65_508), { host: '192.0.2.9', port: 1 })).toThrow(
      MessageLengthError,
    );
    expect(port.written.length).toBe(1);
  });

  it('receives what the test gives it', () => {
    const { protocol, transport, port } = opened({ maxPacketSize: 10 });
    protocol.onDatagram = ({ data, from }) => transport.write(`re ${data}`, from);
    port.receive('hi', new IPv4Address('UDP', '192.0.2.9', 5353));
    expect(String(port.written[0]?.to)).toBe('192.0.2.9:5353');
    expect(port.written[0]?.data.toString()).toBe('re hi');
    port.receive('far too long');
    expect(protocol.errors[0]).toMatchObject({ code: 'ERR_DATAGRAM_TRUNCATED' });
    expect(transport.datagramsTruncated).toBe(1);
    expect(() => port.receive(7 as never)).toThrow(InvalidArgumentTypeError);
  });

  it('gives the requested details, and records the source of an answer', () => {
    const { reactor, transport, port } = opened({ interface: '0.0.0.0' });
    const seen: unknown[] = [];
    reactor.listenUDP(
      54,
      (data, from, to, details) => {
        seen.push(details);
        to.write(data, from, { source: details?.destination as string });
      },
      { interface: '0.0.0.0', packetInfo: true, receiveTrafficClass: true },
    );
    const second = reactor.udpPorts[1] as MemoryUDPPort;
    second.receive('hi');
    second.receive('hi', undefined, { destination: '192.0.2.3', trafficClass: 3 });
    expect(seen).toEqual([
      { destination: '192.0.2.1', interfaceIndex: 2, trafficClass: 0 },
      { destination: '192.0.2.3', interfaceIndex: 2, trafficClass: 3 },
    ]);
    expect(second.written.map(({ source }) => source)).toEqual(['192.0.2.1', '192.0.2.3']);
    transport.write('x', { host: '192.0.2.9', port: 1 });
    expect(Object.keys(port.written[0] ?? {})).toEqual(['data', 'to']);
  });

  it('knows a peer, and its refusal', () => {
    const { protocol, transport, port } = opened();
    transport.connect('192.0.2.9', 5353);
    transport.write('to the peer');
    port.receive('from a stranger');
    port.receive('from the peer', new IPv4Address('UDP', '192.0.2.9', 5353));
    port.refuse();
    expect(protocol.texts).toEqual(['from the peer']);
    expect(protocol.refusals).toBe(1);
    expect(String(port.written[0]?.to)).toBe('192.0.2.9:5353');
  });

  it('stops, and listens again', () => {
    const { reactor, protocol, transport, port } = opened();
    transport.stopListening();
    reactor.advance(0);
    expect(protocol.log).toEqual(['startProtocol', 'stopProtocol']);
    expect(() => port.receive('x')).toThrow(TestTransportStateError);
    expect(() => port.refuse()).toThrow(TestTransportStateError);
    transport.startListening();
    port.receive('again');
    expect(protocol.texts).toEqual(['again']);
  });

  it('keeps options, and calls a pull producer in each turn', () => {
    const { reactor, transport, port } = opened();
    transport.setTTL(5);
    transport.setTrafficClass(8);
    transport.setMulticastTTL(4);
    transport.setMulticastLoopback(false);
    transport.joinGroup('239.1.2.3');
    expect([transport.getMulticastTTL(), transport.getMulticastLoopback()]).toEqual([4, false]);
    expect(transport.getBroadcastAllowed()).toBe(false);
    expect(() => transport.fileno()).toThrow(UnsupportedError);
    let left = 3;
    transport.registerProducer(
      {
        resumeProducing() {
          if (left-- > 0) transport.write('x', { host: '192.0.2.9', port: 1 });
        },
        stopProducing() {},
      },
      false,
    );
    reactor.advance(0);
    expect(port.written.length).toBe(3);
  });
});
