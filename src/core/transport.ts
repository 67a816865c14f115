/** The connection as a protocol sees it, whatever the underlying transport. */
import type { Deferred } from '../defer/deferred.js';
import type { Address } from './address.js';
import type { PipeDirection, SerialOptions } from './adopt-options.js';
import type { Consumer, PushProducer } from './producer.js';
import type { TerminalSize } from './terminal-size.js';
import type { StartTLSOptions, TLSConnection, TLSRole } from './tls.js';
import type { PeerCredentials } from './unix-options.js';

/**
 * A connected byte stream.
 *
 *     open --loseConnection--> closing --all sent, producer gone, peer silent--> closed
 *       \--abortConnection, reset, error, a throw in a callback-------------------^
 *
 * No method calls back into the protocol before it returns, except into a registered producer.
 */
export interface Transport extends Consumer, PushProducer {
  /** True until the connection is gone: false when `connectionLost` runs. */
  readonly connected: boolean;
  /** True from `loseConnection` or `abortConnection` on. */
  readonly disconnecting: boolean;
  /** Bytes accepted by `write` that the operating system has not accepted yet. */
  readonly bufferedBytes: number;

  /** @internal Ends the connection as though one of its callbacks had thrown `error`. */
  fail?(error: unknown, where: string): void;

  /**
   * Sends bytes, or text as UTF-8, in order. Nothing is sent before the end of the reactor's turn; all writes of one turn are
   * sent together. Writes after `loseConnection` are sent if the connection is still open by then; writes after
   * `loseWriteConnection`, `abortConnection` or the end of the connection are dropped silently.
   *
   * @param data Small data is copied. Data of {@link LARGE_WRITE_BYTES} or more is kept by reference: do not change it
   * until it is sent.
   * @throws InvalidArgumentTypeError `data` is neither a `Uint8Array` nor a string.
   */
  write(data: Uint8Array | string): void;
  /**
   * Writes each part in order.
   * @throws InvalidArgumentTypeError a part is neither a `Uint8Array` nor a string. In this case none is written.
   */
  writeSequence(parts: Iterable<Uint8Array | string>): void;

  /**
   * Closes cleanly after everything written is sent and a registered producer has unregistered. No data is received from now
   * on. `connectionLost(ConnectionDone)` follows in a later turn. If the peer is still sending, it follows when the peer has
   * finished, has been silent for 5 s or has sent 64 MiB, or after 30 s: its data is discarded until then, because closing
   * earlier would reset the connection and destroy data in transit to the peer. `abortConnection` ends the wait. Further calls
   * have no effect.
   */
  loseConnection(): void;
  /**
   * Ends the sending side after everything written is sent and a registered producer has unregistered; receiving continues.
   * Writes from now on are dropped, except those of a producer that is still registered. When it is done,
   * `writeConnectionLost` is called in a later turn, if the protocol has it.
   * @throws UnsupportedError over a named pipe of Windows or a terminal, which can only be closed as a whole; the connection is
   * unchanged.
   */
  loseWriteConnection(): void;
  /** Closes immediately with a reset; unsent bytes are lost. `connectionLost(ConnectionAborted)` follows in a later turn. */
  abortConnection(): void;

  /**
   * Stops receiving until `resumeProducing`. If the connection breaks meanwhile, by a reset of the peer or a time-out of the
   * system, it is lost immediately, together with unread data if the system drops it. If the peer finishes sending, that is
   * reported after `resumeProducing`, behind its last bytes. The pure-JS reactor, and on Windows also the native one for UNIX
   * sockets, detects a reset only after `resumeProducing`, or when data is sent.
   */
  pauseProducing(): void;
  /** Receives again. Does nothing on a transport that is closing. */
  resumeProducing(): void;
  /** The same as `loseConnection`. */
  stopProducing(): void;

  /**
   * Secures the connection from now on. Bytes written before are sent in clear, before the handshake; those written afterwards are
   * sent when the handshake is complete. The protocol stays: its `transport` is set to the new one, and `handshakeCompleted` is
   * called instead of `connectionMade`. A failure of TLS ends the connection with that error as the reason.
   *
   * If received bytes are still unprocessed ({@link StreamProtocol.unreadBytes}, or held back by `pauseProducing`), the
   * connection ends with a PlaintextBeforeTLSError: an attacker may have inserted them.
   *
   * A connection over TLS cannot be half-closed: `loseWriteConnection` is `loseConnection`, and the end of the peer's data ends it.
   *
   * @returns The transport to use from now on. Methods of this one that act throw a TransportUpgradedError.
   * @throws ConnectionLost the connection is closing or gone, or half-closed.
   * @throws TLSContextError a client has no host name to verify.
   * @throws InvalidArgumentTypeError, UnknownOptionError
   */
  startTLS(context: TLSContext, options?: StartTLSOptions): Transport;
  /** The facts of the TLS connection; undefined if the connection is in clear. */
  readonly tls: TLSConnection | undefined;

  /** The other end. */
  getPeer(): Address;
  /**
   * This end. If it was never read while the connection was open, a server's transport afterwards returns the address of its
   * listening port.
   */
  getHost(): Address;
}

/** The settings of many TLS connections in one role: a `TLSServerContext` or a `TLSClientContext`. */
export interface TLSContext {
  readonly role: TLSRole;
  /** @internal Secures a live connection. @returns The transport to use from now on. */
  secure(transport: Transport, options: StartTLSOptions): Transport;
}

/** A transport over a socket of the system. */
export interface SocketTransport extends Transport {
  /**
   * The socket's descriptor, to be sent to another process. The transport still owns it: do not read, write or close it. From
   * now on `loseConnection` closes this descriptor only and leaves the connection to other owners of it. -1 once the connection
   * is gone.
   * @throws UnsupportedError this reactor or platform has no descriptors.
   */
  fileno(): number;
  /**
   * Removes the connection from the reactor in the next turn, without closing it, to pass it to another process or thread. From
   * now on nothing is received, and writes are dropped. `connectionLost(ConnectionDetached)` is called before the Deferred
   * fires. It fails with an UnsentBytesError if there are unsent bytes: the connection then continues.
   *
   * @throws UnsupportedError
   */
  detach(): Deferred<DetachedConnection>;
}

/** A connection that does not belong to a reactor. */
export interface DetachedConnection extends Disposable {
  /** Its descriptor. You must close it: by {@link DetachedConnection.close}, or by passing it on with `takeOver`. */
  readonly fd: number;
  /** Bytes that were received and not delivered to a protocol. */
  readonly unread: Buffer;
  close(): void;
}

/** A transport over a pipe, a terminal or a similar descriptor, other than a socket: see `adoptPipe`. */
export interface PipeTransport extends SocketTransport {
  /** `read`: writes are dropped. `write`: nothing is received. */
  readonly direction: PipeDirection;
  /** Whether it is a terminal, which a serial line also is. */
  readonly isTerminal: boolean;
  /** The window of a terminal, in characters; undefined if it is unknown, or not a terminal. */
  getTerminalSize(): TerminalSize | undefined;
  /**
   * Raw: input arrives by the byte, without echo, line editing and signals of keys; newlines of the output are still translated. The
   * mode that the terminal had before is restored by `false`, when the transport closes, when the process exits, and (native only) by
   * a fatal signal that the process does not handle, except SIGKILL. After a stop of the process, raw mode is set again.
   * @throws UnsupportedError it is not a terminal, or (native only) eight terminals are in raw mode already.
   */
  setRawMode(enabled: boolean): void;
  /**
   * Sets the parameters of a serial line, whose bytes then pass unchanged. Native only.
   * @throws UnsupportedError it is not a terminal, or the device lacks a setting.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  configureSerial(settings: SerialOptions): void;
}

/** A transport over TCP. */
export interface TCPTransport extends SocketTransport {
  /** Whether small segments are sent immediately (Nagle's algorithm off). */
  getTcpNoDelay(): boolean;
  setTcpNoDelay(enabled: boolean): void;
  getTcpKeepAlive(): boolean;
  setTcpKeepAlive(enabled: boolean): void;
}

/** A transport over a UNIX stream socket. `abortConnection` does not reset it: the peer sees a clean end. */
export interface UNIXTransport extends SocketTransport {
  /**
   * The identity of the peer, as recorded when the connection was made; undefined once the connection is gone. Native only.
   * @throws UnsupportedError
   */
  getPeerCredentials(): PeerCredentials | undefined;
  /**
   * Sends a descriptor along with the next byte that is written: without one it is never sent. The peer receives it no later
   * than that byte, possibly together with earlier bytes. It is duplicated immediately, so `fd` may be closed when this
   * returns. A push producer is paused when {@link UNIXTransport.maxWaitingDescriptors} are unsent. Native only.
   * @throws DescriptorError `fd` is not open.
   * @throws DescriptorLimitError too many are unsent; this one was not accepted.
   * @throws UnsupportedError
   */
  sendFileDescriptor(fd: number): void;
  /** The number of unsent descriptors of `sendFileDescriptor`, each of which is a descriptor of this process. */
  readonly waitingDescriptors: number;
  /**
   * The maximum number of unsent descriptors, without which a peer that does not read could exhaust those of this process. 1 or
   * more; default {@link MAX_WAITING_DESCRIPTORS}. Setting it is native only.
   * @throws UnsupportedError
   */
  maxWaitingDescriptors: number;
}

/** The default limit of unsent descriptors of a UNIX connection. */
export const MAX_WAITING_DESCRIPTORS: number = 256;

/** Writes of this many bytes or more are kept by reference until they are sent; smaller ones are copied. */
export const LARGE_WRITE_BYTES: number = 16 * 1024;

/** A push producer is paused when more than this many bytes are unsent. */
export const HIGH_WATER_MARK_BYTES: number = 64 * 1024;
