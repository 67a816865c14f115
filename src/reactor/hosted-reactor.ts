/** A reactor composed of one object per facet, over the sockets of a {@link ReactorBackend}. */
import type { Address, HostPort, IPAddress, UNIXAddress } from '../core/address.js';
import type {
  AdoptConnectionOptions,
  AdoptDatagramOptions,
  AdoptPipeOptions,
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
import type { Owned, Ownership, ReadDescriptor, WriteDescriptor } from '../core/descriptor.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { NameResolver } from '../core/name-resolver.js';
import type { ProcessProtocolLike, ProcessTransport } from '../core/process.js';
import type { Reactor } from '../core/reactor.js';
import type { ReactorDescriptors } from '../core/reactor-descriptors.js';
import type {
  ConnectionReport,
  ReactorStatistics,
  ReactorTotals,
  TurnHistogram,
} from '../core/reactor-introspection.js';
import type { RunOptions } from '../core/reactor-life.js';
import type { SpawnOptions } from '../core/spawn-options.js';
import type { SystemEventPhase, SystemEventTrigger } from '../core/system-event.js';
import type { ConnectTCPOptions, ListenTCPOptions } from '../core/tcp-options.js';
import type { ThreadPoolLike } from '../core/thread-pool.js';
import type { PipeTransport, SocketTransport } from '../core/transport.js';
import type { ConnectUNIXOptions, ListenUNIXOptions } from '../core/unix-options.js';
import type { Deferred } from '../defer/deferred.js';
import { checkInteger } from '../internal/check.js';
import type { RunEnds } from '../internal/run-ends.js';
import { showAsText } from '../internal/shown-as-text.js';
import { HostedAdoption } from './adoption/hosted-adoption.js';
import { HostedPipes } from './adoption/hosted-pipes.js';
import type { ReactorBackend } from './backend.js';
import { HostedUDP } from './datagrams/hosted-udp.js';
import { HostedUNIXDatagram } from './datagrams/hosted-unix-datagram.js';
import { HostedThreads } from './hosted-threads.js';
import type { OpenPort } from './life/port-reactor.js';
import { ReactorCore } from './life/reactor-core.js';
import type { OpenSockets } from './life/shutdown.js';
import { HostedNames } from './names/hosted-names.js';
import { NO_DESCRIPTORS } from './no-descriptors.js';
import { HostedProcesses } from './processes/hosted-processes.js';
import type { ReactorOptions } from './reactor-options.js';
import { HostedTCP } from './streams/hosted-tcp.js';
import { HostedUNIX } from './streams/hosted-unix.js';
import type { StreamTransport } from './streams/stream-transport.js';
import type { LoopHost } from './time/loop-host.js';

export class HostedReactor<Backend extends ReactorBackend = ReactorBackend> implements Reactor {
  /** @internal */
  protected readonly core: ReactorCore;
  /** @internal */
  protected readonly backend: Backend;
  readonly #names: HostedNames;
  readonly #tcp: HostedTCP;
  readonly #unix: HostedUNIX;
  readonly #udp: HostedUDP;
  readonly #unixDatagram: HostedUNIXDatagram;
  readonly #adoption: HostedAdoption;
  readonly #processes: HostedProcesses;
  readonly #pipes: HostedPipes;
  readonly #descriptors: ReactorDescriptors;
  readonly #threads: HostedThreads;
  readonly #owned = new Set<Owned>();
  #disposal: Promise<void> | undefined;

  /** @internal */
  constructor(
    options: ReactorOptions,
    host: LoopHost,
    makeBackend: (core: ReactorCore) => Backend,
  ) {
    const sockets: OpenSockets = {
      transports: () => this.transports(),
      removeAll: () => [...this.#descriptors.removeAll(), ...this.#takeOwned()],
      processes: () => this.#processes.running,
      cancelLookups: () => this.#names.cancelAll(),
      lingeringSenders: () => backend.lingeringSenders?.() ?? 0,
    };
    const core = new ReactorCore(options, host, sockets, {
      stop: (timeoutMs) => this.#threads.stop(timeoutMs),
      cutOff: () => this.#threads.cutOff(),
    });
    const backend = makeBackend(core);
    this.core = core;
    this.backend = backend;
    this.#names = new HostedNames(() => backend.makeNameResolver());
    this.#tcp = new HostedTCP(core, backend.tcp, this.#names);
    this.#unix = new HostedUNIX(core, backend.unix);
    this.#udp = new HostedUDP(core, backend.udp);
    this.#unixDatagram = new HostedUNIXDatagram(core, backend.unixDatagrams);
    this.#adoption = new HostedAdoption(core, backend.adopted);
    this.#processes = new HostedProcesses(core, backend.processes);
    this.#pipes = new HostedPipes(core, backend.pipes);
    this.#descriptors = backend.descriptors ?? NO_DESCRIPTORS;
    const { threadPool = {} } = options;
    this.#threads = new HostedThreads(threadPool, backend.noThreads);
  }

  get kind(): Reactor['kind'] {
    return this.backend.kind;
  }

  get poller(): string {
    return this.backend.poller;
  }

  /** @internal */
  get ports(): ReadonlySet<OpenPort> {
    return this.core.ports;
  }

  /** @internal Connectors with an attempt in progress. */
  get connectors(): ReadonlySet<Connector> {
    return this.core.connectors;
  }

  /** @internal Transports whose protocol's `connectionLost` has not been called. */
  *transports(): Iterable<StreamTransport> {
    yield* this.backend.transports();
    yield* this.#pipes.transports();
  }

  /** @internal */
  get runEnds(): RunEnds {
    return this.core.runEnds;
  }

  get exitSignal(): NodeJS.Signals | undefined {
    return this.core.exitSignal;
  }

  get running(): boolean {
    return this.core.running;
  }

  get nameResolver(): NameResolver {
    return this.#names.nameResolver;
  }

  installNameResolver(resolver: NameResolver): NameResolver {
    return this.#names.installNameResolver(resolver);
  }

  now(): number {
    return this.core.now();
  }

  callLater<Args extends unknown[]>(
    delayMs: number,
    callback: (...args: Args) => void,
    ...args: Args
  ): DelayedCall {
    return this.core.delay(delayMs, callback, args);
  }

  getDelayedCalls(): DelayedCall[] {
    return this.core.getDelayedCalls();
  }

  run(options?: RunOptions): Deferred<void> {
    return this.core.run(options);
  }

  stop(): void {
    this.core.stop();
  }

  crash(): void {
    this.core.crash();
  }

  callWhenRunning<Args extends unknown[]>(callback: (...args: Args) => void, ...args: Args): void {
    this.core.callWhenRunning(callback, ...args);
  }

  callFromThread<Args extends unknown[]>(callback: (...args: Args) => void, ...args: Args): void {
    this.core.callFromThread(callback, ...args);
  }

  getThreadPool(): ThreadPoolLike {
    return this.#threads.getThreadPool();
  }

  suggestThreadPoolSize(maximum: number): void {
    this.#threads.suggestThreadPoolSize(maximum);
  }

  addSystemEventTrigger<Args extends unknown[]>(
    phase: SystemEventPhase,
    event: string,
    callback: (...args: Args) => unknown,
    ...args: Args
  ): SystemEventTrigger {
    return this.core.addSystemEventTrigger(phase, event, callback, ...args);
  }

  removeSystemEventTrigger(trigger: SystemEventTrigger): void {
    this.core.removeSystemEventTrigger(trigger);
  }

  fireSystemEvent(event: string): Deferred<void> {
    return this.core.fireSystemEvent(event);
  }

  listenTCP(
    port: number,
    factory: FactoryLike,
    options?: ListenTCPOptions,
  ): ListeningPort<IPAddress> {
    return this.#tcp.listenTCP(port, factory, options);
  }

  connectTCP(
    host: string,
    port: number,
    factory: FactoryLike,
    options?: ConnectTCPOptions,
  ): Connector<HostPort> {
    return this.#tcp.connectTCP(host, port, factory, options);
  }

  listenUNIX(
    path: string,
    factory: FactoryLike,
    options?: ListenUNIXOptions,
  ): ListeningPort<UNIXAddress> {
    return this.#unix.listenUNIX(path, factory, options);
  }

  connectUNIX(
    path: string,
    factory: FactoryLike,
    options?: ConnectUNIXOptions,
  ): Connector<UNIXAddress> {
    return this.#unix.connectUNIX(path, factory, options);
  }

  listenUDP(
    port: number,
    protocol: DatagramProtocolLike<IPAddress>,
    options?: ListenUDPOptions,
  ): UDPTransport {
    return this.#udp.listenUDP(port, protocol, options);
  }

  listenUNIXDatagram(
    path: string,
    protocol: DatagramProtocolLike<UNIXAddress>,
    options?: ListenUNIXDatagramOptions,
  ): UNIXDatagramTransport {
    return this.#unixDatagram.listenUNIXDatagram(path, protocol, options);
  }

  connectUNIXDatagram(
    path: string,
    protocol: DatagramProtocolLike<UNIXAddress>,
    options?: ConnectUNIXDatagramOptions,
  ): UNIXDatagramTransport {
    return this.#unixDatagram.connectUNIXDatagram(path, protocol, options);
  }

  adoptStreamPort(
    fd: number,
    factory: FactoryLike,
    options?: AdoptPortOptions,
  ): ListeningPort<Address> {
    return this.#adoption.adoptStreamPort(fd, factory, options);
  }

  adoptStreamConnection(
    fd: number,
    factory: FactoryLike,
    options?: AdoptConnectionOptions,
  ): SocketTransport | null {
    return this.#adoption.adoptStreamConnection(fd, factory, options);
  }

  adoptDatagramPort(
    fd: number,
    protocol: DatagramProtocolLike<IPAddress>,
    options?: AdoptDatagramOptions,
  ): UDPTransport {
    return this.#adoption.adoptDatagramPort(fd, protocol, options);
  }

  spawnProcess(
    protocol: ProcessProtocolLike,
    executable: string,
    options?: SpawnOptions,
  ): ProcessTransport {
    return this.#processes.spawnProcess(protocol, executable, options);
  }

  adoptPipe(fd: number, factory: FactoryLike, options: AdoptPipeOptions): PipeTransport | null {
    return this.#pipes.adoptPipe(fd, factory, options);
  }

  addReader(descriptor: ReadDescriptor): void {
    this.#descriptors.addReader(descriptor);
  }

  addWriter(descriptor: WriteDescriptor): void {
    this.#descriptors.addWriter(descriptor);
  }

  removeReader(descriptor: ReadDescriptor): void {
    this.#descriptors.removeReader(descriptor);
  }

  removeWriter(descriptor: WriteDescriptor): void {
    this.#descriptors.removeWriter(descriptor);
  }

  getReaders(): ReadDescriptor[] {
    return this.#descriptors.getReaders();
  }

  getWriters(): WriteDescriptor[] {
    return this.#descriptors.getWriters();
  }

  removeAll(): (ReadDescriptor | WriteDescriptor)[] {
    return this.#descriptors.removeAll();
  }

  /**
   * Ends `owned` when the reactor is stopped or disposed of.
   * @internal
   * @throws ReactorStoppingError, ReactorDisposedError
   */
  own(owned: Owned): Ownership {
    this.core.checkOpen();
    this.#owned.add(owned);
    return { report: this.core.report, release: () => this.#owned.delete(owned) };
  }

  #takeOwned(): Owned[] {
    const owned = [...this.#owned];
    this.#owned.clear();
    return owned;
  }

  statistics(): ReactorStatistics {
    const { p50Ms, p99Ms } = this.backend.turnTimes();
    return { ...this.totals(), turnMsP50: p50Ms, turnMsP99: p99Ms };
  }

  totals(): ReactorTotals {
    const { connections, delayedCalls } = this.core;
    return {
      ...this.backend.traffic(),
      connectionsAccepted: connections.accepted,
      connectionsMade: connections.made,
      connectionsLost: connections.lost,
      connectionsOpen: connections.open,
      delayedCalls,
    };
  }

  turnHistogram(): TurnHistogram {
    return this.backend.turnHistogram();
  }

  connections(limit: number): ConnectionReport[] {
    checkInteger('limit', limit, 0, Number.MAX_SAFE_INTEGER);
    const reports: ConnectionReport[] = [];
    for (const transport of this.transports()) {
      if (reports.length === limit) break;
      reports.push(transport.connectionReport());
    }
    return reports;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    await this.core.dispose();
    await this.#threads.dispose();
    this.backend.release();
  }

  toString(): string {
    return `<${this.kind} reactor (${this.poller}), ${this.running ? 'running' : 'not running'}>`;
  }
}

showAsText(HostedReactor);
