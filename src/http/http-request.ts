/** A request as a handler sees it. */
import type { Address } from '../core/address.js';
import { CONNECTION_DONE } from '../core/errors/connection.js';
import type { Deferred } from '../defer/deferred.js';
import { HTTPSequenceError } from '../protocols/http/errors.js';
import { checkMaxContentBytes } from '../protocols/http/limits.js';
import { type HTTP2Priority, parsePriority } from '../protocols/http2/priority.js';
import {
  ContentCollector,
  ContentIterator,
  type ContentReader,
  type ContentSource,
} from './content-reader.js';
import { HTTPStatusError } from './errors.js';
import { essenceOf } from './field-values.js';
import type { ReceivedHead, ReceivedSection } from './received-head.js';
import { ReceivedMessage } from './received-message.js';
import type { UpgradedProtocol } from './upgraded-protocol.js';
import { type UrlencodedOptions, UrlencodedParser } from './urlencoded.js';

/** @internal The connection of a request. */
export interface RequestConnection extends ContentSource {
  readonly peer: Address;
  readonly secure: boolean;
  /** The current priority of the response, if the version of HTTP has one. */
  readonly priority?: HTTP2Priority;
  /** The limit of the content of a request; 0 if it is not in progress. */
  contentLimit(request: HTTPRequest): number;
  /** Does nothing for a request that is not in progress. */
  limitContent(request: HTTPRequest, maxBytes: number): void;
  /** Whether unread content of a request is dropped. */
  hasAnswered(request: HTTPRequest): boolean;
  /** The reader of the request was set. */
  readerSet(request: HTTPRequest): void;
  upgrade(request: HTTPRequest, protocol: UpgradedProtocol, name: string | undefined): void;
}

/**
 * Strings are made when they are read. A handler that is asynchronous, or has not answered when it returns, can read all but the
 * content at any time. After one that has answered and returned nothing, reading fields throws an HTTPSequenceError, unless
 * {@link keep} was called.
 *
 * The content can be read once: as a whole by {@link bytes}, {@link text}, {@link json} or {@link form}, or piece by piece by an
 * asynchronous iteration or {@link stream}. A client that waits for permission to send it (`Expect: 100-continue`) receives that
 * when the reading begins.
 */
export class HTTPRequest extends ReceivedMessage {
  /** @internal */
  override readonly head: ReceivedHead;
  /** @internal */
  reader: ContentReader | undefined = undefined;
  /** @internal Whether the content has been received and passed on or dropped. */
  isComplete = false;
  /** @internal Bytes of content that were received. */
  receivedBytes = 0;
  /** @internal Those that were dropped. */
  discardedBytes = 0;
  /** The trailer section, once the content is complete; `undefined` if there is none. */
  trailers: ReceivedSection | undefined = undefined;
  /**
   * The name of the authenticated user, for the access log. Undefined until a handler sets it; `withGuard` and `FormLogin` of `ropewalk/web` do.
   */
  user: string | undefined = undefined;
  /** @internal The error given to {@link fail}. */
  failure: unknown = undefined;
  /** @internal Whether the client has received the permission to send its content: `Expect: 100-continue`. */
  isPermitted = false;
  private readonly connection: RequestConnection;
  private controller: AbortController | undefined = undefined;

  /** @internal */
  constructor(connection: RequestConnection, head: ReceivedHead) {
    super();
    this.connection = connection;
    this.head = head;
  }

  /** The method, in the case in which it was sent: methods are case-sensitive. */
  get method(): string {
    return this.head.method;
  }

  /** The request target as it was received: visible ASCII. */
  get target(): string {
    return this.head.target;
  }

  /** The path of the target, percent-encoded as it was received. `*` and the empty string for OPTIONS * and CONNECT. */
  get path(): string {
    const { originForm } = this.head;
    const query = originForm.indexOf('?');
    return query === -1 ? originForm : originForm.slice(0, query);
  }

  /** The query of the target, without its question mark; empty if there is none. */
  get query(): string {
    const { originForm } = this.head;
    const query = originForm.indexOf('?');
    return query === -1 ? '' : originForm.slice(query + 1);
  }

  /** The requested host, with its port if that was given: see {@link ReceivedHead.authority}. */
  get host(): string | undefined {
    return this.head.authority;
  }

  /** The announced length of the content in bytes; `undefined` if there is none, or if it is chunked. */
  get contentLength(): number | undefined {
    return this.head.contentLength;
  }

  /**
   * The priority of the response (RFC 9218), of which an HTTP/2 server sends more urgent ones first. HTTP/1 has none but the field.
   */
  get priority(): HTTP2Priority {
    return this.connection.priority ?? parsePriority(this.field('priority') ?? '');
  }

  /** The other end of the connection. */
  get remoteAddress(): Address {
    return this.connection.peer;
  }

  /** Whether the connection is secured by TLS. */
  get secure(): boolean {
    return this.connection.secure;
  }

  /** Keeps the head, so that it can be read at any time. Needed only by handlers that have answered when they return. */
  keep(): this {
    this.head.keep();
    return this;
  }

  /**
   * Aborted if the connection ends, the request fails, or the client closes its side of the connection before the answer is complete.
   * In the last case the client has usually gone, and the reason is a ConnectionDone; one that has not still receives the answer.
   * As with any EventTarget, an exception in a listener is an uncaught exception of the process.
   */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    return this.controller.signal;
  }

  /**
   * The limit of this request's content in bytes; a longer one is answered with 413. Set it before reading. 0 when the request has
   * been answered, or its connection has ended.
   */
  get maxContentBytes(): number {
    return this.connection.contentLimit(this);
  }

  set maxContentBytes(value: number) {
    this.connection.limitContent(this, checkMaxContentBytes(value));
  }

  /**
   * All content. If the Deferred is cancelled, the content is dropped. Fails with the error of the request, which has then been answered: HTTPLimitError, InvalidHTTPMessageError,
   * HTTPTimeoutError; or with the reason why the connection ended.
   * @throws HTTPSequenceError the content is being read already, or was dropped because the request was answered.
   */
  bytes(): Deferred<Buffer> {
    return this.collect((bytes) => bytes, true);
  }

  /** All content, decoded as UTF-8. Fails as {@link bytes} does. @throws HTTPSequenceError */
  text(): Deferred<string> {
    return this.collect((bytes) => bytes.toString(), false);
  }

  /**
   * All content, parsed as JSON whatever its Content-Type. Fails as {@link bytes} does, and with an HTTPStatusError with 400 if it
   * is not JSON.
   * @throws HTTPSequenceError
   */
  json(): Deferred<unknown> {
    return this.collect((bytes) => JSON.parse(bytes.toString()) as unknown, false);
  }

  /**
   * All content of the type application/x-www-form-urlencoded. Fails as {@link bytes} does, and with a FormTooLargeError (413). For
   * multipart/form-data, see `partsOf`.
   * @throws HTTPSequenceError, InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   * @throws HTTPStatusError with 415: the content is of another type.
   */
  form(options: UrlencodedOptions = {}): Deferred<URLSearchParams> {
    const type = essenceOf(this.field('content-type') ?? '');
    const parser = new UrlencodedParser(options);
    if (type !== 'application/x-www-form-urlencoded') throw new HTTPStatusError(415);
    return this.collect((bytes) => {
      const form = new URLSearchParams();
      for (const { name, value } of parser.fieldsOf(bytes)) form.append(name, value);
      return form;
    }, false);
  }

  override [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined> {
    const iterator = new ContentIterator(this.connection);
    this.read(iterator);
    return iterator;
  }

  /**
   * Answers with 101 and gives the connection to another protocol, together with the bytes received behind this request, which
   * must have no content. Fields that were set in the response are sent. After CONNECT the answer is 200.
   *
   * @param name The protocol of the Upgrade field, which the client must have offered. Default: the first that it offers.
   * @throws UpgradeRequiredError the client has not offered `name`; answered with 426 unless the handler catches it.
   * @throws HTTPStatusError with 400: the request has no Upgrade field and there is no `name`, the field is malformed, the request has
   * content, or the client has finished sending.
   * @throws InvalidArgumentTypeError `protocol` is not a protocol. @throws InvalidArgumentValueError `name` is not one.
   * @throws HTTPSequenceError the request was answered. @throws InvalidHTTPOutputError the response has fields of content.
   * @throws ConnectionClosed the connection is closing or has ended. @throws UnsupportedError the transport is none of this package.
   */
  upgrade(protocol: UpgradedProtocol, name?: string): void {
    this.connection.upgrade(this, protocol, name);
  }

  /**
   * @internal Passes the content to a reader. Call `resumeContent` of the result when it wants more, or is left.
   * @throws HTTPSequenceError
   */
  readWith(reader: ContentReader): ContentSource {
    this.read(reader);
    return this.connection;
  }

  /** @internal */
  get source(): RequestConnection {
    return this.connection;
  }

  /** @internal */
  get hasContent(): boolean {
    return this.head.isChunked || (this.head.contentLength ?? 0) > 0;
  }

  /** @internal Whether the content is passed on, or will be: not dropped. */
  get isRead(): boolean {
    return this.reader !== undefined && !this.reader.isLeft;
  }

  /** @internal The content is complete. */
  complete(trailers: ReceivedSection | undefined): void {
    this.isComplete = true;
    this.trailers = trailers?.keep();
    if (this.hasContent) this.reader?.ended();
  }

  /** @internal The content will not become complete, or nobody receives the answer. */
  fail(error: unknown, wasAnswered: boolean): void {
    this.failure = error;
    if (!wasAnswered) {
      this.controller ??= new AbortController();
      this.controller.abort(error);
    }
    if (!this.isComplete) this.reader?.failed(error);
  }

  /** @internal The server has answered in place of the handler, which can give up. */
  abandon(reason: unknown): void {
    this.controller ??= new AbortController();
    this.controller.abort(reason);
  }

  /** @internal The client has closed its side, which is all that can be seen of a client that has gone in an orderly way. */
  inputEnded(): void {
    if (this.isComplete && this.failure === undefined) this.fail(CONNECTION_DONE, false);
  }

  private collect<T>(convert: (bytes: Buffer) => T, keepsBytes: boolean): Deferred<T> {
    const collector = new ContentCollector(
      convert,
      keepsBytes,
      this.contentLength,
      this.connection,
    );
    this.read(collector);
    return collector.done;
  }

  /** @internal The reader wants another piece, or no more. */
  resume(): void {
    this.connection.resumeContent();
  }

  /** @internal Sets the reader of the content. @throws HTTPSequenceError */
  read(reader: ContentReader): void {
    if (this.reader !== undefined) {
      throw new HTTPSequenceError('the content of a request can be read once');
    }
    if (this.failure === undefined && this.hasContent && this.connection.hasAnswered(this)) {
      throw new HTTPSequenceError(
        'the content was dropped: the request was answered before it was read',
      );
    }
    this.reader = reader;
    if (!this.hasContent) reader.ended();
    else if (this.failure !== undefined) reader.failed(this.failure);
    else if (this.isComplete) reader.ended();
    else this.connection.readerSet(this);
  }
}
