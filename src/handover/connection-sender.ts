/**
 * Passes connections from one process to another over a UNIX stream: for each a descriptor, sent with the first byte of a
 * string that has a 32-bit length. The string holds the bytes received on the connection and not processed yet.
 */

import { closeSync } from 'node:fs';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { ConnectionLost } from '../core/errors/connection.js';
import { DescriptorError } from '../core/errors/listening.js';
import type { FactoryLike } from '../core/factory.js';
import type { PullProducer } from '../core/producer.js';
import type { Reactor } from '../core/reactor.js';
import {
  type DetachedConnection,
  MAX_WAITING_DESCRIPTORS,
  type SocketTransport,
  type UNIXTransport,
} from '../core/transport.js';
import { Deferred } from '../defer/deferred.js';
import { fail } from '../defer/succeed.js';
import { Int32StringReceiver } from '../framing/int-string-receivers.js';
import { checkHasDescriptors } from '../internal/platform.js';
import { HandoverError, HandoverProtocolError } from './errors.js';

/** The most bytes that may accompany a connection. */
export const MAX_UNREAD_BYTES: number = 1024 * 1024;
/** The most connections whose descriptors may be in transit. */
const MAX_SENT = MAX_WAITING_DESCRIPTORS / 2;
/** The most descriptors that may have arrived without their strings. */
const MAX_WAITING = 253;

/**
 * Sends connections to another process. Bytes that a protocol has received and not processed are passed as `unread`.
 *
 * @example
 * const sender = new ConnectionSender();
 * reactor.connectUNIX('/run/shop/basket.sock', () => sender);
 * ...
 * await sender.send(transport, alreadyRead);
 */
export class ConnectionSender extends Int32StringReceiver {
  /** The number of connections being detached. */
  #detaching = 0;
  /** The number of connections sent since all bytes were last sent, and so of descriptors that may still be in transit. */
  #sent = 0;
  /** Calls of `send` that wait for room: each Deferred fires when its connection may be detached. */
  readonly #queue: Deferred<void>[] = [];
  #watching = false;

  /** @throws UnsupportedError on Windows. */
  constructor() {
    checkHasDescriptors('ConnectionSender');
    // No strings are expected: 1 is the smallest possible limit.
    super({ maxLength: 1 });
  }

  /**
   * Detaches a connection and sends it; its protocol receives `connectionLost(ConnectionDetached)`. If many are sent at once, or
   * the other process is slow, some are detached only when there is room for their descriptors.
   * @param unread Bytes that the protocol has received and not processed.
   * @returns Fails like `detach`; with a ConnectionLost if the receiving process is gone; or with a HandoverError if `unread` has
   * more than {@link MAX_UNREAD_BYTES}: the connection then stays here. Fails with a HandoverError, and closes the connection, if
   * this shows only after it was detached.
   */
  send(transport: SocketTransport, unread: Uint8Array = new Uint8Array(0)): Deferred<void> {
    if (!(unread instanceof Uint8Array)) {
      throw new InvalidArgumentTypeError('unread', 'a Uint8Array', unread);
    }
    if (unread.length > MAX_UNREAD_BYTES) return fail(tooMuch(unread.length));
    if (!this.connected) return fail(new ConnectionLost('the receiving process is gone'));
    const read = Buffer.from(unread);
    if (this.#hasRoom) return this.#detach(transport, read);
    const turn = new Deferred<void>();
    this.#queue.push(turn);
    if (!this.#watching) {
      this.#watching = true;
      this.transport.registerProducer(this.#watch, false);
    }
    return turn.addCallback(() => this.#detach(transport, read));
  }

  override stringReceived(): void {
    throw new HandoverProtocolError('the receiving process sent a string');
  }

  get #hasRoom(): boolean {
    return this.#queue.length === 0 && this.#detaching + this.#sent < MAX_SENT;
  }

  /** A pull producer of the control connection, called each time all bytes there have been sent. */
  readonly #watch: PullProducer = {
    resumeProducing: () => {
      if (this.transport.bufferedBytes > 0) return;
      this.#sent = 0;
      this.#next();
    },
    stopProducing: () => {
      this.#watching = false;
      const reason = new ConnectionLost('the receiving process is gone');
      for (const turn of this.#queue.splice(0)) turn.errback(reason);
    },
  };

  #detach(transport: SocketTransport, unread: Uint8Array): Deferred<void> {
    const detached = transport.detach();
    this.#detaching += 1;
    return detached.addCallbacks(
      (connection) => {
        this.#detaching -= 1;
        this.#sent += 1;
        this.#send(connection, unread);
      },
      (failure) => {
        this.#detaching -= 1;
        this.#next();
        return failure;
      },
    );
  }

  /** Lets as many connections be detached as there is room for. */
  #next(): void {
    if (!this.#watching) return;
    const room = MAX_SENT - this.#detaching - this.#sent;
    for (const turn of this.#queue.splice(0, Math.max(0, room))) turn.callback();
    if (this.#queue.length > 0) return;
    this.#watching = false;
    this.transport.unregisterProducer();
  }

  #send(detached: DetachedConnection, unread: Uint8Array): void {
    try {
      const bytes = Buffer.concat([unread, detached.unread]);
      if (bytes.length > MAX_UNREAD_BYTES) throw tooMuch(bytes.length);
      if (!this.connected) throw new HandoverError('the receiving process is gone');
      (this.transport as UNIXTransport).sendFileDescriptor(detached.fd);
      this.sendString(bytes);
    } finally {
      detached.close();
    }
  }
}

function tooMuch(bytes: number): HandoverError {
  return new HandoverError(`${bytes} unread bytes exceed the limit of ${MAX_UNREAD_BYTES}`);
}

/** Receives the connections that a {@link ConnectionSender} sends, and builds a protocol of `factory` for each. */
export class ConnectionReceiver extends Int32StringReceiver {
  readonly #reactor: Reactor;
  readonly #connections: FactoryLike;
  readonly #fds: number[] = [];

  /** @throws UnsupportedError on Windows. */
  constructor(reactor: Reactor, factory: FactoryLike) {
    checkHasDescriptors('ConnectionReceiver');
    super({ maxLength: MAX_UNREAD_BYTES });
    this.#reactor = reactor;
    this.#connections = factory;
  }

  fileDescriptorReceived(fd: number): void {
    this.#fds.push(fd);
    if (this.#fds.length > MAX_WAITING) {
      throw new HandoverProtocolError('descriptors arrived without their strings');
    }
  }

  override stringReceived(unread: Buffer): void {
    const fd = this.#fds.shift();
    if (fd === undefined)
      throw new HandoverProtocolError('a connection arrived without a descriptor');
    try {
      this.#reactor.adoptStreamConnection(fd, this.#connections, { takeOver: true, unread });
    } catch (error) {
      // If it throws, it has not taken the descriptor over.
      closeSync(fd);
      throw error instanceof DescriptorError
        ? new HandoverProtocolError('the descriptor is not a connection', { cause: error })
        : error;
    }
  }

  override connectionLost(): void {
    for (const fd of this.#fds.splice(0)) closeSync(fd);
  }
}
