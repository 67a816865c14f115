/** Relaying bytes without receiving them. */

/** A transport whose input the system may move to another transport. */
export interface RelaysBytes {
  /**
   * From now on input may go to `target` as if the protocol had written it there. The protocol's `bytesRelayed` is called in place of
   * `dataReceived` then; both remain possible.
   *
   * @returns Whether any will.
   */
  relayTo(target: object): boolean;
}

/** The protocol of such a transport. */
export interface RelayedBytesReceiver {
  bytesRelayed(count: number): void;
}

/** Does nothing if the transport cannot. */
export function relayTo(transport: object, target: object): void {
  (transport as Partial<RelaysBytes>).relayTo?.(target);
}
