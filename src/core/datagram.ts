/** Datagrams: what a datagram socket talks to, and what it offers. Nothing here connects, orders or repeats. */
import type { Deferred } from '../defer/deferred.js';
import type { Address, HostPort, IPAddress, UNIXAddress } from './address.js';
import type { DatagramError } from './errors/datagram.js';
import type { ListeningPort } from './listening-port.js';
import type { MaybeAsync } from './maybe-async.js';
import { notConnected } from './not-connected.js';
import type { Consumer } from './producer.js';

/** What came with a datagram, for sockets that asked for it. */
export interface DatagramDetails {
  /** The address it was sent to: `packetInfo`. */
  readonly destination: string | undefined;
  /** Number of the interface it came in by: `packetInfo`. */
  readonly interfaceIndex: number | undefined;
  /** The traffic class byte, whose two low bits are ECN (RFC 3168): `receiveTrafficClass`. */
  readonly trafficClass: number | undefined;
}

/**
 * What a reactor calls. {@link DatagramProtocol} is the usual base.
 *
 * An exception out of any of these is reported, unless it is a {@link RemoteProtocolError}: that a peer broke its protocol is
 * everyday, and anybody could fill a log with it. The socket goes on.
 *
 * A callback may be `async`: the rejection of a promise that it returns is treated like an exception. Nothing waits for the
 * promise.
 */
export interface DatagramReceiver<A extends Address = Address> {
  /**
   * Whether `datagramReceived` may be called with lent bytes, which are valid until it returns and are overwritten afterwards:
   * as for {@link StreamProtocol.acceptsLentBytes}. Asked at each delivery. Default false.
   */
  readonly acceptsLentBytes?: boolean;
  makeConnection(transport: DatagramTransport<A>): unknown;
  /**
   * A datagram came, whole.
   * @param data Yours to keep, unless {@link acceptsLentBytes}.
   * @param details Only where the socket asked for `packetInfo` or `receiveTrafficClass`.
   */
  datagramReceived(
    data: Buffer,
    from: A,
    transport: DatagramTransport<A>,
    details?: DatagramDetails,
  ): unknown;
  /** The port no longer listens: called once for each `makeConnection`. */
  stopProtocol(): unknown;
  /** Connected sockets only: the peer's host said that nobody listens there. More may follow. */
  connectionRefused?(): unknown;
  /**
   * A datagram could not be sent, or came too long and was dropped: the next is a new chance. Without this method, what could
   * not be sent is reported, and what came too long is counted only: anybody could fill a log with it.
   */
  datagramFailed?(error: DatagramError): unknown;
}

/** The socket of datagrams between such addresses. */
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
  /** {@link DatagramReceiver.acceptsLentBytes}. Not there unless a subclass defines it. */
  declare readonly acceptsLentBytes?: boolean;

  makeConnection(transport: DatagramTransport<A>): MaybeAsync {
    // A port for IP addresses is a UDP port: no other kind is opened for them.
    this.transport = transport as unknown as DatagramTransportFor<A>;
    return this.startProtocol();
  }

  /** The socket is bound: called each time the port begins to listen. */
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

/** A protocol over datagrams as a plain object. Every method may be left out; each is given the transport last. */
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

/** All that `listenUDP` and its like take as a protocol; a function is `datagramReceived`. */
export type DatagramProtocolLike<A extends Address = IPAddress> =
  | DatagramReceiver<A>
  | DatagramHandlers<A>
  | ((
      data: Buffer,
      from: A,
      transport: DatagramTransport<A>,
      details?: DatagramDetails,
    ) => unknown);

/** Where a datagram goes and how: more than an address. */
export interface SendOptions {
  /** The address of this host to send from, on a socket bound to all: what `DatagramDetails.destination` said. Native only. */
  readonly source?: string;
}

/**
 * A bound datagram socket. As a {@link Consumer} it takes a push producer, paused while more than 64 KiB wait to be sent.
 * `A` is the kind of address of the other ends.
 */
export interface DatagramTransport<A extends Address = Address> extends Consumer {
  /** Bytes of datagrams taken by `write` that the system has not taken yet. */
  readonly bufferedBytes: number;
  /** Datagrams that came too long for `maxPacketSize` and were dropped. */
  readonly datagramsTruncated: number;
  /** Datagrams that `write` dropped because more than `maxBufferedBytes` waited. */
  readonly datagramsDropped: number;

  /**
   * Sends one datagram at the end of the turn, together with the others of that turn. Where the system takes no more, they
   * wait, up to `maxBufferedBytes`: what is beyond is dropped, as a network would.
   *
   * @param to Left out on a connected socket, and only there. Hosts are IP addresses: names are not looked up.
   * @throws MessageLengthError longer than any datagram of this kind can be.
   * @throws InvalidAddressError `to` is no IP address, of another family than the socket, or missing.
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
  /** Drops what waits to be sent and takes no more: {@link ListeningPort.stopListening}. */
  stopListening(): Deferred<void>;
}

/** How the other end can be said without an address object. */
export type DestinationOf<A extends Address> = A extends UNIXAddress ? string : HostPort;

/** A group to be in: RFC 3678's view of it. */
export interface MulticastMembership {
  /** Number, name or IP address of the interface. Default: the system's choice. */
  readonly interface?: string | number;
  /** Only what this host sends (source-specific multicast). */
  readonly source?: string;
}

/** A UDP socket: the port that `listenUDP` opened, and the transport of its protocol. */
export interface UDPTransport extends DatagramTransport<IPAddress>, ListeningPort<IPAddress> {
  /** The peer of a connected socket. */
  readonly connectedTo: IPAddress | undefined;

  getHost(): IPAddress;
  stopListening(): Deferred<void>;

  /**
   * Fixes the peer: only its datagrams are received, `write` needs no address, and refusals are told.
   * @throws AlreadyConnectedError, InvalidAddressError
   * @throws SystemError there is no route.
   */
  connect(host: string, port: number): void;

  getBroadcastAllowed(): boolean;
  setBroadcastAllowed(allowed: boolean): void;
  /** Hops that unicast datagrams may take, 1 to 255. */
  setTTL(ttl: number): void;
  /** The traffic class byte of what is sent: DSCP in the upper six bits, ECN in the lower two. Native only. */
  setTrafficClass(trafficClass: number): void;

  /** @throws MulticastJoinError */
  joinGroup(group: string, membership?: MulticastMembership): void;
  /** @throws MulticastJoinError not a member. */
  leaveGroup(group: string, membership?: MulticastMembership): void;
  /** Hops that multicast datagrams may take. The system's default is 1: this network only. */
  getMulticastTTL(): number;
  setMulticastTTL(ttl: number): void;
  /** Whether members on this host hear what it sends. The system's default is true. */
  getMulticastLoopback(): boolean;
  setMulticastLoopback(enabled: boolean): void;
  /** The interface that multicast datagrams leave by: number, name or IP address. Default: the system's choice. */
  setMulticastInterface(outgoing: string | number): void;
  /** What {@link setMulticastInterface} was last given since the port began to listen. Undefined: the system's choice. */
  getMulticastInterface(): string | number | undefined;
}

/** A UNIX datagram socket. Native only. */
export interface UNIXDatagramTransport
  extends DatagramTransport<UNIXAddress>,
    ListeningPort<UNIXAddress> {
  /** The peer, where the socket was made by `connectUNIXDatagram`. */
  readonly connectedTo: UNIXAddress | undefined;
  getHost(): UNIXAddress;
  stopListening(): Deferred<void>;
}

/** Options of all datagram sockets. */
export interface DatagramOptions {
  /** The longest datagram that is received, in bytes, 1 to 65,535. Longer ones are dropped and told. Default 8,192. */
  readonly maxPacketSize?: number;
  /** Bytes that may wait to be sent. Default 1 MiB. */
  readonly maxBufferedBytes?: number;
  /** SO_RCVBUF. Default: the system's; what comes while it is full is lost. */
  readonly receiveBufferBytes?: number;
  /** SO_SNDBUF. Default: the system's. */
  readonly sendBufferBytes?: number;
}

export interface ListenUDPOptions extends DatagramOptions {
  /** IP address to listen on. Default: every IPv4 address; `::` takes every address of both families. */
  readonly interface?: string;
  /** Whether datagrams may go to broadcast addresses. Default false. */
  readonly broadcast?: boolean;
  /**
   * Lets several sockets have the port (SO_REUSEADDR): each hears multicast and broadcast, one of them unicast. Twisted's
   * `listenMultiple`. Default false.
   */
  readonly listenMultiple?: boolean;
  /** Shares the port between sockets, each peer keeping to one (SO_REUSEPORT). Default false. */
  readonly reusePort?: boolean;
  /** An IPv6 socket that takes no IPv4. Default false. */
  readonly ipv6Only?: boolean;
  /** Tells the destination address and interface of each datagram. Default false. Native only. */
  readonly packetInfo?: boolean;
  /** Tells the traffic class byte, ECN included, of each datagram. Default false. Native only. */
  readonly receiveTrafficClass?: boolean;
  /**
   * Takes datagrams that the network card or kernel has joined (UDP_GRO) and takes them apart again; `datagramReceived` sees
   * no difference. For few peers that send much. Default false. Native only, Linux.
   */
  readonly receiveOffload?: boolean;
  /**
   * Hands equal-sized datagrams to one peer over in one piece, to be cut up by kernel or network card (UDP_SEGMENT), where the
   * system can. Default true. Native only, Linux.
   */
  readonly segmentationOffload?: boolean;
}

export interface ListenUNIXDatagramOptions extends DatagramOptions {
  /** As for {@link ListenUNIXOptions}. Default 0o666. */
  readonly mode?: number;
}

export interface ConnectUNIXDatagramOptions extends DatagramOptions {
  /** Path of this end, without which the peer can't answer. Default: none. */
  readonly bindAddress?: string;
  /** Permissions of the file at `bindAddress`. Default 0o666. */
  readonly mode?: number;
}
