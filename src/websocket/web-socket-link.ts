/**
 * The sending half of a WebSocket connection on a transport, its times, and its end.
 *
 * There may be very many connections, so private fields are TypeScript's: see StreamTransport.
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
import type { ConnectionRegistry, ServedConnection } from '../http/served-connection.js';
import { reportError } from '../internal/error-report.js';
import type { TimeoutEntry } from '../policies/idle-timeouts.js';
import type { ConnectionCodec } from '../protocols/websocket/codec.js';
import type { WebSocketConnection } from '../protocols/websocket/connection.js';
import { WebSocketNotOpenError } from '../protocols/websocket/errors.js';
import { MAX_CONTROL_BYTES } from '../protocols/websocket/opcodes.js';
import { PreparedMessage } from '../protocols/websocket/prepared-message.js';
import {
  WebSocketBackpressureError,
  WebSocketClosedError,
  WebSocketTimeoutError,
} from './errors.js';
import type { WebSocketSettings } from './settings.js';

/** Purposes of the timeout. */
export const IDLE = 0;
export const PONG = 1;
export const CLOSING = 2;

/** Flags. */
export const READING = 1;
/** By the application. */
export const PAUSED = 2;
export const TRANSPORT_PAUSED = 4;
/** More is unsent than the high-water mark: a producer is registered. */
export const FULL = 8;
export const LOST = 16;
export const ENDED = 32;

/** The results of a handshake. */
export interface Agreement {
  readonly settings: WebSocketSettings;
  readonly codec: ConnectionCodec;
  readonly subprotocol: string | undefined;
}

/** A subscription of a topic, which ends with the connection; a link of the list of its socket. */
export interface Subscription {
  previous: Subscription | undefined;
  next: Subscription | undefined;
  connectionLost(): void;
}

export abstract class WebSocketLink implements TimeoutEntry, PullProducer, ServedConnection {
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
  /** The connection below. Its methods throw a NotConnectedError before `opened`. */
  transport: Transport = NOT_CONNECTED;
  protected agreement: Agreement | undefined = undefined;
  protected connection: WebSocketConnection | undefined = undefined;
  protected registry: ConnectionRegistry | undefined = undefined;
  /** Calls of {@link drained}. */
  private drainers: Waiters<void> | undefined = undefined;
  /** The first error, or the reason of the transport. */
  protected failure: Error | undefined = undefined;
  protected flags = 0;
  protected phase: number = IDLE;
  /** Bytes that can be sent before unsent bytes have to be counted. */
  private allowance = HIGH_WATER_MARK_BYTES;

  /** True between `opened` and the beginning of the closing handshake or the end of the connection. */
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

  /**
   * Sends a message: a string as text, bytes as a binary message. Does nothing once the connection is closing.
   *
   * @param message Bytes of nearly 16 KiB or more are kept by reference until they are sent, if they are not compressed. A
   * {@link PreparedMessage} is serialized once for many connections.
   * @returns Whether the peer keeps up. If not, await {@link drained} before the next message: what is sent meanwhile is kept in
   * memory, up to `maxBufferedBytes`.
   * @throws WebSocketNotOpenError before `opened`.
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
   * Sends a ping: see `pongReceived`. Does nothing once the connection is closing.
   * @param payload At most 125 bytes. Default: none.
   * @throws WebSocketNotOpenError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  ping(payload?: Uint8Array): void {
    const connection = this.made('ping');
    if (!this.isOpen) return;
    connection.ping(payload);
    this.sent(MAX_CONTROL_BYTES);
  }

  /**
   * Begins the closing handshake, behind all sent messages. `closed` follows when the peer has answered, or after
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
    this.dropUnread();
    // The close frame of the peer may be behind unread messages.
    this.read();
  }

  /** Resets the connection: unsent messages are lost, and received ones dropped. */
  abort(): void {
    const { connection } = this;
    if (connection !== undefined && (this.flags & LOST) === 0) {
      // Further frames of the same chunk, a close frame among them, are not read.
      connection.connectionLost();
      this.file(CLOSING);
      this.dropUnread();
    }
    this.transport.abortConnection();
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
    this.takeDrainers()?.fireAll((each) => each.callback(undefined));
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

  protected get settings(): WebSocketSettings {
    return (this.agreement as Agreement).settings;
  }

  /** @internal @throws WebSocketNotOpenError before {@link opened}. */
  requireMade(call: string): void {
    this.made(call);
  }

  /** Those that are added while they are fired wait for the next time. */
  protected takeDrainers(): Waiters<void> | undefined {
    const { drainers } = this;
    this.drainers = undefined;
    return drainers;
  }

  protected made(call: string): WebSocketConnection {
    if (this.connection === undefined) throw new WebSocketNotOpenError(call, 'not open yet');
    return this.connection;
  }

  /** The WebSocket connection is closed. A client waits for the server to close the transport, unless the server broke the rules. */
  protected shut(): void {
    if (this.phase !== CLOSING) this.file(CLOSING);
    if (this.settings.role === 'server' || this.failure !== undefined)
      this.transport.loseConnection();
  }

  protected closedError(): WebSocketClosedError {
    const { closeCode = 1006, closeReason = '' } = this.connection ?? {};
    const { failure } = this;
    const wasClean =
      closeCode !== 1006 && (failure === undefined || isInstance(failure, ConnectionClosed));
    return withoutStack(() => new WebSocketClosedError(closeCode, closeReason, wasClean, failure));
  }

  /** About `size` bytes were, or are about to be, passed to the transport. Returns whether the peer keeps up. */
  protected sent(size: number): boolean {
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
  protected hasProgressed(): boolean {
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

  protected call(where: string, callback: () => unknown): void {
    try {
      const result = callback();
      if (result !== undefined) this.watch(where, result);
    } catch (error) {
      this.failed(where, error);
    }
  }

  protected watch(where: string, result: unknown): void {
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

  protected file(phase: number): void {
    const { timeouts, pingAfterMs, pongTimeoutMs, closeTimeoutMs } = this.settings;
    timeouts.remove(this);
    this.phase = phase;
    if (phase === CLOSING) timeouts.add(this, closeTimeoutMs);
    else if (phase === PONG) timeouts.add(this, pongTimeoutMs);
    else if (pingAfterMs !== null) timeouts.add(this, pingAfterMs);
  }

  /** Reads received messages as far as the application takes them. */
  protected abstract read(): void;

  /** Drops messages that the application has not taken. */
  protected abstract dropUnread(): void;
}
