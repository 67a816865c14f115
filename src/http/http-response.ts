/** The response to one request, as a handler makes it. */
import { Buffer } from 'node:buffer';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { Deferred } from '../defer/deferred.js';
import { fail, succeed } from '../defer/succeed.js';
import { Waiters } from '../defer/waiters.js';
import { checkData, checkFunction, checkInteger } from '../internal/check.js';
import { HTTPContentLengthError } from '../protocols/http/errors.js';
import { isASCIIText } from '../protocols/http/octets.js';
import { type Framing, isTunnel, responseFraming } from '../protocols/http/response-framing.js';
import { statusLine } from '../protocols/http/status.js';
import { conditionalStatus } from './conditional.js';
import type { ErrorPage } from './error-pages.js';
import {
  addLines,
  areAscii,
  type FieldLine,
  type FieldValue,
  hasField,
  linesText,
} from './field-lines.js';
import type { HTTPRequest } from './http-request.js';
import { ResponseEndings } from './response-endings.js';
import {
  checkInformational,
  ResponseFields,
  responseComplete,
  without,
} from './response-fields.js';
import type { ResponseLog } from './response-log.js';

/** @internal The connection of a response. */
export interface ResponseConnection {
  /** The Date field line. */
  readonly dateLine: string;
  /** Whether more is unsent than a producer may add to. */
  readonly isFull: boolean;
  /** The unsent bytes of the connection. */
  readonly bufferedBytes: number;
  /** The time in milliseconds since 1970. */
  readonly wallTime: number;
  /** Whether the connection can be used for another request after this response. */
  keepsAlive(request: HTTPRequest): boolean;
  write(data: string | Uint8Array): void;
  /** {@link SendsFiles.sendFile}. */
  writeFile(fd: number, position: number, length: number): boolean;
  /** The content of an answer with an error. */
  errorPage(status: number, request: HTTPRequest): ErrorPage;
  /** Everything of the response was written. */
  responded(response: HTTPResponse): void;
  /** See {@link HTTPResponse.whenDraining}. */
  whenDraining(callback: () => void): () => void;
  abort(): void;
}

type Pieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

const CRLF = '\r\n';
const LAST_CHUNK = '0\r\n';
/** The length of content that is not known when the head is written. */
const UNKNOWN = -1;
/** RFC 9110 section 15.3.6: it has no content, but not by definition. */
const RESET_CONTENT = 205;

export const OBJECTS_HINT = 'send objects with sendJSON';

/**
 * A response is sent by {@link send} or {@link sendJSON} as a whole, or by any number of {@link write} and one {@link end}. Date,
 * Content-Length, Transfer-Encoding and Connection are set as needed. Content is not sent in answer to HEAD, nor with 204, 205 and
 * 304. A 200 to GET or HEAD for which ETag or Last-Modified were set becomes 304 if the client has that representation, and 412 without
 * content if it has another and requires this one (RFC 9110 section 13). A response to CONNECT with 200 to 299 has no content, and ends
 * the connection: see `request.upgrade`.
 *
 * If the connection ends, calls do nothing: see `request.signal`.
 */
export class HTTPResponse extends ResponseFields {
  /** @internal */
  state: 'head' | 'content' | 'ended' | 'upgraded' | 'gone' = 'head';
  /** @internal */
  readonly request: HTTPRequest;
  /** @internal If there is an access log. */
  log: ResponseLog | undefined = undefined;
  protected readonly connection: ResponseConnection;
  private framing: Framing = 'none';
  /** Of content that is announced by Content-Length and not written yet. */
  private remaining = 0;
  private announced = 0;
  /** @internal Calls of {@link whenEnded} that are left. */
  endings: ResponseEndings | undefined = undefined;
  /** Calls of {@link drained}. */
  private waiting: Waiters<void> | undefined = undefined;

  /** @internal */
  constructor(connection: ResponseConnection, request: HTTPRequest) {
    super();
    this.connection = connection;
    this.request = request;
  }

  override get headSent(): boolean {
    return this.state !== 'head' && this.state !== 'gone';
  }

  override get ended(): boolean {
    return this.state !== 'head' && this.state !== 'content';
  }

  /** @internal Whether the handler has passed the whole response. */
  get isAnswered(): boolean {
    return this.ended;
  }

  /** @internal Whether {@link drained} has not fired yet. */
  get isWaiting(): boolean {
    return this.waiting !== undefined && this.waiting.size > 0;
  }

  /**
   * Sends the whole response.
   * @param content Bytes, or text, which is sent as UTF-8. Bytes of 16 KiB or more are kept by reference until they are sent.
   * @throws InvalidArgumentTypeError `content` is neither. @throws HTTPSequenceError the head was sent.
   */
  send(content: string | Uint8Array = ''): void {
    if (this.state === 'gone') return;
    this.requireHead();
    checkData(content, 'content', OBJECTS_HINT);
    if (this.trailerLines !== undefined) {
      this.end(content);
      return;
    }
    const length = typeof content === 'string' ? Buffer.byteLength(content) : content.length;
    const head = this.head(length);
    this.state = 'ended';
    if (!this.sendsContent || length === 0) this.passHead(head);
    else if (typeof content === 'string' && this.isAscii) this.connection.write(head + content);
    else {
      this.passHead(head);
      this.connection.write(content);
    }
    if (this.log !== undefined) this.logEnd(this.sendsContent ? length : 0);
    this.endings?.end();
    this.connection.responded(this);
  }

  /**
   * Sends the whole response as JSON, with `Content-Type: application/json` unless that was set.
   * @throws TypeError as `JSON.stringify` does. @throws HTTPSequenceError the head was sent.
   */
  sendJSON(value: unknown): void {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new InvalidArgumentTypeError('value', 'a JSON value', value);
    if (this.state === 'gone') return;
    this.requireHead();
    if (!hasField(this.lines ?? [], 'content-type'))
      this.addField('Content-Type', 'application/json');
    this.send(text);
  }

  /**
   * Sends a piece of the content, after the head if this is the first. The content is chunked unless Content-Length was set; to
   * clients of HTTP/1.0 it ends with the connection.
   *
   * @returns Whether the client keeps up. If not, await {@link drained} before the next piece: whatever is written meanwhile
   * is kept in memory. False if the connection has ended.
   * @throws InvalidArgumentTypeError `data` is neither text nor bytes.
   * @throws HTTPContentLengthError more than was announced. @throws HTTPSequenceError the response is complete.
   */
  write(data: string | Uint8Array): boolean {
    checkData(data);
    if (this.state === 'gone') return false;
    this.requireOpen();
    const length = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
    const head = this.state === 'head' ? this.head(UNKNOWN) : undefined;
    if (this.framing === 'length') this.count(length);
    if (head !== undefined) this.beginContent(head);
    if (length === 0 || !this.sendsContent) return !this.connection.isFull;
    if (this.log !== undefined) this.log.bytes += length;
    if (this.framing !== 'chunked') this.connection.write(apart(data));
    else if (typeof data === 'string') {
      this.connection.write(`${length.toString(16)}\r\n${data}\r\n`);
    } else {
      this.connection.write(`${length.toString(16)}\r\n`);
      this.connection.write(data);
      this.connection.write(CRLF);
    }
    return !this.connection.isFull;
  }

  /**
   * @internal Sends bytes of an open file as a piece of the content, without reading them.
   * @returns As {@link write}; undefined, and nothing is sent but the head, if they must be read and written.
   * @throws As {@link write}. A file that ends before resets the connection.
   */
  writeFile(fd: number, position: number, length: number): boolean | undefined {
    if (this.state === 'gone') return false;
    this.requireOpen();
    if (this.state === 'head') this.beginContent(this.head(UNKNOWN));
    if (this.framing !== 'length' || length > this.remaining) return undefined;
    if (!this.connection.writeFile(fd, position, length)) return undefined;
    this.remaining -= length;
    if (this.log !== undefined) this.log.bytes += length;
    return !this.connection.isFull;
  }

  /**
   * Fires when everything written was sent, at once if the client keeps up or the response is complete. Fails with the reason if the
   * connection ends, or has ended before the response was complete.
   */
  drained(): Deferred<void> {
    if (this.state === 'gone') return fail(this.request.failure);
    if (!this.connection.isFull || this.ended) return succeed(undefined);
    this.waiting ??= new Waiters();
    return this.waiting.add();
  }

  /**
   * Sends all pieces, each when the client has taken the ones before, then completes the response. The iteration is left
   * if the connection ends.
   *
   * @returns Fires when the response is complete or the connection has ended. Fails with the error of the iterable, which is reported if
   * nobody handles it: return or await it in the handler, which then resets the connection. Cancelling it does not stop the sending.
   */
  sendFrom(pieces: Pieces): Deferred<void> {
    return Deferred.fromPromise(this.sendPieces(pieces));
  }

  private async sendPieces(pieces: Pieces): Promise<void> {
    for await (const piece of pieces) {
      if (this.state === 'gone') return;
      if (!this.write(piece)) await this.drained();
    }
    this.end();
  }

  /**
   * Completes the response, with a last piece of content if it is given.
   * @throws HTTPContentLengthError less was written than announced: the connection is reset. @throws HTTPSequenceError
   */
  end(data?: string | Uint8Array): void {
    if (this.state === 'gone') return;
    if (this.state === 'head' && this.trailerLines === undefined) {
      this.send(data);
      return;
    }
    if (data !== undefined) this.write(data);
    if (this.state === 'head') this.beginContent(this.head(UNKNOWN));
    this.requireOpen();
    if (this.framing === 'length' && this.remaining > 0) {
      this.connection.abort();
      throw new HTTPContentLengthError(this.announced, this.announced - this.remaining);
    }
    this.state = 'ended';
    if (this.framing === 'chunked') {
      const trailers = this.trailerLines ?? [];
      const last = `${LAST_CHUNK}${linesText(trailers)}${CRLF}`;
      this.connection.write(areAscii(trailers) ? last : Buffer.from(last, 'latin1'));
    }
    if (this.log !== undefined) this.logEnd(0);
    this.endings?.end();
    this.connection.responded(this);
  }

  /**
   * Calls a function once: when the response is complete, or cannot be completed because the connection has ended; at once if so. After
   * an upgrade it is called at the end of the connection. Errors that it throws are reported.
   * @throws InvalidArgumentTypeError @throws HTTPSequenceError the connection was upgraded before the first call.
   */
  whenEnded(callback: () => void): void {
    if (this.state === 'upgraded' && this.endings === undefined) throw responseComplete();
    checkFunction('callback', callback);
    this.endings ??= new ResponseEndings();
    this.endings.add(callback);
    if (this.state === 'ended' || this.state === 'gone') this.endings.end();
  }

  /**
   * Sends an informational response in front of the final one. Clients of HTTP/1.0 receive none.
   * @param status 102 to 199.
   * @throws HTTPSequenceError the head was sent. @throws InvalidHTTPOutputError
   */
  inform(status: number, fields: Readonly<Record<string, FieldValue>> = {}): void {
    checkInteger('status', status, 102, 199);
    const lines: FieldLine[] = [];
    for (const [name, value] of Object.entries(fields)) addLines(lines, name, value);
    checkInformational(lines);
    if (this.state === 'gone') return;
    this.requireHead();
    if (this.request.version === '1.0') return;
    this.connection.write(Buffer.from(`${statusLine(status)}${linesText(lines)}${CRLF}`, 'latin1'));
  }

  /**
   * Sends 103 (RFC 8297).
   * @param links Values of Link fields, such as `</style.css>; rel=preload`, each as an argument.
   * @throws InvalidArgumentTypeError @throws as {@link inform}.
   */
  earlyHints(...links: string[]): void {
    for (const link of links) {
      if (typeof link !== 'string') {
        const expected = 'a string such as "</style.css>; rel=preload", as an argument of its own';
        throw new InvalidArgumentTypeError('each link', expected, link);
      }
    }
    this.inform(103, { Link: links });
  }

  /**
   * Sends the whole response, with the content that the server's own answers with this status have. Fields that were set are sent.
   * @param status 400 to 599.
   * @throws HTTPSequenceError the head was sent.
   */
  sendStatus(status: number): void {
    if (this.state === 'gone') return;
    this.requireHead();
    this.code = checkInteger('status', status, 400, 599);
    const { fields, content } = this.connection.errorPage(status, this.request);
    for (const [name, value] of fields) this.setField(name, value);
    this.send(content);
  }

  /** @internal The unsent bytes of the connection. Counting them is expensive. */
  get unsentBytes(): number {
    return this.state === 'content' ? this.connection.bufferedBytes : 0;
  }

  /**
   * @internal Calls a function when the server drains, at once if it does: for responses that have no end of their own.
   * @returns Cancels it.
   */
  whenDraining(callback: () => void): () => void {
    return this.connection.whenDraining(callback);
  }

  /** @internal Resets the connection. */
  abort(): void {
    if (!this.ended) this.connection.abort();
  }

  /** @internal Replaces what the handler prepared, except lasting fields. */
  sendError(status: number, field?: readonly [name: string, value: string]): void {
    this.lines = this.lastingLines?.slice();
    this.trailerLines = undefined;
    this.code = status;
    if (field !== undefined) this.setField(...field);
    this.sendStatus(status);
  }

  /** @internal The server has answered in place of the handler, whose later calls therefore do nothing. */
  disown(reason: unknown): void {
    if (this.state === 'ended') this.state = 'gone';
    this.request.failure ??= reason;
  }

  /**
   * @internal Sends the head of another server's response, and the fields that were set here. Conditions of the request have no effect:
   * that server has evaluated them.
   * @param lines Valid field lines, each with its CRLF, without those of framing and of the connection.
   * @param contentLength Of the content; -1 if it is not known.
   * @param hasDate Whether `lines` have Date.
   */
  relayHead(status: number, lines: string, contentLength: number, hasDate: boolean): void {
    if (this.state === 'gone') return;
    this.requireHead();
    const { request, connection } = this;
    const isKnown = contentLength !== UNKNOWN;
    const framing = responseFraming(request, status, isKnown);
    this.code = status;
    this.framing = framing;
    if (framing === 'length') this.announced = this.remaining = contentLength;
    if (framing === 'close' || !connection.keepsAlive(request)) this.closes = true;
    let head = statusLine(status) + lines;
    if (this.lines !== undefined) head += linesText(without(this.lines, 'content-length'));
    if (!hasDate) head += connection.dateLine;
    if (framing === 'chunked') head += 'Transfer-Encoding: chunked\r\n';
    else if (isKnown && status !== 204) head += `Content-Length: ${contentLength}\r\n`;
    if (this.closes) head += 'Connection: close\r\n';
    else if (request.version === '1.0') head += 'Connection: keep-alive\r\n';
    head += CRLF;
    connection.write(isASCIIText(head) ? head : Buffer.from(head, 'latin1'));
    this.state = 'content';
  }

  /** @internal The names of the fields that were set, in lower case; undefined if there are none. */
  get namesOfFields(): readonly string[] | undefined {
    return this.lines?.map(({ lower }) => lower);
  }

  /** @internal Sends another server's informational response. @param lines As for {@link relayHead}. */
  relayInformational(status: number, lines: string): void {
    if (this.state !== 'head' || this.request.version === '1.0') return;
    const head = `${statusLine(status)}${lines}${CRLF}`;
    this.connection.write(isASCIIText(head) ? head : Buffer.from(head, 'latin1'));
  }

  /** @internal The head of an answer with 101, or 200 after CONNECT. */
  upgradeHead(status: number, name: string | undefined): Buffer | string {
    this.requireHead();
    const lines = this.lines ?? [];
    checkInformational(lines);
    const upgrade = name === undefined ? '' : `Connection: Upgrade\r\nUpgrade: ${name}\r\n`;
    const date = status === 101 ? '' : this.connection.dateLine;
    return this.encoded(`${statusLine(status)}${date}${upgrade}${linesText(lines)}${CRLF}`);
  }

  /** @internal The client has closed its side before the answer was complete. */
  inputEnded(): void {
    this.request.inputEnded();
  }

  /** @internal Everything written was sent. */
  drain(): void {
    this.takeWaiting()?.fireAll((drained) => drained.callback(undefined));
  }

  /** @internal The connection has ended, or the server has answered itself. */
  lose(reason: unknown): void {
    const wasComplete = this.ended;
    if (!wasComplete) {
      this.log?.end(this.state === 'content' ? this.code : undefined, true);
      this.state = 'gone';
    }
    this.endings?.end();
    this.request.fail(reason, wasComplete);
    this.takeWaiting()?.fireAll((drained) => drained.errback(reason));
  }

  /** Those that are added while they are fired wait for the next time. */
  private takeWaiting(): Waiters<void> | undefined {
    const { waiting } = this;
    this.waiting = undefined;
    return waiting;
  }

  /** Known when the head was made. */
  private get sendsContent(): boolean {
    return this.framing !== 'none' && this.framing !== 'dropped';
  }

  private get isAscii(): boolean {
    return this.lines === undefined || areAscii(this.lines);
  }

  private passHead(head: string): void {
    this.connection.write(this.encoded(head));
  }

  /** Text of ASCII is written faster as such; values of fields are Latin-1. */
  private encoded(head: string): Buffer | string {
    return this.isAscii ? head : Buffer.from(head, 'latin1');
  }

  private requireOpen(): void {
    if (this.ended) throw responseComplete();
  }

  /** The status that the conditions of the request make of this one. The validators are those that were set. */
  protected get conditionalStatus(): number {
    if (!this.hasValidator || this.code !== 200) return this.code;
    const [entityTag] = this.fields('etag');
    const [lastModified] = this.fields('last-modified');
    return conditionalStatus(this.request, entityTag, lastModified, this.connection.wallTime);
  }

  private logEnd(bytes: number): void {
    const { log } = this;
    if (log === undefined) return;
    log.bytes += bytes;
    log.end(this.code);
  }

  /** @param length Of the content, or {@link UNKNOWN}. */
  private head(length: number): string {
    const status = this.conditionalStatus;
    const isChanged = status !== this.code;
    if (isChanged) this.becomeConditional(status as 304 | 412);
    const { lines, request, code } = this;
    const isEmpty = code === RESET_CONTENT || (isChanged && code === 412);
    const announced = lines !== undefined && hasField(lines, 'content-length');
    const framing = isEmpty
      ? 'none'
      : responseFraming(request, code, announced || length !== UNKNOWN);
    this.framing = framing;
    if (announced && framing === 'length') this.announce(length);
    if (framing === 'close' || !this.connection.keepsAlive(request)) this.closes = true;
    let head = statusLine(code);
    if (lines === undefined || !hasField(lines, 'date')) head += this.connection.dateLine;
    if (lines !== undefined) head += linesText(framing === 'none' ? this.withoutLength() : lines);
    if (framing === 'none') {
      if (isTunnel(request, code)) this.closes = true;
      else if (isEmpty) head += 'Content-Length: 0\r\n';
    } else if (!announced) {
      if (length !== UNKNOWN) head += `Content-Length: ${length}\r\n`;
      else if (framing !== 'close' && request.version === '1.1')
        head += `Transfer-Encoding: chunked\r\n${this.trailerAnnouncement()}`;
    }
    if (code === 426) head += 'Connection: Upgrade\r\n';
    if (this.closes) head += 'Connection: close\r\n';
    else if (request.version === '1.0') head += 'Connection: keep-alive\r\n';
    return head + CRLF;
  }

  /** The Trailer field (RFC 9110 section 6.6.2), with the names of the trailer fields that are set before the head is sent. */
  private trailerAnnouncement(): string {
    if (this.trailerLines === undefined) return '';
    return `Trailer: ${[...new Set(this.trailerLines.map(({ lower }) => lower))].join(', ')}${CRLF}`;
  }

  /** With 304, Content-Length is that of the answer to a GET (RFC 9110 section 8.6); without content otherwise, it is forbidden. */
  private withoutLength(): readonly FieldLine[] {
    const lines = this.lines ?? [];
    return this.code === 304 ? lines : without(lines, 'content-length');
  }

  private announce(length: number): void {
    const [value] = this.fields('content-length');
    this.announced = Number(value);
    this.remaining = this.announced;
    if (length !== UNKNOWN && length !== this.announced) {
      throw new HTTPContentLengthError(this.announced, length);
    }
  }

  private beginContent(head: string): void {
    this.passHead(head);
    this.state = 'content';
  }

  private count(length: number): void {
    if (length > this.remaining) {
      throw new HTTPContentLengthError(this.announced, this.announced - this.remaining + length);
    }
    this.remaining -= length;
  }
}

/**
 * Texts are gathered. One that begins with a low surrogate, behind one that ends with a high surrogate, would become another
 * character, with another length.
 */
function apart(data: string | Uint8Array): string | Uint8Array {
  if (typeof data !== 'string') return data;
  const first = data.charCodeAt(0);
  return first >= 0xdc00 && first <= 0xdfff ? Buffer.from(data) : data;
}
