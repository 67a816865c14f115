/** Serializes responses: the server's side of a connection. */
import { checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { HTTPContentLengthError, HTTPSequenceError } from './errors.js';
import {
  checkText,
  type FieldBlock,
  fieldBlock,
  type HTTPFields,
  NO_FIELDS,
} from './field-block.js';
import { contentBytes, type HTTPContent, MessageSerializer } from './message-serializer.js';
import { isTunnel, mayHaveContent, responseFraming } from './response-framing.js';
import { statusLine } from './status.js';

/** The parts of a request on which the form of its response depends: a `RequestHead` is one. */
export interface AnsweredRequest {
  readonly method: string;
  readonly version: string;
  /** Whether the client keeps the connection. */
  readonly keepsAlive: boolean;
}

export interface ResponseHeadOptions {
  /** The length of the content in bytes. Default: that of Content-Length; without it, the content is chunked. */
  readonly contentLength?: number | undefined;
  /** Default the standard one. May be empty. */
  readonly reason?: string | undefined;
  /** The value of Date, unless the fields have it. Default none. */
  readonly date?: string | undefined;
}

const OPTIONS: OptionNames<ResponseHeadOptions> = { contentLength: true, reason: true, date: true };
const MAX_STATUS = 999;
const UNKNOWN = -1;

/**
 * For each request call {@link begin}, any number of {@link informational}, then {@link respond}, or {@link head}, any number of
 * `write`, and `end`. It adds Content-Length or Transfer-Encoding, and Connection.
 *
 * A response to HEAD has the head that GET would have; its content is not sent. Clients with HTTP/1.0 get neither
 * chunked content (it ends with the connection) nor informational responses nor trailers.
 */
export class ResponseSerializer extends MessageSerializer {
  private request: AnsweredRequest | undefined = undefined;
  private mustClose = false;
  private keeps = true;
  /** The last value of Date, which has been validated. */
  private date = '';

  /** Whether the connection can have another message after the response whose head was written last. */
  get keepsAlive(): boolean {
    return this.keeps;
  }

  /**
   * The next response answers this request. Its fields are read until the head has been written.
   * @throws HTTPSequenceError the previous request is not answered completely, or its response ended the connection.
   */
  begin(request: AnsweredRequest): void {
    this.checkNotOpen();
    if (this.request !== undefined) throw new HTTPSequenceError('an HTTP request is not answered');
    if (!this.keeps) throw new HTTPSequenceError('the previous HTTP response ended the connection');
    this.request = request;
  }

  /** The next head announces that the connection ends behind its response. */
  closeAfterwards(): void {
    this.mustClose = true;
  }

  /**
   * Sends an informational response, such as 100 or 103, not 101, which is final. Clients with HTTP/1.0 get none.
   * @throws HTTPSequenceError, InvalidHTTPOutputError, InvalidArgumentValueError
   */
  informational(status: number, fields: HTTPFields = NO_FIELDS): void {
    const request = this.openRequest();
    checkInteger('status', status, 100, 199);
    if (status === 101) throw new HTTPSequenceError('101 is a final response: send it by head');
    const block = fieldBlock(fields);
    if (block.contentLength !== UNKNOWN) throw noContent(status);
    if (request.version === '1.0') return;
    this.writeText(`${statusLine(status)}${block.text}\r\n`, block.isASCII);
  }

  /**
   * Sends the head of the response.
   * @param status 200 to 999, or 101.
   * @throws HTTPSequenceError, InvalidHTTPOutputError, InvalidArgumentValueError; HTTPContentLengthError: Content-Length is not
   * `contentLength`.
   */
  head(status: number, fields: HTTPFields = NO_FIELDS, options: ResponseHeadOptions = {}): void {
    checkOptions('ResponseSerializer.head', options, OPTIONS);
    const { contentLength = UNKNOWN, reason, date } = options;
    if (contentLength !== UNKNOWN) {
      checkInteger('contentLength', contentLength, 0, Number.MAX_SAFE_INTEGER);
    }
    let line: string | undefined;
    let isASCII = true;
    if (reason !== undefined) {
      isASCII = checkText('reason phrase', reason);
      line = `HTTP/1.1 ${status} ${reason}\r\n`;
    }
    const block = fieldBlock(fields);
    const text = this.begunHead(status, block, contentLength, date, line);
    this.writeText(text, isASCII && block.isASCII);
  }

  /**
   * Sends a complete response: one write, if the content is a string or not long.
   * @param date {@link ResponseHeadOptions.date}.
   * @throws Like {@link head}; HTTPSequenceError: a response with this status has no content.
   */
  respond(status: number, fields: HTTPFields, content: HTTPContent, date?: string): void {
    const length = contentBytes(content);
    const block = fieldBlock(fields);
    const hasContent = mayHaveContent(status) && !isTunnel(this.openRequest(), status);
    if (!hasContent && length > 0) throw noContent(status);
    const head = this.begunHead(status, block, hasContent ? length : UNKNOWN, date, undefined);
    this.writeWhole(head, block.isASCII, content, length);
  }

  private openRequest(): AnsweredRequest {
    const { request } = this;
    if (request === undefined) throw new HTTPSequenceError('there is no HTTP request to answer');
    return request;
  }

  /** Opens the response and returns the text of its head. */
  private begunHead(
    status: number,
    block: FieldBlock,
    contentLength: number,
    date: string | undefined,
    line: string | undefined,
  ): string {
    const request = this.openRequest();
    checkInteger('status', status, status === 101 ? 101 : 200, MAX_STATUS);
    const length = announcedLength(block, contentLength);
    const framing = responseFraming(request, status, length !== UNKNOWN);
    const ends = isTunnel(request, status);
    if (length !== UNKNOWN && (status === 204 || ends)) throw noContent(status);
    let text = (line ?? statusLine(status)) + block.text;
    if (date !== undefined && !block.hasDate) text += this.dateLine(date);
    if (framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
    else if (length !== UNKNOWN && block.contentLength === UNKNOWN) {
      text += `Content-Length: ${length}\r\n`;
    }
    const keeps = request.keepsAlive && !block.closes && !this.mustClose && framing !== 'close';
    if (!ends) {
      if (!keeps && !block.closes) text += 'Connection: close\r\n';
      else if (keeps && request.version === '1.0') text += 'Connection: keep-alive\r\n';
    }
    this.keeps = keeps && !ends;
    this.mustClose = false;
    this.request = undefined;
    this.open(framing, length);
    return `${text}\r\n`;
  }

  private dateLine(date: string): string {
    if (date !== this.date) {
      if (!checkText('field Date', date)) throw new HTTPSequenceError('Date is not ASCII');
      this.date = date;
    }
    return `Date: ${date}\r\n`;
  }
}

/** The length that Content-Length will have; -1 if there will be none. */
function announcedLength(block: FieldBlock, contentLength: number): number {
  if (block.contentLength === UNKNOWN) return contentLength;
  if (contentLength !== UNKNOWN && contentLength !== block.contentLength) {
    throw new HTTPContentLengthError(block.contentLength, contentLength);
  }
  return block.contentLength;
}

function noContent(status: number): HTTPSequenceError {
  return new HTTPSequenceError(`an HTTP response with ${status} has no content`);
}
