/** Receiving much at once. */

/** A transport that can receive more bytes at once than others. */
export interface ReadsBulk {
  /**
   * From now on `dataReceived` gets as many bytes as there are, up to a limit of the transport above 64 KiB. For protocols that pass
   * bytes on: fewer, larger calls of the system take less time.
   */
  readBulk(): void;
}

/** Does nothing if the transport cannot. */
export function readBulk(transport: object): void {
  (transport as Partial<ReadsBulk>).readBulk?.();
}
