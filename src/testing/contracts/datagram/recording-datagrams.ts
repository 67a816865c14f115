/** A datagram protocol that records every call, and checks the rules that hold for each call. */
import type { Address, IPAddress } from '../../../core/address.js';
import {
  type DatagramDetails,
  DatagramProtocol,
  type DatagramTransport,
} from '../../../core/datagram.js';
import type { DatagramError } from '../../../core/errors/datagram.js';

export interface RecordedDatagram<A extends Address = IPAddress> {
  readonly data: Buffer;
  readonly from: A;
}

export class RecordingDatagrams<A extends Address = IPAddress> extends DatagramProtocol<A> {
  /** `start`, `stop`, and the text of each datagram. */
  readonly log: string[] = [];
  readonly received: RecordedDatagram<A>[] = [];
  readonly errors: DatagramError[] = [];
  refusals = 0;
  /** Called after a datagram was recorded. */
  onDatagram: (datagram: RecordedDatagram<A>) => void = () => {};
  readonly #violations: string[];
  #started = false;

  constructor(violations: string[]) {
    super();
    this.#violations = violations;
  }

  get texts(): string[] {
    return this.received.map(({ data }) => data.toString());
  }

  override startProtocol(): void {
    if (this.#started) this.#violations.push('startProtocol twice');
    this.#started = true;
    this.log.push('start');
  }

  override datagramReceived(
    data: Buffer,
    from: A,
    transport: DatagramTransport<A>,
    _details?: DatagramDetails,
  ): void {
    if (!this.#started) this.#violations.push('datagramReceived of a port that does not listen');
    if ((transport as unknown) !== this.transport) this.#violations.push('another transport');
    const datagram = { data, from };
    this.received.push(datagram);
    this.log.push(data.toString('latin1', 0, 20));
    this.onDatagram(datagram);
  }

  override stopProtocol(): void {
    if (!this.#started) this.#violations.push('stopProtocol without startProtocol');
    this.#started = false;
    this.log.push('stop');
  }

  override connectionRefused(): void {
    this.refusals += 1;
  }

  datagramFailed(error: DatagramError): void {
    this.errors.push(error);
  }
}
