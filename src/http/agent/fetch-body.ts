/** The body of a request of `fetch` as content of an agent's request. */
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { soon } from '../soon.js';
import { multipartBody } from './multipart-body.js';
import type { RequestDetails } from './request-options.js';

export interface FetchBody {
  readonly content: NonNullable<RequestDetails['content']>;
  readonly contentLength?: number;
}

/** The bodies that `fetch` accepts. */
type BodySource = NonNullable<RequestInit['body']>;

/**
 * Text, bytes, Blobs and forms can be sent again, and their length is known. Streams, and the body of a Request, can be sent once.
 *
 * @param source The body as it was given; undefined if it is that of a Request.
 * @param contentType The field of the request, whose boundary a form has.
 */
export async function fetchBody(
  source: BodySource | undefined,
  stream: ReadableStream<Uint8Array>,
  contentType: string,
): Promise<FetchBody> {
  if (typeof source === 'string') return { content: source };
  if (source instanceof URLSearchParams) return { content: source.toString() };
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source))
    return { content: copyOf(source) };
  if (source instanceof Blob) {
    return { content: () => source.stream(), contentLength: source.size };
  }
  if (source instanceof FormData) return formBody(source, contentType);
  const pieces = new StreamPieces(stream);
  const whole = source === undefined ? await pieces.wholeIfSoon() : undefined;
  return whole === undefined ? { content: pieces } : { content: whole };
}

/** The caller may change its bytes after the call. */
function copyOf(bytes: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (bytes instanceof ArrayBuffer) return Buffer.from(new Uint8Array(bytes));
  return Buffer.from(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

function formBody(form: FormData, contentType: string): FetchBody {
  const [, quoted, token] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? [];
  const parts = [...form].map(([name, value]) => ({
    name: withCRLF(name),
    content: typeof value === 'string' ? withCRLF(value) : value,
  }));
  const { content, contentLength } = multipartBody(parts, quoted ?? token ?? randomUUID());
  return {
    content: content as FetchBody['content'],
    ...(contentLength === undefined ? {} : { contentLength }),
  };
}

/** Line breaks of names and texts in a form (https://html.spec.whatwg.org/#multipart-form-data). */
function withCRLF(text: string): string {
  return text.replaceAll(/\r\n?|\n/g, '\r\n');
}

type ReadResult = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>;

/** The pieces of a stream. Leaving the iteration cancels it, even while a piece is awaited. */
class StreamPieces implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Pieces that were read ahead. */
  readonly #ahead: Promise<ReadResult>[] = [];

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { done, value } = await (this.#ahead.shift() ?? this.#reader.read());
    if (done) return { done, value: undefined };
    if (value instanceof Uint8Array) return { done, value };
    const error = new TypeError('a piece of the body is no Uint8Array');
    void this.#reader.cancel(error).catch(() => {});
    throw error;
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    void this.#reader.cancel().catch(() => {});
    return Promise.resolve({ done: true, value: undefined });
  }

  /** All content, if it is one piece that is available: that of a Request which was made of text or bytes. */
  async wholeIfSoon(): Promise<Uint8Array | undefined> {
    const first = this.#read();
    const begin = await soon(first);
    if (begin === undefined) return undefined;
    if (begin.done) return new Uint8Array();
    const end = await soon(this.#read());
    return end?.done === true && begin.value instanceof Uint8Array ? begin.value : undefined;
  }

  #read(): Promise<ReadResult> {
    const read = this.#reader.read();
    read.catch(() => {});
    this.#ahead.push(read);
    return read;
  }
}
