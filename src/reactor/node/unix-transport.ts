/** A UNIX stream of the pure-JS reactor; on Windows a named pipe, of both reactors. */

import type { Address, UNIXAddress } from '../../core/address.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import type { PeerCredentials } from '../../core/unix-options.js';
import { WINDOWS } from '../../internal/platform.js';
import { noSocketOption, onlyWhole } from '../streams/socket-side.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import type { OwnedSocket } from './owned-socket.js';
import type { NodeSockets } from './sockets.js';
import { NodeTransport } from './transport.js';

const NO_CONTROL_MESSAGES = 'Node neither sends nor receives control messages';

export class NodeUNIXTransport extends NodeTransport {
  constructor(reactor: NodeSockets, owner: StreamOwner, socket: OwnedSocket, peer: UNIXAddress) {
    super(reactor, owner, socket, peer, undefined);
  }

  override getHost(): Address {
    return this.owner.localAddress();
  }

  protected override checkTcp(method: string): void {
    throw noSocketOption(method);
  }

  override getPeerCredentials(): PeerCredentials | undefined {
    throw new UnsupportedError('getPeerCredentials', 'Node cannot ask the system for them');
  }

  override sendFileDescriptor(_fd: number): void {
    throw new UnsupportedError('sendFileDescriptor', NO_CONTROL_MESSAGES);
  }

  /**
   * libuv would close the whole pipe 50 ms after the last byte was read (`eof_timer_cb` in its src/win/pipe.c): the peer's
   * answer would be lost, and its sender would see only EPIPE.
   */
  override loseWriteConnection(): void {
    if (WINDOWS) throw onlyWhole('a named pipe');
    super.loseWriteConnection();
  }

  /** @internal A protocol that waits for descriptors would wait for ever. */
  override start(protocol: StreamProtocol, failed?: (error: unknown) => void): boolean {
    const made = super.start(protocol, failed);
    if (!this.defines('fileDescriptorReceived')) return made;
    this.fail(new UnsupportedError('fileDescriptorReceived', NO_CONTROL_MESSAGES), 'start');
    return false;
  }

  /** A named pipe of Windows can't end one direction. */
  protected override get mayLinger(): boolean {
    return !WINDOWS;
  }

  /** No reset can be sent: the peer sees the end. */
  protected override reset(socket: OwnedSocket): void {
    socket.destroy();
  }
}
