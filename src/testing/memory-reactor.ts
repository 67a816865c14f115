/** A reactor without a network: it writes down what it was asked for, and the test answers. */
import { type Address, addressFrom, type HostPort, type IPAddress } from '../core/address.js';
import type { Connector } from '../core/connector.js';
import { CannotListenError } from '../core/errors.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { ErrorReporter } from '../core/reactor.js';
import type { ConnectTCPOptions, ListenTCPOptions } from '../core/tcp-options.js';
import { checkMilliseconds } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { HostedReactor, type OwnNameResolver } from '../reactor/hosted-reactor.js';
import type { Dial, DialListener } from '../reactor/stream-connector.js';
import type { ListenSocket, StreamPort } from '../reactor/stream-port.js';
import type { StreamTransport } from '../reactor/stream-transport.js';
import type { ConnectSettings, ListenSettings } from '../reactor/tcp-settings.js';
import { ManualClock } from './manual-clock.js';
import { MAX_SETTLE_TURNS, MemoryTransport } from './memory-transport.js';
import { SimulationLimitError, TestTransportStateError } from './simulation/errors.js';
import { SimulatedNames } from './simulation/simulated-names.js';
import { systemFailure } from './simulation/system-failure.js';
import { virtualLoop } from './simulation/virtual-loop.js';

/** What a `listenTCP` asked for. */
export interface MemoryTCPServer {
  readonly port: number;
  readonly factory: FactoryLike;
  readonly options: ListenTCPOptions;
  readonly listeningPort: ListeningPort;
  /**
   * A client connects.
   * @param peer Its address. Default 192.0.2.2 and a port of its own.
   * @returns The server's transport: the test plays the client.
   * @throws TestTransportStateError the port is not listening.
   */
  connect(peer?: Address): MemoryTransport;
}

/** What a `connectTCP` asked for, over as many attempts as its connector makes. */
export interface MemoryTCPClient {
  readonly host: string;
  readonly port: number;
  readonly factory: FactoryLike;
  readonly options: ConnectTCPOptions;
  readonly connector: Connector<HostPort>;
  /**
   * The server takes the connection.
   * @returns The client's transport: the test plays the server.
   * @throws TestTransportStateError no attempt is under way.
   */
  accept(): MemoryTransport;
  /**
   * The attempt fails.
   * @param cause Default: `ECONNREFUSED`.
   * @throws TestTransportStateError no attempt is under way.
   */
  refuse(cause?: Error): void;
}

/** What names stand for. */
const SERVER_ADDRESS = '192.0.2.10';
const CLIENT_ADDRESS = '192.0.2.2';
const OWN_ADDRESS = '192.0.2.1';
const FIRST_EPHEMERAL_PORT = 40_001;

interface PendingDial {
  readonly listener: DialListener;
  readonly peer: IPAddress;
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

  /** What `listenTCP` and `connectTCP` were asked for, oldest first. */
  readonly tcpServers: MemoryTCPServer[] = [];
  readonly tcpClients: MemoryTCPClient[] = [];
  readonly #clock: ManualClock;
  readonly #open = new Set<MemoryTransport>();
  readonly #sockets = new Map<number, StreamPort>();
  readonly #dials = new Map<DialListener, PendingDial>();
  #nextPort = FIRST_EPHEMERAL_PORT;

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
    const connect = (peer?: Address): MemoryTransport =>
      this.#connectTo(listeningPort as StreamPort, peer);
    this.tcpServers.push({ port, factory, options, listeningPort, connect });
    return listeningPort;
  }

  override connectTCP(
    host: string,
    port: number,
    factory: FactoryLike,
    options: ConnectTCPOptions = {},
  ): Connector<HostPort> {
    const connector = super.connectTCP(host, port, factory, options);
    const take = (what: string): PendingDial => this.#take(connector, what);
    this.tcpClients.push({
      host,
      port,
      factory,
      options,
      connector,
      accept: () => {
        const { listener, peer } = take('accept');
        const transport = this.#transport(listener, peer, this.#ownAddress());
        listener.dialSucceeded(transport, peer);
        return this.#keep(transport);
      },
      refuse: (cause) => {
        const { listener, peer } = take('refuse');
        listener.dialFailed(cause ?? systemFailure('connect', 'ECONNREFUSED', peer.host, port));
      },
    });
    return connector;
  }

  /**
   * Lets `ms` pass: what was put off runs, delayed calls fall due, transports settle. 0 is for what was put off only.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   * @throws SimulationLimitError it does not come to rest.
   */
  advance(ms: number): void {
    const end = this.now() + checkMilliseconds('ms', ms);
    let turns = 0;
    for (let time = this.now(); this.#step(end); turns++) {
      if (time !== this.now()) turns = 0;
      else if (turns === MAX_SETTLE_TURNS) {
        throw new SimulationLimitError(`the reactor has not come to rest in ${turns} turns`);
      }
      time = this.now();
    }
    this.#clock.advance(end - this.now());
  }

  /** Advances by each of `steps` in turn. */
  pump(steps: Iterable<number>): void {
    for (const ms of steps) this.advance(ms);
  }

  /** @internal */
  override openListenSocket(settings: ListenSettings, port: StreamPort): ListenSocket {
    const number = settings.port === 0 ? this.#nextPort++ : settings.port;
    if (this.#sockets.has(number)) {
      const cause = systemFailure('listen', 'EADDRINUSE', settings.interface || '::', number);
      throw new CannotListenError({ ...settings, port: number }, { cause });
    }
    this.#sockets.set(number, port);
    return {
      address: addressFrom('TCP', settings.interface || OWN_ADDRESS, number),
      fileno: () => {
        throw this.unsupported('fileno');
      },
      close: () => this.#sockets.delete(number),
    };
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
  override connectionEnded(transport: StreamTransport, reason: Error): void {
    this.#open.delete(transport as MemoryTransport);
    super.connectionEnded(transport, reason);
  }

  override transports(): Iterable<StreamTransport> {
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

  protected override release(): void {}

  /** @returns Whether there was anything to do. */
  #step(end: number): boolean {
    let busy = false;
    for (const transport of [...this.#open]) busy = transport.turn() || busy;
    const next = this.#clock.nextTime;
    if (next === undefined || next > end) return busy;
    return this.#clock.step();
  }

  #connectTo(port: StreamPort, peer?: Address): MemoryTransport {
    if (!port.listening) throw new TestTransportStateError('connect: the port is not listening');
    const from = peer ?? addressFrom('TCP', CLIENT_ADDRESS, this.#nextPort++);
    const transport = this.#transport(port, from, port.getHost());
    port.accepted(transport, from);
    return this.#keep(transport);
  }

  #take(connector: Connector, what: string): PendingDial {
    // The connector begins in a turn of its own, and finds the address in another.
    this.advance(0);
    const dial = this.#dials.get(connector as unknown as DialListener);
    if (dial === undefined) {
      throw new TestTransportStateError(`${what}: no attempt to connect is under way`);
    }
    this.#dials.delete(dial.listener);
    return dial;
  }

  #transport(owner: DialListener | StreamPort, peer: Address, host: Address): MemoryTransport {
    return new MemoryTransport({ peer, host, reportError: this.report }, owner);
  }

  /** Gives a transport its turns, unless the application wanted none. */
  #keep(transport: MemoryTransport): MemoryTransport {
    if (transport.connected) this.#open.add(transport);
    return transport;
  }

  #ownAddress(): Address {
    return addressFrom('TCP', OWN_ADDRESS, this.#nextPort++);
  }
}
