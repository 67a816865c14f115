/** The options of reactors, endpoints, TLS, framing and policies. */
import {
  AdoptedServerEndpoint,
  type AdoptPipeOptions,
  BasicProducerConsumerProxy,
  BucketFilter,
  backoffPolicy,
  ClientService,
  Cooperator,
  clientFromString,
  createReactor,
  Deferred,
  DeferredFilesystemLock,
  DeferredQueue,
  DelimiterDecoder,
  deferredList,
  encodeLengthPrefix,
  encodeLengthPrefixed,
  FileSender,
  gatherResults,
  HostnameEndpoint,
  IdleTimeouts,
  Int16StringReceiver,
  LengthFieldDecoder,
  LengthPrefixDecoder,
  LimitConnectionsByPeerFactory,
  LimitTotalConnectionsFactory,
  LimitUnsentBytesFactory,
  LineDecoder,
  LineOnlyReceiver,
  LineReceiver,
  NetstringDecoder,
  NetstringReceiver,
  openSerialPort,
  openStdio,
  ProducerConsumerProxy,
  Protocol,
  ProxyHeaderParser,
  ProxyProtocolClientEndpoint,
  ProxyProtocolClientFactory,
  ProxyProtocolFactory,
  ProxyProtocolServerEndpoint,
  type Reactor,
  ReconnectingClientFactory,
  react,
  ShapingFactory,
  StandardIOEndpoint,
  StatefulProtocol,
  SystemdServerEndpoint,
  serializeProxyHeader,
  serverFromString,
  TCPClientEndpoint,
  TCPServerEndpoint,
  TimeoutFactory,
  TokenBucket,
  TrafficLoggingFactory,
  ticks,
  UNIXClientEndpoint,
  UNIXServerEndpoint,
  UnsentBytesBudget,
  wrapClientTLS,
} from '../../src/index.js';
import {
  ManualClock,
  MemoryReactor,
  MemoryTransport,
  type SimulatedReactor,
  Simulation,
} from '../../src/testing/index.js';
import {
  connectTLS,
  listenTLS,
  selfSignedCertificate,
  TLSClientContext,
  TLSClientFactory,
  TLSServerContext,
} from '../../src/tls/index.js';
import { and, type Call, memory } from './option-calls.js';

export class Strings extends Int16StringReceiver {
  override stringReceived(): void {}
}

export class Lines extends LineReceiver {
  override lineReceived(): void {}
}

export class OnlyLines extends LineOnlyReceiver {
  override lineReceived(): void {}
}

export class Netstrings extends NetstringReceiver {
  override stringReceived(): void {}
}

/** For sockets that a memory reactor lacks. */
const simulated = (call: (reactor: SimulatedReactor, options: never) => unknown): Call => {
  return (options) => call(new Simulation().host('host'), options);
};

export class Blocks extends StatefulProtocol {
  override getInitialState(): never {
    throw new Error('not connected');
  }
}

const connected = (): MemoryTransport => {
  const transport = new MemoryTransport();
  transport.connect(new Protocol());
  return transport;
};

const identity = await selfSignedCertificate();

const clock = new ManualClock();
const rate = { bytesPerSecond: 1 };

const udp = (reactor: Reactor): ReturnType<Reactor['listenUDP']> => reactor.listenUDP(0, () => {});

const tcpClient = (reactor: Reactor): TCPClientEndpoint =>
  new TCPClientEndpoint(reactor, '192.0.2.1', 1);

export const REACTOR_CALLS: Readonly<Record<string, readonly Call[]>> = {
  AdoptConnectionOptions: [memory((reactor, o) => reactor.adoptStreamConnection(9, Protocol, o))],
  AdoptDatagramOptions: [memory((reactor, o) => reactor.adoptDatagramPort(9, () => {}, o))],
  AdoptedServerEndpointOptions: [memory((reactor, o) => new AdoptedServerEndpoint(reactor, 9, o))],
  AdoptPipeOptions: [memory((reactor, o) => reactor.adoptPipe(9, Protocol, o))],
  AdoptPortOptions: [memory((reactor, o) => reactor.adoptStreamPort(9, Protocol, o))],
  ConnectTCPOptions: [
    memory((reactor, o) => reactor.connectTCP('192.0.2.1', 1, Protocol, o)),
    memory((reactor, o) => new HostnameEndpoint(reactor, 'example.com', 1, o)),
    memory((reactor, o) => new TCPClientEndpoint(reactor, '192.0.2.1', 1, o)),
  ],
  ConnectTLSOptions: [memory((reactor, o) => connectTLS(reactor, '192.0.2.1', 1, Protocol, {}, o))],
  ConnectUNIXDatagramOptions: [
    simulated((reactor, o) => reactor.connectUNIXDatagram('/x', () => {}, o)),
  ],
  ConnectUNIXOptions: [
    memory((reactor, o) => reactor.connectUNIX('/x', Protocol, o)),
    memory((reactor, o) => new UNIXClientEndpoint(reactor, '/x', o)),
  ],
  BasicProducerConsumerProxyOptions: [
    (o) => new BasicProducerConsumerProxy(new MemoryTransport(), o),
  ],
  BackoffOptions: [(o) => backoffPolicy(o)],
  ClientServiceOptions: [
    memory((reactor, o) => new ClientService(tcpClient(reactor), Protocol, and(o, { clock }))),
  ],
  WhenConnectedOptions: [
    memory((reactor, o) => {
      return new ClientService(tcpClient(reactor), Protocol, { clock }).whenConnected(o);
    }),
  ],
  ReconnectingClientOptions: [(o) => new ReconnectingClientFactory(and(o, { clock }))],
  BucketFilterOptions: [(o) => new BucketFilter(and(o, { clock, ...rate }))],
  CooperatorOptions: [(o) => new Cooperator(and(o, { clock }))],
  CreateReactorOptions: [
    (o) => createReactor(and(o, { kind: 'node' })),
    (o) => createReactor(and(o, { kind: 'native' })),
  ],
  'Deferred.toPromise': [(o) => new Deferred().toPromise(o)],
  DeferredQueueOptions: [(o) => new DeferredQueue(o)],
  'DeferredQueue.values': [(o) => new DeferredQueue().values(o)],
  DelimiterDecoderOptions: [(o) => new DelimiterDecoder(',', o)],
  EndpointStringOptions: [
    memory((reactor, o) => clientFromString(reactor, 'tcp:example.com:80', o)),
    memory((reactor, o) => serverFromString(reactor, 'tcp:80', o)),
  ],
  FileSenderOptions: [(o) => new FileSender(o)],
  FilesystemLockOptions: [(o) => new DeferredFilesystemLock('/x', clock, o)],
  Firing: [(o) => deferredList([], o)],
  gatherResults: [(o) => gatherResults([], o)],
  IdleTimeoutsOptions: [(o) => new IdleTimeouts(clock, o)],
  KeepAliveOptions: [
    memory((reactor, keepAlive) => reactor.listenTCP(0, Protocol, { keepAlive })),
    memory((reactor, keepAlive) => reactor.connectTCP('192.0.2.1', 1, Protocol, { keepAlive })),
  ],
  LengthFieldDecoderOptions: [(o) => new LengthFieldDecoder(o)],
  LengthPrefixDecoderOptions: [(o) => new LengthPrefixDecoder(8, o), (o) => new Strings(o)],
  LengthPrefixOptions: [(o) => encodeLengthPrefix(1, 8, o), (o) => encodeLengthPrefixed('x', 8, o)],
  LimitConnectionsByPeerOptions: [(o) => new LimitConnectionsByPeerFactory(Protocol, o)],
  LimitTotalConnectionsOptions: [(o) => new LimitTotalConnectionsFactory(Protocol, o)],
  LimitUnsentBytesOptions: [(o) => new LimitUnsentBytesFactory(Protocol, o)],
  LineDecoderOptions: [(o) => new LineDecoder(o), (o) => new Lines(o), (o) => new OnlyLines(o)],
  ListenTCPOptions: [
    memory((reactor, o) => reactor.listenTCP(0, Protocol, o)),
    memory((reactor, o) => new TCPServerEndpoint(reactor, 0, o)),
  ],
  ListenUDPOptions: [memory((reactor, o) => reactor.listenUDP(0, () => {}, o))],
  ListenUNIXDatagramOptions: [
    simulated((reactor, o) => reactor.listenUNIXDatagram('/x', () => {}, o)),
  ],
  ListenUNIXOptions: [
    memory((reactor, o) => reactor.listenUNIX('/x', Protocol, o)),
    memory((reactor, o) => new UNIXServerEndpoint(reactor, '/x', o)),
  ],
  MulticastMembership: [
    memory((reactor, o) => udp(reactor).joinGroup('239.1.2.3', o)),
    memory((reactor, o) => udp(reactor).leaveGroup('239.1.2.3', o)),
  ],
  NetstringDecoderOptions: [(o) => new NetstringDecoder(o), (o) => new Netstrings(o)],
  ProducerConsumerProxyOptions: [(o) => new ProducerConsumerProxy(new MemoryTransport(), o)],
  ProxyHeaderOptions: [
    (o) => serializeProxyHeader(o),
    (o) => new ProxyProtocolClientFactory(Protocol, o),
    memory((reactor, o) => new ProxyProtocolClientEndpoint(tcpClient(reactor), o)),
  ],
  ProxyHeaderParserOptions: [(o) => new ProxyHeaderParser(o)],
  ProxyProtocolOptions: [
    (o) => new ProxyProtocolFactory(Protocol, and(o, { clock, trustedPeers: 'everybody' })),
    memory((reactor, o) => {
      const options = and(o, { clock, trustedPeers: 'everybody' as const });
      return new ProxyProtocolServerEndpoint(new TCPServerEndpoint(reactor, 0), options);
    }),
  ],
  ProxySSL: [(ssl) => serializeProxyHeader({ ssl })],
  Rate: [
    (total) => new ShapingFactory(Protocol, { clock, read: { total } }),
    (perConnection) => new ShapingFactory(Protocol, { clock, write: { perConnection } }),
  ],
  ReactOptions: [(o) => react(() => {}, and(o, { reactor: new MemoryReactor() }))],
  ResolveOptions: [
    memory((reactor, o) => reactor.nameResolver.resolveHostName('x', o)),
    (o) => createReactor({ kind: 'node' }).nameResolver.resolveHostName('x', o),
  ],
  RunOptions: [memory((reactor, o) => reactor.run(o))],
  SendOptions: [memory((reactor, o) => udp(reactor).write('x', { host: '192.0.2.1', port: 1 }, o))],
  SelfSignedCertificateOptions: [(o) => selfSignedCertificate(o)],
  ShapingFactoryOptions: [(o) => new ShapingFactory(Protocol, and(o, { clock }))],
  ShapingLimits: [
    (read) => new ShapingFactory(Protocol, { clock, read }),
    (write) => new ShapingFactory(Protocol, { clock, write }),
  ],
  StartTLSOptions: [(o) => connected().startTLS(new TLSClientContext({ engine: 'node' }), o)],
  StatefulProtocolOptions: [(o) => new Blocks(o)],
  StopListeningOptions: [
    memory((reactor, o) => reactor.listenTCP(0, Protocol).stopListening(o)),
    memory((reactor, o) => reactor.listenUNIX('/x', Protocol).stopListening(o)),
    memory((reactor, o) => udp(reactor).stopListening(o)),
  ],
  SerialPortOptions: [memory((reactor, o) => openSerialPort(reactor, '/dev/null', Protocol, o))],
  SerialOptions: [
    memory((reactor, serial) =>
      reactor.adoptPipe(9, Protocol, { direction: 'both', serial } as AdoptPipeOptions),
    ),
  ],
  StdioOptions: [
    memory((reactor, o) => openStdio(reactor, Protocol, o)),
    memory((reactor, o) => new StandardIOEndpoint(reactor, o)),
  ],
  SystemdServerEndpointOptions: [memory((reactor, o) => new SystemdServerEndpoint(reactor, o))],
  TicksOptions: [(o) => ticks(clock, 1, o)],
  TimeoutFactoryOptions: [(o) => new TimeoutFactory(Protocol, and(o, { clock }))],
  TLSClientChanges: [(o) => new TLSClientContext().reload(o)],
  TLSClientFactoryOptions: [(o) => new TLSClientFactory(new TLSClientContext(), Protocol, o)],
  TLSClientOptions: [
    (o) => new TLSClientContext(o),
    memory((reactor, o) => connectTLS(reactor, '192.0.2.1', 1, Protocol, o)),
  ],
  TLSIdentityOptions: [
    (o) => new TLSServerContext({ identity: [o] }),
    (o) => new TLSClientContext({ identity: [o] }),
  ],
  TLSServerChanges: [(o) => new TLSServerContext({ identity }).reload(o)],
  TLSServerOptions: [
    (o) => new TLSServerContext(o),
    memory((reactor, o) => listenTLS(reactor, 0, Protocol, o)),
  ],
  TokenBucketOptions: [(o) => new TokenBucket(and(o, { clock, ...rate }))],
  TrafficLoggingOptions: [(o) => new TrafficLoggingFactory(Protocol, o)],
  UnsentBytesBudgetOptions: [(o) => new UnsentBytesBudget(and(o, { clock, maxBytes: 1 }))],
  WrapClientTLSOptions: [
    memory((reactor, o) => wrapClientTLS({}, new HostnameEndpoint(reactor, 'example.com', 443), o)),
  ],
};
