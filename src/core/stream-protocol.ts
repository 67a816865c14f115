/** The interface of protocols: what a reactor calls. */
import type { Transport } from './transport.js';

/**
 * What a reactor calls. `Protocol` is the usual base; anything of this shape will do.
 *
 * Order: `makeConnection` once, `dataReceived` any number of times, `connectionLost` once. None is called from inside
 * another, nor from inside a transport's method. An exception out of any of them is reported, unless it is a
 * `RemoteProtocolError`, and ends the connection with that exception as the reason; other connections do not notice.
 */
export interface StreamProtocol {
  /**
   * Whether `dataReceived` may be called with lent bytes. Asked at each delivery. Default false.
   *
   * - False: bytes are *given*. They are the receiver's own, in an `ArrayBuffer` that no other connection and no other delivery
   *   shares: it may keep, change, transfer or post them.
   * - True: bytes are *lent*, which saves the copy. They are valid until `dataReceived` returns and are overwritten afterwards.
   *   What is kept must be copied (`Buffer.copyBytesFrom`); what is passed to `write` in time is sent as it is. Do not
   *   post or clone them: `data.buffer` is the receive memory of all connections, and would be copied as a whole.
   */
  readonly acceptsLentBytes?: boolean;
  makeConnection(transport: Transport): unknown;
  /** @param data At most 64 KiB; yours to keep, unless {@link acceptsLentBytes}. */
  dataReceived(data: Buffer): unknown;
  /** @param reason `ConnectionDone`, `ConnectionLost`, `ConnectionAborted`, or what application code threw. */
  connectionLost(reason: Error): unknown;
  /**
   * With this method a protocol can be half-closed: it is told that the peer has finished sending, the connection stays
   * open for writing, and closing it is the protocol's task. Without it, the peer's end of sending ends the connection:
   * what was written before is sent as far as the system takes it at once, the rest is dropped.
   */
  readConnectionLost?(): unknown;
  /**
   * A descriptor came over a UNIX socket (unix(7), SCM_RIGHTS): called before the `dataReceived` of the bytes it came with.
   * It is yours to close. Without this method the system closes what a peer sends.
   */
  fileDescriptorReceived?(fd: number): unknown;
  /** `loseWriteConnection` has been carried out: everything was sent and the peer sees the end. */
  writeConnectionLost?(): unknown;
}

/** True for what a reactor can call as it is. */
export function isStreamProtocol(value: object): value is StreamProtocol {
  const { makeConnection, dataReceived, connectionLost } = value as Partial<StreamProtocol>;
  return (
    typeof makeConnection === 'function' &&
    typeof dataReceived === 'function' &&
    typeof connectionLost === 'function'
  );
}
