/** The response to one request, as a handler makes it. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { Deferred } from '../defer/deferred.js';
import { checkData, checkInteger } from '../internal/check.js';
import {
  HTTPContentLengthError,
  HTTPSequenceError,
  InvalidHTTPOutputError,
} from '../protocols/http/errors.js';
import { statusLine } from '../protocols/http/status.js';
import {
  addLines,
  areAscii,
  checkFieldName,
  type FieldLine,
  type FieldValue,
  fieldLine,
  hasField,
  linesText,
} from './field-lines.js';
import type { HTTPRequest } from './http-request.js';

/** @internal The connection of a response. */
export interface ResponseConnection {
  /** The Date field line. */
  readonly dateLine: string;
  /** Whether more is unsent than a producer may add to. */
  readonly isFull: boolean;
  /** The unsent bytes of the connection. */
  readonly bufferedBytes: number;
  /** Whether the connection can be used for another request after this response. */
  keepsAlive(request: HTTPRequest): boolean;
  write(data: string | Uint8Array): void;
  /** Everything of the response was written. */
  responded(response: HTTPResponse): void;
  /** See {@link HTTPResponse.whenDraining}. */
  whenDraining(callback: () => void): () => void;
  abort(): void;
}

const CRLF = '\r\n';
const LAST_CHUNK = '0\r\n';

/**
 * A response is sent by {@link send} or {@link sendJSON} as a whole, or by any number of {@link write} and one {@link end}. Date,
 * Content-Length, Transfer-Encoding and Connection are set as needed. Content is not sent in answer to HEAD, nor with 204 and 304.
 *
 * If the connection ends, calls do nothing: see `request.signal`.
 */
export class HTTPResponse {
  /** @internal */
  state: 'head' | 'content' | 'ended' | 'gone' = 'head';
  /** @internal Whether the connection is closed after this response. */
  closes = false;
  /** @internal */
  readonly request: HTTPRequest;
  private readonly connection: ResponseConnection;
  private code = 200;
  private lines: FieldLine[] | undefined = undefined;
  private trailerLines: FieldLine[] | undefined = undefined;
  private framing: 'none' | 'length' | 'chunked' | 'close' = 'none';
  /** Of content that is announced by Content-Length and not written yet. */
  private remaining = 0;
  private announced = 0;
  private waiting: Deferred<void> | undefined = undefined;

  /** @internal */
  constructor(connection: ResponseConnection, request: HTTPRequest) {
    this.connection = connection;
    this.request = request;
  }

  /** The status code, 200 to 599; default 200. @throws HTTPSequenceError the head was sent. */
  get status(): number {
    return this.code;
  }

  set status(status: number) {
    this.requireHead();
    this.code = checkInteger('status', status, 200, 599);
  }

  /** Whether the head was written. */
  get headSent(): boolean {
    return this.state === 'content' || this.state === 'ended';
  }

  /** Whether the response is complete, or cannot be completed because the connection has ended. */
  get ended(): boolean {
    return this.state === 'ended' || this.state === 'gone';
  }

  /**
   * Sets a field, replacing all lines of it. An array becomes one line for each value. Of Connection, only `close` can be set.
   * @throws InvalidHTTPOutputError the name is not a token, or a value contains CR, LF, NUL or another control character, or a
   * character beyond Latin-1; or it is a field that the server sets.
   * @throws HTTPSequenceError the head was sent.
   */
  setField(name: string, value: FieldValue): this {
    this.requireHead();
    if (this.lines !== undefined) {
      const lower = checkFieldName(name);
      if (hasField(this.lines, lower)) this.lines = without(this.lines, lower);
    }
    return this.addField(name, value);
  }

  /** Adds a line to a field. @throws as {@link setField}. */
  addField(name: string, value: FieldValue): this {
    this.requireHead();
    if (typeof value === 'object') {
      for (const one of Array.isArray(value) ? value : [value]) this.addField(name, one as string);
      return this;
    }
    const line = fieldLine(name, value);
    if (SERVERS_FIELDS.has(line.lower) && this.isHandled(line)) return this;
    if (this.lines === undefined) this.lines = [line];
    else this.lines.push(line);
    return this;
  }

  /** @throws HTTPSequenceError the head was sent. */
  removeField(name: string): this {
    this.requireHead();
    this.lines = without(this.lines ?? [], checkFieldName(name));
    return this;
  }

  /** The values of the lines of a field that was set. */
  fields(name: string): string[] {
    const lower = checkFieldName(name);
    return (this.lines ?? []).filter((line) => line.lower === lower).map(({ value }) => value);
  }

  /**
   * Sends the whole response.
   * @param content Bytes, or text, which is sent as UTF-8. Bytes of 16 KiB or more are kept by reference until they are sent.
   * @throws InvalidArgumentTypeError `content` is neither. @throws HTTPSequenceError the head was sent.
   */
  send(content: string | Uint8Array = ''): void {
    if (this.state === 'gone') return;
    this.requireHead();
    checkData(content);
    const length = typeof content === 'string' ? Buffer.byteLength(content) : content.length;
    const head = this.head(length);
    this.state = 'ended';
    if (!this.sendsContent || length === 0) this.writeHead(head);
    else if (typeof content === 'string' && this.isAscii) this.connection.write(head + content);
    else {
      this.writeHead(head);
      this.connection.write(content);
    }
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
   * is kept in memory.
   * @throws InvalidArgumentTypeError `data` is neither text nor bytes.
   * @throws HTTPContentLengthError more than was announced. @throws HTTPSequenceError the response is complete.
   */
  write(data: string | Uint8Array): boolean {
    checkData(data);
    if (this.state === 'gone') return true;
    if (this.state === 'ended') throw new HTTPSequenceError('the response is complete');
    const length = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
    const head = this.state === 'head' ? this.head(-1) : undefined;
    if (this.framing === 'length') this.count(length);
    if (head !== undefined) this.beginContent(head);
    if (length === 0 || !this.sendsContent) return !this.connection.isFull;
    if (this.framing !== 'chunked') this.connection.write(data);
    else if (typeof data === 'string') {
      this.connection.write(`${length.toString(16)}\r\n${data}\r\n`);
    } else {
      this.connection.write(`${length.toString(16)}\r\n`);
      this.connection.write(data);
      this.connection.write(CRLF);
    }
    return !this.connection.isFull;
  }

  /** Fires when everything written was sent, at once if the client keeps up; fails if the connection ends. */
  drained(): Deferred<void> {
    if (this.waiting !== undefined) {
      const { waiting } = this;
      const done = new Deferred<void>();
      waiting.addBoth((result) => {
        done.callback(result as never);
        return result as never;
      });
      return done;
    }
    const drained = new Deferred<void>();
    if (this.connection.isFull && this.state === 'content') this.waiting = drained;
    else drained.callback(undefined);
    return drained;
  }

  /**
   * Sends all pieces, each when the client has taken the ones before, then completes the response. The iteration is left
   * if the connection ends.
   */
  async sendFrom(
    pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  ): Promise<void> {
    for await (const piece of pieces) {
      if (this.state === 'gone') return;
      if (!this.write(piece)) await this.drained();
    }
    this.end();
  }

  /**
   * Sets a field of the trailer section, which follows chunked content. It is not sent if the content is not chunked.
   * @throws InvalidHTTPOutputError @throws HTTPSequenceError the response is complete.
   */
  setTrailer(name: string, value: FieldValue): this {
    const lower = checkFieldName(name);
    if (this.state === 'ended') throw new HTTPSequenceError('the response is complete');
    if (HEAD_FIELDS.has(lower)) {
      throw new InvalidHTTPOutputError(`trailer field ${name}`, 'belongs into the head');
    }
    const kept = without(this.trailerLines ?? [], lower);
    addLines(kept, name, value);
    this.trailerLines = kept;
    return this;
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
    if (this.state === 'head') this.beginContent(this.head(-1));
    if (this.state === 'ended') throw new HTTPSequenceError('the response is complete');
    if (this.framing === 'length' && this.remaining > 0 && this.sendsContent) {
      this.connection.abort();
      throw new HTTPContentLengthError(this.announced, this.announced - this.remaining);
    }
    this.state = 'ended';
    if (this.framing === 'chunked' && this.sendsContent) {
      const trailers = this.trailerLines ?? [];
      const last = `${LAST_CHUNK}${linesText(trailers)}${CRLF}`;
      this.connection.write(areAscii(trailers) ? last : Buffer.from(last, 'latin1'));
    }
    this.connection.responded(this);
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
    if (this.state === 'gone') return;
    this.requireHead();
    if (this.request.version === '1.0') return;
    this.connection.write(Buffer.from(`${statusLine(status)}${linesText(lines)}${CRLF}`, 'latin1'));
  }

  /** Sends 103 (RFC 8297) with the values of Link fields. @throws as {@link inform}. */
  earlyHints(...links: string[]): void {
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
    this.setField('Content-Type', 'text/plain; charset=utf-8');
    this.send(errorText(status));
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

  /** @internal Replaces what the handler prepared. */
  sendError(status: number): void {
    this.lines = undefined;
    this.trailerLines = undefined;
    this.sendStatus(status);
  }

  /** @internal The head of an answer with 101, or 200 after CONNECT. */
  upgradeHead(status: number, name: string | undefined): Buffer {
    this.requireHead();
    const upgrade = name === undefined ? '' : `Connection: Upgrade\r\nUpgrade: ${name}\r\n`;
    const date = status === 101 ? '' : this.connection.dateLine;
    const text = `${statusLine(status)}${date}${upgrade}${linesText(this.lines ?? [])}${CRLF}`;
    return Buffer.from(text, 'latin1');
  }

  /** @internal Everything written was sent. */
  drain(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.callback(undefined);
  }

  /** @internal The connection has ended, or the server has answered itself. */
  lose(reason: unknown): void {
    this.state = 'gone';
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.errback(reason);
  }

  private get sendsContent(): boolean {
    return !hasNoContent(this.code) && this.request.method !== 'HEAD';
  }

  private get isAscii(): boolean {
    return this.lines === undefined || areAscii(this.lines);
  }

  private requireHead(): void {
    if (this.headSent) throw new HTTPSequenceError('the head of the response was sent');
  }

  /** Checks the fields that decide about framing and the connection. @returns Whether the server adds it itself. */
  private isHandled({ lower, value }: FieldLine): boolean {
    if (lower === 'content-length') {
      if (/^\d{1,15}$/.test(value) && !hasField(this.lines ?? [], lower)) return false;
      throw new InvalidHTTPOutputError('field Content-Length', 'is not one whole number');
    }
    // RFC 9110 section 15.5.22: the answer names the protocol to use.
    if (lower === 'upgrade' && this.code === 426) return false;
    if (lower !== 'connection' || value.toLowerCase() !== 'close') {
      throw new InvalidHTTPOutputError(`field ${lower}`, 'is set by the server');
    }
    this.closes = true;
    return true;
  }

  private writeHead(head: string): void {
    this.connection.write(this.isAscii ? head : Buffer.from(head, 'latin1'));
  }

  /** @param length Of the content; -1 if it is not known. */
  private head(length: number): string {
    const { lines, request, code } = this;
    if (!this.connection.keepsAlive(request)) this.closes = true;
    const announced = lines !== undefined && hasField(lines, 'content-length');
    if (announced) this.announce(length);
    else if (length === -1) this.framing = request.version === '1.1' ? 'chunked' : 'close';
    if (this.framing === 'close' && this.sendsContent) this.closes = true;
    let head = statusLine(code);
    if (lines === undefined || !hasField(lines, 'date')) head += this.connection.dateLine;
    if (lines !== undefined) head += linesText(lines);
    if (!announced && code !== 204 && code !== 304) {
      if (length !== -1) head += `Content-Length: ${length}\r\n`;
      else if (this.framing === 'chunked') head += 'Transfer-Encoding: chunked\r\n';
    }
    if (code === 426) head += 'Connection: Upgrade\r\n';
    if (this.closes) head += 'Connection: close\r\n';
    else if (request.version === '1.0') head += 'Connection: keep-alive\r\n';
    return head + CRLF;
  }

  private announce(length: number): void {
    const [value] = this.fields('content-length');
    this.announced = Number(value);
    this.remaining = this.announced;
    this.framing = 'length';
    if (length !== -1 && length !== this.announced && this.sendsContent) {
      throw new HTTPContentLengthError(this.announced, length);
    }
  }

  private beginContent(head: string): void {
    this.writeHead(head);
    this.state = 'content';
  }

  private count(length: number): void {
    if (length > this.remaining && this.sendsContent) {
      throw new HTTPContentLengthError(this.announced, this.announced - this.remaining + length);
    }
    this.remaining -= length;
  }
}

const SERVERS_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** RFC 9110 section 6.5.1. */
const HEAD_FIELDS: ReadonlySet<string> = new Set([
  ...SERVERS_FIELDS,
  'content-encoding',
  'content-range',
  'content-type',
  'date',
  'host',
  'set-cookie',
]);

function without(lines: readonly FieldLine[], lower: string): FieldLine[] {
  return lines.filter((line) => line.lower !== lower);
}

/** Whether responses with this status never have content (RFC 9110 section 6.4.1). */
function hasNoContent(status: number): boolean {
  return status === 204 || status === 304;
}

/** The content of an answer that the server gives itself. */
export function errorText(status: number): string {
  return statusLine(status).slice('HTTP/1.1 '.length).replace(CRLF, '\n');
}
