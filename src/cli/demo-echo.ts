/** The demo's echo service. */
import { Protocol } from '../core/protocol.js';

/** Totals of the echo and the chat. */
export interface MessageCounts {
  messagesIn: number;
  messagesOut: number;
}

/** Sends back what it receives. A message is what arrived together. */
export class DemoEcho extends Protocol {
  override readonly acceptsLentBytes = true;
  readonly #counts: MessageCounts;

  constructor(counts: MessageCounts) {
    super();
    this.#counts = counts;
  }

  override connectionMade(): void {
    // A peer that doesn't read is not received from either.
    this.transport.registerProducer(this.transport, true);
  }

  override dataReceived(data: Buffer): void {
    this.#counts.messagesIn += 1;
    this.#counts.messagesOut += 1;
    this.transport.write(data);
  }

  /** The peer has finished sending: it still gets the rest. */
  readConnectionLost(): void {
    this.transport.unregisterProducer();
    this.transport.loseConnection();
  }
}
