/** The network of a simulation: hosts, connections, datagrams, and which hosts are cut off from each other. */
import { isIP } from 'node:net';

import type { Address, IPAddress } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import type { Dial } from '../../reactor/streams/dial.js';
import type { ConnectSettings } from '../../reactor/streams/tcp-settings.js';
import type { UNIXConnectSettings } from '../../reactor/streams/unix-settings.js';
import { ConnectAttempt, type Destination, type Dialler } from './attempt.js';
import { SimulatedConnection } from './connection.js';
import { BROADCAST, isMulticast, type UDPDatagram } from './datagrams/udp-bindings.js';
import { TCPDestination, UNIXDestination } from './destinations.js';
import { draw, type FaultSettings } from './faults.js';
import { Host } from './host.js';
import type { Traffic } from './lane.js';
import type { SeededRandom } from './random.js';
import type { Trace } from './trace.js';

export interface NetworkOptions {
  readonly clock: Clock;
  readonly trace: Trace;
  readonly faults: FaultSettings;
  readonly random: SeededRandom;
}

/** Shared by everything in a network. */
export interface Surroundings {
  readonly clock: Clock;
  readonly trace: Trace;
  readonly faults: FaultSettings;
  readonly traffic: Traffic;
}

export class Network {
  readonly #options: NetworkOptions;
  readonly #hosts: Host[] = [];
  /** Includes those that are being made. */
  readonly #connections = new Set<SimulatedConnection>();
  /** Pairs of names of hosts, by {@link pairKey}. */
  readonly #partitions = new Map<string, readonly string[]>();
  readonly #traffic: Traffic = { underWay: 0 };
  #attempts = 0;
  #datagramSockets = 0;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** The connections with at least one open end. */
  get connections(): SimulatedConnection[] {
    return [...this.#connections].filter(({ accepted }) => accepted);
  }

  /** Whether anything is on its way from one host to another and is not held by a partition. */
  get busy(): boolean {
    return this.#traffic.underWay > 0;
  }

  /** Adds a host by a name, for which an address is chosen, or by an address. */
  addHost(name: string): Host {
    const number = this.#hosts.length + 1;
    const host = new Host(name, isIP(name) === 0 ? `10.0.${number >>> 8}.${number & 255}` : name);
    this.#hosts.push(host);
    return host;
  }

  /** The address of the host of that name; undefined if there is none. */
  resolve(name: string): string | undefined {
    if (name === 'localhost') return '127.0.0.1';
    return this.#hosts.find((host) => host.name === name)?.address;
  }

  get surroundings(): Surroundings {
    const { clock, trace, faults } = this.#options;
    return { clock, trace, faults, traffic: this.#traffic };
  }

  /** The random numbers of the next datagram socket. */
  nextDatagramRandom(): SeededRandom {
    return this.#options.random.fork(`datagram socket ${this.#datagramSockets++}`);
  }

  /** Begins to connect a host to an IP address. */
  dial(from: Host, peer: IPAddress, settings: ConnectSettings, dialler: Dialler): Dial {
    const to = this.#hostAt(from, peer.host);
    return this.#attempt(
      from,
      new TCPDestination(from, to, peer, settings, this.#attempts),
      dialler,
    );
  }

  /** Begins to connect to a UNIX socket of the same host. */
  dialUNIX(host: Host, settings: UNIXConnectSettings, dialler: Dialler): Dial {
    return this.#attempt(host, new UNIXDestination(host, settings, this.#options.faults), dialler);
  }

  /**
   * The hosts that a datagram goes to.
   * @param reach Whether members of a group on this host, and on the others, receive it.
   */
  hostsFor(
    from: Host,
    { to }: UDPDatagram,
    reach: { readonly own: boolean; readonly others: boolean },
  ): readonly Host[] {
    if (to.host === BROADCAST) return this.#hosts;
    if (isMulticast(to.host)) {
      return this.#hosts.filter((host) => (host === from ? reach.own : reach.others));
    }
    const host = this.#hostAt(from, to.host);
    return host === undefined ? [] : [host];
  }

  isCutOff(one: Host, other: Host): boolean {
    return this.#partitions.has(pairKey(one.name, other.name));
  }

  /** Cuts two hosts off from each other: data in transit between them waits. */
  partition(one: string, other: string): void {
    const key = pairKey(one, other);
    if (this.#partitions.has(key)) return;
    this.#partitions.set(key, [one, other]);
    this.#options.trace.add('connections', key, 'cut off from each other');
  }

  /** Ends partitions: between two hosts, those of one host, or all. */
  heal(...names: readonly string[]): void {
    const healed = [...this.#partitions].filter(([, pair]) =>
      names.every((name) => pair.includes(name)),
    );
    for (const [key] of healed) {
      this.#partitions.delete(key);
      this.#options.trace.add('connections', key, 'healed');
    }
    for (const connection of this.#connections) connection.heal();
  }

  /** The connections and partitions, a line for each. */
  describe(): string[] {
    return [
      ...[...this.#connections].map((connection) => connection.describe()),
      ...[...this.#partitions.keys()].map((pair) => `${pair}  cut off from each other`),
    ];
  }

  #hostAt(from: Host, address: string): Host | undefined {
    return from.has(address) ? from : this.#hosts.find((host) => host.address === address);
  }

  #attempt(from: Host, destination: Destination, dialler: Dialler): Dial {
    const random = this.#options.random.fork(`connection ${this.#attempts++}`);
    const attempt = new ConnectAttempt({
      ...this.#options,
      random,
      from,
      destination,
      dialler,
      connect: (to, client, server) => this.#connect(from, to, client, server, random),
      forget: (connection) => this.#connections.delete(connection),
    });
    attempt.begin();
    return attempt;
  }

  #connect(
    from: Host,
    to: Host,
    clientAddress: Address,
    serverAddress: Address,
    random: SeededRandom,
  ): SimulatedConnection {
    const connection: SimulatedConnection = new SimulatedConnection({
      ...this.#options,
      random,
      traffic: this.#traffic,
      clientName: endName(from, clientAddress),
      serverName: endName(to, serverAddress),
      clientAddress,
      serverAddress,
      resets: serverAddress.type !== 'UNIX',
      cutOff: () => this.isCutOff(from, to),
      partition: () => this.#strike(from, to, random.fork('partitionMs')),
      ended: () => void this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    return connection;
  }

  #strike(from: Host, to: Host, random: SeededRandom): void {
    if (from === to) return;
    const { clock, faults } = this.#options;
    this.partition(from.name, to.name);
    clock.callLater(draw(random, faults.partitionMs), () => this.heal(from.name, to.name));
  }
}

/** The name of an end of a connection in the trace. */
function endName(host: Host, address: Address): string {
  if ('port' in address) return `${host.name}:${address.port}`;
  if (address.type === 'PIPE') return `${host.name}:${address}`;
  return address.path === '' ? host.name : `${host.name}:${address.path.replace('\0', '@')}`;
}

function pairKey(one: string, other: string): string {
  return [one, other].sort().join(' | ');
}
