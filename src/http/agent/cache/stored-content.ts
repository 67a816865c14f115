/** Content that is in memory. */
import type { Deferred } from '../../../defer/deferred.js';
import { fail, succeed } from '../../../defer/succeed.js';
import { HTTPLimitError, HTTPSequenceError } from '../../../protocols/http/errors.js';
import { checkMaxContentBytes } from '../../../protocols/http/limits.js';
import { parseJSON } from '../../client/parse-json.js';
import type { ResponseContent } from '../agent-response.js';

const PIECE_BYTES = 65_536;

export class StoredContent implements ResponseContent {
  readonly trailers = undefined;
  readonly #bytes: Buffer;
  #isRead = false;

  /** @param bytes Not changed: readers get copies. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  bytes(maxBytes: number): Deferred<Buffer> {
    return this.#read(maxBytes, (bytes) => Buffer.from(bytes));
  }

  text(maxBytes: number): Deferred<string> {
    return this.#read(maxBytes, (bytes) => bytes.toString());
  }

  json(maxBytes: number): Deferred<unknown> {
    return this.#read(maxBytes, parseJSON);
  }

  drain(maxBytes: number): Deferred<void> {
    return this.#read(maxBytes, () => undefined);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined> {
    this.#take();
    return pieces(this.#bytes);
  }

  discard(): void {
    this.#isRead = true;
  }

  abort(): void {
    this.#isRead = true;
  }

  #read<T>(maxBytes: number, convert: (bytes: Buffer) => T): Deferred<T> {
    checkMaxContentBytes(maxBytes);
    this.#take();
    const bytes = this.#bytes;
    if (bytes.length > maxBytes)
      return fail(new HTTPLimitError('client', 'maxContentBytes', maxBytes));
    try {
      return succeed(convert(bytes)) as Deferred<T>;
    } catch (error) {
      return fail(error);
    }
  }

  #take(): void {
    if (this.#isRead) throw new HTTPSequenceError('the content of a response can be read once');
    this.#isRead = true;
  }
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer, undefined, void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield Buffer.from(bytes.subarray(at, at + PIECE_BYTES));
  }
  return undefined;
}
