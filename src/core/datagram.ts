/** Datagrams: the interfaces of protocols and of sockets. There are no connections, no order and no retransmission. */
import type { Deferred } from '../defer/deferred.js';
import type { Address, HostPort, IPAddress, UNIXAddress } from './address.js';
import type { DatagramError } from './errors/datagram.js';
import type { ListeningPort, StopListeningOptions } from './listening-port.js';
import type { MaybeAsync } from './maybe-async.js';
import { notConnected } from './not-connected.js';
import type { Consumer } from './producer.js';

/** Details of a received datagram, for sockets that request them. */
export interface DatagramDetails {
  /** The destination address of the datagram: `packetInfo`. */
  readonly destination: string | undefined;
  /** The number of the interface that received it: `packetInfo`. */
  readonly interfaceIndex: number | undefined;
  /** The traffic class byte, whose two low bits are ECN (RFC 3168): `receiveTrafficClass`. */
  readonly trafficClass: number | undefined;
}

/**
 * The methods that a reactor calls. {@link DatagramProtocol} is the usual base.
 *
 * An exception thrown by any of these is reported, unless it is a {@link RemoteProtocolError}: violations by peers are common,
 * and reporting them would let anyone fill a log. The socket continues.
 *
 * A callback may be `async`: the rejection of a promise that it returns is treated like an exception. Nothing waits for the
 * promise.
 */
export interface DatagramReceiver<A extends Address = Address> {
  /**
   * Whether `datagramReceived` accepts lent bytes, which are valid until it returns and are overwritten afterwards, as for
   * {@link StreamProtocol.acceptsLentBytes}. Read for each delivery. Default false.
   */
  readonly acceptsLentBytes?: boolean;
  makeConnection(transport: DatagramTransport<A>): unknown;
  /**
   * A whole datagram arrived.
   * @param data Yours to keep, unless {@link acceptsLentBytes}.
   * @param details Only if the socket requests `packetInfo` or `receiveTrafficClass`.
   */
  datagramReceived(
    data: Buffer,
    from: A,
    transport: DatagramTransport<A>,
    details?: DatagramDetails,
  ): unknown;
  /** The port no longer listens. Called once for each `makeConnection`. */
  stopProtocol(): unknown;
  /** Connected sockets only: the peer's host reported that nothing listens there. Further calls may follow. */
  connectionRefused?(): unknown;
  /**
   * A datagram could not be sent, or was too long and dropped; later datagrams may succeed. Without this method, sending errors
   * are reported, and datagrams that were too long are only counted, because reporting them would let anyone fill a log.
   */
  datagramFailed?(error: DatagramError): unknown;
}

/** The type of the socket for an address type. */
export type DatagramTransportFor<A extends Address> = A extends UNIXAddress
  ? UNIXDatagramTransport
  : UDPTransport;

const NOT_LISTENING = notConnected<UDPTransport & UNIXDatagramTransport>(
  {
    connect: true,
    fileno: true,
    getBroadcastAllowed: true,
    getHost: true,
    getMulticastInterface: true,
    getMulticastLoopback: true,
    getMulticastTTL: true,
    joinGroup: true,
    leaveGroup: true,
    registerProducer: true,
    setBroadcastAllowed: true,
    setMulticastInterface: true,
    setMulticastLoopback: true,
    setMulticastTTL: true,
    setTTL: true,
    setTrafficClass: true,
    startListening: true,
    stopListening: true,
    unregisterProducer: true,
    write: true,
    writeSequence: true,
  },
  'startProtocol',
);

/** Base for protocols over datagrams: override what you need. */
export class DatagramProtocol<A extends Address = IPAddress> implements DatagramReceiver<A> {
  /** The socket. Its methods throw a {@link NotConnectedError} before `startProtocol`. */
  transport: DatagramTransportFor<A> = NOT_LISTENING as never;
  /** {@link DatagramReceiver.acceptsLentBytes}. Absent unless a subclass defines it. */
  declare readonly acceptsLentBytes?: boolean;

  makeConnection(transport: DatagramTransport<A>): MaybeAsync {
    // A port for IP addresses is always a UDP port.
    this.transport = transport as unknown as DatagramTransportFor<A>;
    return this.startProtocol();
  }

  /** The socket is bound. Called each time the port begins to listen. */
  startProtocol(): MaybeAsync {}

  datagramReceived(
    _data: Buffer,
    _from: A,
    _transport: DatagramTransport<A>,
    _details?: DatagramDetails,
  ): MaybeAsync {}

  stopProtocol(): MaybeAsync {}

  connectionRefused(): MaybeAsync {}
}

/** A datagram protocol as a plain object. All methods are optional; each receives the transport as its last argument. */
export interface DatagramHandlers<A extends Address = IPAddress> {
  /** {@link DatagramReceiver.acceptsLentBytes}. Read when listening begins. */
  readonly acceptsLentBytes?: boolean;
  startProtocol?(transport: DatagramTransport<A>): unknown;
  datagramReceived?(
    data: Buffer,
    from: A,
    transport: DatagramTransport<A>,
    details?: DatagramDetails,
  ): unknown;
  stopProtocol?(transport: DatagramTransport<A>): unknown;
  connectionRefused?(transport: DatagramTransport<A>): unknown;
  datagramFailed?(error: DatagramError, transport: DatagramTransport<A>): unknown;
}

/** The values that `listenUDP` and similar methods accept as a protocol; a function is used as `datagramReceived`. */
export type DatagramProtocolLike<A extends Address = IPAddress> =
  | DatagramReceiver<A>
  | DatagramHandlers<A>
  | ((
      data: Buffer,
      from: A,
      transport: DatagramTransport<A>,
      details?: DatagramDetails,
    ) => unknown);

/** Sending options besides the destination address. */
export interface SendOptions {
  /** The local address to send from, if the socket is bound to all, such as `DatagramDetails.destination`. Native only. */
  readonly source?: string;
}

/**
 * A bound datagram socket. As a {@link Consumer} it pauses a push producer while more than 64 KiB are unsent. `A` is the address
 * type of the peers.
 */
export interface DatagramTransport<A extends Address = Address> extends Consumer {
  /** Bytes of datagrams accepted by `write` and not sent yet. */
  readonly bufferedBytes: number;
  /** Received datagrams that exceeded `maxPacketSize` and were dropped. */
  readonly datagramsTruncated: number;
  /** Datagrams that `write` dropped because more than `maxBufferedBytes` were unsent. */
  readonly datagramsDropped: number;

  /**
   * Sends one datagram at the end of the turn, together with the others of that turn. If the system accepts no more, they are
   * buffered, up to `maxBufferedBytes`: datagrams beyond that are dropped, as a network would do.
   *
   * @param to Omitted on a connected socket, and only there. Hosts are IP addresses: names are not looked up.
   * @throws MessageLengthError `data` is longer than any datagram of this kind can be.
   * @throws InvalidAddressError `to` is missing, is not an IP address, or belongs to another family than the socket.
   * @throws InvalidArgumentTypeError
   */
  write(data: Uint8Array | string, to?: A | DestinationOf<A>, options?: SendOptions): void;
  /** Sends all parts as one datagram: {@link write}. @throws InvalidArgumentTypeError, and nothing is sent. */
  writeSequence(
    parts: Iterable<Uint8Array | string>,
    to?: A | DestinationOf<A>,
    options?: SendOptions,
  ): void;
  getHost(): A;
  /**
   * Receives no more: {@link ListeningPort.stopListening}. Unsent datagrams and those that have arrived and were not delivered are
   * lost. With `drain` datagrams that were read from the system are delivered, and unsent ones are sent, for at most a second;
   * those that the system still has are lost unless another process has the same socket.
   */
  stopListening(options?: StopListeningOptions): Deferred<void>;
}

/** A destination without an address object. */
export type DestinationOf<A extends Address> = A extends UNIXAddress ? string : HostPort;

/** The membership of a group, in the terms of RFC 3678. */
export interface MulticastMembership {
  /** Number, name or IP address of the interface. Default: the system's choice. */
  readonly interface?: string | number;
  /** Receive only datagrams of this host (source-specific multicast). */
  readonly source?: string;
}

/** A UDP socket: the port that `listenUDP` opens, and also the transport of its protocol. */
export interface UDPTransport extends DatagramTransport<IPAddress>, ListeningPort<IPAddress> {
  /** The peer of a connected socket. */
  readonly connectedTo: IPAddress | undefined;

  getHost(): IPAddress;
  stopListening(options?: StopListeningOptions): Deferred<void>;

  /**
   * Sets the peer: only its datagrams are received, `write` needs no address, and refusals are reported.
   * @throws AlreadyConnectedError, InvalidAddressError
   * @throws SystemError there is no route.
   */
  connect(host: string, port: number): void;

  getBroadcastAllowed(): boolean;
  setBroadcastAllowed(allowed: boolean): void;
  /** The maximum number of hops of unicast datagrams, 1 to 255. */
  setTTL(ttl: number): void;
  /** The traffic class byte of sent datagrams: DSCP in the upper six bits, ECN in the lower two. Native only. */
  setTrafficClass(trafficClass: number): void;

  /** @throws MulticastJoinError */
  joinGroup(group: string, membership?: MulticastMembership): void;
  /** @throws MulticastJoinError not a member. */
  leaveGroup(group: string, membership?: MulticastMembership): void;
  /** The maximum number of hops of multicast datagrams. The system's default is 1: this network only. */
  getMulticastTTL(): number;
  setMulticastTTL(ttl: number): void;
  /** Whether members on this host receive the multicast datagrams of this socket. The system's default is true. */
  getMulticastLoopback(): boolean;
  setMulticastLoopback(enabled: boolean): void;
  /** The interface for outgoing multicast datagrams: number, name or IP address. Default: the system's choice. */
  setMulticastInterface(outgoing: string | number): void;
  /** The last value of {@link setMulticastInterface} since the port began to listen. Undefined: the system's choice. */
  getMulticastInterface(): string | number | undefined;
}

/** A UNIX datagram socket. Native only. */
export interface UNIXDatagramTransport
  extends DatagramTransport<UNIXAddress>,
    ListeningPort<UNIXAddress> {
  /** The peer, if the socket was made by `connectUNIXDatagram`. */
  readonly connectedTo: UNIXAddress | undefined;
  getHost(): UNIXAddress;
  stopListening(options?: StopListeningOptions): Deferred<void>;
}

/** Options of all datagram sockets. */
export interface DatagramOptions {
  /** The longest datagram that is received, in bytes, 1 to 65,535. Longer ones are dropped and reported. Default 8,192. */
  readonly maxPacketSize?: number;
  /** The maximum number of unsent bytes. Default 1 MiB. */
  readonly maxBufferedBytes?: number;
  /** SO_RCVBUF. Default: the system's. Datagrams that arrive while it is full are lost. */
  readonly receiveBufferBytes?: number;
  /** SO_SNDBUF. Default: the system's. */
  readonly sendBufferBytes?: number;
}

export interface ListenUDPOptions extends DatagramOptions {
  /** IP address to listen on. Default: every IPv4 address; `::` means every address of both families. */
  readonly interface?: string;
  /** Whether datagrams may be sent to broadcast addresses. Default false. */
  readonly broadcast?: boolean;
  /**
   * Lets several sockets use the port (SO_REUSEADDR): all receive multicast and broadcast, one of them unicast. Twisted's
   * `listenMultiple`. Default false.
   */
  readonly listenMultiple?: boolean;
  /** Shares the port between sockets; each peer always reaches the same one (SO_REUSEPORT). Default false. */
  readonly reusePort?: boolean;
  /** Whether an IPv6 socket excludes IPv4. Default false. */
  readonly ipv6Only?: boolean;
  /** Provides the destination address and interface of each datagram. Default false. Native only. */
  readonly packetInfo?: boolean;
  /** Provides the traffic class byte, ECN included, of each datagram. Default false. Native only. */
  readonly receiveTrafficClass?: boolean;
  /**
   * Receives datagrams that the network card or kernel has joined (UDP_GRO) and separates them again; `datagramReceived` sees
   * no difference. For few peers that send much. Default false. Native only, Linux.
   */
  readonly receiveOffload?: boolean;
  /**
   * Passes equal-sized datagrams for one peer to the system in one piece, which the kernel or network card splits (UDP_SEGMENT),
   * if the system supports it. Default true. Native only, Linux.
   */
  readonly segmentationOffload?: boolean;
}

export interface ListenUNIXDatagramOptions extends DatagramOptions {
  /** As for {@link ListenUNIXOptions}. Default 0o666. */
  readonly mode?: number;
}

export interface ConnectUNIXDatagramOptions extends DatagramOptions {
  /** Path of this end, without which the peer cannot answer. Default: none. */
  readonly bindAddress?: string;
  /** Permissions of the file at `bindAddress`. Default 0o666. */
  readonly mode?: number;
}
