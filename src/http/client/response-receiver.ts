/** Receivers of responses, as the connection sees them. */
import type { ReceivedFields, ReceivedResponseHead } from '../../protocols/http/received-fields.js';

/**
 * Learns what becomes of one request: `informed` any number of times, `answered`, `received` any number of times; and last either `ended`
 * or `failed`, after which the connection is no longer the receiver's. An exception ends the connection.
 */
export interface ResponseReceiver {
  /**
   * Whether to pass it more content. Otherwise the rest stays in the parser, and reading pauses if that becomes much; call
   * `resumeContent` of the connection when it changes.
   */
  readonly wantsContent: boolean;
  /** An informational response other than 101. The head is valid until this returns. */
  informed(head: ReceivedResponseHead): void;
  /** The final response, or 101. The head is valid until this returns, unless it is kept. */
  answered(head: ReceivedResponseHead): void;
  /** @param data Lent: valid until this returns. */
  received(data: Buffer): void;
  ended(trailers: ReceivedFields | undefined): void;
  failed(error: unknown): void;
  /** Everything written was sent, after `isFull` of the connection was true. */
  drained(): void;
}

/** The parts of a request on which the connection and the form of the response depend. */
export interface RequestFacts {
  readonly method: string;
  /** Whether the request has Upgrade, so that 101 is acceptable. */
  readonly hasUpgrade: boolean;
  readonly headTimeoutMs: number;
  readonly bodyIdleTimeoutMs: number;
  readonly unreadTimeoutMs: number;
  readonly writeTimeoutMs: number;
}
