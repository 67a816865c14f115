/** One call of `ConnectionSource.request`: waits for a connection, sends the request, and sends it once more if that is safe. */
import type { DelayedCall } from '../../core/clock.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import { Deferred } from '../../defer/deferred.js';
import { CancelledError } from '../../defer/errors.js';
import { Waiters } from '../../defer/waiters.js';
import { type AnyIterator, iteratorOf } from '../../internal/iterator-of.js';
import type { TimeoutEntry } from '../../policies/idle-timeouts.js';
import { HTTPSequenceError } from '../../protocols/http/errors.js';
import type { HTTPContent } from '../../protocols/http/message-serializer.js';
import type { ReceivedFields, ReceivedResponseHead } from '../../protocols/http/received-fields.js';
import { HTTP_1_1_REQUIRED } from '../../protocols/http2/error-codes.js';
import { HTTPClientConnection } from './client-connection.js';
import { type ContentPieces, type HTTPClientRequest, PreparedRequest } from './client-request.js';
import { HTTPClientResponse, type ResponseSource } from './client-response.js';
import {
  type ConnectionSource,
  type ConnectionWaiter,
  type HTTPOrigin,
  http1Origin,
} from './connection-source.js';
import { HTTP2UnprocessedError, HTTPResponseTimeoutError, NoHTTPResponseError } from './errors.js';
import { HTTP2Exchange } from './http2-exchange.js';
import { leavePieces } from './left-pieces.js';
import type { ResponseReceiver } from './response-receiver.js';

const CONTINUE = 100;
const MISDIRECTED = 421;

/** See {@link isConnectFailure}. */
const CONNECT_FAILURES: WeakSet<Error> = new WeakSet();

/**
 * Whether a call failed with this error because there was no connection for it, so that nothing was sent. The content of a request may fail
 * with errors of the same classes. Ask when the error is received: another call may fail with the same one.
 */
export function isConnectFailure(error: unknown): boolean {
  return error instanceof Error && CONNECT_FAILURES.has(error);
}

export class ClientCall
  implements ResponseReceiver, ConnectionWaiter, ResponseSource, TimeoutEntry
{
  previous: TimeoutEntry = this;
  next: TimeoutEntry = this;
  stamp = 0;
  ticks = 0;
  private readonly pool: ConnectionSource;
  private origin: HTTPOrigin;
  private readonly request: PreparedRequest;
  private readonly done: Deferred<HTTPClientResponse> = new Deferred(() => this.giveUp());
  private connection: HTTPClientConnection | HTTP2Exchange | undefined = undefined;
  private leaveQueue: (() => void) | undefined = undefined;
  private response: HTTPClientResponse | undefined = undefined;
  private isRepeated = false;
  /** How often the request was sent again because a server had not processed it. */
  private resends = 0;
  private isOver = false;
  /** The content in pieces that is not sent completely, and its iterator, once it is being sent. */
  private pieces: ContentPieces | undefined;
  private iterator: AnyIterator<HTTPContent> | undefined = undefined;
  /** The sending of the content waits for one of these. */
  private readonly waiting: Waiters<void> = new Waiters();
  private continueCall: DelayedCall | undefined = undefined;
  /** Called when `signal` of the request aborts; undefined without a signal. */
  private signalled: (() => void) | undefined = undefined;

  /** @throws As `request`. */
  constructor(pool: ConnectionSource, origin: HTTPOrigin, request: HTTPClientRequest) {
    this.pool = pool;
    this.request = new PreparedRequest(origin.authority, request, pool.settings);
    // The connection would belong to one request.
    const needsConnection = request.upgrade !== undefined || request.method === 'CONNECT';
    this.origin = needsConnection ? http1Origin(origin) : origin;
    this.pieces = this.request.pieces;
  }

  /** @param spentMs The part of `totalTimeoutMs` that earlier requests of the same call have used. */
  start(spentMs = 0): Deferred<HTTPClientResponse> {
    const { totalTimeoutMs, signal } = this.request;
    if (totalTimeoutMs !== undefined) {
      if (spentMs >= totalTimeoutMs) {
        this.expired();
        return this.done;
      }
      this.pool.timeouts.add(this, totalTimeoutMs - spentMs);
    }
    if (signal !== undefined && !this.listen(signal)) return this.done;
    this.connect();
    return this.done;
  }

  get wantsContent(): boolean {
    return this.response?.wantsContent ?? false;
  }

  connected(connection: HTTPClientConnection): void {
    const { request } = this;
    this.leaveQueue = undefined;
    this.connection = connection;
    connection.start(this, request.facts);
    for (const part of request.prefix) connection.write(part);
    if (request.pieces === undefined) this.sent(connection);
    else void this.sendPieces(connection, request.pieces);
  }

  streamOpened(exchange: HTTP2Exchange): void {
    const { request } = this;
    this.leaveQueue = undefined;
    this.connection = exchange;
    try {
      exchange.start(this, request);
    } catch (error) {
      this.stop(error);
      return;
    }
    if (request.pieces !== undefined) void this.sendPieces(exchange, request.pieces);
  }

  connectFailed(error: unknown): void {
    this.leaveQueue = undefined;
    this.finish();
    if (error instanceof Error) CONNECT_FAILURES.add(error);
    this.deliver(error);
  }

  informed(head: ReceivedResponseHead): void {
    if (head.status === CONTINUE) this.goOn();
    else this.request.onInformational?.(head);
  }

  answered(head: ReceivedResponseHead): void {
    if (head.status === MISDIRECTED && this.redirected()) return;
    this.response = new HTTPClientResponse(this, head, this.request.facts.method);
    this.done.callback(this.response);
    // The content that waits for permission is left.
    if (this.continueCall !== undefined) this.goOn();
  }

  received(data: Buffer): void {
    this.response?.received(data);
  }

  ended(trailers: ReceivedFields | undefined): void {
    this.finish();
    this.response?.ended(trailers);
  }

  failed(error: unknown): void {
    const { request, isRepeated } = this;
    this.connection = undefined;
    if (error instanceof HTTP2UnprocessedError && this.mayResend) {
      if (error.errorCode === HTTP_1_1_REQUIRED) this.origin = http1Origin(this.origin);
      this.resend();
      return;
    }
    const isStale = error instanceof NoHTTPResponseError && error.wasReused;
    if (!isStale || isRepeated || !request.isRepeatable || this.isOver) {
      this.fail(error);
      return;
    }
    this.isRepeated = true;
    this.pool.closeIdle(this.origin);
    this.connect();
  }

  /** RFC 9110 section 15.5.20: the request may be sent on another connection. */
  private redirected(): boolean {
    const { connection } = this;
    if (!(connection instanceof HTTP2Exchange) || !this.mayResend) return false;
    connection.retireConnection();
    connection.abandon();
    this.resend();
    return true;
  }

  private get mayResend(): boolean {
    const { pieces, iterator } = this;
    // Pieces that were begun are lost.
    const isWhole =
      this.request.pieces === undefined || (pieces !== undefined && iterator === undefined);
    // A server may say that it has not processed what it is answering.
    if (this.isOver || this.response !== undefined) return false;
    return isWhole && this.resends < this.pool.settings.http2.maxResends;
  }

  private resend(): void {
    this.resends += 1;
    this.connection = undefined;
    // The content of the last attempt that waits for permission is left.
    this.goOn();
    this.connect();
  }

  drained(): void {
    this.goOn();
  }

  /** `totalTimeoutMs` is over. */
  expired(): void {
    const { totalTimeoutMs = 0 } = this.request;
    this.stop(new HTTPResponseTimeoutError('totalTimeoutMs', totalTimeoutMs));
  }

  resumeContent(): void {
    if (this.response?.dropsContent === true) this.connection?.dropContent();
    else this.connection?.resumeContent();
  }

  limitContent(maxBytes: number): void {
    this.connection?.limitContent(maxBytes);
  }

  switchTo(protocol: StreamProtocol): void {
    const { connection } = this;
    if (connection === undefined)
      throw new HTTPSequenceError('the response was switched or has failed');
    connection.switchTo(protocol);
    this.finish();
  }

  abort(): void {
    this.stop(new CancelledError('the HTTP response was aborted'));
  }

  /** @returns Whether the signal has not aborted yet. */
  private listen(signal: AbortSignal): boolean {
    const stop = (): void => {
      this.stop(new CancelledError('the HTTP request was cancelled', { cause: signal.reason }));
    };
    if (signal.aborted) stop();
    else {
      this.signalled = stop;
      signal.addEventListener('abort', stop);
    }
    return !signal.aborted;
  }

  private connect(): void {
    const stream = this.origin.http2 === undefined ? undefined : this.pool.takeStream(this.origin);
    if (stream !== undefined) {
      this.streamOpened(stream);
      return;
    }
    const idle = this.pool.take(this.origin);
    if (idle !== undefined) {
      this.connected(idle);
      return;
    }
    try {
      const { connectTimeoutMs } = this.request;
      const leave = this.pool.wait(this.origin, this, connectTimeoutMs);
      if (this.connection === undefined && !this.isOver) this.leaveQueue = leave;
    } catch (error) {
      this.fail(error);
    }
  }

  private sent(connection: HTTPClientConnection): void {
    connection.requestEnded(!this.request.serializer.keepsAlive);
  }

  private async sendPieces(
    connection: HTTPClientConnection | HTTP2Exchange,
    pieces: ContentPieces,
  ): Promise<void> {
    const { request } = this;
    const isHTTP1 = connection instanceof HTTPClientConnection;
    let isAsking = false;
    if (isHTTP1) request.output = connection;
    try {
      if (request.continueTimeoutMs !== undefined) await this.permitted(request.continueTimeoutMs);
      if (this.connection !== connection) return;
      if (this.response !== undefined) {
        this.leavePieces();
        return;
      }
      const iterator = iteratorOf(pieces);
      this.iterator = iterator;
      for (;;) {
        isAsking = true;
        const { done, value } = await iterator.next();
        isAsking = false;
        if (this.connection !== connection) return;
        if (done === true) break;
        if (isHTTP1) request.serializer.write(await value);
        else connection.write(await value);
        if (connection.isFull) await this.waiting.add();
        if (this.connection !== connection) return;
      }
      this.pieces = undefined;
      if (isHTTP1) {
        request.serializer.end('', request.trailers?.());
        this.sent(connection);
      } else connection.end(request.trailers?.());
    } catch (error) {
      // An iterator that has failed has ended.
      if (isAsking) this.pieces = undefined;
      if (this.connection === connection) this.stop(error);
    }
  }

  /** Fires when the server permits the content, does not answer in time, or has answered. */
  private permitted(timeoutMs: number): Deferred<void> {
    this.continueCall = this.pool.clock.callLater(timeoutMs, () => this.goOn());
    return this.waiting.add();
  }

  private goOn(): void {
    if (this.continueCall?.active() === true) this.continueCall.cancel();
    this.continueCall = undefined;
    this.waiting.fireAll((waiter) => waiter.callback(undefined));
  }

  /** The caller has cancelled. */
  private giveUp(): void {
    const { connection, leaveQueue } = this;
    this.finish();
    leaveQueue?.();
    connection?.abandon();
  }

  private stop(error: unknown): void {
    if (this.isOver) return;
    this.giveUp();
    this.report(error);
  }

  private fail(error: unknown): void {
    this.finish();
    this.report(error);
  }

  private report(error: unknown): void {
    if (error instanceof Error) CONNECT_FAILURES.delete(error);
    this.deliver(error);
  }

  private deliver(error: unknown): void {
    if (this.response !== undefined) this.response.failed(error);
    else if (!this.done.fired) this.done.errback(error);
  }

  /** Nothing more happens. */
  private finish(): void {
    this.isOver = true;
    this.connection = undefined;
    this.leaveQueue = undefined;
    this.pool.timeouts.remove(this);
    if (this.signalled !== undefined) {
      this.request.signal?.removeEventListener('abort', this.signalled);
      this.signalled = undefined;
    }
    this.leavePieces();
    this.goOn();
  }

  /** The rest of the content will not be sent: its source can free its resources at once, even if it is waited for. */
  private leavePieces(): void {
    const { pieces, iterator } = this;
    if (pieces === undefined) return;
    this.pieces = undefined;
    this.iterator = undefined;
    leavePieces(pieces, iterator);
  }
}
