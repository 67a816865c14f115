/** The contract that every reactor keeps. Two implement it; one contract suite runs on both. */
import type { Deferred } from '../defer/deferred.js';
import type { Address, HostPort, IPAddress, UNIXAddress } from './address.js';
import type {
  AdoptConnectionOptions,
  AdoptDatagramOptions,
  AdoptPortOptions,
} from './adopt-options.js';
import type { Clock } from './clock.js';
import type { Connector } from './connector.js';
import type {
  ConnectUNIXDatagramOptions,
  DatagramProtocolLike,
  ListenUDPOptions,
  ListenUNIXDatagramOptions,
  UDPTransport,
  UNIXDatagramTransport,
} from './datagram.js';
import type { ReadDescriptor, WriteDescriptor } from './descriptor.js';
import type { FactoryLike } from './factory.js';
import type { ListeningPort } from './listening-port.js';
import type { NameResolver } from './name-resolver.js';
import type { SystemEvents } from './system-event.js';
import type { ConnectTCPOptions, ListenTCPOptions } from './tcp-options.js';
import type { SocketTransport } from './transport.js';
import type { ConnectUNIXOptions, ListenUNIXOptions } from './unix-options.js';

export interface RunOptions {
  /** Whether SIGINT and SIGTERM stop the reactor while it runs. Default true on the main thread. */
  readonly installSignalHandlers?: boolean;
}

/** What a reactor counts about itself: totals since it was made, unless said otherwise. */
export interface ReactorStatistics {
  /** Turns in which sockets had something to say. */
  readonly turns: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly connectionsAccepted: number;
  readonly connectionsMade: number;
  readonly connectionsLost: number;
  /** Transports open now. */
  readonly connectionsOpen: number;
  /** Delayed calls pending now. */
  readonly delayedCalls: number;
  /** Median length of a turn in milliseconds since the last call; 0 where no turn was measured. */
  readonly turnMsP50: number;
  /** The same, for the slowest hundredth. */
  readonly turnMsP99: number;
}

/**
 * Delivers readiness, time and system events.
 *
 * A reactor lives in Node's own loop, beside timers, promises and files. Its sockets and delayed calls work from the
 * moment they are made; `run` and `stop` frame the life of a program: startup, signals, orderly shutdown.
 */
export interface Reactor extends Clock, SystemEvents, AsyncDisposable {
  /** `node` is any reactor in JavaScript alone, a simulated one too: their `poller` tells them apart. */
  readonly kind: 'native' | 'node';
  /** What tells readiness: `epoll`, `poll`; `libuv` under the pure-JS reactor, `simulation` under a simulated one. */
  readonly poller: string;
  readonly running: boolean;
  readonly exitSignal: NodeJS.Signals | undefined;
  /**
   * Finds the addresses of hosts for `connectTCP`, and for whoever asks it. What the one that the reactor came with is still
   * asked when the reactor stops is cancelled.
   */
  readonly nameResolver: NameResolver;

  /**
   * Names are resolved by `resolver` from now on; attempts under way go on with the one they have asked.
   * @returns The resolver until now.
   * @throws InvalidArgumentTypeError
   */
  installNameResolver(resolver: NameResolver): NameResolver;

  /**
   * Fires `startup` and keeps the process alive. The answer comes when a `stop` has been carried out; the reactor may then
   * be run again. It fails with ReactorAlreadyRunningError where it runs already. Cancelling it does not stop the reactor.
   */
  run(options?: RunOptions): Deferred<void>;
  /**
   * Fires `shutdown` at the end of the turn. In its `during` phase the ports are closed, connection attempts are ended
   * and connections are lost (`ConnectionLost`); after its last phase pending delayed calls are dropped and `run` settles.
   * @throws ReactorNotRunningError also where it is stopping already.
   */
  stop(): void;
  /**
   * Ends `run` now, without `shutdown`: sockets and delayed calls stay as they are.
   * @throws ReactorNotRunningError
   */
  crash(): void;
  /** Calls `callback` at once if the reactor runs, else after its next `startup`. */
  callWhenRunning<Args extends unknown[]>(callback: (...args: Args) => void, ...args: Args): void;
  /**
   * Queues `callback` for the reactor's next turn, ahead of delayed calls, and wakes it. Safe from anywhere, callbacks of
   * foreign loops included.
   */
  callFromThread<Args extends unknown[]>(callback: (...args: Args) => void, ...args: Args): void;

  /**
   * Accepts TCP connections, a protocol for each.
   * @param port 0 lets the system choose: see {@link ListeningPort.getHost}.
   * @throws CannotListenError, UnsupportedError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  listenTCP(
    port: number,
    factory: FactoryLike,
    options?: ListenTCPOptions,
  ): ListeningPort<IPAddress>;
  /**
   * Makes a TCP connection. Returns at once; what became of it, success or failure, is told to the factory in a later
   * turn. A name's addresses are tried in the order of {@link nameResolver} until one answers; an IP address is
   * not asked for. Where `buildProtocol` throws, that is
   * the failure; where it gives null, the connection is made and closed.
   * @throws UnsupportedError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  connectTCP(
    host: string,
    port: number,
    factory: FactoryLike,
    options?: ConnectTCPOptions,
  ): Connector<HostPort>;

  /**
   * Accepts UNIX connections. The socket's file is removed when the port stops, unless somebody else has put another there.
   * @param path A path, or an abstract name that begins with a NUL (Linux).
   * @throws CannotListenError, UnsupportedError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  listenUNIX(
    path: string,
    factory: FactoryLike,
    options?: ListenUNIXOptions,
  ): ListeningPort<UNIXAddress>;
  /** Makes a UNIX connection: {@link Reactor.connectTCP}. While the listener's queue is full, it tries again. */
  connectUNIX(
    path: string,
    factory: FactoryLike,
    options?: ConnectUNIXOptions,
  ): Connector<UNIXAddress>;

  /**
   * Opens a UDP socket; what it returns is the protocol's transport too.
   * @param port 0 lets the system choose.
   * @throws CannotListenError, UnsupportedError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  listenUDP(
    port: number,
    protocol: DatagramProtocolLike<IPAddress>,
    options?: ListenUDPOptions,
  ): UDPTransport;
  /** Opens a UNIX datagram socket with a path. Native only. @throws as listenUNIX */
  listenUNIXDatagram(
    path: string,
    protocol: DatagramProtocolLike<UNIXAddress>,
    options?: ListenUNIXDatagramOptions,
  ): UNIXDatagramTransport;
  /**
   * Opens a UNIX datagram socket whose peer is the one at `path`. Native only.
   * @throws ConnectError, and as listenUNIX
   */
  connectUNIXDatagram(
    path: string,
    protocol: DatagramProtocolLike<UNIXAddress>,
    options?: ConnectUNIXDatagramOptions,
  ): UNIXDatagramTransport;

  /**
   * Accepts connections from a listening socket that was opened elsewhere: inherited, received from another process. It is
   * closed, never shut down, when the port stops.
   * @throws DescriptorError, UnsupportedError, InvalidArgumentTypeError
   */
  adoptStreamPort(
    fd: number,
    factory: FactoryLike,
    options?: AdoptPortOptions,
  ): ListeningPort<Address>;
  /**
   * Goes on with a connection that was made elsewhere: a protocol is built as for an accepted one, but the factory's
   * `doStart` and `doStop` are not called. Null where `buildProtocol` gave null, or threw, which is reported: the connection is
   * closed.
   * @throws DescriptorError, UnsupportedError, InvalidArgumentTypeError
   */
  adoptStreamConnection(
    fd: number,
    factory: FactoryLike,
    options?: AdoptConnectionOptions,
  ): SocketTransport | null;
  /**
   * Goes on with a bound datagram socket that was opened elsewhere.
   * @throws DescriptorError, UnsupportedError, InvalidArgumentTypeError
   */
  adoptDatagramPort(
    fd: number,
    protocol: DatagramProtocolLike<IPAddress>,
    options?: AdoptDatagramOptions,
  ): UDPTransport;

  /**
   * Calls `descriptor.doRead()` when its file descriptor is readable. Adding twice is once. Native only. Remove it before
   * the descriptor is closed.
   * @throws UnsupportedError this reactor can't, or it is a regular file, which is always ready.
   * @throws SystemError the descriptor is not open.
   */
  addReader(descriptor: ReadDescriptor): void;
  /** The same for `doWrite()` and writable. */
  addWriter(descriptor: WriteDescriptor): void;
  removeReader(descriptor: ReadDescriptor): void;
  removeWriter(descriptor: WriteDescriptor): void;
  getReaders(): ReadDescriptor[];
  getWriters(): WriteDescriptor[];
  removeAll(): (ReadDescriptor | WriteDescriptor)[];

  statistics(): ReactorStatistics;
}
