/** A reactor without a network: it records requests, and the test answers them. */
import {
  addressFrom,
  type HostPort,
  type IPAddress,
  type SocketAddress,
  UNIXAddress,
} from '../core/address.js';
import type { Connector } from '../core/connector.js';
import type { DatagramProtocolLike, ListenUDPOptions, UDPTransport } from '../core/datagram.js';
import type { Destination } from '../core/destination.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { ConnectTCPOptions, ListenTCPOptions } from '../core/tcp-options.js';
import type { ConnectUNIXOptions, ListenUNIXOptions } from '../core/unix-options.js';
import { checkData, checkInteger, checkMilliseconds } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { systemError } from '../internal/system-error.js';
import { HostedReactor } from '../reactor/hosted-reactor.js';
import type { ReactorOptions } from '../reactor/reactor-options.js';
import type { StreamOwner } from '../reactor/streams/stream-owner.js';
import type { StreamPort } from '../reactor/streams/stream-port.js';
import { ManualClock } from './manual-clock.js';
import { MemoryBackend, type PendingDial } from './memory-backend.js';
import type { MemoryDatagramSocket } from './memory-datagram-socket.js';
import { MAX_FD } from './memory-descriptors.js';
import type {
  MemoryClient,
  MemoryServer,
  MemoryTCPClient,
  MemoryTCPServer,
  MemoryUDPPort,
  MemoryUNIXClient,
  MemoryUNIXServer,
} from './memory-records.js';
import { MAX_SETTLE_TURNS, type MemoryTransport } from './memory-transport.js';
import { SimulationLimitError, TestTransportStateError } from './simulation/errors.js';
import { virtualLoop } from './simulation/virtual-loop.js';

const CLIENT_ADDRESS = '192.0.2.2';

const UNNAMED = new UNIXAddress('');

/** The reactor options that apply to a reactor in memory. */
export type MemoryReactorOptions = Pick<ReactorOptions, 'reportError' | 'shutdownTimeoutMs'>;

const OPTIONS: OptionNames<MemoryReactorOptions> = { reportError: true, shutdownTimeoutMs: true };

/**
 * Records listening and connecting. Attempts to connect wait until the test answers them. Nothing happens
 * by itself: time passes, and deferred work runs, in {@link advance}.
 *
 * @example
 * const reactor = new MemoryReactor();
 * const client = new AccumulatingProtocol();
 * reactor.connectTCP('example.org', 80, () => client);
 * const server = reactor.tcpClients[0]?.accept();
 * server?.receive('hello');
 */
export class MemoryReactor extends HostedReactor<MemoryBackend> {
  /** Records of the calls, oldest first. */
  readonly tcpServers: MemoryTCPServer[] = [];
  readonly tcpClients: MemoryTCPClient[] = [];
  readonly unixServers: MemoryUNIXServer[] = [];
  readonly unixClients: MemoryUNIXClient[] = [];
  readonly udpPorts: MemoryUDPPort[] = [];
  readonly #clock: ManualClock;
  #advancing = false;

  constructor(options: MemoryReactorOptions = {}) {
    checkOptions('MemoryReactor', options, OPTIONS);
    const clock = new ManualClock(options.reportError ?? reportError);
    super(options, virtualLoop(clock), (core) => new MemoryBackend(core, clock));
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
    const listeningPort = super.listenUNIX(path, factory, options);
    this.unixServers.push({ path, options, ...this.#server(listeningPort, factory) });
    return listeningPort;
  }

  override connectUNIX(
    path: string,
    factory: FactoryLike,
    options: ConnectUNIXOptions = {},
  ): Connector<UNIXAddress> {
    const connector = super.connectUNIX(path, factory, options);
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
      const open = this.backend.datagramSockets.get(transport);
      if (open !== undefined) return open;
      throw new TestTransportStateError(`${what}: the port is not listening`);
    };
    const written = this.backend.written.get(transport) ?? [];
    this.udpPorts.push({
      ...{ port, protocol, options, transport, written },
      receive: (data, from = addressFrom('UDP', CLIENT_ADDRESS, 40_000), details) => {
        checkData(data);
        socket('receive').receive(Buffer.from(data as Uint8Array), from, details);
      },
      refuse: () => socket('refuse').refuse(),
    });
    return transport;
  }

  /**
   * The descriptor becomes readable: calls the reader that was added for it once, at once. If it throws, the error is
   * reported and the descriptor is no longer watched, as under the native reactor.
   * @param fd Its number.
   * @throws TestTransportStateError it has no reader.
   */
  descriptorReadable(fd: number): void {
    this.backend.descriptors.readable(checkInteger('fd', fd, 0, MAX_FD));
  }

  /** The same for `addWriter`, and writable. @throws TestTransportStateError it has no writer. */
  descriptorWritable(fd: number): void {
    this.backend.descriptors.writable(checkInteger('fd', fd, 0, MAX_FD));
  }

  /**
   * Advances the time by `ms`: deferred work runs, delayed calls fall due, transports settle. 0 runs deferred work only. Inside a
   * callback it does the same and then returns; only the transport and the queue that made the callback wait
   * until it has returned.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   * @throws SimulationLimitError it does not come to rest.
   */
  advance(ms: number): void {
    const end = this.now() + checkMilliseconds('ms', ms);
    const nested = this.#advancing;
    // The current turn sets the timer of its delayed calls when it ends, which is too late here: another turn does it.
    if (nested) this.core.soon(() => {});
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

  #advanceTo(end: number): void {
    let turns = 0;
    for (let time = this.now(); this.#step(end); turns++) {
      if (time !== this.now()) turns = 0;
      else if (turns === MAX_SETTLE_TURNS) {
        throw new SimulationLimitError(`the reactor has not come to rest in ${turns} turns`, turns);
      }
      time = this.now();
    }
    this.#clock.advance(Math.max(0, end - this.now()));
  }

  /** @returns Whether there was anything to do. */
  #step(end: number): boolean {
    let busy = false;
    for (const transport of [...this.backend.open]) busy = transport.turn() || busy;
    const next = this.#clock.nextTime;
    if (next === undefined || next > end) return busy;
    return this.#clock.step();
  }

  #server<A extends SocketAddress>(
    listeningPort: ListeningPort<A>,
    factory: FactoryLike,
  ): MemoryServer<A> {
    const connect = (peer?: SocketAddress): MemoryTransport => {
      const port = listeningPort as unknown as StreamPort;
      if (!port.listening) throw new TestTransportStateError('connect: the port is not listening');
      const unix = port.getHost().type === 'UNIX';
      const from =
        peer ?? (unix ? UNNAMED : addressFrom('TCP', CLIENT_ADDRESS, this.backend.nextPort()));
      const transport = this.backend.transport(port, from, port.getHost());
      port.accepted(transport, from);
      return this.backend.keep(transport);
    };
    return { factory, listeningPort, connect };
  }

  #client<D extends Destination>(connector: Connector<D>, factory: FactoryLike): MemoryClient<D> {
    const accept = (): MemoryTransport => {
      const { owner, listener, peer, host } = this.#takeDial(connector, 'accept');
      const transport = this.backend.transport(owner, peer, host);
      listener.dialSucceeded(transport, peer);
      return this.backend.keep(transport);
    };
    const refuse = (cause?: Error): void => {
      const { listener, peer } = this.#takeDial(connector, 'refuse');
      listener.dialFailed(cause ?? refusal(peer));
    };
    return { factory, connector, accept, refuse };
  }

  #takeDial(connector: Connector, what: string): PendingDial {
    // The connector begins in one turn and finds the address in the next.
    this.advance(0);
    const dial = this.backend.takeDial(connector as unknown as StreamOwner);
    if (dial === undefined) {
      throw new TestTransportStateError(`${what}: no attempt to connect is in progress`);
    }
    return dial;
  }
}

function refusal(peer: SocketAddress): Error {
  if (peer.type === 'UNIX') return systemError('connect', 'ECONNREFUSED', peer.path);
  return systemError('connect', 'ECONNREFUSED', peer.host, peer.port);
}
