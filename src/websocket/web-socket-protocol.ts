/** A WebSocket connection as applications use it: its receiving half. */
import { LentBytesTransferredError } from '../core/errors/connection.js';
import type { Transport } from '../core/transport.js';
import { failConnection } from '../defer/callback-result.js';
import type { Deferred } from '../defer/deferred.js';
import { fail } from '../defer/succeed.js';
import type { ServedProtocol } from '../http/http-service.js';
import { givenCopyOf } from '../internal/lent-bytes.js';
import { WebSocketConnection } from '../protocols/websocket/connection.js';
import { MAX_CONTROL_BYTES } from '../protocols/websocket/opcodes.js';
import { type WebSocketClosedError, WebSocketReceiveError } from './errors.js';
import { Inbox } from './inbox.js';
import { MessageIterator } from './message-iterator.js';
import {
  type Agreement,
  ENDED,
  FULL,
  IDLE,
  LOST,
  PAUSED,
  PONG,
  READING,
  TRANSPORT_PAUSED,
  WebSocketLink,
} from './web-socket-link.js';
import type { WebSocketMessage } from './web-socket-message.js';

/** Ticks of a second after which the limit of control frames applies anew. */
const CONTROL_TICKS = 30;

/**
 * A WebSocket connection. It has three faces:
 *
 * - callbacks: a subclass overrides {@link messageReceived}, or it is assigned on an instance;
 * - an asynchronous iterator: `for await (const message of socket)`;
 * - Deferreds: {@link receive}.
 *
 * Without `messageReceived`, messages are read only as fast as the application takes them. Received messages are dropped once
 * {@link close} or {@link abort} was called.
 */
export class WebSocketProtocol
  extends WebSocketLink
  implements ServedProtocol, AsyncIterable<WebSocketMessage>
{
  private inbox: Inbox | undefined = undefined;
  private controlTick = 0;

  /** @internal */
  get acceptsLentBytes(): boolean {
    return true;
  }

  /** @internal */
  get unreadBytes(): number {
    return this.connection?.bufferedBytes ?? 0;
  }

  /** The connection is open. Called once. A promise that it returns is awaited only for its rejection. */
  opened(): unknown {
    return undefined;
  }

  /**
   * A message arrived. Without an override, messages wait for {@link receive} and iterators. An exception, or the rejection of a
   * returned promise, is reported, unless it is a RemoteProtocolError, and closes the connection with 1011.
   *
   * @param message A string, or the bytes of a binary message: yours to keep, unless `lendsBinary` is set.
   */
  messageReceived(_message: WebSocketMessage): unknown {
    return undefined;
  }

  /** A pong arrived: the answer to {@link ping}, or to a ping of the idle policy, whose payload is empty. */
  pongReceived(_payload: Buffer): unknown {
    return undefined;
  }

  /** The connection is gone, and all messages were read. Called once, if {@link opened} was. */
  closed(_reason: WebSocketClosedError): unknown {
    return undefined;
  }

  /** Stops receiving messages until {@link resumeReceiving}. The idle policy stops too. */
  pauseReceiving(): void {
    if (this.isOpen) this.flags |= PAUSED;
  }

  /** Continues after {@link pauseReceiving}. Passes a message that was read ahead to a `messageReceived` that was assigned since. */
  resumeReceiving(): void {
    this.flags &= ~PAUSED;
    const { inbox } = this;
    if (inbox !== undefined && this.takesMessages) {
      // Receivers that wait fail at the end.
      if (!inbox.isAwaited) this.inbox = undefined;
      if (!inbox.isEmpty) void inbox.take().addCallback((message) => this.deliver(message));
    }
    this.read();
  }

  /**
   * The next message. Fails with a WebSocketClosedError when there are no more. Cancelling it loses no message.
   * @throws WebSocketNotOpenError before `opened`. @throws WebSocketReceiveError there is a `messageReceived`.
   */
  receive(): Deferred<WebSocketMessage> {
    this.made('receive');
    if ((this.flags & ENDED) !== 0) return fail(this.closedError());
    if (this.takesMessages) throw new WebSocketReceiveError();
    this.inbox ??= new Inbox();
    const received = this.inbox.take();
    this.read();
    return received;
  }

  /**
   * Iterates over messages. It ends when the connection was closed cleanly, and otherwise throws a WebSocketClosedError. Leaving the
   * iteration does not close the connection.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<WebSocketMessage, undefined> {
    return new MessageIterator(this);
  }

  /** @internal */
  makeConnection(transport: Transport): void {
    const { codec } = this.agreement as Agreement;
    this.transport = transport;
    this.connection = new WebSocketConnection(codec, transport);
    this.file(IDLE);
    this.call('opened', () => this.opened());
  }

  /** @internal */
  dataReceived(data: Buffer): void {
    const { connection } = this;
    if (connection === undefined) return;
    if (this.phase === PONG) this.file(IDLE);
    else if (this.phase === IDLE) this.stamp = this.settings.timeouts.tick;
    connection.receive(data);
    this.read();
  }

  /** @internal */
  connectionLost(reason: Error): void {
    this.settings.timeouts.remove(this);
    this.registry?.remove(this);
    this.flags = (this.flags | LOST) & ~(FULL | PAUSED);
    this.failure ??= reason;
    for (let each = this.subscriptions; each !== undefined; each = each.next) each.connectionLost();
    this.subscriptions = undefined;
    this.read();
  }

  /** Reads messages as far as the application takes them. */
  protected override read(): void {
    const { connection } = this;
    if (connection === undefined || (this.flags & (READING | ENDED)) !== 0) return;
    this.flags |= READING;
    let isEmpty = false;
    try {
      while (!isEmpty && this.wants(connection)) {
        const event = connection.next();
        isEmpty = event === undefined;
        if (event === undefined) break;
        if (event === 'text') this.deliver(connection.text);
        else if (event === 'binary') this.deliver(connection.bytes);
        else this.controlReceived(event, connection);
      }
    } catch (error) {
      this.failed('message', error);
    }
    this.flags &= ~READING;
    this.settle(connection, isEmpty);
  }

  protected override dropUnread(): void {
    this.inbox?.drop();
  }

  /** Whether `messageReceived` was overridden or assigned. */
  protected get takesMessages(): boolean {
    return this.messageReceived !== WebSocketProtocol.prototype.messageReceived;
  }

  /** Whether the next event can be read: its message is taken, or dropped. */
  private wants(connection: WebSocketConnection): boolean {
    if (connection.state !== 'open') return true;
    if ((this.flags & PAUSED) !== 0) return false;
    return this.inbox === undefined || this.inbox.isEmpty;
  }

  private deliver(message: WebSocketMessage): void {
    if (this.connection?.state !== 'open') return;
    if (!this.takesMessages) {
      this.inbox ??= new Inbox();
      const isLent = this.settings.lendsBinary && typeof message !== 'string';
      this.inbox.add(isLent ? givenCopyOf(message) : message);
      return;
    }
    try {
      const { length } = message;
      const result = this.messageReceived(message);
      if (result !== undefined) this.watch('messageReceived', result);
      if (message.length !== length && this.settings.lendsBinary) this.lostRest();
    } catch (error) {
      this.failed('messageReceived', error);
    }
  }

  /** The message was transferred, and with it perhaps bytes behind it. */
  private lostRest(): void {
    const error = new LentBytesTransferredError('messageReceived');
    this.failure ??= error;
    this.connection?.close(1011);
    failConnection(this.transport, error, 'messageReceived');
  }

  private controlReceived(event: 'close' | 'ping' | 'pong', connection: WebSocketConnection): void {
    const { tick } = this.settings.timeouts;
    if (tick - this.controlTick >= CONTROL_TICKS) {
      this.controlTick = tick;
      connection.resetControlFrames();
    }
    // Its pong is unsent as long as the peer does not read, and counts as a message does.
    if (event === 'ping') this.sent(MAX_CONTROL_BYTES);
    if (event !== 'pong') return;
    const { bytes } = connection;
    this.call('pongReceived', () => this.pongReceived(bytes));
  }

  /** Called when nothing more can be read now. */
  private settle(connection: WebSocketConnection, isEmpty: boolean): void {
    const { flags } = this;
    if ((flags & LOST) !== 0) {
      const isRead = isEmpty || connection.bufferedBytes === 0;
      if (isRead && this.inbox?.isEmpty !== false) this.end(connection);
      else connection.keepRest();
      return;
    }
    if (connection.state === 'closed') {
      this.shut();
      return;
    }
    const unparsed = connection.bufferedBytes;
    if (!isEmpty) connection.keepRest();
    const unread = unparsed + (this.inbox?.size ?? 0);
    const isFull = unread >= this.settings.maxUnreadBytes && !this.wants(connection);
    if (isFull === ((flags & TRANSPORT_PAUSED) !== 0)) return;
    this.flags ^= TRANSPORT_PAUSED;
    if (isFull) this.transport.pauseProducing();
    else this.transport.resumeProducing();
  }

  /** The connection is gone, and everything was read. */
  private end(connection: WebSocketConnection): void {
    this.flags |= ENDED;
    connection.connectionLost();
    const reason = this.closedError();
    this.inbox?.fail(reason);
    this.takeDrainers()?.fireAll((each) => each.errback(reason));
    this.call('closed', () => this.closed(reason));
  }
}
