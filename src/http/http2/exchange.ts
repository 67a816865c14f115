/**
 * One request of an HTTP/2 connection and its response: to these it is the connection, whose place is a stream.
 *
 * Content that the handler does not read stays here, at most the window of the stream, and the window opens again when it is read.
 * Written content that the client's windows or the transport do not permit yet stays here too: `response.write` returns false from
 * 64 KiB on. One exists for each request, so private fields are TypeScript's.
 */
import type { Address } from '../../core/address.js';
import { CONNECTION_DONE, ConnectionAborted } from '../../core/errors/connection.js';
import { HIGH_WATER_MARK_BYTES, type Transport } from '../../core/transport.js';
import type { TimeoutEntry } from '../../policies/idle-timeouts.js';
import { type HTTPMessageError, limitExceeded } from '../../protocols/http/errors.js';
import { CANCEL, INTERNAL_ERROR, NO_ERROR } from '../../protocols/http2/error-codes.js';
import type { HTTP2Fields } from '../../protocols/http2/heads.js';
import type { HTTP2Priority } from '../../protocols/http2/priority.js';
import type { HTTP2Stream } from '../../protocols/http2/stream.js';
import { HTTPTimeoutError } from '../errors.js';
import { type AnsweringConnection, callHandler } from '../handler-call.js';
import { HTTPRequest, type RequestConnection } from '../http-request.js';
import type { HTTPResponse } from '../http-response.js';
import type { HTTPService } from '../http-service.js';
import { afterContentTime, awaitsContent, receivesRest, wantsContent } from '../request-content.js';
import type { ReadyHead, RelayedHead, ResponseConnection } from '../response-connection.js';
import { UNKNOWN } from '../response-head.js';
import { UnreadContent } from '../unread-content.js';
import type { UpgradedProtocol } from '../upgraded-protocol.js';
import { refuseStream } from './refusals.js';
import { HTTP2ReceivedFields, type HTTP2ReceivedHead } from './request-head.js';
import { dateField, headFields, linePairs, pairsOf, relayedFields } from './response-fields.js';
import type { HTTP2Service } from './server-settings.js';
import type { TunnelLink } from './stream-transport.js';
import { type TunnelEnd, upgradeStream } from './tunnel.js';
import { UnsentContent } from './unsent-content.js';

/** Content of up to this size is sent with its head if the windows permit. */
const WHOLE_BYTES = 16_384;

const NOT_IMPLEMENTED = 501;

/** The connection of an exchange. */
export interface ExchangeLink extends TunnelLink {
  readonly service: HTTPService;
  readonly http2: HTTP2Service;
  readonly peer: Address;
  readonly secure: boolean;
  readonly isClosing: boolean;
  readonly bufferedBytes: number;
  goAway(): void;
}

export class HTTP2Exchange
  implements RequestConnection, ResponseConnection, AnsweringConnection, TimeoutEntry
{
  previous: TimeoutEntry = this;
  next: TimeoutEntry = this;
  stamp = 0;
  ticks = 0;
  readonly link: ExchangeLink;
  readonly stream: HTTP2Stream;
  readonly request: HTTPRequest;
  readonly response: HTTPResponse;
  /** Receives content in place of the request after an upgrade. */
  tunnel: TunnelEnd | undefined = undefined;
  private maxContentBytes: number;
  /** Received content that was not read. */
  private unread: UnreadContent | undefined = undefined;
  private unsent: UnsentContent | undefined = undefined;
  private trailers: HTTP2Fields | undefined = undefined;
  /** Whether the client has sent everything. */
  private hasEnded = false;
  private isPassing = false;
  private isOver = false;
  private contentBefore = 0;

  constructor(link: ExchangeLink, stream: HTTP2Stream, head: HTTP2ReceivedHead) {
    this.link = link;
    this.stream = stream;
    this.maxContentBytes = link.http2.limits.maxContentBytes;
    this.request = new HTTPRequest(this, head);
    this.response = this.service.responseTo(this, this.request);
  }

  get service(): HTTPService {
    return this.link.service;
  }

  get peer(): Address {
    return this.link.peer;
  }

  get secure(): boolean {
    return this.link.secure;
  }

  get priority(): HTTP2Priority {
    return this.stream.priority;
  }

  get currentTransport(): Transport {
    return this.tunnel?.transport ?? this.link.currentTransport;
  }

  get isFull(): boolean {
    return this.link.isFull || (this.unsent?.bytes ?? 0) > HIGH_WATER_MARK_BYTES;
  }

  get bufferedBytes(): number {
    return (this.unsent?.bytes ?? 0) + this.link.bufferedBytes;
  }

  contentLimit(): number {
    return this.isOver ? 0 : this.maxContentBytes;
  }

  limitContent(_request: HTTPRequest, maxBytes: number): void {
    this.maxContentBytes = maxBytes;
  }

  hasAnswered(): boolean {
    return this.isOver || this.response.ended;
  }

  /** The limits are those of the connection, not of one response. */
  keepsAlive(): boolean {
    return true;
  }

  /** Calls the handler. */
  begin(): void {
    const { method, target } = this.request;
    const { maxMethodBytes, maxTargetBytes } = this.link.http2.limits;
    if (method.length > maxMethodBytes) {
      this.refuse(limitExceeded('server', 'maxMethodBytes', maxMethodBytes));
    } else if (target.length > maxTargetBytes) {
      this.refuse(limitExceeded('server', 'maxTargetBytes', maxTargetBytes));
    } else callHandler(this.service.handler, this.response, this);
    this.settle();
  }

  /** A piece of content has arrived. */
  contentReceived(data: Buffer): void {
    if (this.tunnel !== undefined) {
      this.tunnel.received(data);
      return;
    }
    if (this.unread === undefined && !this.isPassing && this.wants) {
      this.isPassing = true;
      this.take(data);
      this.isPassing = false;
      this.pass();
    } else {
      this.unread ??= new UnreadContent();
      this.unread.add(data);
    }
    this.settle();
  }

  trailersReceived(fields: HTTP2Fields): void {
    this.trailers = fields;
  }

  inputReceived(): void {
    this.hasEnded = true;
    if (this.tunnel !== undefined) this.tunnel.inputEnded();
    this.pass();
    this.settle();
  }

  /** The client has finished sending on the connection. */
  connectionInputEnded(): void {
    if (this.hasEnded) this.response.inputEnded();
    else {
      this.stream.reset(CANCEL);
      this.lost(CONNECTION_DONE);
    }
  }

  /** The windows, or the transport, permit more. */
  resume(): void {
    if (this.isOver) return;
    this.tunnel?.resume();
    this.sendUnsent();
    if (this.unsent === undefined && !this.link.isFull) this.response.drain();
    this.settle();
  }

  /** The stream has ended early. */
  lost(reason: Error): void {
    if (this.isOver) return;
    this.leave();
    this.tunnel?.lost(reason);
    if (this.tunnel === undefined) this.response.lose(reason);
  }

  expired(): void {
    const { settings } = this.service;
    const next = afterContentTime(this.response, this.contentBefore, settings);
    if (next === 'wait') this.settle();
    else {
      this.link.gather(() => {
        if (next === 'close') this.stopReceiving();
        else this.refuse(new HTTPTimeoutError('contentTimeoutMs', settings.contentTimeoutMs));
      });
    }
  }

  readerSet({ head, isPermitted }: HTTPRequest): void {
    this.link.gather(() => {
      const { contentLength = 0 } = this.request;
      if (contentLength > this.maxContentBytes) {
        this.refuse(limitExceeded('server', 'maxContentBytes', this.maxContentBytes));
        return;
      }
      const isAwaited = head.expectsContinue && !isPermitted && !this.response.headSent;
      if (isAwaited && this.unread === undefined && !this.hasEnded) this.inform(100);
      this.resumeContent();
    });
  }

  resumeContent(): void {
    if (this.isOver || this.isPassing) return;
    this.link.gather(() => {
      this.pass();
      this.settle();
    });
  }

  upgrade(_request: HTTPRequest, protocol: UpgradedProtocol, name: string | undefined): void {
    this.link.gather(() => upgradeStream(this, protocol, name));
  }

  writeWhole(head: ReadyHead, length: number, content: string | Uint8Array | undefined): void {
    if (this.isClosed || this.refusesProtocol()) return;
    const fields = headFields(head, length, this.service.dateLine);
    const { stream } = this;
    if (content === undefined) stream.sendHead(head.code, fields, true);
    else if (length <= WHOLE_BYTES && !this.link.isFull) {
      const sent = stream.respond(head.code, fields, content);
      if (sent < length) this.keep(Buffer.from(content as string).subarray(sent), true);
    } else {
      stream.sendHead(head.code, fields);
      this.keep(content, true);
      this.sendUnsent();
    }
  }

  writeHead(head: ReadyHead): void {
    if (this.isClosed || this.refusesProtocol()) return;
    const fields = headFields(head, UNKNOWN, this.service.dateLine);
    this.stream.sendHead(head.code, fields, head.framing === 'none');
  }

  writeRelayedHead(head: RelayedHead, length: number): void {
    if (this.isClosed || this.refusesProtocol()) return;
    const fields = relayedFields(head, length, this.service.dateLine);
    this.stream.sendHead(head.code, fields, head.framing === 'none');
  }

  writePiece(_head: ReadyHead, data: string | Uint8Array): void {
    if (this.isClosed || this.hasSentEnd) return;
    this.keep(data, false);
    this.sendUnsent();
  }

  writeEnd({ framing, trailerLines }: ReadyHead): void {
    if (this.isClosed || this.hasSentEnd || framing === 'none') return;
    this.unsent ??= new UnsentContent();
    const hasTrailers = framing === 'chunked' && trailerLines !== undefined;
    this.unsent.end(hasTrailers ? linePairs(trailerLines) : undefined);
    this.sendUnsent();
  }

  writeInformational(status: number, lines: string): void {
    if (!this.isClosed) this.stream.sendInformational(status, pairsOf(lines));
  }

  /** Content is in frames, so parts of files are read. */
  writeFile(): boolean {
    return false;
  }

  responded(): void {
    if (this.response.closes) this.link.goAway();
    this.link.gather(() => {
      this.pass();
      this.settle();
    });
  }

  /** Resets the stream. */
  abort(): void {
    if (this.isOver) return;
    this.link.gather(() => this.stream.reset(INTERNAL_ERROR));
    this.lost(new ConnectionAborted());
  }

  /** Answers in place of the handler, unless the response has begun. */
  refuse(error: HTTPMessageError | HTTPTimeoutError): void {
    const { response } = this;
    if (response.state === 'content') {
      this.stream.reset(INTERNAL_ERROR);
      this.lost(error);
      return;
    }
    if (response.state === 'head') this.unsent = refuseStream(this, error.status);
    response.lose(error);
    this.settle();
  }

  /** @internal The tunnel has ended on this side: what the client still sends is dropped. */
  tunnelEnded(): void {
    this.tunnel = undefined;
    this.settle();
  }

  /** @internal Content that was received and not read, which is not consumed yet. */
  takeUnread(): UnreadContent {
    const { unread = new UnreadContent() } = this;
    this.unread = undefined;
    return unread;
  }

  /** @internal Whether the client has sent everything. */
  get isReceived(): boolean {
    return this.hasEnded;
  }

  /** Whether nothing can be sent: the event of the end may not have arrived. */
  private get isClosed(): boolean {
    return this.isOver || this.stream.isReset || this.link.isClosing;
  }

  /** Whether to pass on, or drop, more content. Bytes for a tunnel wait for the decision of the handler. */
  private get wants(): boolean {
    const { request, response } = this;
    if (request.method === 'CONNECT' || request.head.hasUpgrade) return response.ended;
    return wantsContent(response, this.service.settings.maxDiscardedBytes);
  }

  private get hasSentEnd(): boolean {
    return this.stream.sending === 'done';
  }

  /**
   * A handler that ignores the protocol of an extended CONNECT answers as to a GET, which the client would take for the beginning of that
   * protocol (RFC 9220 section 3).
   */
  private refusesProtocol(): boolean {
    const { request, response, stream, service } = this;
    if (request.head.protocol === undefined || response.code >= 300) return false;
    response.code = NOT_IMPLEMENTED;
    stream.sendHead(NOT_IMPLEMENTED, [dateField(service.dateLine)], true);
    return true;
  }

  private inform(status: number): void {
    if (!this.isClosed) this.stream.sendInformational(status);
  }

  private keep(data: string | Uint8Array, isLast: boolean): void {
    this.unsent ??= new UnsentContent();
    this.unsent.add(data);
    if (isLast) this.unsent.end(undefined);
  }

  private sendUnsent(): void {
    if (this.unsent === undefined || this.isClosed) return;
    if (this.unsent.sendTo(this.stream, this.link)) this.unsent = undefined;
  }

  /** Passes on the content that was kept, as far as it is wanted, and the end. */
  private pass(): void {
    if (this.isPassing || this.isOver || this.tunnel !== undefined) return;
    this.isPassing = true;
    while (this.unread !== undefined && this.wants && !this.isOver) {
      const piece = this.unread.take();
      if (this.unread.isEmpty) this.unread = undefined;
      this.take(piece);
    }
    this.isPassing = false;
    const { request, trailers } = this;
    if (!this.hasEnded || this.unread !== undefined || request.isComplete || !this.wants) return;
    if (request.failure !== undefined) return;
    request.complete(trailers === undefined ? undefined : new HTTP2ReceivedFields(trailers));
  }

  private take(data: Buffer): void {
    const { request } = this;
    const { length } = data;
    if (request.failure !== undefined) request.discardedBytes += length;
    else if (request.isRead && request.receivedBytes + length > this.maxContentBytes) {
      this.refuse(limitExceeded('server', 'maxContentBytes', this.maxContentBytes));
    } else {
      request.receivedBytes += length;
      if (request.isRead) request.reader?.received(data);
      else request.discardedBytes += length;
    }
    this.stream.consume(length);
  }

  /** Ends the stream when both sides are done, and sets the time limit of content. */
  private settle(): void {
    if (this.isOver || this.tunnel !== undefined) return;
    const { request, response, service, hasEnded } = this;
    if (response.ended && this.unsent === undefined) {
      const { maxDiscardedBytes } = service.settings;
      const hasFailed = request.failure !== undefined;
      const isWanted = !hasFailed && receivesRest(request, maxDiscardedBytes);
      if (hasEnded && (request.isComplete || hasFailed || !request.isRead)) this.leave();
      else if (!hasEnded && (!isWanted || request.discardedBytes > maxDiscardedBytes)) {
        this.stopReceiving();
      }
      if (this.isOver) return;
    }
    const awaits = !hasEnded && awaitsContent(response);
    if (awaits === (this.ticks !== 0)) return;
    if (!awaits) {
      service.timeouts.remove(this);
      return;
    }
    this.contentBefore = request.receivedBytes;
    service.timeouts.add(this, service.settings.contentTimeoutMs);
  }

  /** The client need not send the rest (RFC 9113 section 8.1). */
  private stopReceiving(): void {
    this.leave();
    this.link.gather(() => this.stream.reset(NO_ERROR));
  }

  private leave(): void {
    this.isOver = true;
    this.service.timeouts.remove(this);
    this.stream.context = undefined;
    // The window of the connection is opened again for content that nobody will read.
    if (this.unread !== undefined) this.stream.consume(this.unread.bytes);
    this.unread = undefined;
    this.unsent = undefined;
  }
}
