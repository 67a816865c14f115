/** The demo's echo service. */
import { Protocol } from '../core/protocol.js';

/** Totals of the echo and the chat. */
export interface MessageCounts {
  messagesIn: number;
  messagesOut: number;
}

/** Sends back the bytes that it receives. Each piece received counts as a message. */
export class DemoEcho extends Protocol {
  override readonly acceptsLentBytes = true;
  readonly #counts: MessageCounts;

  constructor(counts: MessageCounts) {
    super();
    this.#counts = counts;
  }

  get description(): string {
    return 'echo';
  }

  override connectionMade(): void {
    // Nothing is received from a peer that does not read.
    this.transport.registerProducer(this.transport, true);
  }

  override dataReceived(data: Buffer): void {
    this.#counts.messagesIn += 1;
    this.#counts.messagesOut += 1;
    this.transport.write(data);
  }

  /** The peer has finished sending but still receives the rest. */
  readConnectionLost(): void {
    this.transport.unregisterProducer();
    this.transport.loseConnection();
  }
}
