/** A response as the callers and the layers of an agent see it. */
import type { Deferred } from '../../defer/deferred.js';
import type { ReceivedFields } from '../../protocols/http/received-fields.js';
import { MAX_RESPONSE_CONTENT_BYTES } from '../client/client-response.js';
import { type MessageFacts, ReceivedMessage } from '../received-message.js';
import type { CacheStatus } from './cache/cache-status.js';

/** The head of a response. */
export interface ResponseFacts extends MessageFacts {
  readonly status: number;
  readonly reason: string;
}

/** The content of a response, which can be read once. */
export interface ResponseContent {
  /** Whether its length is not the one that the head announces. */
  readonly isDecoded?: boolean;
  readonly trailers: ReceivedFields | undefined;
  bytes(maxBytes: number): Deferred<Buffer>;
  text(maxBytes: number): Deferred<string>;
  json(maxBytes: number): Deferred<unknown>;
  drain(maxBytes: number): Deferred<void>;
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined>;
  discard(): void;
  abort(): void;
  /** @internal Calls back once, when the content is complete, with undefined, or has failed. */
  whenOver?(callback: (error: unknown) => void): void;
}

/**
 * The content can be read once: as a whole by {@link bytes}, {@link text} or {@link json}, or piece by piece by an asynchronous iteration or
 * {@link stream}. Read it, or call {@link drain} or {@link discard}: the connection is in use until then. The server can send no faster
 * than the content is read.
 */
export class AgentResponse extends ReceivedMessage {
  /** Where the response came from: the URL of the last request, with the fragment of the first. */
  readonly url: string;
  /** The URLs of the redirections that were followed, in order. */
  readonly redirects: readonly string[];
  /** How the cache of the agent handled the request; `undefined` if it has none. */
  readonly cached: CacheStatus | undefined;
  /** @internal */
  protected override readonly head: ResponseFacts;
  private readonly content: ResponseContent;

  /** @internal */
  constructor(
    url: string,
    head: ResponseFacts,
    content: ResponseContent,
    redirects: readonly string[] = [],
    cached: CacheStatus | undefined = undefined,
  ) {
    super();
    this.url = url;
    this.redirects = redirects;
    this.cached = cached;
    this.head = head;
    this.content = content;
  }

  /** @internal The same response with content that has another length. */
  decodedBy(decode: (content: ResponseContent) => ResponseContent): AgentResponse {
    const { url, head, redirects, cached } = this;
    return new AgentResponse(url, head, decode(this.content), redirects, cached);
  }

  /** @internal @param record Stores the content while it is read. */
  cachedAs(
    cached: CacheStatus,
    record: (content: ResponseContent) => ResponseContent = unchanged,
  ): AgentResponse {
    const { url, head, redirects } = this;
    return new AgentResponse(url, head, record(this.content), redirects, cached);
  }

  /** @internal Calls back once, when the content is complete, with undefined, or has failed; at once if it does not say that. */
  whenOver(callback: (error: unknown) => void): void {
    if (this.content.whenOver === undefined) callback(undefined);
    else this.content.whenOver(callback);
  }

  /** @internal */
  redirectedFrom(urls: readonly string[]): AgentResponse {
    return new AgentResponse(this.url, this.head, this.content, urls, this.cached);
  }

  /** 200 to 999. */
  get status(): number {
    return this.head.status;
  }

  /** Whether the status is 200 to 299. */
  get ok(): boolean {
    return this.head.status >= 200 && this.head.status < 300;
  }

  /** The reason phrase, decoded as Latin-1; often empty. */
  get reason(): string {
    return this.head.reason;
  }

  /** The value of Content-Length; `undefined` if there is none, or if the content is decoded. The answer to HEAD announces content that it does not have. */
  get contentLength(): number | undefined {
    return this.content.isDecoded === true ? undefined : this.head.contentLength;
  }

  /** The trailer section, once the content is complete; `undefined` if there is none. */
  get trailers(): ReceivedFields | undefined {
    return this.content.trailers;
  }

  /**
   * All content. Fails with an HTTPLimitError if it is longer than `maxBytes`, otherwise as the request does. If it is cancelled, the
   * content is dropped.
   * @param maxBytes 0 to 2^53 - 1. Default 16 MiB.
   * @throws HTTPSequenceError the content is being read already.
   */
  bytes(maxBytes: number = MAX_RESPONSE_CONTENT_BYTES): Deferred<Buffer> {
    return this.content.bytes(maxBytes);
  }

  /** All content, decoded as UTF-8. Otherwise as {@link bytes}. */
  text(maxBytes: number = MAX_RESPONSE_CONTENT_BYTES): Deferred<string> {
    return this.content.text(maxBytes);
  }

  /**
   * All content, parsed as JSON whatever its Content-Type. Fails also with an InvalidJSONError; otherwise as {@link bytes}. The type of
   * the result is not checked.
   */
  json<T = unknown>(maxBytes: number = MAX_RESPONSE_CONTENT_BYTES): Deferred<T> {
    return this.content.json(maxBytes) as Deferred<T>;
  }

  /** Receives all content and drops it, so that the connection can be used again. Otherwise as {@link bytes}. */
  drain(maxBytes: number = MAX_RESPONSE_CONTENT_BYTES): Deferred<void> {
    return this.content.drain(maxBytes);
  }

  override [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined> {
    return this.content[Symbol.asyncIterator]();
  }

  /**
   * Drops the content: up to 64 KiB are received, so that the connection can be used again; if there is more, it is aborted. Does nothing
   * if the content was read.
   */
  discard(): void {
    this.content.discard();
  }

  /** Aborts the connection. Content that is being read fails with a CancelledError. Does nothing if the response is complete. */
  abort(): void {
    this.content.abort();
  }
}

function unchanged(content: ResponseContent): ResponseContent {
  return content;
}
