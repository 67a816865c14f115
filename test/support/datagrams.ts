/** A datagram protocol that writes down what it is told, and can be waited for; a pair of them. */
import {
  type DatagramDetails,
  type DatagramError,
  DatagramProtocol,
  type DatagramTransport,
  type IPAddress,
  type ListenUDPOptions,
  type UDPTransport,
} from '../../src/index.js';
import type { Rig } from './contract.js';
import { Pulse } from './deadline.js';

export interface ReceivedDatagram {
  readonly data: Buffer;
  readonly from: IPAddress;
  readonly details: DatagramDetails | undefined;
}

export class DatagramRecorder extends DatagramProtocol {
  readonly log: string[] = [];
  readonly received: ReceivedDatagram[] = [];
  readonly errors: DatagramError[] = [];
  readonly pulse: Pulse = new Pulse();
  refusals = 0;
  /** Called after it was written down. */
  onDatagram: (received: ReceivedDatagram) => void = () => {};

  override startProtocol(): void {
    this.#note('startProtocol');
  }

  override datagramReceived(
    data: Buffer,
    from: IPAddress,
    _transport: DatagramTransport<IPAddress>,
    details?: DatagramDetails,
  ): void {
    const received = { data, from, details };
    this.received.push(received);
    this.pulse.notify();
    this.onDatagram(received);
  }

  override stopProtocol(): void {
    this.#note('stopProtocol');
  }

  override connectionRefused(): void {
    this.refusals += 1;
    this.pulse.notify();
  }

  datagramFailed(error: DatagramError): void {
    this.errors.push(error);
    this.pulse.notify();
  }

  get texts(): string[] {
    return this.received.map(({ data }) => data.toString());
  }

  until(condition: () => boolean, what: string): Promise<void> {
    return this.pulse.until(condition, () => `${what}; so far ${this.received.length} datagrams`);
  }

  /** Settles once so many datagrams came. */
  receive(count: number): Promise<void> {
    return this.until(() => this.received.length >= count, `${count} datagrams`);
  }

  #note(event: string): void {
    this.log.push(event);
    this.pulse.notify();
  }
}

export interface OpenUDP {
  readonly port: UDPTransport;
  readonly protocol: DatagramRecorder;
  readonly number: number;
}

/** A UDP port of 127.0.0.1. */
export function openUDP(rig: Rig, options: ListenUDPOptions = {}, number = 0): OpenUDP {
  const protocol = new DatagramRecorder();
  const port = rig.reactor.listenUDP(number, protocol, { interface: '127.0.0.1', ...options });
  return { port, protocol, number: port.getHost().port };
}
