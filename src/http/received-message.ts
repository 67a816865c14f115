/** The common part of requests to servers and responses to clients: a head, and content that can be read once. */
import type { HTTPVersion } from '../protocols/http/heads.js';
import { streamOf } from './content-reader.js';

/** The head of a message, as its readers see it. */
export interface MessageFacts {
  readonly version: HTTPVersion;
  readonly contentLength: number | undefined;
  field(name: string): string | undefined;
  fields(name: string): string[];
  has(name: string): boolean;
  rawFields(): Iterable<readonly [name: string, value: string]>;
}

/** Has no fields of its own, so that a message costs no more memory. */
export abstract class ReceivedMessage implements AsyncIterable<Buffer> {
  /** @internal */
  protected abstract readonly head: MessageFacts;

  get version(): HTTPVersion {
    return this.head.version;
  }

  /** The value of a field; those of several lines are joined by `, `, those of Cookie by `; `. `undefined` if there is none. */
  field(name: string): string | undefined {
    return this.head.field(name);
  }

  /** The values of all lines of a field, in order. */
  fields(name: string): string[] {
    return this.head.fields(name);
  }

  has(name: string): boolean {
    return this.head.has(name);
  }

  /** Each field line as it was received, in order. */
  rawFields(): Iterable<readonly [name: string, value: string]> {
    return this.head.rawFields();
  }

  /**
   * Iterates over the content. Each piece is yours. The peer can send no faster than the pieces are taken. If the iteration is left, the
   * rest is dropped.
   * @throws HTTPSequenceError the content is being read already.
   */
  abstract [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined>;

  /** The content as a stream of the Web. @throws HTTPSequenceError the content is being read already. */
  stream(): ReadableStream<Uint8Array> {
    return streamOf(this[Symbol.asyncIterator]());
  }
}
