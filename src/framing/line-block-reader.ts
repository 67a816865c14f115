/**
 * Lines, and blocks of a length that a line gives, each followed by CRLF: the frame of memcache, Redis and similar protocols. The
 * family decides which of the two comes next.
 */
import { ByteQueue } from './byte-queue.js';

const LF = 0x0a;
const CR = 0x0d;

/** @internal */
export class LineBlockReader {
  readonly #queue = new ByteQueue();
  readonly #maxLineBytes: number;
  readonly #invalid: (problem: string) => Error;
  /** Bytes in which there is no end of a line. */
  #searched = 0;
  #error: Error | undefined;

  /**
   * @param maxLineBytes Without CRLF.
   * @param invalid Makes the error for bytes that are neither.
   */
  constructor(maxLineBytes: number, invalid: (problem: string) => Error) {
    this.#maxLineBytes = maxLineBytes;
    this.#invalid = invalid;
  }

  /** Bytes received and not yet returned. */
  get bufferedBytes(): number {
    return this.#queue.length;
  }

  /** Takes a chunk, which may be lent: read until bytes are missing before the chunk is overwritten. */
  receive(chunk: Buffer): void {
    this.expectUsable();
    this.#queue.push(chunk);
  }

  /** @throws The error after which nothing can be read. */
  expectUsable(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  /** Nothing can be read after `error`. @returns It. */
  spoil(error: unknown): unknown {
    this.#error = error as Error;
    return error;
  }

  /** The next line, as UTF-8, without CRLF. Undefined if bytes are missing. */
  line(): string | undefined {
    const queue = this.#queue;
    const maxLineBytes = this.#maxLineBytes;
    const at = queue.indexOf(LF, this.#searched);
    const { length } = queue;
    if ((at === -1 ? length - 1 : at - 1) > maxLineBytes) {
      throw this.#invalid(`a line is longer than maxLineBytes, ${maxLineBytes}`);
    }
    if (at === -1) {
      this.#searched = length;
      queue.settle(maxLineBytes + 2);
      return undefined;
    }
    if (at === 0 || queue.byteAt(at - 1) !== CR) {
      throw this.#invalid('a line does not end with CRLF');
    }
    this.#searched = 0;
    return queue.cut(0, at - 1, at + 1).toString('utf8');
  }

  /**
   * The next `size` bytes, without the CRLF behind them, in memory of their own. Undefined if bytes are missing.
   * @param what The name of the block in errors.
   */
  block(size: number, what: string): Buffer | undefined {
    const queue = this.#queue;
    if (queue.length < size + 2) {
      queue.settle(size + 2);
      return undefined;
    }
    if (queue.byteAt(size) !== CR || queue.byteAt(size + 1) !== LF) {
      throw this.#invalid(`${what} does not end with CRLF`);
    }
    return queue.cutGiven(0, size, size + 2);
  }
}
