/** Sources of a transfer: files and async iterables, read piece by piece. */
import { type FileHandle, open } from 'node:fs/promises';

import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { ownBytes } from '../internal/lent-bytes.js';

/**
 * Sources that can be sent: the path of a file, an open file from its current position on, or a `Readable`, a web stream or
 * another async iterable of bytes or text.
 */
export type SendSource = string | URL | FileHandle | AsyncIterable<Uint8Array | string>;

/** The pieces of a source, and a way to close it. Nothing is opened or locked before the first `next`. */
export interface SendChunks {
  /** The next piece. The source is closed after the last one. Not called again while a call is pending. */
  next(): Promise<IteratorResult<Uint8Array | string, unknown>>;
  /** Closes the source, also while a piece is being read. */
  close(): Promise<void>;
}

/**
 * @param chunkBytes Size of the pieces in which a file is read.
 * @throws InvalidArgumentTypeError
 */
export function chunksOf(source: SendSource, chunkBytes: number): SendChunks {
  if (typeof source === 'string' || source instanceof URL) {
    return new FileChunks(source, chunkBytes);
  }
  if (typeof source === 'object' && source !== null) {
    if (Symbol.asyncIterator in source) return new IterableChunks(source);
    if (typeof source.fd === 'number' && typeof source.read === 'function') {
      return new FileChunks(source, chunkBytes);
    }
  }
  const expected = 'a path, a FileHandle or an async iterable';
  throw new InvalidArgumentTypeError('source', expected, source);
}

class FileChunks implements SendChunks {
  readonly #path: string | URL | undefined;
  readonly #chunkBytes: number;
  /** Undefined until a path is opened. */
  #file: Promise<FileHandle> | undefined;

  constructor(source: string | URL | FileHandle, chunkBytes: number) {
    const isPath = typeof source === 'string' || source instanceof URL;
    this.#path = isPath ? source : undefined;
    this.#file = isPath ? undefined : Promise.resolve(source);
    this.#chunkBytes = chunkBytes;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#file ??= open(this.#path as string | URL);
    const file = await this.#file;
    const chunk = ownBytes(this.#chunkBytes);
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead > 0) return { done: false, value: chunk.subarray(0, bytesRead) };
    await file.close();
    return { done: true, value: undefined };
  }

  async close(): Promise<void> {
    // `next` has reported a failure to open it.
    const file = await this.#file?.catch(() => undefined);
    await file?.close();
  }
}

class IterableChunks implements SendChunks {
  readonly #source: AsyncIterable<Uint8Array | string>;
  #iterator: AsyncIterator<Uint8Array | string> | undefined = undefined;

  constructor(source: AsyncIterable<Uint8Array | string>) {
    this.#source = source;
  }

  async next(): Promise<IteratorResult<Uint8Array | string, unknown>> {
    this.#iterator ??= this.#source[Symbol.asyncIterator]();
    return this.#iterator.next();
  }

  async close(): Promise<void> {
    const { destroy } = this.#source as { destroy?: () => void };
    // The iterator of a Readable would wait for the piece that is being read, which may never arrive.
    if (typeof destroy === 'function') destroy.call(this.#source);
    else await this.#iterator?.return?.();
  }
}
