/**
 * One end of a WebSocket connection on a transport: `WebSocketConnection` with times, backpressure and the faces for applications.
 *
 * There may be very many of them, so private fields are TypeScript's, see StreamTransport, and state that few connections have is in
 * objects of its own.
 */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { RemoteProtocolError, withoutStack } from '../core/errors/base.js';
import { ConnectionClosed } from '../core/errors/connection.js';
import type { PullProducer } from '../core/producer.js';
import { NOT_CONNECTED } from '../core/protocol.js';
import { isInstance, toError } from '../core/text-of.js';
import { HIGH_WATER_MARK_BYTES, type Transport } from '../core/transport.js';
import { onRejection } from '../defer/callback-result.js';
import type { Deferred } from '../defer/deferred.js';
import { fail, succeed } from '../defer/succeed.js';
import { Waiters } from '../defer/waiters.js';
import type { ConnectionRegistry, ServedProtocol } from '../http/http-service.js';
import { reportError } from '../internal/error-report.js';
import { givenCopyOf } from '../internal/lent-bytes.js';
import type { TimeoutEntry } from '../policies/idle-timeouts.js';
import type { ConnectionCodec } from '../protocols/websocket/codec.js';
import { WebSocketConnection } from '../protocols/websocket/connection.js';
import { WebSocketNotOpenError } from '../protocols/websocket/errors.js';
import { PreparedMessage } from '../protocols/websocket/prepared-message.js';
import {
  WebSocketBackpressureError,
  WebSocketClosedError,
  WebSocketTimeoutError,
} from './errors.js';
import { Inbox } from './inbox.js';
import { MessageIterator } from './message-iterator.js';
import type { WebSocketSettings } from './settings.js';
import type { WebSocketMessage } from './web-socket-message.js';

/** What the timeout is for. */
const IDLE = 0;
const PONG = 1;
const CLOSING = 2;

/** Flags. */
const READING = 1;
/** By the application. */
const PAUSED = 2;
const TRANSPORT_PAUSED = 4;
/** More is unsent than the high-water mark: a producer is registered. */
const FULL = 8;
const LOST = 16;
const ENDED = 32;

/** Ticks of a second after which the limit of control frames applies anew. */
const CONTROL_TICKS = 30;

/** The results of a handshake. */
export interface Agreement {
  readonly settings: WebSocketSettings;
  readonly codec: ConnectionCodec;
  readonly subprotocol: string | undefined;
}

/** A subscription of a topic, which ends with the connection. */
export interface Subscription {
  next: Subscription | undefined;
  connectionLost(): void;
}

/**
 * A WebSocket connection. It has three faces:
 *
 * - callbacks: a subclass overrides {@link messageReceived}, or it is assigned on an instance;
 * - an asynchronous iterator: `for await (const message of socket)`;
 * - Deferreds: {@link receive}.
 *
 * Without `messageReceived`, messages are read only as fast as the application takes them. Received messages are dropped once
 * {@link close} was called.
 */
export class WebSocketProtocol
  implements ServedProtocol, TimeoutEntry, PullProducer, AsyncIterable<WebSocketMessage>
{
  /** @internal */
  previous: TimeoutEntry = this;
  /** @internal */
  next: TimeoutEntry = this;
  /** @internal */
  stamp = 0;
  /** @internal */
  ticks = 0;
  /** @internal */
  subscriptions: Subscription | undefined = undefined;
  /** The connection below. Its methods throw a NotConnectedError before {@link opened}. */
  transport: Transport = NOT_CONNECTED;
  private agreement: Agreement | undefined = undefined;
  private connection: WebSocketConnection | undefined = undefined;
  private registry: ConnectionRegistry | undefined = undefined;
  private inbox: Inbox | undefined = undefined;
  /** Calls of {@link drained}. */
  private drainers: Waiters<void> | undefined = undefined;
  /** The first error, or the reason of the transport. */
  private failure: Error | undefined = undefined;
  private flags = 0;
  private phase = IDLE;
  private controlTick = 0;
  /** Bytes that can be sent before unsent bytes have to be counted. */
  private allowance = HIGH_WATER_MARK_BYTES;

  /** True between {@link opened} and the beginning of the closing handshake or the end of the connection. */
  get isOpen(): boolean {
    return this.connection?.state === 'open' && (this.flags & LOST) === 0;
  }

  /** The agreed subprotocol; undefined if there is none. */
  get subprotocol(): string | undefined {
    return this.agreement?.subprotocol;
  }

  /** {@link StreamProtocol.description}. */
  get description(): string {
    return this.subprotocol === undefined ? 'WebSocket' : `WebSocket ${this.subprotocol}`;
  }

  /** Bytes of sent messages that the operating system has not accepted yet. */
  get bufferedBytes(): number {
    return this.transport.connected ? this.transport.bufferedBytes : 0;
  }

  /** Whether the peer keeps up: see {@link send}. */
  get keepsUp(): boolean {
    return (this.flags & FULL) === 0;
  }

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

  /**
   * Sends a message: a string as text, bytes as a binary message. Does nothing once the connection is closing.
   *
   * @param message Bytes of nearly 16 KiB or more are kept by reference until they are sent, if they are not compressed. A
   * {@link PreparedMessage} is serialized once for many connections.
   * @returns Whether the peer keeps up. If not, await {@link drained} before the next message: what is sent meanwhile is kept in
   * memory, up to `maxBufferedBytes`.
   * @throws WebSocketNotOpenError before {@link opened}.
   * @throws WebSocketFragmentError a message is being sent in fragments. @throws InvalidArgumentTypeError
   */
  send(message: string | Uint8Array | PreparedMessage): boolean {
    const connection = this.made('send');
    if (connection.state !== 'open' || (this.flags & LOST) !== 0) return false;
    const size =
      typeof message === 'string'
        ? connection.sendText(message)
        : message instanceof PreparedMessage
          ? connection.sendPrepared(message)
          : connection.sendBinary(message);
    return this.sent(size);
  }

  /**
   * Sends a part of a message, in a frame of its own and without compression: all are text, or all are bytes. Other messages cannot be
   * sent before the last one.
   * @param final Whether it is the last part.
   * @returns As {@link send}. @throws As {@link send}.
   */
  sendFragment(data: string | Uint8Array, final: boolean): boolean {
    const connection = this.made('sendFragment');
    return this.isOpen && this.sent(connection.sendFragment(data, final));
  }

  /** Fires when everything was sent, at once if the peer keeps up. Fails with a WebSocketClosedError if the connection ends. */
  drained(): Deferred<void> {
    if ((this.flags & ENDED) !== 0) return fail(this.closedError());
    if ((this.flags & FULL) === 0) return succeed(undefined);
    this.drainers ??= new Waiters();
    return this.drainers.add();
  }

  /**
   * Sends a ping: see {@link pongReceived}. Does nothing once the connection is closing.
   * @param payload At most 125 bytes. Default: none.
   * @throws WebSocketNotOpenError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  ping(payload?: Uint8Array): void {
    const connection = this.made('ping');
    if (this.isOpen) connection.ping(payload);
  }

  /**
   * Begins the closing handshake, behind all sent messages. {@link closed} follows when the peer has answered, or after
   * `closeTimeoutMs`. Without effect if it has begun.
   * @param code 1000 to 1003, 1007 to 1014 or 3000 to 4999. Default 1000: the purpose of the connection is fulfilled.
   * @param reason At most 123 bytes of UTF-8.
   * @throws WebSocketNotOpenError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  close(code?: number, reason?: string): void {
    const connection = this.made('close');
    const { state } = connection;
    connection.close(code, reason);
    if (state !== 'open') return;
    this.file(CLOSING);
    this.flags &= ~PAUSED;
    this.inbox?.drop();
    // The close frame of the peer may be behind messages that nobody takes.
    this.read();
  }

  /** Resets the connection: unsent messages are lost. */
  abort(): void {
    this.transport.abortConnection();
  }

  /** Stops receiving messages until {@link resumeReceiving}. The idle policy stops too. */
  pauseReceiving(): void {
    if (this.isOpen) this.flags |= PAUSED;
  }

  /** Continues after {@link pauseReceiving}. Passes a message that was read ahead to a `messageReceived` that was assigned since. */
  resumeReceiving(): void {
    this.flags &= ~PAUSED;
    const { inbox } = this;
    if (
      inbox !== undefined &&
      this.messageReceived !== WebSocketProtocol.prototype.messageReceived
    ) {
      this.inbox = undefined;
      if (!inbox.isEmpty) void inbox.take().addCallback((message) => this.deliver(message));
    }
    this.read();
  }

  /**
   * The next message. Fails with a WebSocketClosedError when there are no more. Cancelling it loses no message.
   * @throws WebSocketNotOpenError
   */
  receive(): Deferred<WebSocketMessage> {
    this.made('receive');
    if ((this.flags & ENDED) !== 0) return fail(this.closedError());
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

  /** @internal Called before the transport is connected. @throws InvalidArgumentValueError it has, or had, a connection. */
  agree(agreement: Agreement): void {
    if (this.agreement !== undefined) {
      throw new InvalidArgumentValueError('protocol', 'new for each connection', this);
    }
    this.agreement = agreement;
  }

  /** @internal */
  countedBy(registry: ConnectionRegistry): void {
    this.registry = registry;
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

  /** @internal The server closes. */
  drain(): void {
    if (this.connection !== undefined) this.close(1001);
  }

  /** @internal As a producer: everything was sent; or, when it is registered, nothing yet. */
  resumeProducing(): void {
    if ((this.flags & FULL) === 0) return;
    this.flags &= ~FULL;
    this.allowance = HIGH_WATER_MARK_BYTES;
    this.transport.unregisterProducer();
    this.drainers = fireAll(this.drainers, (each) => each.callback(undefined));
  }

  /** @internal */
  stopProducing(): void {}

  /** @internal */
  expired(): void {
    const { pongTimeoutMs, closeTimeoutMs } = this.settings;
    if (this.phase === CLOSING) {
      this.reset(new WebSocketTimeoutError('closeTimeoutMs', closeTimeoutMs));
    } else if ((this.flags & (TRANSPORT_PAUSED | PAUSED)) !== 0) this.file(IDLE);
    else if (this.phase === PONG) {
      if (this.hasProgressed()) this.file(PONG);
      else this.reset(new WebSocketTimeoutError('pongTimeoutMs', pongTimeoutMs));
    } else {
      this.connection?.ping();
      this.file(PONG);
    }
  }

  private get settings(): WebSocketSettings {
    return (this.agreement as Agreement).settings;
  }

  private made(call: string): WebSocketConnection {
    if (this.connection === undefined) throw new WebSocketNotOpenError(call, 'not open yet');
    return this.connection;
  }

  /** Reads messages as far as the application takes them. */
  private read(): void {
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

  /** Whether the next event can be read: its message is taken, or dropped. */
  private wants(connection: WebSocketConnection): boolean {
    if (connection.state !== 'open') return true;
    if ((this.flags & PAUSED) !== 0) return false;
    return this.inbox === undefined || this.inbox.isEmpty;
  }

  private deliver(message: WebSocketMessage): void {
    if (this.connection?.state !== 'open') return;
    if (this.messageReceived === WebSocketProtocol.prototype.messageReceived) {
      this.inbox ??= new Inbox();
      const isLent = this.settings.lendsBinary && typeof message !== 'string';
      this.inbox.add(isLent ? givenCopyOf(message) : message);
      return;
    }
    try {
      const result = this.messageReceived(message);
      if (result !== undefined) this.watch('messageReceived', result);
    } catch (error) {
      this.failed('messageReceived', error);
    }
  }

  private controlReceived(event: 'close' | 'ping' | 'pong', connection: WebSocketConnection): void {
    const { tick } = this.settings.timeouts;
    if (tick - this.controlTick >= CONTROL_TICKS) {
      this.controlTick = tick;
      connection.resetControlFrames();
    }
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
    if (unparsed > 0) connection.keepRest();
    const unread = unparsed + (this.inbox?.size ?? 0);
    const isFull = unread >= this.settings.maxUnreadBytes && !this.wants(connection);
    if (isFull === ((flags & TRANSPORT_PAUSED) !== 0)) return;
    this.flags ^= TRANSPORT_PAUSED;
    if (isFull) this.transport.pauseProducing();
    else this.transport.resumeProducing();
  }

  /** The WebSocket connection is closed. A client waits for the server to close the transport, unless the server broke the rules. */
  private shut(): void {
    if (this.phase !== CLOSING) this.file(CLOSING);
    if (this.settings.role === 'server' || this.failure !== undefined)
      this.transport.loseConnection();
  }

  /** The connection is gone, and everything was read. */
  private end(connection: WebSocketConnection): void {
    this.flags |= ENDED;
    connection.connectionLost();
    const reason = this.closedError();
    this.inbox?.fail(reason);
    this.drainers = fireAll(this.drainers, (each) => each.errback(reason));
    this.call('closed', () => this.closed(reason));
  }

  private closedError(): WebSocketClosedError {
    const { closeCode = 1006, closeReason = '' } = this.connection ?? {};
    const { failure } = this;
    const wasClean =
      closeCode !== 1006 && (failure === undefined || isInstance(failure, ConnectionClosed));
    return withoutStack(() => new WebSocketClosedError(closeCode, closeReason, wasClean, failure));
  }

  /** A message of `size` bytes was passed to the transport. */
  private sent(size: number): boolean {
    this.allowance -= size;
    if (this.allowance < 0) this.regulate(size);
    return (this.flags & FULL) === 0;
  }

  private regulate(size: number): void {
    const { transport } = this;
    const { maxBufferedBytes } = this.settings;
    const unsent = transport.bufferedBytes;
    if (unsent - size > maxBufferedBytes) {
      this.reset(new WebSocketBackpressureError(maxBufferedBytes));
      return;
    }
    if ((this.flags & FULL) === 0 && unsent > HIGH_WATER_MARK_BYTES) {
      transport.registerProducer(this, false);
      this.flags |= FULL;
    }
    this.allowance =
      ((this.flags & FULL) === 0 ? HIGH_WATER_MARK_BYTES : maxBufferedBytes) - unsent;
  }

  /** Whether the peer accepted bytes since unsent bytes were counted last. While there are many, it may not have seen the ping yet. */
  private hasProgressed(): boolean {
    if ((this.flags & FULL) === 0) return false;
    const { maxBufferedBytes } = this.settings;
    const before = maxBufferedBytes - this.allowance;
    const unsent = this.transport.bufferedBytes;
    this.allowance = maxBufferedBytes - unsent;
    return unsent < before;
  }

  private reset(error: Error): void {
    this.failure ??= error;
    this.transport.abortConnection();
  }

  private call(where: string, callback: () => unknown): void {
    try {
      const result = callback();
      if (result !== undefined) this.watch(where, result);
    } catch (error) {
      this.failed(where, error);
    }
  }

  private watch(where: string, result: unknown): void {
    onRejection(result, (error) => this.failed(where, error));
  }

  /** @internal A callback of the application has failed. */
  failed(where: string, error: unknown): void {
    if (!(error instanceof RemoteProtocolError) && !(error instanceof WebSocketClosedError)) {
      reportError(error, where, this.transport.getPeer());
    }
    this.failure ??= toError(error);
    if (this.isOpen) this.close(1011);
  }

  private file(phase: number): void {
    const { timeouts, pingAfterMs, pongTimeoutMs, closeTimeoutMs } = this.settings;
    timeouts.remove(this);
    this.phase = phase;
    if (phase === CLOSING) timeouts.add(this, closeTimeoutMs);
    else if (phase === PONG) timeouts.add(this, pongTimeoutMs);
    else if (pingAfterMs !== null) timeouts.add(this, pingAfterMs);
  }
}

function fireAll<T>(waiters: Waiters<T> | undefined, fire: (each: Deferred<T>) => void): undefined {
  for (let each = waiters?.shift(); each !== undefined; each = waiters?.shift()) fire(each);
  return undefined;
}
