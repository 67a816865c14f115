/** Closing while the peer is in the middle of a message. */

/** A transport that can be told about input that has not arrived. */
export interface ExpectsInput {
  /**
   * The peer is still sending, as far as the protocol knows: `loseConnection` discards its input within the limits of
   * lingering, even if none is unread at that moment. Otherwise the input would reset the connection, and the peer might lose the last
   * bytes written. Call it just before `loseConnection`.
   */
  expectInput(): void;
}

/** Does nothing if the transport does not linger. */
export function expectInput(transport: object): void {
  (transport as Partial<ExpectsInput>).expectInput?.();
}
