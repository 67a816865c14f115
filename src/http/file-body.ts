/** The body of an answer that consists of parts of a file. */
import { ownBytes } from '../internal/lent-bytes.js';
import { FileTruncatedError } from './errors.js';
import type { FileCalls } from './file-calls.js';
import type { BodyPiece } from './multipart-byteranges.js';
import { lengthOf } from './ranges.js';

const CHUNK_BYTES = 65_536;

/**
 * May own a descriptor, until `close`. Iterating reads the pieces, one chunk of at most 64 KiB at a time as the consumer asks, and
 * closes at the end, whatever it is. A server that sends the pieces in another way calls `close` itself.
 */
export class FileBody implements AsyncIterable<Buffer> {
  /** Open for reading until `close`. Undefined if all pieces are bytes. */
  readonly fd: number | undefined;
  /** Of all pieces, in bytes: the Content-Length field. */
  readonly length: number;
  /** Bytes to send as they are, and ranges of the file. */
  readonly pieces: readonly BodyPiece[];
  /** Whether the file may be read in the reactor's thread. */
  readonly isBlocking: boolean;
  readonly #calls: FileCalls;
  #closing: Promise<void> | undefined = undefined;

  constructor(
    calls: FileCalls,
    fd: number | undefined,
    length: number,
    pieces: readonly BodyPiece[],
    isBlocking = false,
  ) {
    this.#calls = calls;
    this.fd = fd;
    this.length = length;
    this.pieces = pieces;
    this.isBlocking = isBlocking;
  }

  /** Closes the descriptor. Further calls have no effect. Do not call it while another read is in progress. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /**
   * The bytes of the body, in memory that the consumer may keep. Only once, because it closes.
   * @throws FileTruncatedError The file has become shorter: the answer cannot be completed.
   */
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    return this.from(0);
  }

  /** Likewise, without the first `skipped` bytes of the body. */
  async *from(skipped: number): AsyncGenerator<Buffer, void, void> {
    let left = skipped;
    try {
      for (const piece of this.pieces) {
        const length = Buffer.isBuffer(piece) ? piece.length : lengthOf(piece);
        const skip = Math.min(left, length);
        left -= skip;
        if (skip === length) continue;
        if (Buffer.isBuffer(piece)) yield piece.subarray(skip);
        else if (this.fd !== undefined)
          yield* this.#read(this.fd, piece.first + skip, length - skip);
      }
    } finally {
      await this.close();
    }
  }

  async #close(): Promise<void> {
    if (this.fd !== undefined) await this.#calls.close(this.fd);
  }

  async *#read(fd: number, first: number, length: number): AsyncGenerator<Buffer, void, void> {
    let position = first;
    const end = first + length;
    while (position < end) {
      const size = Math.min(CHUNK_BYTES, end - position);
      const buffer = ownBytes(size);
      const bytesRead = await this.#calls.read(fd, buffer, position);
      if (bytesRead === 0) throw new FileTruncatedError(position);
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}
