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
import { ConnectionClosed } from '../core/errors/connection.js';
import { describeProtocol, type StreamProtocol, switchProtocol } from '../core/stream-protocol.js';
import type { Transport } from '../core/transport.js';
import { failConnection, onRejection } from '../defer/callback-result.js';
import { reportError } from '../internal/error-report.js';
import type { TimeoutEntry } from '../policies/idle-timeouts.js';
import { HTTPMessageError, HTTPSequenceError } from '../protocols/http/errors.js';
import type { RequestHead } from '../protocols/http/heads.js';
import type { RequestParser } from '../protocols/http/request-parser.js';
import { statusLine } from '../protocols/http/status.js';
import { ConnectionWriter, FIRST_FREE_FLAG, PARSING, WRITING_PAUSED } from './connection-writer.js';
import { BodyError, HTTPStatusError, HTTPTimeoutError } from './errors.js';
import { HTTPRequest, type RequestConnection } from './http-request.js';
import { errorText, HTTPResponse, type ResponseConnection } from './http-response.js';
import type { HTTPService, ServedConnection } from './http-service.js';
import { isServedProtocol, takeOver } from './upgrade.js';

/** What the timeout is for. While the handler works, it is that of an idle connection, and is filed again. */
const IDLE = 0;
const HEAD = 1;
const CONTENT = 2;
const WRITE = 3;

/** Flags. */
const READING_PAUSED = FIRST_FREE_FLAG;
const INPUT_ENDED = 2 * FIRST_FREE_FLAG;
const CLOSING = 4 * FIRST_FREE_FLAG;

const CONTINUE = `${statusLine(100)}\r\n`;

export class HTTPConnection
  extends ConnectionWriter
  implements StreamProtocol, TimeoutEntry, RequestConnection, ResponseConnection, ServedConnection
{
  previous: TimeoutEntry = this;
  next: TimeoutEntry = this;
  stamp = 0;
  ticks = 0;
  private readonly service: HTTPService;
  private parser: RequestParser | undefined = undefined;
  /** The response to the request in progress. */
  private response: HTTPResponse | undefined = undefined;
  /** The protocol that the connection was upgraded to. */
  private successor: StreamProtocol | undefined = undefined;
  private phase = HEAD;
  private requests = 0;
  /** Received bytes of content at the beginning of this period of `contentTimeoutMs`. */
  private contentBefore = 0;

  constructor(service: HTTPService) {
    super();
    this.service = service;
  }

  get acceptsLentBytes(): boolean {
    return this.successor === undefined || this.successor.acceptsLentBytes === true;
  }

  get unreadBytes(): number {
    return this.successor?.unreadBytes ?? 0;
  }

  get description(): string {
    const { successor, response } = this;
    if (successor !== undefined) return describeProtocol(successor);
    if (response === undefined || response.ended) return 'HTTP: idle';
    return `HTTP: ${response.request.method} ${response.request.path}`;
  }

  get peer(): Address {
    return this.open.getPeer();
  }

  get secure(): boolean {
    return this.open.tls !== undefined;
  }

  get dateLine(): string {
    return this.service.date.line;
  }

  get maxContentBytes(): number {
    return this.parser?.maxContentBytes ?? 0;
  }

  set maxContentBytes(value: number) {
    if (this.parser !== undefined) this.parser.maxContentBytes = value;
  }

  makeConnection(transport: Transport): void {
    this.transport = transport;
    this.service.connections.add(this);
    this.service.timeouts.add(this, this.service.settings.headTimeoutMs);
  }

  dataReceived(data: Buffer): unknown {
    if (this.successor !== undefined) return this.successor.dataReceived(data);
    if ((this.flags & CLOSING) !== 0) return undefined;
    this.parser ??= this.service.takeParser();
    this.parser.receive(data);
    this.advance();
    return undefined;
  }

  readConnectionLost(): unknown {
    const { successor } = this;
    if (successor !== undefined) {
      if (successor.readConnectionLost !== undefined) return successor.readConnectionLost();
      this.open.loseConnection();
      return undefined;
    }
    this.flags |= INPUT_ENDED;
    if (this.response === undefined && this.parser === undefined) this.close();
    else if ((this.flags & CLOSING) === 0) {
      this.parser?.endOfInput();
      this.advance();
    }
    return undefined;
  }

  writeConnectionLost(): unknown {
    return this.successor?.writeConnectionLost?.();
  }

  connectionLost(reason: Error): unknown {
    const { service, response, successor } = this;
    service.timeouts.remove(this);
    service.remove(this);
    this.flags |= CLOSING;
    this.parser = undefined;
    this.response = undefined;
    if (response !== undefined) {
      response.lose(reason);
      response.request.fail(reason);
    }
    return successor?.connectionLost(reason);
  }

  expired(): void {
    const { settings } = this.service;
    switch (this.phase) {
      case IDLE:
        if (this.response !== undefined) this.file(IDLE);
        else this.close();
        return;
      case HEAD:
        if (this.parser === undefined) this.close();
        else this.refuse(new HTTPTimeoutError('headTimeoutMs', settings.headTimeoutMs));
        return;
      case CONTENT:
        if (this.periodBytes < settings.minContentBytes) {
          this.refuse(new HTTPTimeoutError('contentTimeoutMs', settings.contentTimeoutMs));
        } else this.file(CONTENT);
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
    if (request.isComplete || request.isRead || !request.hasContent) return true;
    // Whether the client sends the content that it asked permission for is not known.
    if (head.expectsContinue && request.reader === undefined) return false;
    const rest = (head.contentLength ?? 0) - request.receivedBytes;
    return rest <= this.service.settings.maxDiscardedBytes;
  }

  responded(response: HTTPResponse): void {
    if ((this.flags & PARSING) === 0 && response === this.response) this.advance();
  }

  get bufferedBytes(): number {
    return this.transport?.bufferedBytes ?? 0;
  }

  whenDraining(callback: () => void): () => void {
    const { service } = this;
    if (service.draining) callback();
    else service.whenDraining.add(callback);
    return () => void service.whenDraining.delete(callback);
  }

  readerSet(): void {
    const { response } = this;
    if (response === undefined) return;
    const { head } = response.request;
    if (head.expectsContinue && !response.headSent && this.parser?.bufferedBytes === 0) {
      this.write(CONTINUE);
    }
    this.advance();
  }

  resumeContent(): void {
    this.advance();
  }

  upgrade(request: HTTPRequest, protocol: StreamProtocol, name: string | undefined): void {
    const { response, parser } = this;
    if (response?.request !== request || parser === undefined) {
      throw new HTTPSequenceError('the request was answered, or its connection has ended');
    }
    const head = takeOver(response, name);
    this.service.timeouts.remove(this);
    this.stopRegulating();
    this.flush();
    this.open.write(head);
    response.state = 'ended';
    this.response = undefined;
    this.parser = undefined;
    this.successor = protocol;
    const rest = Buffer.copyBytesFrom(parser.takeRest());
    request.head.keep();
    if ((this.flags & READING_PAUSED) !== 0) this.open.resumeProducing();
    if (isServedProtocol(protocol) && switchProtocol(this.open, this, protocol)) {
      this.service.replace(this, protocol);
    }
    protocol.makeConnection(this.open);
    if (rest.length > 0) protocol.dataReceived(rest);
  }

  /** Ends the connection when the request in progress, if any, was answered. */
  drain(): void {
    const { successor } = this;
    if (successor !== undefined) {
      if (isServedProtocol(successor)) successor.drain();
    } else if (this.response === undefined && this.parser === undefined) this.close();
  }

  abort(): void {
    this.transport?.abortConnection();
  }

  private get receivedBytes(): number {
    return this.parser?.bufferedBytes ?? 0;
  }

  /** The bytes of content that have arrived in this period of `contentTimeoutMs`. */
  private get periodBytes(): number {
    return (this.response?.request.receivedBytes ?? 0) - this.contentBefore;
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
    if ((this.flags & (PARSING | CLOSING)) !== 0 || this.successor !== undefined) return;
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
    if ((this.flags & CLOSING) === 0 && this.successor === undefined) this.settle();
  }

  private parse(): void {
    for (;;) {
      const { response, parser } = this;
      if (response === undefined) {
        if (parser === undefined || (this.flags & (WRITING_PAUSED | CLOSING)) !== 0) return;
        const event = parser.next();
        if (event === undefined) return;
        this.begin(parser.head);
        continue;
      }
      const { request } = response;
      if (request.isComplete || (response.ended && response.closes)) {
        if (!response.ended) return;
        this.finish(response);
        continue;
      }
      if (parser === undefined || !this.wantsContent(response)) return;
      const event = parser.next();
      if (event === undefined) return;
      if (event === 'data') this.contentReceived(response, parser.data);
      else request.complete(parser.trailers);
    }
  }

  /**
   * Parsing may end the validity of the head, so it is kept for handlers that are not finished. Content that has arrived as a
   * whole is parsed first: handlers may answer when they have it.
   */
  private begin(head: RequestHead): void {
    const request = new HTTPRequest(this, head);
    const response = new HTTPResponse(this, request);
    this.response = response;
    this.requests += 1;
    this.stamp = this.service.timeouts.tick;
    let goesOn = false;
    try {
      const result: unknown = this.service.handler(request, response);
      goesOn = result !== undefined;
      if (goesOn) onRejection(result, (error) => this.failed(response, error));
    } catch (error) {
      this.failed(response, error);
    }
    if (response.ended ? goesOn : this.receivedBytes < contentBytes(head)) head.keep();
  }

  /** The request was answered and its content received. */
  private finish(response: HTTPResponse): void {
    this.response = undefined;
    const { parser } = this;
    if (response.closes || this.service.draining || parser?.isDone === true) this.close();
    else if (parser?.bufferedBytes === 0) {
      if ((this.flags & INPUT_ENDED) !== 0) this.close();
      else {
        parser.keepRest();
        this.parser = undefined;
        this.service.returnParser(parser);
      }
    }
  }

  private wantsContent({ request, ended }: HTTPResponse): boolean {
    return request.reader?.wants ?? (ended || !request.hasContent);
  }

  private contentReceived(response: HTTPResponse, data: Buffer): void {
    const { request } = response;
    request.receivedBytes += data.length;
    if (request.isRead) {
      request.reader?.received(data);
      return;
    }
    request.discardedBytes += data.length;
    // The rest is not received: see `parse`.
    if (request.discardedBytes > this.service.settings.maxDiscardedBytes) response.closes = true;
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
        response.request.inputEnded();
        // Those who watch the signal may have answered.
        if (this.response !== response || response.ended) return;
      }
    }
    if (response !== undefined && !response.ended) response.request.head.keep();
    if (parser !== undefined && parser.bufferedBytes > 0) parser.keepRest();
    this.regulateReading();
    let phase = IDLE;
    if ((this.flags & WRITING_PAUSED) !== 0) phase = WRITE;
    else if (response === undefined) phase = parser === undefined ? IDLE : HEAD;
    else if (this.awaitsContent(response)) phase = CONTENT;
    if (phase !== this.phase) this.file(phase);
    else if (phase === IDLE) this.stamp = this.service.timeouts.tick;
  }

  private awaitsContent({ request, ended }: HTTPResponse): boolean {
    if (request.isComplete || (this.flags & READING_PAUSED) !== 0) return false;
    return ended || request.reader !== undefined;
  }

  private regulateReading(): void {
    const isFull = this.receivedBytes >= this.service.settings.maxPipelinedBytes;
    if (isFull === ((this.flags & READING_PAUSED) !== 0)) return;
    this.flags ^= READING_PAUSED;
    if (isFull) this.open.pauseProducing();
    else this.open.resumeProducing();
  }

  private file(phase: number): void {
    const { timeouts, settings } = this.service;
    timeouts.remove(this);
    this.phase = phase;
    if (phase === IDLE) timeouts.add(this, settings.idleTimeoutMs);
    else if (phase === HEAD) timeouts.add(this, settings.headTimeoutMs);
    else if (phase === WRITE) timeouts.add(this, settings.writeTimeoutMs);
    else {
      this.contentBefore = this.response?.request.receivedBytes ?? 0;
      timeouts.add(this, settings.contentTimeoutMs);
    }
  }

  /** Closes when everything written was sent, which may not take longer than `writeTimeoutMs` without progress. */
  private close(): void {
    this.flush();
    this.flags |= CLOSING;
    this.parser = undefined;
    this.stopRegulating();
    this.unsentBytes = this.open.bufferedBytes;
    this.open.loseConnection();
    if (this.open.connected) this.file(WRITE);
  }

  /** The handler has thrown, or its promise was rejected. */
  private failed(response: HTTPResponse, error: unknown): void {
    if (response.state === 'gone' && error instanceof ConnectionClosed) return;
    const status = statusOf(error);
    // If it is the reason of its signal, the handler gave up because the client has.
    if (status === undefined && error !== response.request.failure)
      reportError(error, 'HTTP handler', this.peer);
    if (response.ended) {
      if (this.successor !== undefined) failConnection(this.open, error, 'upgrade');
    } else if (response.headSent) this.abort();
    else response.sendError(status ?? 500);
  }

  /** The request in progress, or the next one, is invalid or too slow: answers with the status of the error, and closes. */
  private refuse(error: HTTPMessageError | HTTPTimeoutError): void {
    const { response } = this;
    this.response = undefined;
    if (response === undefined) this.writeError(error.status, true);
    else if (!response.ended) {
      if (response.headSent) this.abort();
      else this.writeError(error.status, response.request.method !== 'HEAD');
      response.lose(error);
      response.request.fail(error);
    }
    this.close();
  }

  private writeError(status: number, withText: boolean): void {
    const text = errorText(status);
    const fields = `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${text.length}\r\n`;
    const head = `${statusLine(status)}${this.dateLine}${fields}Connection: close\r\n\r\n`;
    this.write(withText ? head + text : head);
  }
}

/** The length of the content; infinite if it is not known. */
function contentBytes(head: RequestHead): number {
  return head.isChunked ? Number.POSITIVE_INFINITY : (head.contentLength ?? 0);
}

/** The status that an error asks for. Such errors are not reported: they are the client's fault, or an answer. */
function statusOf(error: unknown): number | undefined {
  return error instanceof HTTPStatusError ||
    error instanceof HTTPMessageError ||
    error instanceof HTTPTimeoutError ||
    error instanceof BodyError
    ? error.status
    : undefined;
}
