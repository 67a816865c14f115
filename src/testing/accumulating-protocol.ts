/** A protocol that records its input: the simplest other end for a test. */
import { Protocol } from '../core/protocol.js';

/**
 * Keeps all received bytes and the reason of the connection's end.
 *
 * @example
 * const client = new AccumulatingProtocol();
 * reactor.connectTCP('127.0.0.1', port, () => client);
 * await client.onConnectionLost;
 * client.text; // everything the server sent
 */
export class AccumulatingProtocol extends Protocol {
  /** Settles with this protocol when it is connected. */
  readonly onConnectionMade: Promise<this>;
  /** Settles with the reason when the connection has ended. Never rejects. */
  readonly onConnectionLost: Promise<Error>;
  #data: Buffer[] = [];
  #closedReason: Error | undefined = undefined;
  #made: () => void = () => {};
  #lost: (reason: Error) => void = () => {};

  constructor() {
    super();
    this.onConnectionMade = new Promise((resolve) => {
      this.#made = () => resolve(this);
    });
    this.onConnectionLost = new Promise((resolve) => {
      this.#lost = resolve;
    });
  }

  /** All received bytes. */
  get data(): Buffer {
    const { length } = this.#data;
    if (length !== 1) this.#data = length === 0 ? [] : [Buffer.concat(this.#data)];
    return this.#data[0] ?? Buffer.alloc(0);
  }

  /** {@link data} as UTF-8. */
  get text(): string {
    return this.data.toString();
  }

  /** The reason of the connection's end; undefined until it has ended. */
  get closedReason(): Error | undefined {
    return this.#closedReason;
  }

  override connectionMade(): void {
    this.#made();
  }

  override dataReceived(data: Buffer): void {
    this.#data.push(data);
  }

  override connectionLost(reason: Error): void {
    this.#closedReason = reason;
    this.#lost(reason);
  }
}
