import type { MaybeAsync } from './maybe-async.js';
/** The base of protocols: application code that receives and sends bytes, independent of sockets. */

import { notConnected } from './not-connected.js';
import type { ProtocolFactory } from './protocol-factory.js';
import type { StreamProtocol } from './stream-protocol.js';
import type { TCPTransport, Transport, UNIXTransport } from './transport.js';

/** @internal The transport of a protocol before `connectionMade`. */
export const NOT_CONNECTED: Transport = notConnected<TCPTransport & UNIXTransport>(
  {
    abortConnection: true,
    detach: true,
    fileno: true,
    getHost: true,
    getPeer: true,
    getPeerCredentials: true,
    getTcpKeepAlive: true,
    getTcpNoDelay: true,
    loseConnection: true,
    loseWriteConnection: true,
    pauseProducing: true,
    registerProducer: true,
    resumeProducing: true,
    sendFileDescriptor: true,
    setTcpKeepAlive: true,
    setTcpNoDelay: true,
    startTLS: true,
    stopProducing: true,
    unregisterProducer: true,
    write: true,
    writeSequence: true,
  },
  'connectionMade',
);

/** Base for protocols: override what you need. */
export class Protocol implements StreamProtocol {
  /** The connection. Its methods throw a {@link NotConnectedError} before `connectionMade`. */
  transport: Transport = NOT_CONNECTED;
  /** The factory that built this protocol, if one did. */
  factory: ProtocolFactory | undefined = undefined;
  /** {@link StreamProtocol.acceptsLentBytes}. Absent unless a subclass defines it. */
  declare readonly acceptsLentBytes?: boolean;

  /** True between `connectionMade` and `connectionLost`. */
  get connected(): boolean {
    return this.transport.connected;
  }

  makeConnection(transport: Transport): MaybeAsync {
    this.transport = transport;
    return this.connectionMade();
  }

  /** The connection is open. Called once. */
  connectionMade(): MaybeAsync {}

  /** Bytes arrived: {@link StreamProtocol.dataReceived}. */
  dataReceived(_data: Buffer): MaybeAsync {}

  /** The connection is gone. Called once. {@link StreamProtocol.connectionLost}. */
  connectionLost(_reason: Error): MaybeAsync {}
}

/** A protocol as a plain object. All methods are optional; each receives the transport as its last argument. */
export interface ProtocolHandlers {
  /** {@link StreamProtocol.acceptsLentBytes}. Read when the protocol is created. */
  readonly acceptsLentBytes?: boolean;
  connectionMade?(transport: Transport): unknown;
  dataReceived?(data: Buffer, transport: Transport): unknown;
  handshakeCompleted?(transport: Transport): unknown;
  connectionLost?(reason: Error, transport: Transport): unknown;
}

/** Makes a {@link Protocol} from the handlers of a plain object. */
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

  handshakeCompleted(): MaybeAsync {
    return this.#handlers.handshakeCompleted?.(this.transport) as MaybeAsync;
  }

  override connectionLost(reason: Error): MaybeAsync {
    return this.#handlers.connectionLost?.(reason, this.transport) as MaybeAsync;
  }
}
