/** A host of the simulated network: its address, ports and socket paths, and the sockets bound to them. */
import { type Address, addressFrom, type IPAddress, type UNIXAddress } from '../../core/address.js';
import type { SystemError } from '../../core/errors/base.js';
import { systemError } from '../../internal/system-error.js';
import type { ConnectSettings, ListenSettings } from '../../reactor/streams/tcp-settings.js';
import { UDPBindings } from './datagrams/udp-bindings.js';
import type { Endpoint } from './endpoint.js';
import { SocketPaths } from './socket-paths.js';

/** A listener of streams. */
export interface Acceptor {
  accepted(endpoint: Endpoint, peer: Address, host: Address): void;
  acceptFailed(cause: Error): void;
}

/** A port that is listened on. */
export interface Listener {
  readonly acceptor: Acceptor;
  readonly port: number;
  /** The address that it is bound to; a wildcard accepts all destinations. */
  readonly boundTo: string;
  readonly reusePort: boolean;
}

const LOOPBACKS: readonly string[] = ['127.0.0.1', '::1'];
const WILDCARDS: readonly string[] = ['', '::', '0.0.0.0'];
const FIRST_EPHEMERAL_PORT = 40_001;
const LAST_PORT = 65_535;

/** A UNIX datagram socket, as others on its host see it. */
export interface DatagramHolder {
  readonly address: UNIXAddress;
  /** The peer of a connected socket: it accepts datagrams from there only. */
  readonly peer: UNIXAddress | undefined;
  /** Whether there is room for that many bytes; if not, `again` is called when there may be. */
  reserve(bytes: number, again: () => void): boolean;
  /** A datagram for which there is room is on its way. */
  take(data: Buffer, from: UNIXAddress): void;
}

export class Host {
  readonly name: string;
  readonly address: string;
  readonly udp: UDPBindings = new UDPBindings();
  readonly paths: SocketPaths<Acceptor, DatagramHolder> = new SocketPaths();
  #listeners: Listener[] = [];
  #nextPort = FIRST_EPHEMERAL_PORT;

  constructor(name: string, address: string) {
    this.name = name;
    this.address = address;
  }

  /** Whether packets from this host to `address` come back to it. */
  has(address: string): boolean {
    return address === this.address || LOOPBACKS.includes(address);
  }

  isLoopback(address: string): boolean {
    return LOOPBACKS.includes(address);
  }

  /** Whether a socket can be bound to `address`. */
  canBind(address: string): boolean {
    return WILDCARDS.includes(address) || this.has(address);
  }

  /** This end's address of a datagram to `remote`, from a socket that is bound to every address. */
  sourceFor(remote: string, staysHere: boolean): string {
    if (this.isLoopback(remote)) return remote;
    if (!staysHere || remote === this.address) return this.address;
    return remote.includes(':') ? '::1' : '127.0.0.1';
  }

  /** @throws SystemError `EADDRINUSE`, `EADDRNOTAVAIL` */
  listen(settings: ListenSettings, acceptor: Acceptor): Listener {
    const { interface: boundTo, reusePort } = settings;
    if (!this.canBind(boundTo)) {
      throw systemError('bind', 'EADDRNOTAVAIL', boundTo, settings.port);
    }
    const port = settings.port === 0 ? this.#ephemeralPort() : settings.port;
    const listener: Listener = { acceptor, port, boundTo, reusePort };
    if (this.#listeners.some((other) => conflict(listener, other))) {
      throw systemError('listen', 'EADDRINUSE', boundTo || '::', port);
    }
    this.#listeners.push(listener);
    return listener;
  }

  close(listener: Listener): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener);
  }

  /** The listener for connections to this address and port; several share them in turn. */
  acceptorFor(address: string, port: number, attempt: number): Acceptor | undefined {
    const found = this.#listeners.filter(
      ({ port: own, boundTo }) =>
        own === port && (boundTo === address || WILDCARDS.includes(boundTo)),
    );
    return found[attempt % Math.max(1, found.length)]?.acceptor;
  }

  /** The local end of an attempt to connect to `remote`, or the reason that there is none. */
  bind(settings: ConnectSettings, remote: string): IPAddress | SystemError {
    const own = LOOPBACKS.includes(remote) ? remote : this.address;
    const { localAddress = own, localPort } = settings;
    const port = localPort === 0 ? this.#ephemeralPort() : localPort;
    if (WILDCARDS.includes(localAddress)) return addressFrom('TCP', own, port);
    if (this.has(localAddress)) return addressFrom('TCP', localAddress, port);
    return systemError('bind', 'EADDRNOTAVAIL', localAddress, port);
  }

  /** The bound ports and paths. */
  describe(): string {
    const ports = this.#listeners.map(({ port }) => port);
    return [...ports, ...this.udp.describe(), ...this.paths.describe()].join(', ');
  }

  #ephemeralPort(): number {
    for (;;) {
      const port = this.#nextPort;
      this.#nextPort = port === LAST_PORT ? FIRST_EPHEMERAL_PORT : port + 1;
      if (!this.#listeners.some((listener) => listener.port === port)) return port;
    }
  }
}

function conflict(one: Listener, other: Listener): boolean {
  if (one.port !== other.port || (one.reusePort && other.reusePort)) return false;
  return (
    one.boundTo === other.boundTo ||
    WILDCARDS.includes(one.boundTo) ||
    WILDCARDS.includes(other.boundTo)
  );
}
