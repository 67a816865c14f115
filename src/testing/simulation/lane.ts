/**
 * One direction of a simulated connection's path through the network: everything put on it arrives in order, after its
 * latency, at the rate of its bandwidth, and not before a partition between the two hosts is healed.
 */
import type { Clock } from '../../core/clock.js';
import { draw, type FaultSettings } from './faults.js';
import type { SeededRandom } from './random.js';

/** The traffic on all lanes of a network. */
export interface Traffic {
  /** The number of items that were put on a lane and have not arrived. */
  underWay: number;
}

export interface LaneOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly faults: FaultSettings;
  readonly traffic: Traffic;
  /** Whether its two hosts are cut off from each other now. */
  cutOff(): boolean;
}

export class Lane {
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #faults: FaultSettings;
  readonly #traffic: Traffic;
  readonly #cutOff: () => boolean;
  /** When everything put on it so far has left, and has arrived. */
  #departed = 0;
  #arrived = 0;
  /** Items that came while the hosts were cut off, and those after them. */
  #held: (() => void)[] = [];

  constructor(options: LaneOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#faults = options.faults;
    this.#traffic = options.traffic;
    this.#cutOff = () => options.cutOff();
  }

  /** Calls `arrive` when that many bytes have got through; 0 for an item without a length. */
  carry(bytes: number, arrive: () => void): void {
    const now = this.#clock.now();
    const { bytesPerSecond, latencyMs } = this.#faults;
    this.#departed = Math.max(this.#departed, now) + (bytes * 1000) / bytesPerSecond;
    this.#arrived = Math.max(this.#arrived, this.#departed + draw(this.#random, latencyMs));
    this.#traffic.underWay += 1;
    this.#clock.callLater(this.#arrived - now, () => {
      this.#traffic.underWay -= 1;
      if (this.#held.length > 0 || this.#cutOff()) this.#held.push(arrive);
      else arrive();
    });
  }

  /** The hosts can reach each other again. */
  heal(): void {
    if (this.#held.length === 0) return;
    this.#clock.callLater(draw(this.#random, this.#faults.latencyMs), () => {
      while (!this.#cutOff()) {
        const arrive = this.#held.shift();
        if (arrive === undefined) return;
        arrive();
      }
    });
  }
}
