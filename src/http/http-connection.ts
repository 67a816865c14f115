/**
 * One connection of an HTTP server: parses, calls the handler for one request at a time, and answers in order.
 *
 *     parse head --> handler --> content --> end of content and of the answer --> parse head ...
 *
 * While a request is in progress, the bytes behind it stay in the parser, and reading pauses if they are too many. A connection
 * between two requests has no parser, request or response, because there may be very many of them.
 *
 * One connection exists for each client, so private fields are TypeScript's: see StreamTransport.
 */
import type { Address } from '../core/address.js';
import type { StreamProtocol, SwitchableTransport } from '../core/stream-protocol.js';
import type { Transport } from '../core/transport.js';
import { expectInput } from '../internal/expects-input.js';
import { givenCopyOf } from '../internal/lent-bytes.js';
import type { TimeoutEntry } from '../policies/idle-timeouts.js';
import { HTTPMessageError, HTTPSequenceError } from '../protocols/http/errors.js';
import type { RequestHead } from '../protocols/http/heads.js';
import type { RequestParser } from '../protocols/http/request-parser.js';
import { statusLine } from '../protocols/http/status.js';
import { FIRST_FREE_FLAG, PARSING, WRITING_PAUSED } from './connection-writer.js';
import { refuseRequest, refuseUnread } from './error-answers.js';
import { HTTPTimeoutError } from './errors.js';
import { type AnsweringConnection, callHandler } from './handler-call.js';
import { HTTPRequest, type RequestConnection } from './http-request.js';
import type { HTTPResponse } from './http-response.js';
import type { HTTPService, ServedProtocol } from './http-service.js';
import { HTTP2ServerConnection } from './http2/server-connection.js';
import type { HTTP2Service } from './http2/server-settings.js';
import {
  decidesByPreface,
  FIRST_OCTET,
  isPreface,
  prefaceBytes,
  prefaceStart,
} from './http2/sniffing.js';
import { MessageWriter } from './message-writer.js';
import {
  afterContentTime,
  awaitsContent,
  contentBytes,
  needsContent,
  receivesRest,
  takeContent,
  wantsContent,
} from './request-content.js';
import { titleOf } from './request-title.js';
import type { ResponseConnection } from './response-connection.js';
import {
  NOTHING,
  type SwitchingConnection,
  takeOverConnection,
  upgradeConnection,
} from './switching.js';
import { CONTENT, HEAD, IDLE, timeLimitOf, WRITE } from './time-limits.js';
import { checkSwitchable } from './upgrade.js';
import type { UpgradedProtocol } from './upgraded-protocol.js';

/** Flags. */
const READING_PAUSED = FIRST_FREE_FLAG;
const INPUT_ENDED = 2 * FIRST_FREE_FLAG;
const CLOSING = 4 * FIRST_FREE_FLAG;

const CONTINUE = `${statusLine(100)}\r\n`;

export class HTTPConnection
  extends MessageWriter
  implements
    StreamProtocol,
    TimeoutEntry,
    RequestConnection,
    ResponseConnection,
    AnsweringConnection,
    SwitchingConnection
{
  previous: TimeoutEntry = this;
  next: TimeoutEntry = this;
  stamp = 0;
  ticks = 0;
  readonly service: HTTPService;
  private parser: RequestParser | undefined = undefined;
  /** The response to the request in progress. */
  response: HTTPResponse | undefined = undefined;
  /** Set by an upgrade; from then on nothing is received here. */
  upgraded: ServedProtocol | undefined = undefined;
  private phase = HEAD;
  private requests = 0;
  /** Of the preface of HTTP/2, which have arrived instead of a request. */
  private prefaceBytes = 0;
  /** Received bytes of content at the beginning of this period of `contentTimeoutMs`. */
  private contentBefore = 0;

  constructor(service: HTTPService) {
    super();
    this.service = service;
  }

  get acceptsLentBytes(): boolean {
    return true;
  }

  get description(): string {
    const { response } = this;
    if (response === undefined || response.ended) return 'HTTP: idle';
    return `HTTP: ${titleOf(response.request)}`;
  }

  get peer(): Address {
    return this.open.getPeer();
  }

  get currentTransport(): Transport {
    return this.upgraded?.transport ?? this.open;
  }

  get secure(): boolean {
    return this.open.tls !== undefined;
  }

  contentLimit(request: HTTPRequest): number {
    return this.isInProgress(request) ? (this.parser?.maxContentBytes ?? 0) : 0;
  }

  limitContent(request: HTTPRequest, maxBytes: number): void {
    if (this.isInProgress(request) && this.parser !== undefined) {
      this.parser.maxContentBytes = maxBytes;
    }
  }

  hasAnswered(request: HTTPRequest): boolean {
    return !this.isInProgress(request) || this.response?.ended === true;
  }

  makeConnection(transport: Transport): void {
    this.transport = transport;
    this.service.connections.add(this);
    this.service.timeouts.add(this, this.service.settings.headTimeoutMs);
  }

  dataReceived(data: Buffer): unknown {
    if ((this.flags & CLOSING) !== 0) return undefined;
    if (this.requests === 0 && this.parser === undefined && this.beginsHTTP2(data)) {
      return undefined;
    }
    this.parser ??= this.service.takeParser();
    this.parser.receive(data);
    this.advance();
    return undefined;
  }

  readConnectionLost(): unknown {
    this.flags |= INPUT_ENDED;
    if (this.response === undefined && this.parser === undefined) this.close();
    else if ((this.flags & CLOSING) === 0) {
      this.parser?.endOfInput();
      this.advance();
    }
    return undefined;
  }

  connectionLost(reason: Error): unknown {
    const { service, response } = this;
    service.timeouts.remove(this);
    service.remove(this);
    this.flags |= CLOSING;
    this.parser = undefined;
    this.response = undefined;
    response?.lose(reason);
    return undefined;
  }

  expired(): void {
    const { settings } = this.service;
    switch (this.phase) {
      case IDLE:
        if (this.response?.ended === false) this.file(IDLE);
        else this.close();
        return;
      case HEAD:
        if (this.parser === undefined) this.close();
        else this.refuse(new HTTPTimeoutError('headTimeoutMs', settings.headTimeoutMs));
        return;
      case CONTENT:
        this.contentExpired();
        return;
      default:
        if (this.hasProgressed()) this.file(WRITE);
        else if (this.unsentBytes > 0) this.abort();
    }
  }

  keepsAlive(request: HTTPRequest): boolean {
    const { head } = request;
    if (!head.keepsAlive || this.service.draining) return false;
    if (this.requests >= this.service.settings.maxRequestsPerConnection) return false;
    if (!request.hasContent) {
      // Bytes that were sent before the upgrade was accepted are not in HTTP, whatever they look like.
      return !head.hasUpgrade || this.receivedBytes === 0;
    }
    return receivesRest(request, this.service.settings.maxDiscardedBytes);
  }

  responded(response: object): void {
    if ((this.flags & PARSING) === 0 && response === this.response) this.advance();
  }

  readerSet({ head, isPermitted }: HTTPRequest): void {
    if (head.expectsContinue && !isPermitted && this.response?.headSent === false) {
      if (this.parser?.bufferedBytes === 0) this.write(CONTINUE);
    }
    this.advance();
  }

  resumeContent(): void {
    this.advance();
  }

  upgrade(request: HTTPRequest, protocol: UpgradedProtocol, name: string | undefined): void {
    upgradeConnection(this, request, protocol, name);
  }

  /**
   * Gives the connection to another protocol without an answer, which that protocol writes.
   * @returns The bytes received behind the request, which the protocol does not receive.
   * @throws As {@link upgrade}, except for the fields of the request.
   */
  protected takeOver(request: HTTPRequest, protocol: UpgradedProtocol): Buffer {
    return takeOverConnection(this, request, protocol);
  }

  responseInProgress(request: HTTPRequest): HTTPResponse {
    const { response, parser } = this;
    if (response?.request === request && parser !== undefined) return response;
    throw request.failure ?? new HTTPSequenceError('the request was answered');
  }

  switchable(): SwitchableTransport {
    return checkSwitchable(this.open, (this.flags & INPUT_ENDED) !== 0);
  }

  leaveHTTP(response: HTTPResponse): Buffer {
    const { service, open } = this;
    const parser = this.parser as RequestParser;
    response.request.head.keep();
    response.state = 'upgraded';
    this.response = undefined;
    service.timeouts.remove(this);
    this.flush();
    this.stopParsing();
    if ((this.flags & READING_PAUSED) !== 0) open.resumeProducing();
    const rest = parser.bufferedBytes === 0 ? NOTHING : givenCopyOf(parser.takeRest());
    service.returnParser(parser);
    return rest;
  }

  /** Ends the connection when the request in progress, if any, was answered. */
  drain(): void {
    if (this.response === undefined && this.parser === undefined) this.close();
  }

  abort(): void {
    this.transport?.abortConnection();
  }

  /** @returns Whether the first bytes are the preface of HTTP/2, or its beginning. */
  private beginsHTTP2(data: Buffer): boolean {
    const { prefaceBytes: known, service } = this;
    if (service.http2 === undefined) return false;
    if (this.open.tls?.negotiatedProtocol === 'h2') {
      this.switchToHTTP2(service.http2, data);
      return true;
    }
    if (known === 0 && data[0] !== FIRST_OCTET) return false;
    const bytes = decidesByPreface(this.open) ? prefaceBytes(data, known) : -1;
    const rest = known === 0 ? data : Buffer.concat([prefaceStart(known), data]);
    this.prefaceBytes = 0;
    if (bytes === -1) {
      if (known === 0) return false;
      this.parser = service.takeParser();
      this.parser.receive(rest);
      this.advance();
    } else if (!isPreface(bytes)) this.prefaceBytes = bytes;
    else this.switchToHTTP2(service.http2, rest);
    return true;
  }

  private switchToHTTP2(http2: HTTP2Service, bytes: Buffer): void {
    const { service } = this;
    const transport = this.switchable();
    const successor = new HTTP2ServerConnection(service, http2);
    service.timeouts.remove(this);
    this.flags |= CLOSING;
    this.upgraded = successor;
    service.replace(this, successor, undefined);
    transport.switchProtocol(successor, givenCopyOf(bytes));
  }

  private isInProgress(request: HTTPRequest): boolean {
    return this.response?.request === request;
  }

  private get receivedBytes(): number {
    return this.parser?.bufferedBytes ?? 0;
  }

  protected override writingPaused(): void {
    this.unsentBytes = this.open.bufferedBytes;
    this.file(WRITE);
  }

  protected override writingResumed(): void {
    this.response?.drain();
    this.advance();
  }

  /** Parses as far as the state of the request in progress allows. */
  private advance(): void {
    if ((this.flags & (PARSING | CLOSING)) !== 0) return;
    this.flags |= PARSING;
    try {
      this.parse();
    } catch (error) {
      if (!(error instanceof HTTPMessageError)) throw error;
      this.refuse(error);
    } finally {
      this.flags &= ~PARSING;
      this.flush();
    }
    if ((this.flags & CLOSING) === 0) this.settle();
  }

  private parse(): void {
    const { maxDiscardedBytes } = this.service.settings;
    for (;;) {
      const { response, parser } = this;
      if (response === undefined) {
        if (parser === undefined || (this.flags & (WRITING_PAUSED | CLOSING)) !== 0) return;
        const event = parser.next();
        if (event === undefined) return;
        this.begin(parser.head);
        continue;
      }
      const { request, ended } = response;
      if (request.isComplete || (ended && response.closes && !request.isRead)) {
        if (!ended || response.isWaiting) return;
        this.finish(response);
        continue;
      }
      if (parser === undefined || !wantsContent(response, maxDiscardedBytes)) return;
      const event = parser.next();
      if (event === undefined) return;
      if (event === 'data') takeContent(response, parser.data, maxDiscardedBytes);
      else request.complete(parser.trailers);
    }
  }

  /**
   * Parsing may end the validity of the head, so it is kept for handlers that are not finished. Content that has arrived as a
   * whole is parsed first: handlers may answer when they have it.
   */
  private begin(head: RequestHead): void {
    const request = new HTTPRequest(this, head);
    const response = this.service.responseTo(this, request);
    this.response = response;
    this.requests += 1;
    this.stamp = this.service.timeouts.tick;
    const goesOn = callHandler(this.service.handler, response, this);
    if (response.ended ? goesOn : this.receivedBytes < contentBytes(head)) head.keep();
  }

  /** The request was answered and its content received. */
  private finish(response: HTTPResponse): void {
    this.response = undefined;
    const { parser } = this;
    if (!response.request.isComplete) this.closeEarly();
    else if (response.closes || this.service.draining || parser?.isDone === true) this.close();
    else if (parser?.bufferedBytes === 0) {
      if ((this.flags & INPUT_ENDED) !== 0) this.close();
      else {
        this.parser = undefined;
        this.service.returnParser(parser);
      }
    }
  }

  /** Called when nothing more can be parsed now: keeps what is needed later, and sets the timeout. */
  private settle(): void {
    const { response, parser, flags } = this;
    if ((flags & INPUT_ENDED) !== 0) {
      if (response === undefined) {
        if ((flags & WRITING_PAUSED) === 0) {
          this.close();
          return;
        }
      } else if (!response.ended) {
        response.inputEnded();
        // A listener of the signal may have answered.
        if (this.response !== response || response.ended) return;
      }
    }
    if (response !== undefined && !response.ended) response.request.head.keep();
    if (parser !== undefined && parser.bufferedBytes > 0) parser.keepRest();
    this.regulateReading();
    let phase = IDLE;
    if ((this.flags & WRITING_PAUSED) !== 0) phase = WRITE;
    else if (response === undefined) phase = parser === undefined ? IDLE : HEAD;
    else if ((this.flags & READING_PAUSED) === 0 && awaitsContent(response)) phase = CONTENT;
    if (phase !== this.phase) this.file(phase);
    else if (phase === IDLE) this.stamp = this.service.timeouts.tick;
  }

  private contentExpired(): void {
    const { response } = this;
    const { settings } = this.service;
    if (response === undefined) return;
    const next = afterContentTime(response, this.contentBefore, settings);
    if (next === 'wait') this.file(CONTENT);
    else if (next === 'close') this.close();
    else this.refuse(new HTTPTimeoutError('contentTimeoutMs', settings.contentTimeoutMs));
  }

  /** Whether the parser can continue only when more bytes arrive. It has limits of its own for what it keeps meanwhile. */
  private get needsBytes(): boolean {
    const { response, flags, service } = this;
    if (response === undefined) return (flags & WRITING_PAUSED) === 0;
    return needsContent(response, service.settings.maxDiscardedBytes);
  }

  private regulateReading(): void {
    const { maxPipelinedBytes } = this.service.settings;
    const isFull = this.receivedBytes >= maxPipelinedBytes && !this.needsBytes;
    if (isFull === ((this.flags & READING_PAUSED) !== 0)) return;
    this.flags ^= READING_PAUSED;
    if (isFull) this.open.pauseProducing();
    else this.open.resumeProducing();
  }

  private file(phase: number): void {
    const { timeouts, settings } = this.service;
    timeouts.remove(this);
    this.phase = phase;
    if (phase === CONTENT) this.contentBefore = this.response?.request.receivedBytes ?? 0;
    timeouts.add(this, timeLimitOf(phase, settings));
  }

  /**
   * Closes like {@link close} while the client is in the middle of a request, and may be sending the rest of it: RFC 9112 section 9.6.
   */
  protected closeEarly(): void {
    expectInput(this.open);
    this.close();
  }

  /** Closes when everything written was sent, which may not take longer than `writeTimeoutMs` without progress. */
  protected close(): void {
    this.flush();
    this.stopParsing();
    this.unsentBytes = this.open.bufferedBytes;
    this.open.loseConnection();
    if (this.open.connected) this.file(WRITE);
  }

  /** From now on nothing that arrives is parsed. */
  protected stopParsing(): void {
    this.flags |= CLOSING;
    this.parser = undefined;
    this.stopRegulating();
  }

  /** The request in progress, or the next one, is invalid or too slow: answers with the status of the error, and closes. */
  protected refuse(error: HTTPMessageError | HTTPTimeoutError): void {
    const { response } = this;
    this.response = undefined;
    if (response === undefined) refuseUnread(this, error.status);
    else if (response.state === 'content') this.abort();
    else if (response.state === 'head') refuseRequest(this, response, error.status);
    response?.lose(error);
    this.closeEarly();
  }
}
