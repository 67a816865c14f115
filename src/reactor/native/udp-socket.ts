/** A UDP socket of the native reactor: the layout of its addresses in shared memory, and its options. */

import {
  addressFromWords,
  type HostPort,
  type IPAddress,
  IPv4Address,
  IPv6Address,
} from '../../core/address.js';
import { InvalidAddressError } from '../../core/errors/datagram.js';
import { checkString } from '../../internal/check.js';
import { MAX_IPV4_BYTES, MAX_IPV6_BYTES } from '../datagrams/udp-destination.js';
import {
  checkDestination,
  notAnIPAddress,
  type UDPOption,
  type UDPPort,
  type UDPSocket,
} from '../datagrams/udp-port.js';
import { NativeDatagramSocket } from './datagram-socket.js';
import { asSystemError, unsupportedOption } from './errors.js';
import {
  DATAGRAM_HAS_SOURCE,
  DATAGRAM_HEADER_BYTES,
  DATAGRAM_SOURCE_BYTES,
  DATAGRAM_SOURCE_IPV6,
  DATAGRAM_TO_IPV4,
  DATAGRAM_TO_IPV6,
  DATAGRAM_TO_PEER,
  EVENT_INTS,
} from './shared-memory.js';
import type { NativeSockets } from './sockets.js';

const PORT_MASK = 0xffff;
const IPV6_SHIFT = 16;

/** The order of DatagramOption in native/net/datagram_option.h. */
const OPTIONS: readonly UDPOption[] = [
  'broadcast',
  'ttl',
  'trafficClass',
  'multicastTTL',
  'multicastLoopback',
];

export interface UDPSocketFlags {
  readonly ipv6Only: boolean;
  readonly packetInfo: boolean;
  readonly receiveTrafficClass: boolean;
}

export class NativeUDPSocket extends NativeDatagramSocket<IPAddress> implements UDPSocket {
  override readonly address: IPAddress;
  override peer: IPAddress | undefined;
  private readonly ipv6Only: boolean;
  /** The text parsed last, and the result: words, is IPv6, scope. */
  private parsedHost: string | undefined = undefined;
  private readonly parsed = new Int32Array(6);

  constructor(sockets: NativeSockets, handle: number, port: UDPPort, flags: UDPSocketFlags) {
    super(sockets, handle, port, flags.packetInfo || flags.receiveTrafficClass);
    this.address = sockets.ipAddressOf(handle, false, 'UDP') as IPAddress;
    this.peer = sockets.ipAddressOf(handle, true, 'UDP');
    this.ipv6Only = flags.ipv6Only;
  }

  connect(host: string, port: number): void {
    this.parse(host);
    this.checkFamily(this.parsed[4] === 1, host);
    this.ask(() => this.sockets.loop.connectDatagram(this.handle, host, port));
    this.peer = this.sockets.ipAddressOf(this.handle, true, 'UDP');
  }

  option(name: UDPOption): number {
    return this.ask(() => this.sockets.loop.datagramOption(this.handle, OPTIONS.indexOf(name)));
  }

  setOption(name: UDPOption, value: number): void {
    const which = OPTIONS.indexOf(name);
    this.ask(() => this.sockets.loop.setDatagramOption(this.handle, which, value));
  }

  joinGroup(group: string, through: string, source: string): void {
    this.ask(() => this.sockets.loop.multicast(this.handle, true, group, through, source));
  }

  leaveGroup(group: string, through: string, source: string): void {
    this.ask(() => this.sockets.loop.multicast(this.handle, false, group, through, source));
  }

  setMulticastInterface(through: string): void {
    this.ask(() => this.sockets.loop.setMulticastInterface(this.handle, through));
  }

  protected override maxBytes(to: IPAddress | HostPort | undefined): number {
    if (to instanceof IPv4Address) return MAX_IPV4_BYTES;
    if (to === undefined) return this.peer?.family === 'IPv6' ? MAX_IPV6_BYTES : MAX_IPV4_BYTES;
    return this.address.family === 'IPv6' ? MAX_IPV6_BYTES : MAX_IPV4_BYTES;
  }

  protected override headerBytes(): number {
    return DATAGRAM_HEADER_BYTES;
  }

  protected override writeHeader(
    offset: number,
    to: IPAddress | HostPort | undefined,
    source: string | undefined,
  ): number {
    const ints = this.sockets.memory.outgoingInts;
    const at = offset >> 2;
    const bits = to instanceof IPv4Address ? to.bits : undefined;
    if (to === undefined) ints[at] = DATAGRAM_TO_PEER;
    else if (bits === undefined) this.writeAddress(at, to);
    else {
      if (this.ipv6Only) this.checkFamily(false, (to as IPv4Address).host);
      ints[at] = DATAGRAM_TO_IPV4;
      ints[at + 1] = checkedPort(to.port);
      ints[at + 3] = bits;
    }
    if (source === undefined) return DATAGRAM_HEADER_BYTES;
    this.writeSource(at, source);
    return DATAGRAM_HEADER_BYTES + DATAGRAM_SOURCE_BYTES;
  }

  protected override addressAt(at: number): IPAddress {
    const { events } = this.sockets.memory;
    const second = events[at + EVENT_INTS] as number;
    const port = second & PORT_MASK;
    if (second >> IPV6_SHIFT === 0) return IPv4Address.fromBits('UDP', events[at] as number, port);
    const scope = events[at + EVENT_INTS + 1] as number;
    return addressFromWords('UDP', events, at, true, scope, port, this.sockets.scopeName);
  }

  /** Any address except an IPv4 one in words. */
  private writeAddress(at: number, to: IPAddress | HostPort): void {
    const ints = this.sockets.memory.outgoingInts;
    const words = to instanceof IPv6Address ? to.words : undefined;
    if (words === undefined) {
      if (!(to instanceof IPv4Address || to instanceof IPv6Address)) checkDestination(to);
      this.parse(to.host);
    }
    const ipv6 = words !== undefined || this.parsed[4] === 1;
    this.checkFamily(ipv6, to.host);
    ints[at] = ipv6 ? DATAGRAM_TO_IPV6 : DATAGRAM_TO_IPV4;
    ints[at + 1] = checkedPort(to.port);
    const source = words ?? this.parsed;
    ints[at + 2] = words === undefined ? (this.parsed[5] as number) : words[4];
    for (let i = 0; i < 4; i++) ints[at + 3 + i] = source[i] as number;
  }

  private writeSource(at: number, source: string): void {
    const ints = this.sockets.memory.outgoingInts;
    this.parse(checkString('source', source));
    const ipv6 = this.parsed[4] === 1;
    this.checkFamily(ipv6, source);
    ints[at] = (ints[at] as number) | DATAGRAM_HAS_SOURCE | (ipv6 ? DATAGRAM_SOURCE_IPV6 : 0);
    const start = at + DATAGRAM_HEADER_BYTES / 4;
    ints[start] = this.parsed[5] as number;
    for (let i = 0; i < 4; i++) ints[start + 1 + i] = this.parsed[i] as number;
  }

  /** @throws InvalidAddressError */
  private parse(host: string): void {
    if (host === this.parsedHost) return;
    this.parsedHost = undefined;
    if (!this.sockets.loop.parseAddress(host, this.parsed)) throw notAnIPAddress(host);
    this.parsedHost = host;
  }

  private checkFamily(ipv6: boolean, host: string): void {
    const mismatch = ipv6 ? this.address.family === 'IPv4' : this.ipv6Only;
    if (!mismatch) return;
    throw new InvalidAddressError(`${host} is of another family than the socket, ${this.address}`);
  }

  /** @throws SystemError, UnsupportedError */
  private ask<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      const cause = asSystemError(error);
      if (cause.code !== 'ENOTSUP' && cause.code !== 'ENOPROTOOPT') throw cause;
      throw unsupportedOption(cause.syscall);
    }
  }
}

function checkedPort(port: number): number {
  if (port >= 0 && port <= PORT_MASK && Number.isInteger(port)) return port;
  throw new InvalidAddressError(`${port} is not a port`);
}
