/** What a connection talks to: application code that takes bytes and gives bytes, and knows nothing of sockets. */
import type { Factory } from './factory.js';
import type { MaybeAsync } from './maybe-async.js';
import type { Transport } from './transport.js';

/**
 * What a reactor calls. {@link Protocol} is the usual base; anything of this shape will do.
 *
 * Order: `makeConnection` once, `dataReceived` any number of times, `connectionLost` once. None is called from inside
 * another, nor from inside a transport's method. An exception out of any of them is reported, unless it is a
 * {@link RemoteProtocolError}, and ends the connection with that exception as the reason; other connections do not notice.
 *
 * A callback may be `async`: the rejection of a promise that it returns has the same effect as an exception. Nothing waits
 * for the promise. The next callbacks come meanwhile, and reading goes on: call `pauseProducing` to hold the peer back. Lent
 * bytes are valid until the first `await` only.
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

/** Base for protocols: override what you need. */
export class Protocol implements StreamProtocol {
  /** The connection. Set before `connectionMade`; do not use it earlier. */
  transport: Transport = undefined as never;
  /** The factory that built this protocol, where one did. */
  factory: Factory | undefined = undefined;
  /** {@link StreamProtocol.acceptsLentBytes}. Not there unless a subclass defines it. */
  declare readonly acceptsLentBytes?: boolean;

  /** True between `connectionMade` and `connectionLost`. */
  get connected(): boolean {
    return this.transport?.connected ?? false;
  }

  makeConnection(transport: Transport): MaybeAsync {
    this.transport = transport;
    return this.connectionMade();
  }

  /** The connection is open: called once. */
  connectionMade(): MaybeAsync {}

  /** Bytes arrived: {@link StreamProtocol.dataReceived}. */
  dataReceived(_data: Buffer): MaybeAsync {}

  /** The connection is gone: called once. {@link StreamProtocol.connectionLost}. */
  connectionLost(_reason: Error): MaybeAsync {}
}

/** A protocol written as a plain object. Every method may be left out; each is given the transport last. */
export interface ProtocolHandlers {
  /** {@link StreamProtocol.acceptsLentBytes}. Read when the protocol is made. */
  readonly acceptsLentBytes?: boolean;
  connectionMade?(transport: Transport): unknown;
  dataReceived?(data: Buffer, transport: Transport): unknown;
  connectionLost?(reason: Error, transport: Transport): unknown;
}

/** Makes a {@link Protocol} of a plain object's handlers. */
export class HandlerProtocol extends Protocol {
  override readonly acceptsLentBytes: boolean;
  readonly #handlers: ProtocolHandlers;

  constructor(handlers: ProtocolHandlers) {
    super();
    this.#handlers = handlers;
    this.acceptsLentBytes = handlers.acceptsLentBytes === true;
  }

  override connectionMade(): MaybeAsync {
    return this.#handlers.connectionMade?.(this.transport) as MaybeAsync;
  }

  override dataReceived(data: Buffer): MaybeAsync {
    return this.#handlers.dataReceived?.(data, this.transport) as MaybeAsync;
  }

  override connectionLost(reason: Error): MaybeAsync {
    return this.#handlers.connectionLost?.(reason, this.transport) as MaybeAsync;
  }
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
