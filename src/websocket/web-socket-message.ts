/** A text message, or the bytes of a binary one. */
export type WebSocketMessage = string | Buffer;
