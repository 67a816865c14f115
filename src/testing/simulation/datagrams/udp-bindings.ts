/** The UDP ports of one simulated host: which sockets are bound, and which of them receive a datagram. */
import type { IPAddress } from '../../../core/address.js';
import type { SystemError } from '../../../core/errors/base.js';
import { systemError } from '../../../internal/system-error.js';

/** A datagram on its way. */
export interface UDPDatagram {
  readonly data: Buffer;
  readonly from: IPAddress;
  readonly to: IPAddress;
  readonly through: Interface;
  readonly trafficClass: number;
}

/** The interfaces of a simulated host: itself, and the network. Their numbers are 1 and 2. */
export type Interface = 'lo' | 'eth0';

/** A socket that is bound to a port. */
export interface BoundSocket {
  readonly boundTo: string;
  readonly boundPort: number;
  readonly ipv6Only: boolean;
  readonly listenMultiple: boolean;
  readonly reusePort: boolean;
  readonly peer: IPAddress | undefined;
  isMember(datagram: UDPDatagram): boolean;
  takeDatagram(datagram: UDPDatagram): void;
}

const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];
const FIRST_EPHEMERAL_PORT = 40_001;
const LAST_PORT = 65_535;
export const BROADCAST = '255.255.255.255';

export function isMulticast(host: string): boolean {
  return /^(22[4-9]|23\d)\.|^ff[0-9a-f]{2}:/i.test(host);
}

export class UDPBindings {
  #sockets: BoundSocket[] = [];
  #nextPort = FIRST_EPHEMERAL_PORT;

  /** The number of a port: `port`, or a free one for 0. */
  portFor(port: number): number {
    while (port === 0) {
      const next = this.#nextPort;
      this.#nextPort = next === LAST_PORT ? FIRST_EPHEMERAL_PORT : next + 1;
      if (!this.#sockets.some(({ boundPort }) => boundPort === next)) return next;
    }
    return port;
  }

  /** @throws SystemError `EADDRINUSE` */
  bind(socket: BoundSocket): void {
    if (this.#sockets.some((other) => conflict(socket, other))) {
      throw systemError('bind', 'EADDRINUSE', socket.boundTo, socket.boundPort);
    }
    this.#sockets.push(socket);
  }

  close(socket: BoundSocket): void {
    this.#sockets = this.#sockets.filter((other) => other !== socket);
  }

  /** The sockets that receive a datagram: members of a group, all for a broadcast, otherwise one. */
  receiversOf(datagram: UDPDatagram): BoundSocket[] {
    const { to, from } = datagram;
    const heard = this.#sockets.filter(
      ({ boundPort, peer }) => boundPort === to.port && (peer === undefined || peer.equals(from)),
    );
    if (isMulticast(to.host)) return heard.filter((socket) => socket.isMember(datagram));
    if (to.host === BROADCAST) return heard.filter(({ boundTo }) => boundTo === '0.0.0.0');
    const able = heard.filter((socket) => takes(socket, to));
    const best = Math.max(...able.map(closeness));
    const closest = able.filter((socket) => closeness(socket) === best);
    const shared = closest.every(({ reusePort }) => reusePort);
    const chosen = shared ? closest[from.port % Math.max(1, closest.length)] : closest.at(-1);
    return chosen === undefined ? [] : [chosen];
  }

  /** The ports that are bound. */
  describe(): string[] {
    return this.#sockets.map(({ boundPort }) => `udp ${boundPort}`);
  }
}

/** A socket with a matching peer or local address is preferred to one that accepts everything. */
function closeness({ peer, boundTo }: BoundSocket): number {
  return (peer === undefined ? 0 : 2) + (WILDCARDS.includes(boundTo) ? 0 : 1);
}

function takes({ boundTo, ipv6Only }: BoundSocket, to: IPAddress): boolean {
  if (boundTo === to.host) return true;
  if (to.family === 'IPv4') return boundTo === '0.0.0.0' || (boundTo === '::' && !ipv6Only);
  return boundTo === '::';
}

function conflict(one: BoundSocket, other: BoundSocket): boolean {
  if (one.boundPort !== other.boundPort) return false;
  if (one.listenMultiple && other.listenMultiple) return false;
  if (one.reusePort && other.reusePort) return false;
  if (one.boundTo === other.boundTo) return true;
  return covers(one, other) || covers(other, one);
}

function covers({ boundTo, ipv6Only }: BoundSocket, other: BoundSocket): boolean {
  const six = other.boundTo.includes(':');
  if (boundTo === '0.0.0.0') return !six || (other.boundTo === '::' && !other.ipv6Only);
  return boundTo === '::' && (six || !ipv6Only);
}

/** `SystemError` of a call on a UDP socket. */
export function udpError(syscall: string, code: string, to?: IPAddress): SystemError {
  return systemError(syscall, code, to?.host, to?.port);
}
