/** A socket with a reference to its transport. */
import type { Socket } from 'node:net';

/** The transport of a socket, as the listeners that all sockets share see it. */
export interface SocketOwner {
  /**
   * The landing buffer holds that many bytes for this transport.
   * @returns Whether to continue reading at once.
   */
  landed(bytes: number): boolean;
  /** The engine has read bytes into memory of its own. */
  arrived(bytes: Buffer): void;
  /** The peer has finished sending. */
  peerEnded(): void;
  /** The socket is gone. */
  socketClosed(cause: Error | undefined): void;
}

/** The state of an encrypted socket, for its transport. */
export interface SocketEncryption {
  /** Whether the end of the peer was read. */
  readonly inputEnded: boolean;
  /** Whether the end of the connection was reported to the transport. */
  readonly endReported: boolean;
  /** The socket whose own end is being sent, which a reset has to wait for. */
  readonly ending: Socket | undefined;
}

export interface OwnedSocket extends Socket {
  transport?: SocketOwner;
  /** Present once `node:tls` encrypts it. */
  encrypted?: SocketEncryption;
}
