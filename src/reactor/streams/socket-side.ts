/**
 * The socket's side of a stream transport: the methods that subclasses provide, and refusals of those that most lack. It has no
 * state: `ClosableStream` has the states, and `StreamTransport` calls the protocol.
 */
import type { Address } from '../../core/address.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { TLSConnection } from '../../core/tls.js';
import { MAX_WAITING_DESCRIPTORS } from '../../core/transport.js';
import type { PeerCredentials } from '../../core/unix-options.js';
import type { TurnReactor } from '../time/turn-reactor.js';

export abstract class SocketSide {
  abstract get bufferedBytes(): number;
  abstract getPeer(): Address;
  abstract getHost(): Address;
  abstract write(data: Uint8Array | string): void;

  protected abstract get reactor(): TurnReactor;
  /** Stops and starts receiving. */
  protected abstract setReading(enabled: boolean): void;
  /** Calls `drained` once, when no bytes are unsent; in a later turn if none are now. */
  protected abstract watchDrain(): void;
  /** Sends unsent bytes, then shuts the sending side down and calls `writeShut`. */
  protected abstract shutdownWriting(): void;
  /** Sends unsent bytes, then closes and calls `lost`. */
  protected abstract closeFlushed(): void;
  /**
   * A producer was registered after {@link closeFlushed} or {@link shutdownWriting}: close or shut down only when that is called again.
   * Transports that look for a producer only then need not do anything.
   */
  protected keepOpen(): void {}
  /** Closes in this turn, calling nothing back. With `reset`, unsent bytes are dropped and the peer sees a reset. */
  protected abstract closeNow(reset: boolean): void;

  /** For `detach`. @returns The socket's descriptor, which is the caller's from now on. @throws UnsentBytesError */
  protected releaseSocket(): number {
    throw new UnsupportedError('detach', 'this transport has no socket to give away');
  }

  /** Whether everything received has reached this transport. */
  protected get allReceived(): boolean {
    return true;
  }

  protected closeDescriptor(_fd: number): void {}

  /** Called by the methods of TCP options. Overridden by subclasses of TCP transports that are none. @throws UnsupportedError */
  protected checkTcp(_method: string): void {}

  getTcpNoDelay(): boolean {
    throw noPipeOption('getTcpNoDelay');
  }

  setTcpNoDelay(_enabled: boolean): void {
    throw noPipeOption('setTcpNoDelay');
  }

  getTcpKeepAlive(): boolean {
    throw noPipeOption('getTcpKeepAlive');
  }

  setTcpKeepAlive(_enabled: boolean): void {
    throw noPipeOption('setTcpKeepAlive');
  }

  fileno(): number {
    throw new UnsupportedError('fileno', 'this transport has no descriptor');
  }

  get tls(): TLSConnection | undefined {
    return undefined;
  }

  getPeerCredentials(): PeerCredentials | undefined {
    throw new UnsupportedError('getPeerCredentials', 'this transport is not over a UNIX socket');
  }

  sendFileDescriptor(_fd: number): void {
    throw new UnsupportedError('sendFileDescriptor', 'this transport is not over a UNIX socket');
  }

  get waitingDescriptors(): number {
    return 0;
  }

  get maxWaitingDescriptors(): number {
    return MAX_WAITING_DESCRIPTORS;
  }

  set maxWaitingDescriptors(_most: number) {
    throw new UnsupportedError('maxWaitingDescriptors', 'this transport sends no descriptors');
  }
}

/** For the TCP methods of a transport over a pipe. */
export function noPipeOption(method: string): UnsupportedError {
  return new UnsupportedError(method, 'a pipe or terminal has no such option');
}

/** For `loseWriteConnection` of a transport that cannot be half-closed. */
export function onlyWhole(transport: string): UnsupportedError {
  return new UnsupportedError('loseWriteConnection', `${transport} cannot end one direction`);
}

/** For the TCP methods of a transport over a UNIX socket. */
export function noSocketOption(method: string): UnsupportedError {
  return new UnsupportedError(method, 'UNIX sockets have no such option');
}
