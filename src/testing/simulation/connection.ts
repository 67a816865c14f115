/** A TCP or UNIX connection of the simulated network: two ends, a pipe each way, and its faults. */

import type { Address } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import { checkChoice, checkInteger } from '../../internal/check.js';
import { systemError } from '../../internal/system-error.js';
import { Endpoint } from './endpoint.js';
import type { FaultSettings } from './faults.js';
import { Lane, type Traffic } from './lane.js';
import { Pipe, type PipeListener } from './pipe.js';
import type { SeededRandom } from './random.js';
import type { Trace } from './trace.js';

/** A fault strikes one of a connection's first pieces, at most this many. */
const STRIKES_WITHIN_PIECES = 16;

/** The network, as a connection uses it. */
export interface ConnectionOptions {
  readonly clock: Clock;
  readonly trace: Trace;
  readonly faults: FaultSettings;
  readonly random: SeededRandom;
  /** Names of the ends in the trace, such as `b:40001` and `a:80`. */
  readonly clientName: string;
  readonly serverName: string;
  readonly clientAddress: Address;
  readonly serverAddress: Address;
  readonly traffic: Traffic;
  /** Whether aborting an end resets the connection: not over UNIX sockets. */
  readonly resets: boolean;
  /** Whether the two hosts are cut off from each other now. */
  cutOff(): boolean;
  /** Cuts the two hosts off from each other for a while. */
  partition(): void;
  /** Neither end is open any more. */
  ended(): void;
}

/** A connection between two hosts of a simulation. */
export class SimulatedConnection {
  /** `b:40001 -> a:80`: the client's end, then the server's. */
  readonly name: string;
  readonly clientAddress: Address;
  readonly serverAddress: Address;
  /** @internal */
  readonly client: Endpoint;
  /** @internal */
  readonly server: Endpoint;
  /** @internal Whether the server's host has answered. */
  accepted = false;
  readonly #trace: Trace;
  readonly #toServer: Lane;
  readonly #toClient: Lane;
  readonly #partition: () => void;
  readonly #resetAt: number;
  readonly #partitionAt: number;
  #pieces = 0;

  /** @internal */
  constructor(options: ConnectionOptions) {
    const { trace, faults, random, clientName, serverName, resets } = options;
    this.name = `${clientName} -> ${serverName}`;
    this.clientAddress = options.clientAddress;
    this.serverAddress = options.serverAddress;
    this.#trace = trace;
    this.#partition = () => options.partition();
    this.#resetAt = strikesAt(random.fork('reset'), faults.reset);
    this.#partitionAt = strikesAt(random.fork('partition'), faults.partition);
    this.#toServer = new Lane({ ...options, random: random.fork('to server') });
    this.#toClient = new Lane({ ...options, random: random.fork('to client') });
    const request = new Pipe({
      ...options,
      name: this.name,
      random: random.fork('request'),
      lane: this.#toServer,
      back: this.#toClient,
      listener: this.#between('server', 'client'),
    });
    const response = new Pipe({
      ...options,
      name: `${clientName} <- ${serverName}`,
      random: random.fork('response'),
      lane: this.#toClient,
      back: this.#toServer,
      listener: this.#between('client', 'server'),
    });
    const left = (): void => {
      if (!this.open) options.ended();
    };
    this.client = new Endpoint({ trace, resets, outgoing: request, incoming: response, left });
    this.server = new Endpoint({ trace, resets, outgoing: response, incoming: request, left });
    this.client.join(this.server);
    this.server.join(this.client);
  }

  /** Whether at least one end is still open. */
  get open(): boolean {
    return this.client.open || this.server.open;
  }

  /** The network breaks it now: both ends are notified, and data in transit is lost. */
  reset(): void {
    if (!this.open) return;
    this.#trace.add('connections', this.name, 'reset by the network');
    for (const end of [this.client, this.server]) end.break(systemError('read', 'ECONNRESET'));
  }

  /**
   * Makes one end read at a given rate from now on.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  readSlowly(end: 'client' | 'server', bytesPerSecond: number): void {
    checkInteger('bytesPerSecond', bytesPerSecond, 1, Number.MAX_SAFE_INTEGER);
    this[checkChoice('end', end, ['client', 'server'])].setReadRate(bytesPerSecond);
  }

  /** The event that each end waits for, as text. */
  describe(): string {
    return `${this.name}  client: ${this.client.describe()}; server: ${this.server.describe()}`;
  }

  /** @internal Carries a packet from one end to the other. */
  carry(to: 'client' | 'server', arrive: () => void): void {
    (to === 'client' ? this.#toClient : this.#toServer).carry(0, arrive);
  }

  /** @internal The hosts can reach each other again. */
  heal(): void {
    this.#toServer.heal();
    this.#toClient.heal();
  }

  #between(receiver: 'client' | 'server', sender: 'client' | 'server'): PipeListener {
    return {
      arrived: (bytes) => {
        this.#strike();
        return this[receiver].pieceArrived(bytes);
      },
      readable: () => this[receiver].notifyReadable(),
      sendable: () => this[sender].notifySendable(),
    };
  }

  #strike(): void {
    this.#pieces += 1;
    if (this.#pieces === this.#partitionAt) this.#partition();
    if (this.#pieces === this.#resetAt) this.reset();
  }
}

/** The piece at which a fault strikes, counted from 1; 0: never. */
function strikesAt(random: SeededRandom, probability: number): number {
  const strikes = random.chance(probability);
  const at = random.integer(1, STRIKES_WITHIN_PIECES);
  return strikes ? at : 0;
}
