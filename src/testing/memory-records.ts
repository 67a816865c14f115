/** The records that a MemoryReactor keeps of requests, and the test's means to answer them. */
import type { Address, HostPort, IPAddress, UNIXAddress } from '../core/address.js';
import type { Connector } from '../core/connector.js';
import type {
  DatagramDetails,
  DatagramProtocolLike,
  ListenUDPOptions,
  UDPTransport,
} from '../core/datagram.js';
import type { Destination } from '../core/destination.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { ConnectTCPOptions, ListenTCPOptions } from '../core/tcp-options.js';
import type { ConnectUNIXOptions, ListenUNIXOptions } from '../core/unix-options.js';
import type { SentDatagram } from './memory-datagram-socket.js';
import type { MemoryTransport } from './memory-transport.js';

/** Common to all listening ports. */
export interface MemoryServer<A extends Address> {
  readonly factory: FactoryLike;
  readonly listeningPort: ListeningPort<A>;
  /**
   * A client connects.
   * @param peer Its address. Default: for TCP 192.0.2.2 and a port of its own, for UNIX an empty one.
   * @returns The server's transport: the test plays the client.
   * @throws TestTransportStateError the port is not listening.
   */
  connect(peer?: Address): MemoryTransport;
}

/** A `listenTCP` call. */
export interface MemoryTCPServer extends MemoryServer<IPAddress> {
  readonly port: number;
  readonly options: ListenTCPOptions;
}

/** A `listenUNIX` call. No file or lock file is made. */
export interface MemoryUNIXServer extends MemoryServer<UNIXAddress> {
  readonly path: string;
  readonly options: ListenUNIXOptions;
}

/** Common to all connectors, over all of their attempts. */
export interface MemoryClient<D extends Destination> {
  readonly factory: FactoryLike;
  readonly connector: Connector<D>;
  /**
   * The server takes the connection.
   * @returns The client's transport: the test plays the server.
   * @throws TestTransportStateError no attempt is in progress.
   */
  accept(): MemoryTransport;
  /**
   * The attempt fails.
   * @param cause Default: `ECONNREFUSED`.
   * @throws TestTransportStateError no attempt is in progress.
   */
  refuse(cause?: Error): void;
}

/** A `connectTCP` call. */
export interface MemoryTCPClient extends MemoryClient<HostPort> {
  readonly host: string;
  readonly port: number;
  readonly options: ConnectTCPOptions;
}

/** A `connectUNIX` call. No lock file is checked. */
export interface MemoryUNIXClient extends MemoryClient<UNIXAddress> {
  readonly path: string;
  readonly options: ConnectUNIXOptions;
}

/** A `listenUDP` call. */
export interface MemoryUDPPort {
  readonly port: number;
  readonly protocol: DatagramProtocolLike<IPAddress>;
  readonly options: ListenUDPOptions;
  /** The value that `listenUDP` returned: the transport of the protocol. */
  readonly transport: UDPTransport;
  /** Sent datagrams, oldest first, recorded when they are written. */
  readonly written: SentDatagram[];
  /**
   * A datagram arrives. A connected port receives from its peer only.
   * @param from Default 192.0.2.2 and port 40000.
   * @param details For a port with `packetInfo` or `receiveTrafficClass`. Default: the port's address, interface 2, traffic class 0.
   * @throws TestTransportStateError the port is not listening.
   */
  receive(data: Uint8Array | string, from?: IPAddress, details?: Partial<DatagramDetails>): void;
  /**
   * The peer's host reports that nothing listens at the port.
   * @throws TestTransportStateError the port is not listening.
   */
  refuse(): void;
}
