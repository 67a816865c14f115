/** A UDP socket of a simulated host. */
import { addressFrom, type HostPort, type IPAddress } from '../../../core/address.js';
import type { SystemError } from '../../../core/errors/base.js';
import { CannotListenError } from '../../../core/errors/listening.js';
import type { UDPSettings } from '../../../reactor/datagrams/datagram-settings.js';
import { checkDatagramLength, udpDestination } from '../../../reactor/datagrams/udp-destination.js';
import type { UDPOption, UDPPort, UDPSocket } from '../../../reactor/datagrams/udp-port.js';
import type { Host } from '../host.js';
import type { Network } from '../network.js';
import type { SimulatedSockets } from '../simulated-sockets.js';
import { DatagramLane } from './datagram-lane.js';
import { SimulatedDatagramSocket, type WaitingDatagram } from './simulated-datagram-socket.js';
import {
  type BoundSocket,
  BROADCAST,
  type Interface,
  isMulticast,
  type UDPDatagram,
  udpError,
} from './udp-bindings.js';

/** The systems' defaults. */
const PRESET: readonly (readonly [UDPOption, number])[] = [
  ['ttl', 64],
  ['trafficClass', 0],
  ['multicastTTL', 1],
  ['multicastLoopback', 1],
];

const INTERFACES: readonly Interface[] = ['lo', 'eth0'];

export class SimulatedUDPSocket
  extends SimulatedDatagramSocket<IPAddress>
  implements UDPSocket, BoundSocket
{
  override readonly address: IPAddress;
  override readonly name: string;
  readonly boundTo: string;
  readonly boundPort: number;
  readonly #network: Network;
  readonly #host: Host;
  readonly #udp: UDPSettings;
  readonly #lane: DatagramLane;
  readonly #options: Map<UDPOption, number>;
  /** Memberships as text: group, interface and source. */
  readonly #groups = new Set<string>();
  #outgoing: Interface;
  #connectedTo: IPAddress | undefined = undefined;

  /** @throws CannotListenError */
  constructor(
    network: Network,
    host: Host,
    sockets: SimulatedSockets,
    settings: UDPSettings,
    port: UDPPort,
  ) {
    const random = network.nextDatagramRandom();
    super({ ...network.surroundings, sockets, port, settings, random });
    this.#network = network;
    this.#host = host;
    this.#udp = settings;
    this.#lane = new DatagramLane({ ...network.surroundings, random });
    this.#options = new Map([...PRESET, ['broadcast', Number(settings.broadcast)]]);
    this.boundTo = settings.interface || '0.0.0.0';
    this.boundPort = host.udp.portFor(settings.port);
    this.#outgoing = host.isLoopback(this.boundTo) ? 'lo' : 'eth0';
    this.address = addressFrom('UDP', this.boundTo, this.boundPort);
    this.name = `${host.name}:${this.boundPort}`;
    try {
      if (!host.canBind(this.boundTo)) {
        throw udpError('bind', 'EADDRNOTAVAIL', this.address);
      }
      host.udp.bind(this);
    } catch (cause) {
      throw new CannotListenError({ ...settings, port: this.boundPort }, { cause });
    }
  }

  get ipv6Only(): boolean {
    return this.#udp.ipv6Only;
  }

  get listenMultiple(): boolean {
    return this.#udp.listenMultiple;
  }

  get reusePort(): boolean {
    return this.#udp.reusePort;
  }

  /** The peer, after {@link connect}. */
  get peer(): IPAddress | undefined {
    return this.#connectedTo;
  }

  connect(host: string, port: number): void {
    const peer = udpDestination({ host, port }, this);
    if (port === 0) throw udpError('connect', 'EINVAL', peer);
    if (peer.host === BROADCAST && this.option('broadcast') === 0) {
      throw udpError('connect', 'EACCES', peer);
    }
    this.#connectedTo = peer;
  }

  option(name: UDPOption): number {
    return this.#options.get(name) ?? 0;
  }

  setOption(name: UDPOption, value: number): void {
    this.#options.set(name, value);
  }

  joinGroup(group: string, through: string, source: string): void {
    const key = this.#membership(group, through, source);
    if (this.#groups.has(key)) throw udpError('setsockopt', 'EADDRINUSE');
    this.#groups.add(key);
  }

  leaveGroup(group: string, through: string, source: string): void {
    if (this.#groups.delete(this.#membership(group, through, source))) return;
    throw udpError('setsockopt', 'EADDRNOTAVAIL');
  }

  setMulticastInterface(through: string): void {
    this.#outgoing = this.#interface(through);
  }

  /** @internal */
  isMember({ to, from, through }: UDPDatagram): boolean {
    if (this.boundTo !== '0.0.0.0' && this.boundTo !== '::' && this.boundTo !== to.host)
      return false;
    const any = membershipKey(to.host, through, '');
    return this.#groups.has(any) || this.#groups.has(membershipKey(to.host, through, from.host));
  }

  /** @internal A datagram has reached this host. */
  takeDatagram({ data, from, to, through, trafficClass }: UDPDatagram): void {
    this.trace.addData(`${from.host}:${from.port} -> ${this.name}`, data);
    const { packetInfo, receiveTrafficClass } = this.#udp;
    const details = {
      destination: packetInfo ? to.host : undefined,
      interfaceIndex: packetInfo ? INTERFACES.indexOf(through) + 1 : undefined,
      trafficClass: receiveTrafficClass ? trafficClass : undefined,
    };
    const asked = packetInfo || receiveTrafficClass;
    if (this.arrive({ data, from, details: asked ? details : undefined })) return;
    this.trace.add('data', this.name, 'a datagram is lost: the receive buffer is full');
  }

  protected override destination(
    to: IPAddress | HostPort | undefined,
    length: number,
  ): IPAddress | undefined {
    const destination = to === undefined ? undefined : udpDestination(to, this);
    checkDatagramLength(length, destination ?? this.peer ?? this.address);
    return destination;
  }

  protected override transmit(waiting: WaitingDatagram<IPAddress>): boolean {
    const { byteLength } = waiting.data;
    const lane = this.#lane;
    const before = lane.waitingBytes;
    if (before > 0 && before + byteLength > this.sendBufferBytes) return false;
    const to = reachable(waiting.to ?? this.peer);
    if (to === undefined) return true;
    const datagram = this.#datagram(waiting, to);
    if (datagram instanceof Error) {
      this.refuse(waiting, datagram);
      return true;
    }
    this.sockets.bytesSent += byteLength;
    this.trace.add('all', this.name, `sent ${byteLength} B to ${to.host}:${to.port}`);
    lane.depart(byteLength, () => this.sendable());
    for (const host of this.#network.hostsFor(this.#host, datagram, this.#multicastReach())) {
      this.#carry(datagram, host);
    }
    return true;
  }

  protected override release(): void {
    this.#host.udp.close(this);
  }

  #carry(datagram: UDPDatagram, host: Host): void {
    const cutOff = (): boolean => this.#network.isCutOff(this.#host, host);
    const lost = (why: string): void =>
      this.trace.add('data', `${this.name} -> ${host.name}:${datagram.to.port}`, why);
    if (cutOff()) {
      lost('a datagram is lost: the hosts are cut off from each other');
      return;
    }
    const fate = this.#lane.carry(host.name, () => {
      if (cutOff()) lost('a datagram is lost: the hosts are cut off from each other');
      else this.#arrive(datagram, host);
    });
    if (fate !== 'sent') lost(`a datagram is ${fate}`);
  }

  #arrive(datagram: UDPDatagram, host: Host): void {
    const receivers = host.udp.receiversOf(datagram);
    for (const receiver of receivers) receiver.takeDatagram(datagram);
    if (receivers.length === 0 && this.peer?.equals(datagram.to)) {
      this.#lane.answer(() => this.notifyRefused());
    }
  }

  /** The datagram as it leaves, or the reason that it does not. */
  #datagram(waiting: WaitingDatagram<IPAddress>, to: IPAddress): UDPDatagram | SystemError {
    const host = this.#host;
    const { data, source } = waiting;
    const local = host.has(to.host);
    const toMany = isMulticast(to.host);
    const through = local || (toMany && this.#outgoing === 'lo') ? 'lo' : 'eth0';
    if (to.port === 0) return udpError('sendmsg', 'EINVAL', to);
    if (to.host === BROADCAST && this.option('broadcast') === 0) {
      return udpError('sendmsg', 'EACCES', to);
    }
    if (source !== undefined && !host.has(source)) return udpError('sendmsg', 'EINVAL', to);
    if (through === 'eth0' && host.isLoopback(this.boundTo))
      return udpError('sendmsg', 'EINVAL', to);
    if (through === 'eth0' && data.byteLength > this.faults.mtuBytes) {
      return udpError('sendmsg', 'EMSGSIZE', to);
    }
    const own = host.sourceFor(to.host, through === 'lo');
    const wildcard = this.boundTo === '0.0.0.0' || this.boundTo === '::';
    const from = addressFrom('UDP', source ?? (wildcard ? own : this.boundTo), this.boundPort);
    if (from.family !== to.family) return udpError('sendmsg', 'ENETUNREACH', to);
    return { data, from, to, through, trafficClass: this.option('trafficClass') };
  }

  /** The hosts that datagrams to a group reach. */
  #multicastReach(): { readonly own: boolean; readonly others: boolean } {
    const others = this.#outgoing === 'eth0' && this.option('multicastTTL') > 0;
    return { own: this.option('multicastLoopback') !== 0, others };
  }

  /** @throws SystemError `EINVAL`, `ENODEV` */
  #membership(group: string, through: string, source: string): string {
    const six = group.includes(':');
    if (!isMulticast(group) || six !== (this.address.family === 'IPv6')) {
      throw udpError('setsockopt', 'EINVAL');
    }
    return membershipKey(group, this.#interface(through), source);
  }

  /** @throws SystemError `ENODEV` */
  #interface(through: string): Interface {
    if (through === '' || through === '0.0.0.0' || through === '::') return 'eth0';
    if (through === 'lo' || through === '1' || this.#host.isLoopback(through)) return 'lo';
    if (through === 'eth0' || through === '2' || through === this.#host.address) return 'eth0';
    throw udpError('setsockopt', 'ENODEV');
  }
}

/** The unspecified address means this host, as on Linux. */
function reachable(to: IPAddress | undefined): IPAddress | undefined {
  if (to?.host === '0.0.0.0') return addressFrom('UDP', '127.0.0.1', to.port);
  return to?.host === '::' ? addressFrom('UDP', '::1', to.port) : to;
}

function membershipKey(group: string, through: Interface, source: string): string {
  return `${group} ${through} ${source}`;
}
