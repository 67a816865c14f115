/** The network of a simulation: hosts, connections, and which hosts are cut off from each other. */
import { isIP } from 'node:net';

import type { IPAddress } from '../../core/address.js';
import type { Dial } from '../../reactor/streams/dial.js';
import type { ConnectSettings } from '../../reactor/streams/tcp-settings.js';
import type { ManualClock } from '../manual-clock.js';
import { ConnectAttempt, type Destination, type Dialler } from './attempt.js';
import { SimulatedConnection } from './connection.js';
import { draw, type FaultSettings } from './faults.js';
import { Host } from './host.js';
import type { Traffic } from './lane.js';
import type { SeededRandom } from './random.js';
import type { Trace } from './trace.js';

export interface NetworkOptions {
  readonly clock: ManualClock;
  readonly trace: Trace;
  readonly faults: FaultSettings;
  readonly random: SeededRandom;
}

export class Network {
  readonly #options: NetworkOptions;
  readonly #hosts: Host[] = [];
  /** Those that are being made too. */
  readonly #connections = new Set<SimulatedConnection>();
  /** Pairs of names of hosts, by {@link pairKey}. */
  readonly #partitions = new Map<string, readonly string[]>();
  readonly #traffic: Traffic = { underWay: 0 };
  #attempts = 0;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** The connections of which an end is open. */
  get connections(): SimulatedConnection[] {
    return [...this.#connections].filter(({ accepted }) => accepted);
  }

  /** Whether anything is on its way from one host to another, and not held by a partition. */
  get busy(): boolean {
    return this.#traffic.underWay > 0;
  }

  /** Adds a host, by a name, for which an address is chosen, or by an address. */
  addHost(name: string): Host {
    const number = this.#hosts.length + 1;
    const host = new Host(name, isIP(name) === 0 ? `10.0.${number >>> 8}.${number & 255}` : name);
    this.#hosts.push(host);
    return host;
  }

  /** The address of the host of that name; undefined where there is none. */
  resolve(name: string): string | undefined {
    if (name === 'localhost') return '127.0.0.1';
    return this.#hosts.find((host) => host.name === name)?.address;
  }

  /** Begins to connect a host to an IP address. */
  dial(from: Host, destination: Destination, settings: ConnectSettings, dialler: Dialler): Dial {
    const { address } = destination;
    const to = from.has(address) ? from : this.#hosts.find((host) => host.address === address);
    const number = this.#attempts++;
    const random = this.#options.random.fork(`connection ${number}`);
    const attempt = new ConnectAttempt({
      ...this.#options,
      number,
      random,
      from,
      to,
      destination,
      dialler,
      connect: (host, client, server) => this.#connect(from, host, client, server, random),
      forget: (connection) => this.#connections.delete(connection),
    });
    attempt.begin(settings);
    return attempt;
  }

  /** Cuts two hosts off from each other: what is under way between them waits. */
  partition(one: string, other: string): void {
    const key = pairKey(one, other);
    if (this.#partitions.has(key)) return;
    this.#partitions.set(key, [one, other]);
    this.#options.trace.add('connections', key, 'cut off from each other');
  }

  /** Ends the partitions of so many hosts: between two, those of one, or all. */
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

  /** What connections and partitions there are, a line for each. */
  describe(): string[] {
    return [
      ...[...this.#connections].map((connection) => connection.describe()),
      ...[...this.#partitions.keys()].map((pair) => `${pair}  cut off from each other`),
    ];
  }

  #connect(
    from: Host,
    to: Host,
    clientAddress: IPAddress,
    serverAddress: IPAddress,
    random: SeededRandom,
  ): SimulatedConnection {
    const connection: SimulatedConnection = new SimulatedConnection({
      ...this.#options,
      random,
      traffic: this.#traffic,
      clientName: `${from.name}:${clientAddress.port}`,
      serverName: `${to.name}:${serverAddress.port}`,
      clientAddress,
      serverAddress,
      cutOff: () => this.#partitions.has(pairKey(from.name, to.name)),
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

function pairKey(one: string, other: string): string {
  return [one, other].sort().join(' | ');
}
