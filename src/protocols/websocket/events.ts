/** The events of a WebSocket connection, and the roles of its ends. */

/** A server receives masked frames and sends unmasked ones; a client does the opposite. */
export type WebSocketRole = 'client' | 'server';

/**
 * A whole message, or a control frame (RFC 6455 section 5.6 and 5.5). The properties of the parser or connection that returned
 * the event hold its content until the next call of `next` or `receive`.
 */
export type WebSocketEvent = 'binary' | 'close' | 'ping' | 'pong' | 'text';

/** Limits on received messages. */
export interface WebSocketLimits {
  /** The longest message in bytes, both as it was sent and decompressed: 0 to 2^31 - 1. Default 1,048,576. */
  readonly maxMessageBytes?: number;
  /** The maximum number of frames of one message: 1 to 2^31 - 1. Default 16,384. */
  readonly maxFragments?: number;
  /**
   * The maximum number of control frames without a message between them: 1 to 2^31 - 1. Default 1,000. The owner of a connection
   * calls `resetControlFrames` regularly, so that a quiet connection with heartbeats does not reach it.
   */
  readonly maxControlFrames?: number;
}

/** Decompresses messages: the receiving half of an extension such as permessage-deflate (RFC 7692). */
export interface MessageDecompressor {
  /**
   * The content of a message.
   * @param payload The compressed bytes; valid until the call returns.
   * @param maxBytes The limit of the result, which must not need more memory than that and one chunk.
   * @returns Memory that the caller may keep and change, or a view of it.
   * @throws WebSocketError
   */
  decompress(payload: Uint8Array, maxBytes: number): Buffer;
}
