/** A response as the caller of a request sees it. */
import type { StreamProtocol } from '../../core/stream-protocol.js';
import { Deferred } from '../../defer/deferred.js';
import { checkFunction } from '../../internal/check.js';
import { HTTPSequenceError } from '../../protocols/http/errors.js';
import { checkMaxContentBytes } from '../../protocols/http/limits.js';
import type { ReceivedFields, ReceivedResponseHead } from '../../protocols/http/received-fields.js';
import { mayHaveContent } from '../../protocols/http/response-framing.js';
import {
  ContentCollector,
  ContentIterator,
  type ContentReader,
  type ContentSource,
} from '../content-reader.js';
import { ReceivedMessage } from '../received-message.js';
import { checkProtocol } from '../upgrade.js';
import { type ContentReceiver, PushedContent } from './content-receiver.js';
import { parseJSON } from './parse-json.js';

/** The default of the limit of content that is collected: 16 MiB. */
export const MAX_RESPONSE_CONTENT_BYTES: number = 16 * 1024 * 1024;

/** Content that nobody reads is dropped up to this number of bytes; if there is more, the connection is aborted. */
const MAX_DISCARDED_BYTES = 65_536;

/** @internal The request of a response. */
export interface ResponseSource extends ContentSource {
  limitContent(maxBytes: number): void;
  switchTo(protocol: StreamProtocol): void;
  abort(): void;
}

/**
 * The content can be read once: as a whole by {@link bytes}, {@link text} or {@link json}, piece by piece by an asynchronous
 * iteration or {@link stream}, or as it arrives by {@link receive}. Read it, or call {@link discard}: the connection is in use until then, or
 * until `unreadTimeoutMs` has passed.
 * The server can send no faster than the content is read.
 */
export class HTTPClientResponse extends ReceivedMessage {
  /** The trailer section, once the content is complete; `undefined` if there is none. */
  trailers: ReceivedFields | undefined = undefined;
  private readonly source: ResponseSource;
  /** @internal */
  protected override readonly head: ReceivedResponseHead;
  private readonly hasContent: boolean;
  private readonly isTunnel: boolean;
  private reader: ContentReader | undefined = undefined;
  private isComplete = false;
  private failure: unknown = undefined;
  private discardedBytes = 0;
  private overCallback: ((error: unknown) => void) | undefined = undefined;

  /** @internal */
  constructor(source: ResponseSource, head: ReceivedResponseHead, method: string) {
    super();
    const { status, contentLength } = head;
    this.source = source;
    this.head = head.keep();
    this.isTunnel = status === 101 || (method === 'CONNECT' && status < 300);
    this.hasContent =
      !this.isTunnel && method !== 'HEAD' && mayHaveContent(status) && contentLength !== 0;
  }

  /** 200 to 999, or 101 in answer to `upgrade`. */
  get status(): number {
    return this.head.status;
  }

  /** The reason phrase, decoded as Latin-1; often empty. */
  get reason(): string {
    return this.head.reason;
  }

  /** The value of Content-Length; `undefined` if there is none. The answer to HEAD announces content that it does not have. */
  get contentLength(): number | undefined {
    return this.head.contentLength;
  }

  /**
   * All content. Fails with an HTTPLimitError if it is longer than `maxBytes`, otherwise as `request` does. If it is cancelled, the content
   * is dropped.
   * @param maxBytes 0 to 2^53 - 1. Default 16 MiB.
   * @throws HTTPSequenceError the content is being read already.
   */
  bytes(maxBytes: number = MAX_RESPONSE_CONTENT_BYTES): Deferred<Buffer> {
    return this.collect((bytes) => bytes, true, maxBytes);
  }

  /** All content, decoded as UTF-8. Otherwise as {@link bytes}. */
  text(maxBytes: number = MAX_RESPONSE_CONTENT_BYTES): Deferred<string> {
    return this.collect((bytes) => bytes.toString(), false, maxBytes);
  }

  /** All content, parsed as JSON whatever its Content-Type. Fails also with an InvalidJSONError; otherwise as {@link bytes}. */
  json(maxBytes: number = MAX_RESPONSE_CONTENT_BYTES): Deferred<unknown> {
    return this.collect(parseJSON, false, maxBytes);
  }

  /**
   * Receives all content and drops it, so that the connection can be used again. Otherwise as {@link bytes}; if it is cancelled, the rest
   * is treated as by {@link discard}.
   */
  drain(maxBytes: number = MAX_RESPONSE_CONTENT_BYTES): Deferred<void> {
    checkMaxContentBytes(maxBytes);
    const { source } = this;
    const drain = new ContentDrain(source);
    if (this.hasContent && this.reader === undefined) source.limitContent(maxBytes);
    this.read(drain);
    return drain.done;
  }

  override [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined> {
    const iterator = new ContentIterator(this.source);
    this.read(iterator);
    return iterator;
  }

  /**
   * Passes the content on as it arrives, without a copy. Without backpressure unless the receiver uses the returned producer.
   * @throws InvalidArgumentTypeError, HTTPSequenceError
   */
  receive(receiver: ContentReceiver): PushedContent {
    for (const name of ['received', 'ended', 'failed'] as const) {
      checkFunction(`${name} of the receiver`, receiver[name]);
    }
    const reader = new PushedContent(receiver, this.source, () => this.trailers);
    this.read(reader);
    return reader;
  }

  /**
   * Drops the content: up to 64 KiB are received, so that the connection can be used again; if there is more, it is aborted. Does nothing if the
   * content was read.
   */
  discard(): void {
    if (this.isComplete || this.failure !== undefined || this.reader?.isLeft === true) return;
    if (this.isTunnel) this.source.abort();
    else if (this.reader === undefined) {
      this.reader = DROPPED;
      this.source.resumeContent();
    } else throw new HTTPSequenceError('the content of the response is being read');
  }

  /** Aborts the connection. Content that is being read fails with a CancelledError. Does nothing if the response is complete. */
  abort(): void {
    this.source.abort();
  }

  /**
   * After 101, or 2xx to CONNECT: gives the connection to another protocol, together with bytes received behind the response.
   * @throws InvalidArgumentTypeError; HTTPSequenceError the response is another one, or was switched already.
   * @throws ConnectionLost the connection is closing or has ended. @throws UnsupportedError the transport is none of this package.
   */
  switchTo(protocol: StreamProtocol): void {
    checkProtocol(protocol);
    if (!this.isTunnel) throw new HTTPSequenceError('the response does not switch protocols');
    this.source.switchTo(protocol);
  }

  /** @internal Calls back once, when the content is complete, with undefined, or has failed. */
  whenOver(callback: (error: unknown) => void): void {
    if (this.isComplete || this.failure !== undefined) callback(this.failure);
    else this.overCallback = callback;
  }

  /** @internal */
  get wantsContent(): boolean {
    if (!this.hasContent) return !this.isTunnel;
    return this.reader !== undefined && (this.reader.isLeft || this.reader.wants);
  }

  /** @internal Whether the rest of the content is dropped. */
  get dropsContent(): boolean {
    return this.reader?.isLeft === true;
  }

  /** @internal */
  received(data: Buffer): void {
    const { reader } = this;
    if (reader?.isLeft === false) reader.received(data);
    else {
      this.discardedBytes += data.length;
      if (this.discardedBytes > MAX_DISCARDED_BYTES) this.source.abort();
    }
  }

  /** @internal */
  ended(trailers: ReceivedFields | undefined): void {
    this.isComplete = true;
    this.trailers = trailers?.keep();
    this.overCallback?.(undefined);
    this.reader?.ended();
  }

  /** @internal */
  failed(error: unknown): void {
    if (this.isComplete || this.failure !== undefined) return;
    this.failure = error;
    this.overCallback?.(error);
    this.reader?.failed(error);
  }

  private collect<T>(
    convert: (bytes: Buffer) => T,
    keepsBytes: boolean,
    maxBytes: number,
  ): Deferred<T> {
    checkMaxContentBytes(maxBytes);
    const { source, contentLength } = this;
    const collector = new ContentCollector(convert, keepsBytes, contentLength, source);
    if (this.hasContent && this.reader === undefined) source.limitContent(maxBytes);
    this.read(collector);
    return collector.done;
  }

  private read(reader: ContentReader): void {
    if (this.reader !== undefined) {
      throw new HTTPSequenceError('the content of a response can be read once');
    }
    if (this.isTunnel) throw new HTTPSequenceError('the response has no content: use switchTo');
    this.reader = reader;
    // Without content the end follows the head, and the connection is free then.
    if (!this.hasContent && this.isComplete) reader.ended();
    else if (this.failure !== undefined) reader.failed(this.failure);
    else if (this.hasContent) this.source.resumeContent();
  }
}

/** Drops all content. */
class ContentDrain implements ContentReader {
  readonly wants = true;
  isLeft = false;
  readonly done: Deferred<void>;

  constructor(source: ContentSource) {
    this.done = new Deferred<void>(() => {
      this.isLeft = true;
      source.resumeContent();
    });
  }

  received(): void {}

  ended(): void {
    if (!this.isLeft) this.done.callback();
  }

  failed(error: unknown): void {
    if (!this.isLeft) this.done.errback(error);
  }
}

/** The reader of content that nobody reads. */
const DROPPED: ContentReader = {
  wants: true,
  isLeft: true,
  received() {},
  ended() {},
  failed() {},
};
