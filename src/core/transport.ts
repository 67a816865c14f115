/** The connection as a protocol sees it, whatever carries it. */
import type { Deferred } from '../defer/deferred.js';
import type { Address } from './address.js';
import type { Consumer, PushProducer } from './producer.js';
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
  /** Bytes taken by `write` that the operating system has not taken yet. */
  readonly bufferedBytes: number;

  /** @internal Ends the connection as though one of its callbacks had thrown `error`. */
  fail?(error: unknown, where: string): void;

  /**
   * Sends bytes, or text as UTF-8, in order. Nothing is sent before the end of the reactor's turn; all that was written
   * in one turn leaves together. Writes after `loseConnection` are sent if the connection is still open by then;
   * writes after `loseWriteConnection`, `abortConnection` or the end of the connection are dropped silently.
   *
   * @param data Small data is copied. Data of {@link LARGE_WRITE_BYTES} or more is kept by reference: do not change it
   * until it is sent.
   * @throws InvalidArgumentTypeError `data` is neither a `Uint8Array` nor a string.
   */
  write(data: Uint8Array | string): void;
  /**
   * Writes each part in order.
   * @throws InvalidArgumentTypeError a part is neither a `Uint8Array` nor a string: then none of them is written.
   */
  writeSequence(parts: Iterable<Uint8Array | string>): void;

  /**
   * Closes cleanly once everything written is sent and a registered producer has unregistered. No data is received from
   * now on. `connectionLost(ConnectionDone)` follows in a later turn. Where the peer is still sending it follows when the peer
   * has ended, sent nothing for 5 s, sent 64 MiB, or after 30 s: until then its data is discarded, as closing earlier would
   * reset the connection and destroy what is on its way to it. `abortConnection` ends the wait. Calling it again does nothing.
   */
  loseConnection(): void;
  /**
   * Ends the sending side once everything written is sent and a registered producer has unregistered; receiving goes
   * on. Writes from now on are dropped, but for those of a producer that is still registered. A protocol with
   * `writeConnectionLost` is told in a later turn when it is done.
   * @throws UnsupportedError over a named pipe of Windows, which ends as a whole; the connection stays as it is.
   */
  loseWriteConnection(): void;
  /** Closes now with a reset; unsent bytes are lost. `connectionLost(ConnectionAborted)` follows in a later turn. */
  abortConnection(): void;

  /**
   * Receives no more until `resumeProducing`. A connection that breaks meanwhile, by the peer's reset or a time-out of the
   * system, is lost at once, and what lay unread behind the pause with it, as where the system itself drops it; that the
   * peer has finished sending is told after `resumeProducing`, behind its last bytes. The pure-JS reactor, on Windows also
   * the native one for UNIX sockets, learns of a reset after `resumeProducing` only, or when something is sent.
   */
  pauseProducing(): void;
  /** Receives again. Does nothing on a transport that is closing. */
  resumeProducing(): void;
  /** The same as `loseConnection`. */
  stopProducing(): void;

  /** The other end. */
  getPeer(): Address;
  /**
   * This end. Where it was never asked for while the connection was open, a server's transport answers its listening
   * port's address afterwards.
   */
  getHost(): Address;
}

/** A transport over a socket of the system's. */
export interface SocketTransport extends Transport {
  /**
   * The socket's descriptor, for handing the connection to another process. It stays the transport's: don't read, write or
   * close it. From now on `loseConnection` closes this descriptor and leaves the connection to those who have another.
   * @throws UnsupportedError this reactor or platform has none to show.
   */
  fileno(): number;
  /**
   * Takes the connection out of the reactor in the next turn, without closing it: for handing it to another process or
   * thread. Nothing is received from now on; what is written from now on is dropped. `connectionLost(ConnectionDetached)` comes
   * before the answer. It fails with an UnsentBytesError where bytes still wait to be sent: the connection then goes on.
   *
   * @throws UnsupportedError
   */
  detach(): Deferred<DetachedConnection>;
}

/** A connection that no reactor has. */
export interface DetachedConnection extends Disposable {
  /** Its descriptor, now yours to close: by {@link DetachedConnection.close}, or after giving it away with `takeOver`. */
  readonly fd: number;
  /** Bytes that were received and that no protocol was given. */
  readonly unread: Buffer;
  close(): void;
}

/** A transport over TCP. */
export interface TCPTransport extends SocketTransport {
  /** Whether small segments are sent at once (Nagle's algorithm off). */
  getTcpNoDelay(): boolean;
  setTcpNoDelay(enabled: boolean): void;
  getTcpKeepAlive(): boolean;
  setTcpKeepAlive(enabled: boolean): void;
}

/** A transport over a UNIX stream socket. `abortConnection` is no reset there: the peer sees a clean end. */
export interface UNIXTransport extends SocketTransport {
  /**
   * Who is at the other end, as recorded when the connection was made; undefined once the connection is gone. Native only.
   * @throws UnsupportedError
   */
  getPeerCredentials(): PeerCredentials | undefined;
  /**
   * Sends a descriptor along with the next byte that is written: without one it never leaves. The peer is given it no later
   * than that byte, maybe together with bytes from before it. It is duplicated at once, so `fd` may be closed when this
   * returns. A push producer is paused when {@link UNIXTransport.maxWaitingDescriptors} wait. Native only.
   * @throws DescriptorError `fd` is not open.
   * @throws DescriptorLimitError so many wait already; this one was not taken.
   * @throws UnsupportedError
   */
  sendFileDescriptor(fd: number): void;
  /** Descriptors given to `sendFileDescriptor` that have not left: each is one of this process's. */
  readonly waitingDescriptors: number;
  /**
   * How many may wait, since a peer that does not read would have this process run out of them. 1 or more; default
   * {@link MAX_WAITING_DESCRIPTORS}. To set it is native only.
   * @throws UnsupportedError
   */
  maxWaitingDescriptors: number;
}

/** How many descriptors may wait to be sent over a UNIX connection, unless it was told otherwise. */
export const MAX_WAITING_DESCRIPTORS: number = 256;

/** Writes of this many bytes or more are kept by reference until they are sent; smaller ones are copied. */
export const LARGE_WRITE_BYTES: number = 16 * 1024;

/** A push producer is paused when more than this many bytes wait to be sent. */
export const HIGH_WATER_MARK_BYTES: number = 64 * 1024;
