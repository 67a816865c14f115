/** The interface of protocols, which a reactor calls. */
import type { Transport } from './transport.js';

/**
 * The methods that a reactor calls. `Protocol` is the usual base; any object of this shape is accepted.
 *
 * Order: `makeConnection` once, `dataReceived` any number of times, `connectionLost` once. None is called from inside
 * another, nor from inside a transport's method. An exception out of any of them is reported, unless it is a
 * `RemoteProtocolError`, and ends the connection with that exception as the reason; other connections do not notice.
 */
export interface StreamProtocol {
  /**
   * Whether `dataReceived` accepts lent bytes. Read for each delivery. Default false.
   *
   * - False: bytes are *given*. The receiver owns them, in an `ArrayBuffer` that is not shared with other connections or
   *   deliveries: it may keep, change, transfer or post them.
   * - True: bytes are *lent*, which saves the copy. They are valid until `dataReceived` returns and are overwritten afterwards.
   *   Copy bytes that you keep (`Buffer.copyBytesFrom`); bytes passed to `write` before it returns are sent as they are. Do not
   *   post or clone them: `data.buffer` is the receive memory of all connections, and would be copied as a whole. If `dataReceived`
   *   transfers it, the connection ends with a LentBytesTransferredError.
   */
  readonly acceptsLentBytes?: boolean;
  /** The protocol's transport. If the protocol has this property, `startTLS` sets it. */
  transport?: Transport | undefined;
  /**
   * The number of received bytes that the protocol has not processed: those behind the frame that it is processing.
   * `transport.startTLS` ends the connection if there are any. Undefined counts as 0.
   */
  readonly unreadBytes?: number;
  /**
   * The purpose or work of the connection in a few words for people, such as `chat: alice`. Read when a connection is reported:
   * `reactor.connections`, the dashboard. Default: the name of the class.
   */
  readonly description?: string;
  makeConnection(transport: Transport): unknown;
  /** @param data At most 64 KiB; yours to keep, unless {@link acceptsLentBytes}. */
  dataReceived(data: Buffer): unknown;
  /** @param reason A {@link ConnectionClosed}, the failure of TLS, or the error that application code threw. */
  connectionLost(reason: Error): unknown;
  /**
   * Makes the protocol half-closable: called when the peer has finished sending. The connection stays open for writing, and the
   * protocol must close it. Without this method, the connection ends when the peer finishes sending: of the bytes written
   * before, as many are sent as the system accepts immediately, and the rest is dropped.
   */
  readConnectionLost?(): unknown;
  /**
   * A descriptor arrived over a UNIX socket (unix(7), SCM_RIGHTS). Called before the `dataReceived` of the accompanying bytes.
   * You must close it. Without this method, the system closes descriptors that a peer sends.
   */
  fileDescriptorReceived?(fd: number): unknown;
  /** The TLS handshake is complete, and the peer is verified: see `transport.tls`. Called once for each `startTLS`. */
  handshakeCompleted?(): unknown;
  /**
   * The service that accepted the connection is stopping: finish soon, and close the connection, which is reset at the deadline of
   * the {@link Drain}. Without this method, the connection stays open until then. Called at most once for each drain.
   */
  serverClosing?(): unknown;
  /** `loseWriteConnection` is complete: everything was sent, and the peer sees the end. */
  writeConnectionLost?(): unknown;
}

/** @internal A transport whose connection can be given to another protocol. */
export interface SwitchableTransport extends Transport {
  /**
   * Calls the protocol's `makeConnection`, then delivers bytes that the previous protocol has received. Errors of the protocol end
   * the connection. The peer has not finished sending.
   * @param unread Not shared with anything.
   * @param failed Called with an error that `makeConnection` threw.
   */
  switchProtocol(protocol: StreamProtocol, unread: Buffer, failed?: (error: unknown) => void): void;
}

/** Whether a value has the methods of a protocol. */
export function isStreamProtocol(value: object): value is StreamProtocol {
  const { makeConnection, dataReceived, connectionLost } = value as Partial<StreamProtocol>;
  return (
    typeof makeConnection === 'function' &&
    typeof dataReceived === 'function' &&
    typeof connectionLost === 'function'
  );
}

/** The description of a protocol, or the name of its class. Never throws. */
export function describeProtocol(protocol: StreamProtocol): string {
  try {
    return String(protocol.description ?? protocol.constructor.name);
  } catch {
    return 'unknown';
  }
}
