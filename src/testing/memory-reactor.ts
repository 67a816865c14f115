/** A reactor without a network: it writes down what it was asked for, and the test answers. */
import {
  type Address,
  addressFrom,
  type HostPort,
  type IPAddress,
  UNIXAddress,
} from '../core/address.js';
import type { Connector } from '../core/connector.js';
import type { DatagramProtocolLike, ListenUDPOptions, UDPTransport } from '../core/datagram.js';
import type { Destination } from '../core/destination.js';
import type { ErrorReporter } from '../core/error-reporter.js';
import { CannotListenError } from '../core/errors/listening.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { ConnectTCPOptions, ListenTCPOptions } from '../core/tcp-options.js';
import type { ConnectUNIXOptions, ListenUNIXOptions } from '../core/unix-options.js';
import { checkData, checkMilliseconds } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { systemError } from '../internal/system-error.js';
import type { UDPSettings } from '../reactor/datagrams/datagram-settings.js';
import type { UDPPort, UDPSocket } from '../reactor/datagrams/udp-port.js';
import { HostedReactor, type OwnNameResolver } from '../reactor/hosted-reactor.js';
import type { Dial, DialListener } from '../reactor/streams/stream-connector.js';
import type { ListenSocket, StreamPort } from '../reactor/streams/stream-port.js';
import type { StreamTransport } from '../reactor/streams/stream-transport.js';
import type { ConnectSettings, ListenSettings } from '../reactor/streams/tcp-settings.js';
import type { UNIXConnectSettings, UNIXListenSettings } from '../reactor/streams/unix-settings.js';
import { ManualClock } from './manual-clock.js';
import { MemoryDatagramSocket, type SentDatagram } from './memory-datagram-socket.js';
import type {
  MemoryClient,
  MemoryServer,
  MemoryTCPClient,
  MemoryTCPServer,
  MemoryUDPPort,
  MemoryUNIXClient,
  MemoryUNIXServer,
} from './memory-records.js';
import { MAX_SETTLE_TURNS, MemoryTransport } from './memory-transport.js';
import { SimulationLimitError, TestTransportStateError } from './simulation/errors.js';
import { SimulatedNames } from './simulation/simulated-names.js';
import { virtualLoop } from './simulation/virtual-loop.js';

/** What names stand for. */
const SERVER_ADDRESS = '192.0.2.10';
const CLIENT_ADDRESS = '192.0.2.2';
const OWN_ADDRESS = '192.0.2.1';
const FIRST_EPHEMERAL_PORT = 40_001;

const UNNAMED = new UNIXAddress('');

interface PendingDial {
  readonly listener: DialListener;
  readonly peer: Address;
}

/**
 * Records what was listened on and connected to. Attempts to connect wait until the test answers them. Nothing happens
 * by itself: time passes, and what was put off runs, in {@link advance}.
 *
 * @example
 * const reactor = new MemoryReactor();
 * const client = new AccumulatingProtocol();
 * reactor.connectTCP('example.org', 80, () => client);
 * const server = reactor.tcpClients[0]?.accept();
 * server?.receive('hello');
 */
export class MemoryReactor extends HostedReactor {
  override readonly kind = 'node';
  override readonly poller = 'memory';

  /** What was asked for, oldest first. */
  readonly tcpServers: MemoryTCPServer[] = [];
  readonly tcpClients: MemoryTCPClient[] = [];
  readonly unixServers: MemoryUNIXServer[] = [];
  readonly unixClients: MemoryUNIXClient[] = [];
  readonly udpPorts: MemoryUDPPort[] = [];
  readonly #clock: ManualClock;
  readonly #open = new Set<MemoryTransport>();
  /** Names of what listens. */
  readonly #taken = new Set<string>();
  readonly #dials = new Map<DialListener, PendingDial>();
  readonly #datagramSockets = new Map<UDPTransport, MemoryDatagramSocket>();
  readonly #written = new WeakMap<UDPTransport, SentDatagram[]>();
  #nextPort = FIRST_EPHEMERAL_PORT;
  #advancing = false;

  /** @param options Who is told what application code throws. Default: as all of Ropewalk's errors are reported. */
  constructor(options: { readonly reportError?: ErrorReporter } = {}) {
    const clock = new ManualClock(options.reportError ?? reportError);
    super(options, virtualLoop(clock));
    this.#clock = clock;
  }

  override listenTCP(
    port: number,
    factory: FactoryLike,
    options: ListenTCPOptions = {},
  ): ListeningPort {
    const listeningPort = super.listenTCP(port, factory, options);
    this.tcpServers.push({ port, options, ...this.#server(listeningPort, factory) });
    return listeningPort;
  }

  override connectTCP(
    host: string,
    port: number,
    factory: FactoryLike,
    options: ConnectTCPOptions = {},
  ): Connector<HostPort> {
    const connector = super.connectTCP(host, port, factory, options);
    this.tcpClients.push({ host, port, options, ...this.#client(connector, factory) });
    return connector;
  }

  override listenUNIX(
    path: string,
    factory: FactoryLike,
    options: ListenUNIXOptions = {},
  ): ListeningPort<UNIXAddress> {
    // Nothing here is a file, nor may it be locked by one.
    const listeningPort = super.listenUNIX(path, factory, { ...options, wantPID: false });
    this.unixServers.push({ path, options, ...this.#server(listeningPort, factory) });
    return listeningPort;
  }

  override connectUNIX(
    path: string,
    factory: FactoryLike,
    options: ConnectUNIXOptions = {},
  ): Connector<UNIXAddress> {
    const connector = super.connectUNIX(path, factory, { ...options, checkPID: false });
    this.unixClients.push({ path, options, ...this.#client(connector, factory) });
    return connector;
  }

  override listenUDP(
    port: number,
    protocol: DatagramProtocolLike<IPAddress>,
    options: ListenUDPOptions = {},
  ): UDPTransport {
    const transport = super.listenUDP(port, protocol, options);
    const socket = (what: string): MemoryDatagramSocket => {
      const open = this.#datagramSockets.get(transport);
      if (open !== undefined) return open;
      throw new TestTransportStateError(`${what}: the port is not listening`);
    };
    const written = this.#written.get(transport) ?? [];
    this.udpPorts.push({
      ...{ port, protocol, options, transport, written },
      receive: (data, from = addressFrom('UDP', CLIENT_ADDRESS, 40_000)) => {
        checkData(data);
        socket('receive').receive(Buffer.from(data as Uint8Array), from);
      },
      refuse: () => socket('refuse').refuse(),
    });
    return transport;
  }

  /**
   * Lets `ms` pass: deferred work runs, delayed calls fall due, transports settle. 0 runs deferred work only. Inside a
   * callback it does the same and then returns; only the transport and the queue that the callback was called from wait
   * until it has returned.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   * @throws SimulationLimitError it does not come to rest.
   */
  advance(ms: number): void {
    const end = this.now() + checkMilliseconds('ms', ms);
    const nested = this.#advancing;
    // The turn that is under way arms the timer of its delayed calls when it ends, which is too late here: another turn does.
    if (nested) this.soon(() => {});
    this.#advancing = true;
    try {
      this.#advanceTo(end);
    } finally {
      this.#advancing = nested;
    }
  }

  /** Advances by each of `steps` in turn. */
  pump(steps: Iterable<number>): void {
    for (const ms of steps) this.advance(ms);
  }

  /** @internal */
  override openListenSocket(settings: ListenSettings): ListenSocket {
    const number = this.#take('tcp', settings);
    const address = addressFrom('TCP', settings.interface || OWN_ADDRESS, number);
    return this.#listenSocket(address, `tcp ${number}`);
  }

  /** @internal */
  override openUNIXListenSocket({ path }: UNIXListenSettings): ListenSocket {
    const address = new UNIXAddress(path);
    if (this.#taken.has(`unix ${path}`)) {
      throw new CannotListenError(address, { cause: systemError('bind', 'EADDRINUSE', path) });
    }
    this.#taken.add(`unix ${path}`);
    return this.#listenSocket(address, `unix ${path}`);
  }

  /** @internal */
  override openUDPSocket(settings: UDPSettings, port: UDPPort): UDPSocket {
    const number = this.#take('udp', settings);
    const written = this.#written.get(port) ?? [];
    this.#written.set(port, written);
    const address = addressFrom('UDP', settings.interface || OWN_ADDRESS, number);
    const socket = new MemoryDatagramSocket(address, port, settings, written, {
      soon: (callback) => this.soon(callback),
      closed: () => {
        this.#taken.delete(`udp ${number}`);
        this.#datagramSockets.delete(port);
      },
    });
    this.#datagramSockets.set(port, socket);
    return socket;
  }

  /** @internal */
  override dial(
    address: string,
    port: number,
    _settings: ConnectSettings,
    listener: DialListener,
  ): Dial {
    this.#dials.set(listener, { listener, peer: addressFrom('TCP', address, port) });
    return { cancel: () => this.#dials.delete(listener) };
  }

  /** @internal */
  override dialUNIX({ path }: UNIXConnectSettings, listener: DialListener): Dial {
    this.#dials.set(listener, { listener, peer: new UNIXAddress(path) });
    return { cancel: () => this.#dials.delete(listener) };
  }

  override transports(): Iterable<StreamTransport> {
    for (const t of this.#open) if (!t.connected && !t.disconnecting) this.#open.delete(t);
    return this.#open;
  }

  protected override bytes(): { received: number; sent: number; turns: number } {
    return { received: 0, sent: 0, turns: 0 };
  }

  protected override turnTimes(): { p50Ms: number; p99Ms: number } {
    return { p50Ms: 0, p99Ms: 0 };
  }

  protected override checkSupported(_settings: ListenSettings | ConnectSettings): void {}

  protected override makeNameResolver(): OwnNameResolver {
    return new SimulatedNames(this.#clock, () => SERVER_ADDRESS);
  }

  protected override checkSupportsUNIX(): void {}

  protected override release(): void {}

  #advanceTo(end: number): void {
    let turns = 0;
    for (let time = this.now(); this.#step(end); turns++) {
      if (time !== this.now()) turns = 0;
      else if (turns === MAX_SETTLE_TURNS) {
        throw new SimulationLimitError(`the reactor has not come to rest in ${turns} turns`);
      }
      time = this.now();
    }
    this.#clock.advance(Math.max(0, end - this.now()));
  }

  /** @returns Whether there was anything to do. */
  #step(end: number): boolean {
    let busy = false;
    for (const transport of [...this.#open]) busy = transport.turn() || busy;
    const next = this.#clock.nextTime;
    if (next === undefined || next > end) return busy;
    return this.#clock.step();
  }

  #server<A extends Address>(
    listeningPort: ListeningPort<A>,
    factory: FactoryLike,
  ): MemoryServer<A> {
    const connect = (peer?: Address): MemoryTransport => {
      const port = listeningPort as unknown as StreamPort;
      if (!port.listening) throw new TestTransportStateError('connect: the port is not listening');
      const unix = port.getHost().type === 'UNIX';
      const from = peer ?? (unix ? UNNAMED : addressFrom('TCP', CLIENT_ADDRESS, this.#nextPort++));
      const transport = this.#transport(port, from, port.getHost());
      port.accepted(transport, from);
      return this.#keep(transport);
    };
    return { factory, listeningPort, connect };
  }

  #client<D extends Destination>(connector: Connector<D>, factory: FactoryLike): MemoryClient<D> {
    const accept = (): MemoryTransport => {
      const { listener, peer } = this.#takeDial(connector, 'accept');
      const transport = this.#transport(listener, peer, this.#ownAddress(peer));
      listener.dialSucceeded(transport, peer);
      return this.#keep(transport);
    };
    const refuse = (cause?: Error): void => {
      const { listener, peer } = this.#takeDial(connector, 'refuse');
      listener.dialFailed(cause ?? refusal(peer));
    };
    return { factory, connector, accept, refuse };
  }

  #takeDial(connector: Connector, what: string): PendingDial {
    // The connector begins in a turn of its own, and finds the address in another.
    this.advance(0);
    const dial = this.#dials.get(connector as unknown as DialListener);
    if (dial === undefined) {
      throw new TestTransportStateError(`${what}: no attempt to connect is under way`);
    }
    this.#dials.delete(dial.listener);
    return dial;
  }

  /** @returns The number of the port, which is taken from now on. */
  #take(protocol: 'tcp' | 'udp', settings: { port: number; interface: string }): number {
    const number = settings.port === 0 ? this.#nextPort++ : settings.port;
    if (this.#taken.has(`${protocol} ${number}`)) {
      const cause = systemError('listen', 'EADDRINUSE', settings.interface || '::', number);
      throw new CannotListenError({ ...settings, port: number }, { cause });
    }
    this.#taken.add(`${protocol} ${number}`);
    return number;
  }

  #listenSocket(address: Address, name: string): ListenSocket {
    return {
      address,
      fileno: () => {
        throw this.unsupported('fileno');
      },
      close: () => this.#taken.delete(name),
    };
  }

  #transport(owner: DialListener | StreamPort, peer: Address, host: Address): MemoryTransport {
    return new MemoryTransport({ peer, host, reportError: this.report }, owner);
  }

  /** Gives a transport its turns, unless the application wanted none. */
  #keep(transport: MemoryTransport): MemoryTransport {
    if (transport.connected || transport.disconnecting) this.#open.add(transport);
    return transport;
  }

  #ownAddress(peer: Address): Address {
    if (peer.type === 'UNIX') return UNNAMED;
    return addressFrom('TCP', OWN_ADDRESS, this.#nextPort++);
  }
}

function refusal(peer: Address): Error {
  if (peer.type === 'UNIX') return systemError('connect', 'ECONNREFUSED', peer.path);
  return systemError('connect', 'ECONNREFUSED', peer.host, peer.port);
}
