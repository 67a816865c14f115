/**
 * Every options object of the public API refuses names that it does not know. The options types are read from the source: a new
 * one without a case fails the first test.
 */
import { describe, expect, it } from 'vitest';
import { serveDashboard } from '../../src/dashboard/index.js';
import { serveUpgradable, takeListeners } from '../../src/handover/index.js';
import {
  decodeBody,
  EventStreams,
  HTTPConnectionPool,
  HTTPFactory,
  httpOrigin,
  partsOf,
  serveFetch,
  serveHttp,
  staticFiles,
} from '../../src/http/index.js';
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
  InvalidArgumentTypeError,
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
  ProcessEndpoint,
  ProcessProtocol,
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
import { traceRequests } from '../../src/metrics/index.js';
import {
  getProcessOutput,
  getProcessOutputAndValue,
  getProcessValue,
  ProcessMonitor,
} from '../../src/process/index.js';
import { ChildProcess } from '../../src/reactor/processes/child-process.js';
import {
  ManualClock,
  MemoryReactor,
  MemoryTransport,
  type SimulatedReactor,
  Simulation,
} from '../../src/testing/index.js';
import { Thread, ThreadPool, threadModule } from '../../src/threads/index.js';
import {
  connectTLS,
  listenTLS,
  selfSignedCertificate,
  TLSClientContext,
  TLSClientFactory,
  TLSServerContext,
} from '../../src/tls/index.js';
import {
  connectWebSocket,
  serveWebSockets,
  WebSocketAcceptor,
  WebSocketTopics,
} from '../../src/websocket/index.js';
import { runWorkers } from '../../src/workers/index.js';
import { SharedPorts } from '../../src/workers/shared-ports.js';
import { WorkerGroup } from '../../src/workers/worker-group.js';
import { findOptionsTypes } from '../support/options-types.js';
import { unknownOptionOf } from '../support/unknown-option.js';
import { APPLICATION_CALLS } from './application-options.js';
import { CRED_CALLS } from './cred-options.js';
import { DATABASE_CALLS } from './database-options.js';
import { FILES_CALLS } from './files-options.js';
import { FOREIGN_CALLS } from './foreign-options.js';
import { LOGGER_CALLS } from './logger-options.js';
import { MEMCACHE_CALLS } from './memcache-options.js';
import { and, type Call, memory } from './option-calls.js';
import { PUBSUB_CALLS } from './pubsub-options.js';
import { REDIS_CALLS } from './redis-options.js';
import { RPC_CALLS } from './rpc-options.js';
import { SMALL_PROTOCOLS_CALLS } from './small-protocols-options.js';
import { SOCKS_CALLS } from './socks-options.js';
import { TERMINAL_CALLS } from './terminal-options.js';
import { TESTING_CALLS } from './testing-options.js';
import { WEB_CALLS } from './web-options.js';
import { WEB_PROXY_CALLS } from './web-proxy-options.js';
import { WEB_STATE_CALLS } from './web-state-options.js';

class Strings extends Int16StringReceiver {
  override stringReceived(): void {}
}

class Lines extends LineReceiver {
  override lineReceived(): void {}
}

class OnlyLines extends LineOnlyReceiver {
  override lineReceived(): void {}
}

class Netstrings extends NetstringReceiver {
  override stringReceived(): void {}
}

class Given {}

const spawned = (options: (o: never) => object): Call =>
  memory((reactor, o) => reactor.spawnProcess(new ProcessProtocol(), '/x', options(o)));

/** A process that was not started. */
const child = (): ChildProcess =>
  new ChildProcess({} as never, {} as never, {} as never, new ProcessProtocol(), () => {});

/** For sockets that a memory reactor lacks. */
const simulated = (call: (reactor: SimulatedReactor, options: never) => unknown): Call => {
  return (options) => call(new Simulation().host('host'), options);
};

class Blocks extends StatefulProtocol {
  override getInitialState(): never {
    throw new Error('not connected');
  }
}

/** Nothing is called in it. */
const thread = new Thread({ execArgv: ['--none'] });

const connected = (): MemoryTransport => {
  const transport = new MemoryTransport();
  transport.connect(new Protocol());
  return transport;
};

const identity = await selfSignedCertificate();
const clock = new ManualClock();
const rate = { bytesPerSecond: 1 };
const udp = (reactor: Reactor): ReturnType<Reactor['listenUDP']> => reactor.listenUDP(0, () => {});

const sharedPorts = (reactor: Reactor): SharedPorts =>
  new SharedPorts(reactor, { ports: {}, claimPorts: false, workers: 1 } as never, () => {});

const tcpClient = (reactor: Reactor): TCPClientEndpoint =>
  new TCPClientEndpoint(reactor, '192.0.2.1', 1);

const formOf = (text: string): Parameters<typeof partsOf>[0] => ({
  field: () => 'multipart/form-data; boundary=x',
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    yield Buffer.from(text);
  },
});

/** Of each options type, all that take it. */
const startSpan = (): object => ({});

const CALLS: Readonly<Record<string, readonly Call[]>> = {
  ...SMALL_PROTOCOLS_CALLS,
  ...MEMCACHE_CALLS,
  ...REDIS_CALLS,
  ...RPC_CALLS,
  ...PUBSUB_CALLS,
  ...SOCKS_CALLS,
  ...WEB_CALLS,
  ...WEB_PROXY_CALLS,
  ...WEB_STATE_CALLS,
  ...FILES_CALLS,
  ...FOREIGN_CALLS,
  ...TERMINAL_CALLS,
  ...TESTING_CALLS,
  PermessageDeflateOptions: [(o) => new WebSocketAcceptor(clock, { deflate: o })],
  ConnectWebSocketOptions: [
    memory((reactor, o) => connectWebSocket(reactor, 'ws://192.0.2.1/', o)),
  ],
  PublishOptions: [(o) => new WebSocketTopics().publish('topic', 'message', o)],
  ServeWebSocketsOptions: [
    memory((reactor, o) =>
      serveWebSockets(reactor, new TCPServerEndpoint(reactor, 0), () => {}, o),
    ),
  ],
  WebSocketServerOptions: [(o) => new WebSocketAcceptor(clock, o)],
  WebSocketTopicsOptions: [(o) => new WebSocketTopics(o)],
  DrainOptions: [(o) => new HTTPFactory(clock, () => {}).drain(o)],
  HTTPServerOptions: [
    (o) => new HTTPFactory(clock, () => {}, o),
    memory((reactor, o) => serveHttp(reactor, new TCPServerEndpoint(reactor, 0), () => {}, o)),
    memory((reactor, o) =>
      serveFetch(reactor, new TCPServerEndpoint(reactor, 0), () => new Response(), o),
    ),
  ],
  HTTPConnectionPoolOptions: [(o) => new HTTPConnectionPool(clock, o)],
  HTTPClientRequest: [
    memory((reactor, o) => {
      const origin = { endpoint: new HostnameEndpoint(reactor, 'a', 1), authority: 'a' };
      return new HTTPConnectionPool(clock).request(origin, o);
    }),
  ],
  HTTPOriginOptions: [memory((reactor, o) => httpOrigin(reactor, 'http://a', o))],
  StaticFilesOptions: [(o) => staticFiles('.', o)],
  CompressionOptions: [(compression) => new HTTPFactory(clock, () => {}, { compression })],
  UrlencodedOptions: [
    (o) => {
      const errors: unknown[] = [];
      const factory = new HTTPFactory(clock, (request) => {
        try {
          void request.form(o);
        } catch (error) {
          errors.push(error);
        }
      });
      const transport = new MemoryTransport();
      transport.connect(factory.buildProtocol());
      transport.receive('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      throw errors[0];
    },
  ],
  DecodeBodyOptions: [(o) => decodeBody([], undefined, o)],
  MultipartOptions: [(o) => partsOf(formOf('--x--'), o)],
  EventStreamsOptions: [(o) => new EventStreams(clock, o)],
  DashboardOptions: [
    memory((reactor, o) => serveDashboard(reactor, new TCPServerEndpoint(reactor, 0), o)),
  ],
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
  RestartOptions: [(restart) => runWorkers('/m.js', { restart })],
  RunOptions: [memory((reactor, o) => reactor.run(o))],
  RunWorkersOptions: [(o) => runWorkers('/m.js', o)],
  TraceRequestsOptions: [
    (o) =>
      traceRequests(
        { startSpan } as never,
        { context: { with: startSpan } } as never,
        startSpan,
        o,
      ),
  ],
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
  MonitoredProcessOptions: [memory((r, o) => new ProcessMonitor(r).addProcess('x', '/x', o))],
  ProcessEndpointOptions: [memory((reactor, o) => new ProcessEndpoint(reactor, '/x', o))],
  ProcessMonitorOptions: [memory((reactor, o) => new ProcessMonitor(reactor, o))],
  ProcessOutputOptions: [memory((reactor, o) => getProcessOutput(reactor, '/x', o))],
  PtyOptions: [spawned((pty) => ({ pty }))],
  ResourceLimits: [spawned((limits) => ({ limits }))],
  RunProcessOptions: [
    memory((reactor, o) => getProcessValue(reactor, '/x', o)),
    memory((reactor, o) => getProcessOutputAndValue(reactor, '/x', o)),
  ],
  SignalOptions: [(o) => child().signalProcess('SIGTERM', o)],
  SpawnOptions: [memory((reactor, o) => reactor.spawnProcess(new ProcessProtocol(), '/x', o))],
  TerminalSize: [(o) => child().setTerminalSize(and(o, { columns: 1, rows: 1 }))],
  TakeListenersOptions: [memory((reactor, o) => takeListeners(reactor, '/x', o))],
  ...APPLICATION_CALLS,
  ...CRED_CALLS,
  ...DATABASE_CALLS,
  ...LOGGER_CALLS,
  ThreadCallOptions: [(o) => thread.call(new URL('file:///m.js'), 'f', [], o)],
  ThreadModuleOptions: [(o) => threadModule('/m.js', o)],
  ThreadOptions: [(o) => new Thread(o)],
  ThreadPoolOptions: [
    (o) => new ThreadPool(o),
    (threadPool) => createReactor({ kind: 'node', threadPool }),
  ],
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
  UpgradableOptions: [memory((reactor, o) => serveUpgradable(reactor, '/x', {}, o))],
  WorkerListenOptions: [memory((reactor, o) => sharedPorts(reactor).listenTCP(0, Protocol, o))],
  WorkerReactorOptions: [(reactor) => runWorkers('/m.js', { reactor })],
  WorkerStopOptions: [(o) => WorkerGroup.prototype.stop.call({} as WorkerGroup, o)],
  WrapClientTLSOptions: [
    memory((reactor, o) => wrapClientTLS({}, new HostnameEndpoint(reactor, 'example.com', 443), o)),
  ],
};

/** Types that look like options and are none. */
const NOT_OPTIONS: Readonly<Record<string, string>> = {
  AddonNotLoadedOptions: 'made by Ropewalk itself, for an error',
  ConnectErrorOptions: 'made by Ropewalk itself, for an error',
  JSONRPCErrorObject: 'the error of a message: a value',
  DatabaseReport: 'made by drivers, for an error',
  'OpenTelemetryTracer.startSpan': 'the interface of another library',
  ProtocolToConsumerAdapter: 'a part of a protocol',
  SystemError: 'the error of a failed call',
  ServerSentEvent: 'text is accepted too; test/http/event-streams.test.ts has an unknown name',
  TextStyle: 'the look of characters: a value',
  TLSCertificateDetails: 'facts of an error',
  TLSFaultDetails: 'facts of an error',
};

const types = [...findOptionsTypes()].filter(([name]) => !(name in NOT_OPTIONS));

describe('options types of the public API', () => {
  it('all have a case here', () => {
    expect(Object.keys(CALLS).sort()).toEqual(types.map(([name]) => name).sort());
  });

  it.each(types)('%s: an unknown name is refused, with all that are known', async (name, known) => {
    for (const call of CALLS[name] ?? []) {
      const error = await unknownOptionOf(() => call({ nonsense: 1 } as never));
      expect(error.option).toBe('nonsense');
      expect(error.known).toEqual([...known].sort());
    }
  });

  it.each([
    ['LineReceiver', Lines],
    ['LineOnlyReceiver', OnlyLines],
    ['NetstringReceiver', Netstrings],
    ['Int16StringReceiver', Strings],
    ['StatefulProtocol', Blocks],
  ] as const)('are reported under the name of the class that took them: %s', (name, Receiver) => {
    const wrong = { nonsense: 1 } as never;
    expect(() => new Receiver(wrong)).toThrow(`${name} has no option 'nonsense'`);
  });

  it.each(types)('%s: anything but a plain object is refused', async (name) => {
    for (const call of CALLS[name] ?? []) {
      for (const options of [
        null,
        'options',
        [],
        new Map(),
        new URL('a:b'),
        new Given(),
        () => {},
      ]) {
        const outcome = (async () => await call(options as never))();
        await expect(outcome, String(options)).rejects.toThrow(InvalidArgumentTypeError);
      }
    }
  });
});
