/**
 * A UDP socket of the pure-JS reactor, over `node:dgram`. Datagrams wait here until the turn ends; then `dgram` sends
 * as many as the system takes at once and keeps the rest. It reports how much it keeps but has no limit, so
 * the limit is checked before each datagram is passed to it.
 */
import type { RemoteInfo, Socket } from 'node:dgram';

import { addressFrom, type HostPort, type IPAddress } from '../../core/address.js';
import type { SystemError } from '../../core/errors/base.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { checkData } from '../../internal/check.js';
import { countGiven } from '../../internal/given-memory.js';
import { systemError } from '../../internal/system-error.js';
import { checkDatagramLength, udpDestination } from '../datagrams/udp-destination.js';
import type { UDPOption, UDPPort, UDPSocket } from '../datagrams/udp-port.js';
import { OwnBytes } from '../streams/received-bytes.js';
import { dgramHandle, unsentDatagramBytes } from './dgram-handle.js';
import { multicastInterface } from './multicast-interface.js';
import type { Flushed } from './outgoing.js';
import type { NodeSockets } from './sockets.js';

/** Errors of receiving that are about datagrams sent earlier. */
const EARLIER_SENDS: ReadonlySet<string> = new Set([
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EMSGSIZE',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENONET',
  'ENOPROTOOPT',
  'EOPNOTSUPP',
  'EPROTO',
]);

/** When a turn has written this much, it is passed on before the turn ends, so that it does not pile up here. */
const EARLY_FLUSH_BYTES = 256 * 1024;

export interface DatagramLimits {
  readonly maxPacketSize: number;
  readonly maxBufferedBytes: number;
  readonly ipv6Only: boolean;
}

interface Datagram {
  readonly bytes: Buffer;
  /** Undefined: to the peer of a connected socket. */
  readonly to: IPAddress | undefined;
  /** Whether it was refused once: the system's error was then about an earlier one. */
  refused: boolean;
}

export class NodeDatagramSocket implements UDPSocket, Flushed {
  readonly address: IPAddress;
  datagramsTruncated = 0;
  datagramsDropped = 0;
  private readonly reactor: NodeSockets;
  private readonly socket: Socket;
  private readonly port: UDPPort;
  private readonly limits: DatagramLimits;
  /** Node sets options but can't read them. */
  private readonly options: Map<UDPOption, number>;
  private connectedTo: IPAddress | undefined = undefined;
  private queued: Datagram[] = [];
  private queuedBytes = 0;
  private scheduled = false;
  private watchingDrain = false;
  private closed = false;
  /** Nothing has been received since an error that was reported. */
  private receiveFailing = false;

  /**
   * @param socket A bound socket.
   * @param options The values of the options, as far as they are known.
   */
  constructor(
    reactor: NodeSockets,
    socket: Socket,
    port: UDPPort,
    limits: DatagramLimits,
    options: Iterable<readonly [UDPOption, number]>,
  ) {
    this.reactor = reactor;
    this.socket = socket;
    this.port = port;
    this.limits = limits;
    this.options = new Map(options);
    const { address, port: number } = socket.address();
    this.address = addressFrom('UDP', address, number);
    socket.on('message', (data, from) => this.received(data, from));
    socket.on('error', (error) => this.receiveFailed(error));
  }

  get bufferedBytes(): number {
    return this.closed ? 0 : this.queuedBytes + unsentDatagramBytes(this.socket);
  }

  fileno(): number {
    const fd = dgramHandle(this.socket)?.fd;
    if (fd !== undefined && fd >= 0) return fd;
    throw new UnsupportedError('fileno', 'this Node does not expose the descriptor');
  }

  send(
    data: Uint8Array | string,
    to: IPAddress | HostPort | undefined,
    source: string | undefined,
  ): void {
    checkData(data);
    if (source !== undefined) {
      throw new UnsupportedError('source', 'Node cannot choose the address to send from');
    }
    const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.copyBytesFrom(data);
    const length = bytes.byteLength;
    const destination = to === undefined ? undefined : udpDestination(to, this);
    checkDatagramLength(length, destination ?? this.connectedTo ?? this.address);
    this.queued.push({ bytes, to: destination, refused: false });
    this.queuedBytes += length;
    if (this.queuedBytes > EARLY_FLUSH_BYTES) this.sendQueued();
    else this.schedule();
  }

  watchDrain(): void {
    this.watchingDrain = true;
    this.schedule();
  }

  close(): void {
    this.sendQueued();
    this.closed = true;
    this.socket.close();
  }

  connect(host: string, port: number): void {
    const peer = udpDestination({ host, port }, this);
    const wanted = this.textOf(peer);
    // A connected socket of Node's accepts no destination.
    this.sendQueued();
    // Its error comes later; a second, failing call makes the handle return it at once.
    if (port !== 0) this.socket.connect(port, wanted, () => {});
    if (!isConnected(this.socket)) {
      const status = port === 0 ? undefined : dgramHandle(this.socket)?.connect(wanted, port);
      throw systemError('connect', status ? -status : 'EINVAL', host, port);
    }
    this.connectedTo = peer;
  }

  option(name: UDPOption): number {
    const value = this.options.get(name);
    if (value !== undefined) return value;
    throw new UnsupportedError(name, 'the socket was opened elsewhere, and Node cannot ask it');
  }

  setOption(name: UDPOption, value: number): void {
    const { socket } = this;
    if (name === 'broadcast') socket.setBroadcast(value !== 0);
    else if (name === 'ttl') socket.setTTL(value);
    else if (name === 'multicastTTL') socket.setMulticastTTL(value);
    else if (name === 'multicastLoopback') socket.setMulticastLoopback(value !== 0);
    else throw new UnsupportedError('setTrafficClass', 'Node cannot set it');
    this.options.set(name, value);
  }

  joinGroup(group: string, through: string, source: string): void {
    const name = multicastInterface(through, this.ipv6);
    if (source === '') this.socket.addMembership(group, name);
    else this.socket.addSourceSpecificMembership(source, group, name);
  }

  leaveGroup(group: string, through: string, source: string): void {
    const name = multicastInterface(through, this.ipv6);
    if (source === '') this.socket.dropMembership(group, name);
    else this.socket.dropSourceSpecificMembership(source, group, name);
  }

  setMulticastInterface(through: string): void {
    const any = this.ipv6 ? '::%0' : '0.0.0.0';
    this.socket.setMulticastInterface(multicastInterface(through, this.ipv6) ?? any);
  }

  /** @internal The turn ends. */
  flush(): void {
    this.scheduled = false;
    if (this.closed) return;
    this.sendQueued();
    this.notifyDrained();
  }

  /** @internal */
  flushFailed(error: unknown): void {
    this.reactor.report(error, 'send');
  }

  get ipv6Only(): boolean {
    return this.limits.ipv6Only;
  }

  private get ipv6(): boolean {
    return this.address.family === 'IPv6';
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.reactor.flushAtEndOfTurn(this);
  }

  private sendQueued(): void {
    const { queued } = this;
    this.queued = [];
    this.queuedBytes = 0;
    for (const datagram of queued) this.handOver(datagram);
  }

  private handOver(datagram: Datagram): void {
    const { socket } = this;
    const { bytes, to } = datagram;
    const waiting = unsentDatagramBytes(socket);
    if (waiting > 0 && waiting + bytes.byteLength > this.limits.maxBufferedBytes) {
      this.datagramsDropped += 1;
      return;
    }
    const sent = (error: Error | null): void => this.handedOver(datagram, error);
    if (to === undefined) socket.send(bytes, sent);
    // `dgram` considers this a mistake, and throws.
    else if (to.port === 0) this.reactor.soon(() => sent(noPort(to)));
    else socket.send(bytes, to.port, this.textOf(to), sent);
  }

  private handedOver(datagram: Datagram, error: Error | null): void {
    if (this.closed) return;
    this.reactor.beginTurn();
    if (error === null) this.reactor.bytesSent += datagram.bytes.byteLength;
    else this.notSent(datagram, error as SystemError);
    this.notifyDrained();
  }

  private notSent(datagram: Datagram, error: SystemError): void {
    if (error.code !== 'ECONNREFUSED') {
      this.port.sendFailed(error, datagram.to, datagram.bytes.byteLength);
      return;
    }
    this.port.refused();
    if (datagram.refused || this.closed) return;
    datagram.refused = true;
    this.handOver(datagram);
  }

  private notifyDrained(): void {
    if (!this.watchingDrain || this.closed || this.bufferedBytes > 0) return;
    this.watchingDrain = false;
    this.reactor.runAtRoot(() => this.port.drained());
  }

  private received(data: Buffer, { address, port }: RemoteInfo): void {
    const { reactor, limits } = this;
    reactor.beginTurn();
    this.receiveFailing = false;
    reactor.countReceived(data.byteLength);
    countGiven(data.byteLength);
    const from = addressFrom('UDP', address, port);
    // `dgram` receives up to 64 KiB, which no datagram exceeds.
    if (data.byteLength <= limits.maxPacketSize) {
      const bytes = new OwnBytes(data, reactor.landing.poisons);
      this.port.receivedIn(bytes, 0, data.byteLength, from);
      return;
    }
    this.datagramsTruncated += 1;
    this.port.truncated(from);
  }

  private receiveFailed(error: Error): void {
    this.reactor.beginTurn();
    const cause = error as SystemError;
    if (cause.code === 'ECONNREFUSED') this.port.refused();
    else if (EARLIER_SENDS.has(cause.code)) this.port.sendFailed(cause, undefined, 0);
    else if (!this.receiveFailing) {
      this.receiveFailing = true;
      this.port.receiveFailed(cause);
    }
  }

  /** An IPv4 address in the form for a socket of both families (RFC 4291 section 2.5.5.2). */
  private textOf(address: IPAddress): string {
    return this.ipv6 && address.family === 'IPv4' ? `::ffff:${address.host}` : address.host;
  }
}

function noPort(to: IPAddress): SystemError {
  return systemError('send', 'EINVAL', to.host, 0);
}

function isConnected(socket: Socket): boolean {
  try {
    socket.remoteAddress();
    return true;
  } catch {
    return false;
  }
}
