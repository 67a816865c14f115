/**
 * The path of one UDP socket's datagrams into the network: they leave at the rate of the bandwidth, and each may be lost, doubled
 * or delayed at random. Every fault draws from a stream of its own, once for each datagram and host.
 */
import type { Clock } from '../../../core/clock.js';
import { draw, type FaultSettings } from '../faults.js';
import type { Traffic } from '../lane.js';
import type { SeededRandom } from '../random.js';

export interface DatagramLaneOptions {
  readonly clock: Clock;
  readonly faults: FaultSettings;
  readonly random: SeededRandom;
  readonly traffic: Traffic;
}

export type DatagramFate = 'sent' | 'lost' | 'duplicated' | 'delayed';

export class DatagramLane {
  readonly #options: DatagramLaneOptions;
  readonly #latency: SeededRandom;
  readonly #loss: SeededRandom;
  readonly #duplicate: SeededRandom;
  readonly #reorder: SeededRandom;
  #departed = 0;
  /** When the last datagram that was not delayed arrives at each host. */
  readonly #arrived = new Map<string, number>();
  #waitingBytes = 0;

  constructor(options: DatagramLaneOptions) {
    const { random } = options;
    this.#options = options;
    this.#latency = random.fork('latency');
    this.#loss = random.fork('loss');
    this.#duplicate = random.fork('duplicate');
    this.#reorder = random.fork('reorder');
  }

  /** Bytes that have been taken and have not left yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Takes a datagram; `left` is called when it has left, not before this returns. Without a limited rate it leaves at once. */
  depart(bytes: number, left: () => void): void {
    const { clock, faults } = this.#options;
    const now = clock.now();
    this.#departed = Math.max(this.#departed, now) + (bytes * 1000) / faults.bytesPerSecond;
    if (this.#departed === now) return;
    this.#waitingBytes += bytes;
    clock.callLater(this.#departed - now, () => {
      this.#waitingBytes -= bytes;
      left();
    });
  }

  /** Carries the most recently departed datagram to a host; `arrive` is called once, twice or never. */
  carry(host: string, arrive: () => void): DatagramFate {
    const { faults } = this.#options;
    const lost = this.#loss.chance(faults.loss);
    const duplicated = this.#duplicate.chance(faults.duplicate);
    const delayed = this.#reorder.chance(faults.reorder);
    const delay = draw(this.#reorder, faults.reorderMs);
    const latency = draw(this.#latency, faults.latencyMs);
    if (lost) return 'lost';
    const inOrder = Math.max(this.#arrived.get(host) ?? 0, this.#departed + latency);
    if (!delayed) this.#arrived.set(host, inOrder);
    const arrival = delayed ? inOrder + delay : inOrder;
    this.#at(arrival, arrive);
    if (duplicated) this.#at(arrival + draw(this.#duplicate, faults.latencyMs), arrive);
    return duplicated ? 'duplicated' : delayed ? 'delayed' : 'sent';
  }

  /** Calls `arrive` after the latency of an answer. */
  answer(arrive: () => void): void {
    const { clock, faults } = this.#options;
    this.#at(clock.now() + draw(this.#latency, faults.latencyMs), arrive);
  }

  #at(time: number, arrive: () => void): void {
    const { clock, traffic } = this.#options;
    traffic.underWay += 1;
    clock.callLater(time - clock.now(), () => {
      traffic.underWay -= 1;
      arrive();
    });
  }
}
