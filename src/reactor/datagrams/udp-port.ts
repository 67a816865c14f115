/** The UDP port of all reactors: the features beyond a datagram port, and the checks of arguments. */

import type { HostPort } from '../../core/address.js';
import { addressFrom, type IPAddress, IPv4Address, IPv6Address } from '../../core/address.js';
import type { DatagramReceiver, MulticastMembership, UDPTransport } from '../../core/datagram.js';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import {
  AlreadyConnectedError,
  InvalidAddressError,
  MulticastJoinError,
} from '../../core/errors/datagram.js';
import { checkBoolean, checkInteger, checkString } from '../../internal/check.js';
import { hostAdvice } from '../../internal/host.js';
import { withScopeSpelled } from '../../internal/interface-names.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { PortReactor } from '../life/port-reactor.js';
import { DatagramPort, type DatagramSocket } from './datagram-port.js';
import type { UDPSettings } from './datagram-settings.js';

/** Options that are read and set while the socket is open; flags are 0 and 1. */
export type UDPOption = 'broadcast' | 'ttl' | 'trafficClass' | 'multicastTTL' | 'multicastLoopback';

/** A bound UDP socket of a reactor. Throws SystemError if the system refuses, UnsupportedError if the reactor does. */
export interface UDPSocket extends DatagramSocket<IPAddress> {
  /** @param host An IP address as text. */
  connect(host: string, port: number): void;
  option(name: UDPOption): number;
  setOption(name: UDPOption, value: number): void;
  /**
   * @param through Number (in decimal), name or IP address of an interface; empty: the system's choice.
   * @param source Empty: any.
   */
  joinGroup(group: string, through: string, source: string): void;
  leaveGroup(group: string, through: string, source: string): void;
  setMulticastInterface(through: string): void;
}

/** Gives a port its socket. @throws CannotListenError */
export type OpenUDPSocket = (port: UDPPort) => UDPSocket;

const MEMBERSHIP_OPTIONS: OptionNames<MulticastMembership> = { interface: true, source: true };

export class UDPPort extends DatagramPort<IPAddress, UDPSocket> implements UDPTransport {
  private readonly openUDPSocket: OpenUDPSocket;
  /** Kept because no system returns it in the form in which it was set. */
  private outgoing: string | number | undefined = undefined;

  constructor(
    reactor: PortReactor,
    protocol: DatagramReceiver<IPAddress>,
    settings: Pick<UDPSettings, 'maxPacketSize'>,
    openUDPSocket: OpenUDPSocket,
  ) {
    super(reactor, protocol, settings.maxPacketSize);
    this.openUDPSocket = openUDPSocket;
  }

  connect(host: string, port: number): void {
    checkString('host', host);
    checkInteger('port', port, 0, 65_535);
    const socket = this.openSocket();
    if (this.peer !== undefined) throw new AlreadyConnectedError();
    const spelled = withScopeSpelled(host);
    socket.connect(spelled, port);
    this.peer = addressFrom('UDP', spelled, port);
  }

  getBroadcastAllowed(): boolean {
    return this.openSocket().option('broadcast') !== 0;
  }

  setBroadcastAllowed(allowed: boolean): void {
    this.openSocket().setOption('broadcast', Number(checkBoolean('allowed', allowed)));
  }

  setTTL(ttl: number): void {
    this.openSocket().setOption('ttl', checkInteger('ttl', ttl, 1, 255));
  }

  setTrafficClass(trafficClass: number): void {
    const value = checkInteger('trafficClass', trafficClass, 0, 255);
    this.openSocket().setOption('trafficClass', value);
  }

  joinGroup(group: string, membership: MulticastMembership = {}): void {
    this.changeMembership('joinGroup', group, membership);
  }

  leaveGroup(group: string, membership: MulticastMembership = {}): void {
    this.changeMembership('leaveGroup', group, membership);
  }

  getMulticastTTL(): number {
    return this.openSocket().option('multicastTTL');
  }

  setMulticastTTL(ttl: number): void {
    this.openSocket().setOption('multicastTTL', checkInteger('ttl', ttl, 0, 255));
  }

  getMulticastLoopback(): boolean {
    return this.openSocket().option('multicastLoopback') !== 0;
  }

  setMulticastLoopback(enabled: boolean): void {
    this.openSocket().setOption('multicastLoopback', Number(checkBoolean('enabled', enabled)));
  }

  setMulticastInterface(outgoing: string | number): void {
    this.openSocket().setMulticastInterface(interfaceText('outgoing', outgoing));
    this.outgoing = outgoing;
  }

  getMulticastInterface(): string | number | undefined {
    this.openSocket();
    return this.outgoing;
  }

  protected override open(): UDPSocket {
    this.outgoing = undefined;
    return this.openUDPSocket(this);
  }

  protected override addressOf(to: IPAddress | HostPort): IPAddress {
    if (to instanceof IPv4Address || to instanceof IPv6Address) return to;
    checkDestination(to);
    return addressFrom('UDP', withScopeSpelled(to.host), to.port);
  }

  private changeMembership(
    method: 'joinGroup' | 'leaveGroup',
    group: string,
    membership: MulticastMembership,
  ): void {
    checkOptions(method, membership, MEMBERSHIP_OPTIONS);
    checkString('group', group);
    const through = interfaceText('interface', membership.interface ?? '');
    const source = withScopeSpelled(checkString('source', membership.source ?? ''));
    const socket = this.openSocket();
    try {
      socket[method](group, through, source);
    } catch (cause) {
      if (!isSystemError(cause)) throw cause;
      throw new MulticastJoinError(group, { cause });
    }
  }
}

/** Checks an argument of `write` that is not an address object: its shape, not whether `host` is an IP address. */
export function checkDestination(to: HostPort): void {
  if (typeof to !== 'object' || to === null) {
    throw new InvalidArgumentTypeError('to', 'an address, or { host, port }', to);
  }
  checkString('to.host', to.host);
  if (!Number.isInteger(to.port) || to.port < 0 || to.port > 65_535) {
    throw new InvalidAddressError(`${String(to.port)} is not a port`);
  }
}

export function notAnIPAddress(host: string): InvalidAddressError {
  const advice = hostAdvice(host);
  const hint = advice === undefined ? '' : `: ${advice}`;
  return new InvalidAddressError(
    `${JSON.stringify(host.slice(0, 64))} is not an IP address${hint}`,
  );
}

function interfaceText(what: string, value: string | number): string {
  if (typeof value === 'number') return String(checkInteger(what, value, 0, 2 ** 31 - 1));
  return checkString(what, value);
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && typeof (error as { errno?: unknown }).errno === 'number';
}
