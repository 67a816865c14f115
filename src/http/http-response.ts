/** The response to one request, as a handler makes it. */
import { Buffer } from 'node:buffer';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { Deferred } from '../defer/deferred.js';
import { fail, succeed } from '../defer/succeed.js';
import { Waiters } from '../defer/waiters.js';
import { checkData, checkFunction, checkInteger } from '../internal/check.js';
import { HTTPContentLengthError } from '../protocols/http/errors.js';
import { responseFraming } from '../protocols/http/response-framing.js';
import { statusLine } from '../protocols/http/status.js';
import { type FieldValue, hasField, linesText } from './field-lines.js';
import { checkInformational } from './field-names.js';
import { ResponseEndings } from './response-endings.js';
import { ResponseFields, responseComplete } from './response-fields.js';
import { CRLF, checkLinks, encodedHead, informationalLines, UNKNOWN } from './response-head.js';
import type { ResponseLog } from './response-log.js';

type Pieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

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
  /** @internal If there is an access log. */
  log: ResponseLog | undefined = undefined;
  /** @internal Calls of {@link whenEnded} that are left. */
  endings: ResponseEndings | undefined = undefined;
  /** Calls of {@link drained}. */
  private waiting: Waiters<void> | undefined = undefined;

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
    this.prepare(length);
    this.state = 'ended';
    const hasContent = length > 0 && this.sendsContent;
    this.connection.writeWhole(this, length, hasContent ? content : undefined);
    this.log?.complete(this.code, this.sendsContent ? length : 0);
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
    const isFirst = this.state === 'head';
    if (isFirst) this.prepare(UNKNOWN);
    if (this.framing === 'length') this.count(length);
    if (isFirst) this.beginContent();
    if (length === 0 || !this.sendsContent) return !this.connection.isFull;
    if (this.log !== undefined) this.log.bytes += length;
    this.connection.writePiece(this, data, length);
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
    this.requireContent();
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
    this.requireContent();
    this.requireOpen();
    if (this.framing === 'length' && this.remaining > 0) {
      this.connection.abort();
      throw new HTTPContentLengthError(this.announced, this.announced - this.remaining);
    }
    this.state = 'ended';
    this.connection.writeEnd(this);
    this.log?.complete(this.code, 0);
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
    const lines = informationalLines(status, fields);
    if (this.state === 'gone') return;
    this.requireHead();
    if (this.request.version === '1.0') return;
    this.connection.writeInformational(status, linesText(lines));
  }

  /**
   * Sends 103 (RFC 8297).
   * @param links Values of Link fields, such as `</style.css>; rel=preload`, each as an argument.
   * @throws InvalidArgumentTypeError @throws as {@link inform}.
   */
  earlyHints(...links: string[]): void {
    checkLinks(links);
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
    const { fields, content } = this.connection.service.errorPage(status, this.request);
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
    return this.connection.service.onDraining(callback);
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
    const framing = responseFraming(this.request, status, contentLength !== UNKNOWN);
    this.code = status;
    if (framing === 'length') this.announced = this.remaining = contentLength;
    this.frame(framing);
    const { request, lines: own, closes, isAscii } = this;
    const head = { request, code: status, lines: own, framing, closes, isAscii };
    const relayed = { isAnnounced: true, isEmpty: false, trailerLines: undefined, relayed: lines };
    this.connection.writeRelayedHead({ ...head, ...relayed, hasDate }, contentLength);
    this.state = 'content';
  }

  /** @internal The names of the fields that were set, in lower case; undefined if there are none. */
  get namesOfFields(): readonly string[] | undefined {
    return this.lines?.map(({ lower }) => lower);
  }

  /** @internal Sends another server's informational response. @param lines As for {@link relayHead}. */
  relayInformational(status: number, lines: string): void {
    if (this.state !== 'head' || this.request.version === '1.0') return;
    this.connection.writeInformational(status, lines);
  }

  /** @internal The head of an answer with 101, or 200 after CONNECT. */
  upgradeHead(status: number, name: string | undefined): Buffer | string {
    this.requireHead();
    const lines = this.lines ?? [];
    checkInformational(lines);
    const upgrade = name === undefined ? '' : `Connection: Upgrade\r\nUpgrade: ${name}\r\n`;
    const date = status === 101 ? '' : this.connection.service.dateLine;
    return encodedHead(`${statusLine(status)}${date}${upgrade}${linesText(lines)}${CRLF}`);
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

  private get sendsContent(): boolean {
    return this.framing !== 'none' && this.framing !== 'dropped';
  }

  private requireOpen(): void {
    if (this.ended) throw responseComplete();
  }

  private requireContent(): void {
    if (this.state !== 'head') return;
    this.prepare(UNKNOWN);
    this.beginContent();
  }

  private beginContent(): void {
    this.connection.writeHead(this);
    this.state = 'content';
  }

  private count(length: number): void {
    if (length > this.remaining) {
      throw new HTTPContentLengthError(this.announced, this.announced - this.remaining + length);
    }
    this.remaining -= length;
  }
}
