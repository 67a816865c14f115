/** Receivers of the content of one request, fed by the connection. */
import { Deferred } from '../defer/deferred.js';
import { givenCopyOf } from '../internal/lent-bytes.js';
import { BodyError, HTTPStatusError } from './errors.js';

/** One of `ended` and `failed` is called once, as the last. */
export interface ContentReader {
  /** Whether to pass it another piece; the rest waits in the parser, and then in the transport, meanwhile. */
  readonly wants: boolean;
  /** Whether the rest is not wanted: it is to be dropped. */
  readonly isLeft: boolean;
  /** @param data Lent: valid until this returns. */
  received(data: Buffer): void;
  ended(): void;
  failed(error: unknown): void;
}

/** Passes content to readers. */
export interface ContentSource {
  /** The reader wants another piece, or no more. */
  resumeContent(): void;
}

const EMPTY: Buffer = Buffer.alloc(0);
const FIRST_BYTES = 4_096;

/** Collects all of it. Its memory grows with the bytes that arrive, not with the announced length. */
export class ContentCollector<T> implements ContentReader {
  readonly wants = true;
  isLeft = false;
  readonly done: Deferred<T>;
  private readonly convert: (bytes: Buffer) => T;
  private readonly keepsBytes: boolean;
  private readonly announced: number | undefined;
  private bytes: Buffer = EMPTY;
  private length = 0;
  private result: { readonly value: T } | undefined = undefined;
  private failure: unknown = undefined;

  /**
   * @param convert Makes the result of all bytes. If it throws, the request is answered with the status of the BodyError, or 400.
   * @param keepsBytes Whether the result refers to the bytes.
   * @param announced The length of the content, if known.
   */
  constructor(
    convert: (bytes: Buffer) => T,
    keepsBytes: boolean,
    announced: number | undefined,
    source: ContentSource,
  ) {
    this.done = new Deferred<T>(() => {
      this.isLeft = true;
      this.bytes = EMPTY;
      source.resumeContent();
    });
    this.convert = convert;
    this.keepsBytes = keepsBytes;
    this.announced = announced;
  }

  received(data: Buffer): void {
    if (data.length === this.announced && !this.keepsBytes) {
      this.finish(data);
      return;
    }
    const needed = this.length + data.length;
    if (needed > this.bytes.length) {
      const size = needed === this.announced ? needed : Math.max(FIRST_BYTES, 2 * needed);
      const grown = Buffer.allocUnsafeSlow(size);
      this.bytes.copy(grown, 0, 0, this.length);
      this.bytes = grown;
    }
    data.copy(this.bytes, this.length);
    this.length = needed;
  }

  ended(): void {
    if (this.isLeft) return;
    if (this.result === undefined && this.failure === undefined) {
      this.finish(this.bytes.subarray(0, this.length));
    }
    if (this.result !== undefined) this.done.callback(this.result.value as never);
    else this.done.errback(this.failure);
  }

  failed(error: unknown): void {
    if (!this.isLeft) this.done.errback(error);
  }

  private finish(bytes: Buffer): void {
    try {
      this.result = { value: this.convert(bytes) };
    } catch (cause) {
      this.failure =
        cause instanceof BodyError
          ? cause
          : new HTTPStatusError(400, 'the content is malformed', { cause });
    }
  }
}

interface Consumer {
  resolve(result: IteratorResult<Buffer, undefined>): void;
  reject(error: unknown): void;
}

/** Gives one piece after the other to an asynchronous iteration, each when it is asked for. */
export class ContentIterator implements ContentReader, AsyncIterableIterator<Buffer, undefined> {
  private readonly source: ContentSource;
  private readonly consumers: Consumer[] = [];
  private state: 'open' | 'ended' | 'failed' | 'left' = 'open';
  private failure: unknown = undefined;

  constructor(source: ContentSource) {
    this.source = source;
  }

  get wants(): boolean {
    return this.consumers.length > 0 || this.isLeft;
  }

  get isLeft(): boolean {
    return this.state === 'left';
  }

  received(data: Buffer): void {
    this.consumers.shift()?.resolve({ done: false, value: givenCopyOf(data) });
  }

  ended(): void {
    if (this.state === 'open') this.state = 'ended';
    this.settle();
  }

  failed(error: unknown): void {
    this.failure = error;
    if (this.state === 'open') this.state = 'failed';
    this.settle();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    return new Promise((resolve, reject) => {
      this.consumers.push({ resolve, reject });
      if (this.state === 'open') this.source.resumeContent();
      else this.settle();
    });
  }

  /** The iteration was left: the rest is dropped, and a failure is not repeated. */
  return(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.state === 'failed') this.state = 'ended';
    if (this.state === 'open') {
      this.state = 'left';
      this.settle();
      this.source.resumeContent();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  private settle(): void {
    for (const { resolve, reject } of this.consumers.splice(0)) {
      if (this.state === 'failed') reject(this.failure);
      else resolve({ done: true, value: undefined });
    }
  }
}

/** The pieces as a stream of the Web, which takes each when it is read. */
export function streamOf(
  pieces: AsyncIterableIterator<Buffer, undefined>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller): Promise<void> {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel(): Promise<void> {
        await pieces.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
