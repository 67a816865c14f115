/** Serializes requests: the client's side of a connection. They are sent in HTTP/1.1. */
import { checkInteger, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { HTTPContentLengthError, HTTPSequenceError, InvalidHTTPOutputError } from './errors.js';
import {
  checkText,
  checkToken,
  type FieldBlock,
  fieldBlock,
  type HTTPFields,
} from './field-block.js';
import { contentBytes, type HTTPContent, MessageSerializer } from './message-serializer.js';
import { isASCIIText, TARGET } from './octets.js';
import { targetForm } from './target.js';

export interface RequestHeadOptions {
  /** The length of the content in bytes. Default: that of Content-Length; without it, the content is chunked. */
  readonly contentLength?: number | undefined;
}

const OPTIONS: OptionNames<RequestHeadOptions> = { contentLength: true };
const UNKNOWN = -1;

/** Methods whose requests have content by definition: without content they announce a length of 0 (RFC 9110 section 8.6). */
export const METHODS_WITH_CONTENT: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
/** RFC 9110 sections 9.3.6 and 9.3.8. */
const METHODS_WITHOUT_CONTENT: ReadonlySet<string> = new Set(['CONNECT', 'TRACE']);

/**
 * Call {@link request} for each request, or {@link head}, any number of `write`, and `end`. The fields must have one Host.
 * It adds Content-Length or Transfer-Encoding.
 */
export class RequestSerializer extends MessageSerializer {
  private keeps = true;

  /** Whether the connection can have another request: no request had `Connection: close`. */
  get keepsAlive(): boolean {
    return this.keeps;
  }

  /**
   * Sends a complete request: in one write, if the content is a string or not long.
   * @param target In the form that the method and the recipient require: RFC 9112 section 3.2. Percent-encoded, without a fragment.
   * @throws InvalidHTTPOutputError, HTTPSequenceError; HTTPContentLengthError the fields have another Content-Length.
   */
  request(method: string, target: string, fields: HTTPFields, content: HTTPContent = ''): void {
    const length = contentBytes(content);
    const announces = length > 0 || METHODS_WITH_CONTENT.has(method);
    const head = this.begunHead(
      method,
      target,
      fieldBlock(fields),
      announces ? length : UNKNOWN,
      length,
    );
    this.writeWhole(head.text, head.isASCII, content, length);
  }

  /**
   * Sends the head of a request with content.
   * @throws Like {@link request}; InvalidArgumentValueError.
   */
  head(method: string, target: string, fields: HTTPFields, options: RequestHeadOptions = {}): void {
    checkOptions('RequestSerializer.head', options, OPTIONS);
    const { contentLength = UNKNOWN } = options;
    if (contentLength !== UNKNOWN) {
      checkInteger('contentLength', contentLength, 0, Number.MAX_SAFE_INTEGER);
    }
    const head = this.begunHead(method, target, fieldBlock(fields), contentLength, undefined);
    this.writeText(head.text, head.isASCII);
  }

  /**
   * @internal Sends a head that a proxy made of valid parts, with its framing: Content-Length with this value, chunked, or no content.
   * @param text A character per octet.
   */
  relayHead(text: string, framing: number | 'chunked' | 'none'): void {
    this.checkNotOpen();
    this.writeText(text, isASCIIText(text));
    if (framing === 'none') return;
    if (framing === 'chunked') this.open('chunked', 0);
    else this.open('length', framing);
  }

  /**
   * Opens the request and returns the text of its head.
   * @param contentLength The length to announce; -1 if there is none.
   * @param content The length of the content if that is known.
   */
  private begunHead(
    method: string,
    target: string,
    block: FieldBlock,
    contentLength: number,
    content: number | undefined,
  ): { readonly text: string; readonly isASCII: boolean } {
    this.checkNotOpen();
    if (!this.keeps) throw new HTTPSequenceError('the previous HTTP request ended the connection');
    checkToken('method', checkString('method', method));
    checkTarget(method, checkString('target', target));
    if (!block.hasHost) throw new InvalidHTTPOutputError('fields', 'have no Host');
    const announced = block.contentLength === UNKNOWN ? contentLength : block.contentLength;
    const expected = content ?? contentLength;
    if (expected !== UNKNOWN && announced !== UNKNOWN && expected !== announced) {
      throw new HTTPContentLengthError(announced, expected);
    }
    if (METHODS_WITHOUT_CONTENT.has(method) && !(content === 0 && announced === UNKNOWN)) {
      throw new HTTPSequenceError(`an HTTP request with ${method} has no content`);
    }
    let text = `${method} ${target} HTTP/1.1\r\n${block.text}`;
    if (announced === UNKNOWN && content === undefined) text += 'Transfer-Encoding: chunked\r\n';
    else if (announced !== UNKNOWN && block.contentLength === UNKNOWN) {
      text += `Content-Length: ${announced}\r\n`;
    }
    this.keeps = !block.closes;
    if (announced !== UNKNOWN) this.open('length', announced);
    else this.open(content === undefined ? 'chunked' : 'none', 0);
    return { text: `${text}\r\n`, isASCII: block.isASCII };
  }
}

function checkTarget(method: string, target: string): void {
  checkText('target', target, TARGET);
  if (targetForm(method, target) === undefined) {
    throw new InvalidHTTPOutputError('target', `is of no form that ${method} can have`);
  }
}
