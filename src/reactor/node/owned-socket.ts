/** A socket that knows its transport. */
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

export interface OwnedSocket extends Socket {
  transport?: SocketOwner;
}
