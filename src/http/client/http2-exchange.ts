/**
 * One request and its response on a stream of HTTP/2. Its phases and their time limits are those of a connection of HTTP/1.1:
 *
 *     sending --all sent--> head --response--> content --end--> over
 *        '--windows or transport are full--> write --writable--'
 *
 * Content that the receiver does not want stays here, bounded by the window of the stream: other streams go on.
 */
import type { IdleTimeouts, TimeoutEntry } from '../../policies/idle-timeouts.js';
import { HTTPSequenceError, limitExceeded } from '../../protocols/http/errors.js';
import type { FieldBlock, HTTPFields } from '../../protocols/http/field-block.js';
import { contentBytes, type HTTPContent } from '../../protocols/http/message-serializer.js';
import { METHODS_WITH_CONTENT } from '../../protocols/http/request-serializer.js';
import { CANCEL, HTTP_1_1_REQUIRED, REFUSED_STREAM } from '../../protocols/http2/error-codes.js';
import type { HTTP2Event } from '../../protocols/http2/events.js';
import type { HTTP2Fields, HTTP2ResponseHead, RequestTarget } from '../../protocols/http2/heads.js';
import type { HTTP2Stream } from '../../protocols/http2/stream.js';
import { HTTP2StreamResetError } from '../http2/errors.js';
import { UnreadContent } from '../unread-content.js';
import type { PreparedRequest } from './client-request.js';
import { HTTP2UnprocessedError, HTTPResponseTimeoutError, NoHTTPResponseError } from './errors.js';
import { http2Request } from './http2-request.js';
import type { RequestFacts, ResponseReceiver } from './response-receiver.js';

/** Phases: each has a time limit of its own. */
type Phase = 'sending' | 'write' | 'head' | 'content' | 'over';

/** The server has processed nothing: another connection, or another version, may do. */
const UNPROCESSED: ReadonlySet<number> = new Set([REFUSED_STREAM, HTTP_1_1_REQUIRED]);

/** Content is passed to the connection in pieces, so that the transport can stop it. */
const MAX_WRITE_BYTES = 65_536;

const NOTHING: Uint8Array = new Uint8Array(0);

/** The connection, as far as exchanges use it. */
export interface ExchangeConnection {
  readonly timeouts: IdleTimeouts;
  /** The longest time between two looks at a time limit. */
  readonly shortestMs: number;
  readonly scheme: string;
  /** Whether a response has arrived. */
  readonly hasServed: boolean;
  /** The error code of the last GOAWAY of the server. */
  readonly goAwayCode: number;
  /** Whether the transport has much unsent, and how much. */
  readonly isFull: boolean;
  readonly bufferedBytes: number;
  /** @throws InvalidHTTPOutputError, HTTP2SequenceError */
  request(target: RequestTarget, fields: HTTPFields, endStream: boolean): HTTP2Stream;
  /** The exchange is flushed when the transport accepts bytes again. */
  waitForTransport(exchange: HTTP2Exchange): void;
  stopWaiting(exchange: HTTP2Exchange): void;
  /** Takes no further requests, and closes when those in progress are complete. */
  retire(): void;
  /** Runs calls, and gathers their frames. */
  gather(run: () => void): void;
}

type EventOf<Type extends HTTP2Event['type']> = Extract<HTTP2Event, { readonly type: Type }>;

export class HTTP2Exchange implements TimeoutEntry {
  previous: TimeoutEntry = this;
  next: TimeoutEntry = this;
  stamp = 0;
  ticks = 0;
  private readonly connection: ExchangeConnection;
  private readonly wasReused: boolean;
  private receiver: ResponseReceiver | undefined = undefined;
  private facts: RequestFacts | undefined = undefined;
  private stream: HTTP2Stream | undefined = undefined;
  private phase: Phase = 'sending';
  /** The tick of the beginning of the phase, or of the last progress in it. */
  private since = 0;
  /** Content of the request that could not be sent yet. */
  private unsent: Uint8Array = NOTHING;
  /** Whether the stream ends behind `unsent`. */
  private endsBehind = false;
  /** The unsent bytes of the transport when this was blocked last. */
  private transportBytes = 0;
  private isSent = false;
  private isAnswered = false;
  private unread: UnreadContent | undefined = undefined;
  private announced: number | undefined = undefined;
  private readBytes = 0;
  private maxContentBytes: number;
  private trailers: HTTP2Fields | undefined = undefined;
  private hasEnd = false;
  private isDelivering = false;
  private isDropping = false;

  constructor(connection: ExchangeConnection, maxContentBytes: number) {
    this.connection = connection;
    this.wasReused = connection.hasServed;
    this.maxContentBytes = maxContentBytes;
  }

  /** Whether a piece of the content is still unsent. */
  get isFull(): boolean {
    return this.phase === 'write';
  }

  /**
   * Sends the head, and the content unless it is in pieces.
   * @throws InvalidHTTPOutputError, HTTPContentLengthError, HTTP2SequenceError Nothing was sent.
   */
  start(receiver: ResponseReceiver, request: PreparedRequest): void {
    this.connection.gather(() => this.begin(receiver, request));
  }

  /** Sends a piece of the content. Wait for `drained` if {@link isFull} is true afterwards. */
  write(data: HTTPContent): void {
    this.send(bytesOf(data), false);
  }

  /** Ends the request. @throws HTTPContentLengthError, InvalidHTTPOutputError */
  end(trailers: Exclude<HTTPFields, FieldBlock> | undefined): void {
    if (trailers === undefined || Object.keys(trailers).length === 0) this.send(NOTHING, true);
    else if (this.stream?.isClosed === false) {
      this.stream.sendTrailers(trailers);
      this.sent();
    } else this.blocked();
  }

  /** The receiver wants content again. */
  resumeContent(): void {
    if (this.phase === 'content') this.since = this.timeouts.tick;
    this.deliver();
  }

  /** The receiver drops the rest of the content: its end must arrive within `bodyIdleTimeoutMs`. */
  dropContent(): void {
    this.isDropping = true;
    this.resumeContent();
  }

  /** The limit of the content of the response, in bytes. */
  limitContent(maxBytes: number): void {
    this.maxContentBytes = maxBytes;
  }

  /** A stream is no connection that another protocol could have. */
  switchTo(): void {
    throw new HTTPSequenceError('the response does not switch protocols');
  }

  /** The receiver gives up: it is not called any more, and the stream is reset. */
  abandon(): void {
    this.leave();
    this.resetStream();
  }

  /** The connection does not take further requests. */
  retireConnection(): void {
    this.connection.retire();
  }

  /** An event of the stream. */
  happened(event: HTTP2Event): void {
    switch (event.type) {
      case 'informational':
        this.since = this.timeouts.tick;
        this.receiver?.informed(event.head);
        break;
      case 'response':
        this.answered(event.head);
        break;
      case 'data':
        this.received(event.data);
        break;
      case 'trailers':
        this.trailers = event.fields;
        break;
      case 'end':
        this.hasEnd = true;
        this.deliver();
        break;
      case 'reset':
        this.wasReset(event);
        break;
      case 'unprocessed':
        // The rest of a request whose response is complete was not needed.
        if (!this.hasEnd) this.fail(new HTTP2UnprocessedError(this.connection.goAwayCode));
        break;
      case 'writable':
        this.flush();
        break;
    }
  }

  /** The connection has ended. Content that has arrived completely can still be read. */
  connectionLost(reason: Error, isFaultOfPeer: boolean): void {
    if (this.hasEnd) return;
    const hasBegun = this.isAnswered || isFaultOfPeer;
    this.fail(hasBegun ? reason : new NoHTTPResponseError(this.wasReused, reason));
  }

  /** The transport accepts bytes again. */
  flush(): void {
    if (this.phase !== 'write') return;
    this.push();
    if (this.isFull || this.endsBehind) return;
    this.receiver?.drained();
  }

  expired(): void {
    const { facts, timeouts } = this;
    if (facts === undefined) return;
    const limit = this.limitMs(facts);
    const left = limit + timeouts.tickMs - (timeouts.tick - this.since) * timeouts.tickMs;
    if (left > 0) timeouts.add(this, Math.min(left, limit, this.connection.shortestMs));
    else this.timedOut(facts);
  }

  private get timeouts(): IdleTimeouts {
    return this.connection.timeouts;
  }

  private get isReading(): boolean {
    return this.isDropping || this.receiver?.wantsContent === true;
  }

  private begin(receiver: ResponseReceiver, request: PreparedRequest): void {
    const { facts, whole } = request;
    const { connection } = this;
    const length = whole === undefined ? (request.contentLength ?? -1) : contentBytes(whole);
    const announces = length > 0 || METHODS_WITH_CONTENT.has(facts.method);
    const { target, fields } = http2Request(request, connection.scheme, announces ? length : -1);
    const isEmpty = whole !== undefined && length === 0;
    const stream = connection.request(target, fields, isEmpty);
    stream.context = this;
    this.stream = stream;
    this.receiver = receiver;
    this.facts = facts;
    this.since = this.timeouts.tick;
    const { headTimeoutMs, bodyIdleTimeoutMs, unreadTimeoutMs, writeTimeoutMs } = facts;
    const shortest = Math.min(headTimeoutMs, bodyIdleTimeoutMs, unreadTimeoutMs, writeTimeoutMs);
    this.timeouts.add(this, Math.min(shortest, connection.shortestMs));
    if (isEmpty) this.sent();
    else if (whole !== undefined) this.send(bytesOf(whole), true);
  }

  private enter(phase: Phase): void {
    this.phase = phase;
    this.since = this.timeouts.tick;
  }

  private send(data: Uint8Array, ends: boolean): void {
    this.unsent = data;
    this.endsBehind = ends;
    this.push();
  }

  /** Sends as much as the windows and the transport permit. */
  private push(): void {
    const { stream, connection } = this;
    if (stream === undefined) return;
    // The connection is closing: its end is the reason for the failure of the request.
    if (stream.isClosed) {
      this.blocked();
      return;
    }
    do {
      if (connection.isFull) {
        connection.waitForTransport(this);
        this.blocked();
        return;
      }
      const piece =
        this.unsent.length > MAX_WRITE_BYTES
          ? this.unsent.subarray(0, MAX_WRITE_BYTES)
          : this.unsent;
      const isLast = piece.length === this.unsent.length;
      const count = stream.write(piece, this.endsBehind && isLast);
      if (count > 0) {
        this.unsent = this.unsent.subarray(count);
        if (this.phase === 'write') this.since = this.timeouts.tick;
      }
      if (count < piece.length) {
        this.blocked();
        return;
      }
    } while (this.unsent.length > 0);
    this.unsent = NOTHING;
    if (this.endsBehind) this.sent();
    else if (this.phase === 'write') this.enter(this.isAnswered ? 'content' : 'sending');
  }

  private blocked(): void {
    if (this.phase !== 'write') this.enter('write');
    this.transportBytes = this.connection.bufferedBytes;
  }

  /** All of the request was sent. */
  private sent(): void {
    this.isSent = true;
    if (this.phase === 'over') return;
    this.enter(this.isAnswered ? 'content' : 'head');
  }

  private answered(head: HTTP2ResponseHead): void {
    this.isAnswered = true;
    this.announced = head.contentLength;
    if (this.phase !== 'write') this.enter('content');
    this.receiver?.answered(head);
  }

  private received(data: Buffer): void {
    if (this.receiver === undefined) return;
    if (this.unread?.isEmpty === false || !this.receiver.wantsContent) {
      this.unread ??= new UnreadContent();
      this.unread.add(data);
      return;
    }
    if (!this.isDropping && this.phase === 'content') this.since = this.timeouts.tick;
    this.pass(data);
  }

  /** Passes content on, after which the server may send as much again. */
  private pass(data: Buffer): void {
    const { receiver, announced, maxContentBytes } = this;
    const total = Math.max(this.readBytes + data.length, announced ?? 0);
    if (total > maxContentBytes) {
      this.fail(limitExceeded('client', 'maxContentBytes', maxContentBytes));
      return;
    }
    this.readBytes += data.length;
    receiver?.received(data);
    if (this.phase !== 'over') this.stream?.consume(data.length);
  }

  /** Passes on what the receiver wants of the content, and its end. */
  private deliver(): void {
    const { unread } = this;
    if (this.isDelivering) return;
    this.isDelivering = true;
    try {
      while (unread?.isEmpty === false && this.receiver?.wantsContent === true)
        this.pass(unread.take());
    } finally {
      this.isDelivering = false;
    }
    const isRead = unread === undefined || unread.isEmpty;
    if (isRead && this.hasEnd && this.receiver?.wantsContent === true) this.finish(this.receiver);
  }

  private finish(receiver: ResponseReceiver): void {
    this.leave();
    // The server answered without the rest of the request.
    if (!this.isSent) this.resetStream();
    receiver.ended(this.trailers);
  }

  private wasReset({ errorCode, error }: EventOf<'reset'>): void {
    // It may send a complete response, and then ask to stop the request (RFC 9113 section 8.1).
    if (this.hasEnd) return;
    if (error !== undefined) this.fail(error);
    else if (!this.isAnswered && UNPROCESSED.has(errorCode))
      this.fail(new HTTP2UnprocessedError(errorCode));
    else this.fail(new HTTP2StreamResetError(errorCode));
  }

  private resetStream(): void {
    this.connection.gather(() => this.stream?.reset(CANCEL));
  }

  /** Nothing more is passed to the receiver. */
  private leave(): void {
    this.phase = 'over';
    this.receiver = undefined;
    this.facts = undefined;
    this.unread?.clear();
    this.unsent = NOTHING;
    // Content of a stream that has ended would stay in the window of the connection.
    this.stream?.consume(this.stream.unconsumed);
    this.timeouts.remove(this);
    this.connection.stopWaiting(this);
  }

  /** The exchange cannot be completed. */
  private fail(error: unknown): void {
    const { receiver } = this;
    this.leave();
    this.resetStream();
    receiver?.failed(error);
  }

  private limitMs(facts: RequestFacts): number {
    if (this.phase === 'head') return facts.headTimeoutMs;
    if (this.phase === 'write') return facts.writeTimeoutMs;
    if (this.phase !== 'content') return Number.POSITIVE_INFINITY;
    return this.isReading ? facts.bodyIdleTimeoutMs : facts.unreadTimeoutMs;
  }

  /** Whether the transport has sent bytes of this or another stream. */
  private hasProgressed(): boolean {
    const { connection, transportBytes } = this;
    this.transportBytes = connection.bufferedBytes;
    return connection.isFull && this.transportBytes < transportBytes;
  }

  private timedOut(facts: RequestFacts): void {
    let limit: 'headTimeoutMs' | 'writeTimeoutMs' | 'bodyIdleTimeoutMs' | 'unreadTimeoutMs';
    if (this.phase === 'head') limit = 'headTimeoutMs';
    else if (this.phase === 'write') {
      if (this.hasProgressed()) {
        this.enter('write');
        this.timeouts.add(this, Math.min(facts.writeTimeoutMs, this.connection.shortestMs));
        return;
      }
      limit = 'writeTimeoutMs';
    } else limit = this.isReading ? 'bodyIdleTimeoutMs' : 'unreadTimeoutMs';
    this.fail(new HTTPResponseTimeoutError(limit, facts[limit]));
  }
}

function bytesOf(content: HTTPContent): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content;
}
