/**
 * What all reactors share: time, system events, running and stopping, ports and connectors. They live in a loop that is
 * there without them, Node's own as a rule; how sockets are made and watched is the subclass's part.
 */
import type { Address, HostPort, IPAddress, UNIXAddress } from '../core/address.js';
import type {
  AdoptConnectionOptions,
  AdoptDatagramOptions,
  AdoptPortOptions,
} from '../core/adopt-options.js';
import type { DelayedCall } from '../core/clock.js';
import type { Connector } from '../core/connector.js';
import type {
  ConnectUNIXDatagramOptions,
  DatagramProtocolLike,
  ListenUDPOptions,
  ListenUNIXDatagramOptions,
  UDPTransport,
  UNIXDatagramTransport,
} from '../core/datagram.js';
import type { ReadDescriptor, WriteDescriptor } from '../core/descriptor.js';
import type { Destination } from '../core/destination.js';
import type { ErrorReporter } from '../core/error-reporter.js';
import { ReactorStoppingError, UnsupportedError } from '../core/errors/reactor.js';
import { type FactoryLike, toFactory } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { NameResolver } from '../core/name-resolver.js';
import type { Reactor, ReactorStatistics, RunOptions } from '../core/reactor.js';
import type { SystemEventPhase, SystemEventTrigger } from '../core/system-event.js';
import type { ConnectTCPOptions, ListenTCPOptions } from '../core/tcp-options.js';
import type { SocketTransport } from '../core/transport.js';
import type { ConnectUNIXOptions, ListenUNIXOptions } from '../core/unix-options.js';
import { Deferred } from '../defer/deferred.js';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkNameResolver,
  checkString,
} from '../internal/check.js';
import { printError, reportError } from '../internal/error-report.js';
import {
  connectedUNIXDatagrams,
  listeningUDP,
  listeningUNIXDatagrams,
} from './datagrams/datagram-ports.js';
import type {
  DatagramSettings,
  UDPSettings,
  UNIXDatagramSettings,
} from './datagrams/datagram-settings.js';
import type { UDPPort, UDPSocket } from './datagrams/udp-port.js';
import type { UNIXDatagramPort, UNIXDatagramSocket } from './datagrams/unix-datagram-port.js';
import { ConnectionCounts } from './life/connection-counts.js';
import { RunPhases } from './life/run-phases.js';
import { Shutdown } from './life/shutdown.js';
import { SystemEventTriggers } from './life/system-events.js';
import { DEFAULT_SHUTDOWN_TIMEOUT_MS, type ReactorOptions } from './reactor-options.js';
import { adoptDatagramPort, adoptStreamConnection, adoptStreamPort } from './streams/adopting.js';
import {
  type ConnectorOptions,
  type Dial,
  type DialListener,
  type Route,
  StreamConnector,
} from './streams/stream-connector.js';
import { type ListenSocket, StreamPort } from './streams/stream-port.js';
import type { StreamOwner, StreamReactor, StreamTransport } from './streams/stream-transport.js';
import { TCPRoute } from './streams/tcp-route.js';
import {
  type ConnectSettings,
  connectSettings,
  type ListenSettings,
  listenSettings,
} from './streams/tcp-settings.js';
import { listenLocked } from './streams/unix-listening.js';
import { UNIXRoute } from './streams/unix-route.js';
import {
  type UNIXConnectSettings,
  type UNIXListenSettings,
  type UNIXSettings,
  unixConnectSettings,
  unixListenSettings,
} from './streams/unix-settings.js';
import { type LoopHost, NODE_LOOP } from './time/loop-host.js';
import { Turns } from './time/turns.js';

/** The resolver that a reactor comes with. */
export interface OwnNameResolver extends NameResolver {
  /** Cancels all that is asked: the reactor stops. */
  cancelAll(): void;
}

/** A port that listens. */
export interface OpenPort {
  getHost(): Address;
  closeListening(): void;
}

export abstract class HostedReactor implements Reactor, StreamReactor {
  abstract readonly kind: Reactor['kind'];
  abstract readonly poller: string;

  /** @internal Open ports, and connectors that are connecting. */
  readonly ports: Set<OpenPort> = new Set();
  readonly connectors: Set<Connector & { shutDown(): void }> = new Set();
  /** @internal */
  readonly poisonsLentBytes: boolean;
  readonly connections: ConnectionCounts = new ConnectionCounts();

  readonly #host: LoopHost;
  readonly #reportError: ErrorReporter;
  readonly #events: SystemEventTriggers;
  readonly #turns: Turns;
  readonly #phases: RunPhases;
  #disposal: Promise<void> | undefined;
  #ownNameResolver: OwnNameResolver | undefined;
  #installedNameResolver: NameResolver | undefined;

  constructor(options: ReactorOptions, host: LoopHost = NODE_LOOP) {
    this.#host = host;
    this.poisonsLentBytes = checkBoolean('poisonLentBytes', options.poisonLentBytes ?? false);
    this.#reportError = options.reportError ?? reportError;
    checkFunction('reportError', this.#reportError);
    this.#events = new SystemEventTriggers(this.report);
    this.#turns = new Turns(host, this.report);
    const timeoutMs = checkMilliseconds(
      'shutdownTimeoutMs',
      options.shutdownTimeoutMs ?? DEFAULT_SHUTDOWN_TIMEOUT_MS,
    );
    const shutdown = new Shutdown(host, this.#turns, this, timeoutMs);
    this.#phases = new RunPhases(host, this.#turns, this.#events, shutdown);
  }

  /** Called once, when a name is first to be resolved. */
  protected abstract makeNameResolver(): OwnNameResolver;
  /** @internal Every transport whose protocol has not been told of its end. */
  abstract transports(): Iterable<StreamTransport>;
  /** Gives back what the reactor itself holds. Called once, with no socket left. */
  protected abstract release(): void;
  protected abstract bytes(): { received: number; sent: number; turns: number };
  protected abstract turnTimes(): { p50Ms: number; p99Ms: number };
  /** @internal @throws UnsupportedError an option that this reactor can't carry out. */
  protected abstract checkSupported(settings: ListenSettings | ConnectSettings): void;
  /** @internal @throws CannotListenError */
  abstract openListenSocket(settings: ListenSettings, port: StreamPort): ListenSocket;
  /** @internal Starts a connect(2) to one IP address. */
  abstract dial(
    address: string,
    port: number,
    settings: ConnectSettings,
    listener: DialListener,
  ): Dial;

  /** @throws UnsupportedError this reactor has no UNIX sockets, or can't carry out an option. */
  protected checkSupportsUNIX(feature: string, _settings: UNIXSettings): void {
    throw this.unsupported(feature);
  }

  /** @internal @throws CannotListenError, UnsupportedError */
  openUNIXListenSocket(_settings: UNIXListenSettings, _port: StreamPort): ListenSocket {
    throw this.unsupported('listenUNIX');
  }

  /** @internal Starts a connect(2) to a UNIX socket. */
  dialUNIX(_settings: UNIXConnectSettings, _listener: DialListener): Dial {
    throw this.unsupported('connectUNIX');
  }

  /** @internal @throws DescriptorError, UnsupportedError */
  adoptListenSocket(_fd: number, _takeOver: boolean, _port: StreamPort): ListenSocket {
    throw this.unsupported('adoptStreamPort');
  }

  /** @internal @throws DescriptorError, UnsupportedError */
  adoptStream(_fd: number, _takeOver: boolean, _owner: StreamOwner): StreamTransport {
    throw this.unsupported('adoptStreamConnection');
  }

  /** @internal @throws CannotListenError, UnsupportedError */
  openUDPSocket(_settings: UDPSettings, _port: UDPPort): UDPSocket {
    throw this.unsupported('listenUDP');
  }

  /** @internal @throws DescriptorError, UnsupportedError */
  adoptUDPSocket(
    _fd: number,
    _takeOver: boolean,
    _settings: DatagramSettings,
    _port: UDPPort,
  ): UDPSocket {
    throw this.unsupported('adoptDatagramPort');
  }

  /** @internal Connected where the settings name a peer. @throws CannotListenError, ConnectError, UnsupportedError */
  openUNIXDatagramSocket(
    _settings: UNIXDatagramSettings,
    _port: UNIXDatagramPort,
  ): UNIXDatagramSocket {
    throw this.unsupported('UNIX datagrams');
  }

  /** @internal */
  protected unsupported(feature: string): UnsupportedError {
    return new UnsupportedError(feature, `the ${this.poller} reactor has no such sockets`);
  }

  get exitSignal(): NodeJS.Signals | undefined {
    return this.#phases.exitSignal;
  }

  get running(): boolean {
    return this.#phases.running;
  }

  get nameResolver(): NameResolver {
    if (this.#installedNameResolver !== undefined) return this.#installedNameResolver;
    this.#ownNameResolver ??= this.makeNameResolver();
    return this.#ownNameResolver;
  }

  installNameResolver(resolver: NameResolver): NameResolver {
    checkNameResolver('resolver', resolver);
    const previous = this.nameResolver;
    this.#installedNameResolver = resolver;
    return previous;
  }

  now(): number {
    return this.#host.now();
  }

  callLater<Args extends unknown[]>(
    delayMs: number,
    callback: (...args: Args) => void,
    ...args: Args
  ): DelayedCall {
    this.checkUsable();
    return this.#turns.callLater(delayMs, callback, args);
  }

  getDelayedCalls(): DelayedCall[] {
    return this.#turns.getDelayedCalls();
  }

  run(options: RunOptions = {}): Deferred<void> {
    return Deferred.fromPromise(this.#phases.run(options));
  }

  stop(): void {
    this.#phases.stop();
  }

  crash(): void {
    this.#phases.crash();
  }

  callWhenRunning<Args extends unknown[]>(callback: (...args: Args) => void, ...args: Args): void {
    checkFunction('callback', callback);
    if (this.running) callback(...args);
    else this.addSystemEventTrigger('after', 'startup', callback, ...args);
  }

  callFromThread<Args extends unknown[]>(callback: (...args: Args) => void, ...args: Args): void {
    this.#turns.callFromThread(callback, args);
  }

  addSystemEventTrigger<Args extends unknown[]>(
    phase: SystemEventPhase,
    event: string,
    callback: (...args: Args) => unknown,
    ...args: Args
  ): SystemEventTrigger {
    return this.#events.addSystemEventTrigger(phase, event, callback, ...args);
  }

  removeSystemEventTrigger(trigger: SystemEventTrigger): void {
    this.#events.removeSystemEventTrigger(trigger);
  }

  fireSystemEvent(event: string): Deferred<void> {
    return this.#phases.fireSystemEvent(event);
  }

  listenTCP(
    port: number,
    factory: FactoryLike,
    options: ListenTCPOptions = {},
  ): ListeningPort<IPAddress> {
    const settings = listenSettings(port, options);
    this.checkSupported(settings);
    return this.#listen(factory, (streamPort) => this.openListenSocket(settings, streamPort));
  }

  connectTCP(
    host: string,
    port: number,
    factory: FactoryLike,
    options: ConnectTCPOptions = {},
  ): Connector<HostPort> {
    const settings = connectSettings(options);
    this.checkSupported(settings);
    const destination = {
      host: checkString('host', host),
      port: checkInteger('port', port, 0, 65_535),
    };
    const { timeoutMs } = settings;
    const route = new TCPRoute(this, destination, settings);
    return this.#connect(route, factory, { timeoutMs, signal: options.signal });
  }

  listenUNIX(
    path: string,
    factory: FactoryLike,
    options: ListenUNIXOptions = {},
  ): ListeningPort<UNIXAddress> {
    const settings = unixListenSettings(path, options);
    this.checkSupportsUNIX('listenUNIX', settings);
    return this.#listen(factory, (port) => {
      const open = (): ListenSocket => this.openUNIXListenSocket(settings, port);
      return settings.wantPID ? listenLocked(path, this, open) : open();
    });
  }

  connectUNIX(
    path: string,
    factory: FactoryLike,
    options: ConnectUNIXOptions = {},
  ): Connector<UNIXAddress> {
    const settings = unixConnectSettings(path, options);
    this.checkSupportsUNIX('connectUNIX', settings);
    const { timeoutMs } = settings;
    const route = new UNIXRoute(this, settings);
    return this.#connect(route, factory, { timeoutMs, signal: options.signal });
  }

  adoptStreamPort(
    fd: number,
    factory: FactoryLike,
    options: AdoptPortOptions = {},
  ): ListeningPort<Address> {
    return started(adoptStreamPort(this, fd, factory, options));
  }

  adoptStreamConnection(
    fd: number,
    factory: FactoryLike,
    options: AdoptConnectionOptions = {},
  ): SocketTransport | null {
    this.checkOpen();
    return adoptStreamConnection(this, fd, factory, options);
  }

  listenUDP(
    port: number,
    protocol: DatagramProtocolLike<IPAddress>,
    options: ListenUDPOptions = {},
  ): UDPTransport {
    return started(listeningUDP(this, port, protocol, options));
  }

  listenUNIXDatagram(
    path: string,
    protocol: DatagramProtocolLike<UNIXAddress>,
    options: ListenUNIXDatagramOptions = {},
  ): UNIXDatagramTransport {
    return started(listeningUNIXDatagrams(this, path, protocol, options));
  }

  connectUNIXDatagram(
    path: string,
    protocol: DatagramProtocolLike<UNIXAddress>,
    options: ConnectUNIXDatagramOptions = {},
  ): UNIXDatagramTransport {
    return started(connectedUNIXDatagrams(this, path, protocol, options));
  }

  adoptDatagramPort(
    fd: number,
    protocol: DatagramProtocolLike<IPAddress>,
    options: AdoptDatagramOptions = {},
  ): UDPTransport {
    return started(adoptDatagramPort(this, fd, protocol, options));
  }

  addReader(_descriptor: ReadDescriptor): void {
    throw this.#noDescriptors('addReader');
  }

  addWriter(_descriptor: WriteDescriptor): void {
    throw this.#noDescriptors('addWriter');
  }

  removeReader(_descriptor: ReadDescriptor): void {
    throw this.#noDescriptors('removeReader');
  }

  removeWriter(_descriptor: WriteDescriptor): void {
    throw this.#noDescriptors('removeWriter');
  }

  getReaders(): ReadDescriptor[] {
    return [];
  }

  getWriters(): WriteDescriptor[] {
    return [];
  }

  removeAll(): (ReadDescriptor | WriteDescriptor)[] {
    const readers = this.getReaders();
    const writers = this.getWriters();
    for (const reader of readers) this.removeReader(reader);
    for (const writer of writers) this.removeWriter(writer);
    return [...new Set([...readers, ...writers])];
  }

  statistics(): ReactorStatistics {
    const { received, sent, turns } = this.bytes();
    const { p50Ms, p99Ms } = this.turnTimes();
    return {
      turns,
      bytesReceived: received,
      bytesSent: sent,
      connectionsAccepted: this.connections.accepted,
      connectionsMade: this.connections.made,
      connectionsLost: this.connections.lost,
      connectionsOpen: this.connections.open,
      delayedCalls: this.#turns.delayedCalls,
      turnMsP50: p50Ms,
      turnMsP99: p99Ms,
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#phases.dispose().then(() => this.release());
    return this.#disposal;
  }

  /** @internal */
  checkUsable(): void {
    this.#phases.checkUsable();
  }

  /** @internal */
  checkOpen(): void {
    this.#phases.checkOpen();
  }

  /** @internal */
  cancelLookups(): void {
    this.#ownNameResolver?.cancelAll();
  }

  /** @internal Never throws. */
  readonly report: ErrorReporter = (error, where) => {
    if (error instanceof ReactorStoppingError && this.#phases.closing) return;
    try {
      this.#reportError(error, where);
    } catch (reporterError) {
      printError(error, where);
      printError(reporterError, 'reportError');
    }
  };

  /** @internal */
  soon(callback: () => void): void {
    this.#turns.soon(callback);
  }

  /** @internal */
  nextTurn(): Deferred<void> {
    const turn = new Deferred<void>();
    this.soon(() => {
      if (!turn.fired) turn.callback();
    });
    return turn;
  }

  /** Runs what `soon` was asked for: to be called before anything received is delivered. */
  protected runSoon(): void {
    this.#turns.runSoon();
  }

  #listen<A extends Address>(
    factory: FactoryLike,
    open: (port: StreamPort) => ListenSocket,
  ): ListeningPort<A> {
    return started(new StreamPort<A>(this, toFactory(factory), open));
  }

  #connect<D extends Destination>(
    route: Route<D>,
    factory: FactoryLike,
    options: ConnectorOptions,
  ): Connector<D> {
    const connector = new StreamConnector(this, route, toFactory(factory), options);
    connector.connect();
    return connector;
  }

  #noDescriptors(method: string): UnsupportedError {
    return new UnsupportedError(
      method,
      `${this.poller} can not watch descriptors: use the native reactor`,
    );
  }
}

function started<Port extends { startListening(): void }>(port: Port): Port {
  port.startListening();
  return port;
}
