/**
 * Connections that change hands between processes, over a UNIX stream: for each a descriptor, with the first byte of a
 * string behind a 32-bit length: the bytes that were received on the connection and not dealt with.
 */

import { closeSync } from 'node:fs';
import { InvalidArgumentTypeError } from '../core/errors.js';
import type { FactoryLike } from '../core/factory.js';
import type { Reactor } from '../core/reactor.js';
import type { DetachedConnection, SocketTransport, UNIXTransport } from '../core/transport.js';
import type { Deferred } from '../defer/deferred.js';
import { Int32StringReceiver } from '../framing/int-string-receivers.js';
import { HandoverProtocolError } from './errors.js';

/** Bytes that a connection may bring along. */
export const MAX_UNREAD_BYTES: number = 1024 * 1024;
/** Descriptors that may have come without their strings. */
const MAX_WAITING = 253;

/**
 * Sends connections away. What its protocol has not dealt with, and wants the other process to see, it gives as `unread`.
 *
 * @example
 * const sender = new ConnectionSender();
 * reactor.connectUNIX('/run/shop/basket.sock', () => sender);
 * ...
 * await sender.send(transport, alreadyRead);
 */
export class ConnectionSender extends Int32StringReceiver {
  constructor() {
    super({ maxLength: 0 });
  }

  /**
   * Detaches a connection and sends it: `connectionLost(ConnectionDetached)` is what its protocol sees of it.
   * @param unread What its protocol has received and not dealt with.
   * @returns Fails as `detach` does; the connection then stays where it is.
   */
  send(transport: SocketTransport, unread: Uint8Array = new Uint8Array(0)): Deferred<void> {
    if (!(unread instanceof Uint8Array)) {
      throw new InvalidArgumentTypeError('unread', 'a Uint8Array', unread);
    }
    return transport.detach().addCallback((detached) => this.#send(detached, unread));
  }

  override stringReceived(): void {
    throw new HandoverProtocolError('a process that takes connections has nothing to say');
  }

  #send(detached: DetachedConnection, unread: Uint8Array): void {
    try {
      (this.transport as UNIXTransport).sendFileDescriptor(detached.fd);
      this.sendString(Buffer.concat([unread, detached.unread]));
    } finally {
      detached.close();
    }
  }
}

/** Takes connections that a {@link ConnectionSender} sends, and gives each a protocol of `factory`. */
export class ConnectionReceiver extends Int32StringReceiver {
  readonly #reactor: Reactor;
  readonly #connections: FactoryLike;
  readonly #fds: number[] = [];

  constructor(reactor: Reactor, factory: FactoryLike) {
    super({ maxLength: MAX_UNREAD_BYTES });
    this.#reactor = reactor;
    this.#connections = factory;
  }

  fileDescriptorReceived(fd: number): void {
    this.#fds.push(fd);
    if (this.#fds.length > MAX_WAITING) {
      throw new HandoverProtocolError('descriptors come without the strings that belong to them');
    }
  }

  override stringReceived(unread: Buffer): void {
    const fd = this.#fds.shift();
    if (fd === undefined) throw new HandoverProtocolError('a connection came without descriptor');
    try {
      this.#reactor.adoptStreamConnection(fd, this.#connections, { takeOver: true, unread });
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  override connectionLost(): void {
    for (const fd of this.#fds.splice(0)) closeSync(fd);
  }
}
