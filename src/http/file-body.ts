/** The body of an answer that consists of parts of an open file. */
import { FileTruncatedError } from './errors.js';
import type { FileCalls } from './file-calls.js';
import type { BodyPiece } from './multipart-byteranges.js';
import { lengthOf } from './ranges.js';

const CHUNK_BYTES = 65_536;

/**
 * Owns a descriptor until `close`. Iterating reads the pieces, one chunk of at most 64 KiB at a time as the consumer asks, and closes at
 * the end, whatever it is. A server that sends the pieces in another way calls `close` itself.
 */
export class FileBody implements AsyncIterable<Buffer> {
  /** Open for reading until `close`. Use positions: several readers must not share its offset. */
  readonly fd: number;
  /** Of all pieces, in bytes: the Content-Length field. */
  readonly length: number;
  /** Bytes to send as they are, and ranges of the file. */
  readonly pieces: readonly BodyPiece[];
  readonly #calls: FileCalls;
  #closing: Promise<void> | undefined = undefined;

  constructor(calls: FileCalls, fd: number, length: number, pieces: readonly BodyPiece[]) {
    this.#calls = calls;
    this.fd = fd;
    this.length = length;
    this.pieces = pieces;
  }

  /** Closes the descriptor. Further calls have no effect. Do not call it while another read is in progress. */
  close(): Promise<void> {
    this.#closing ??= (async () => await this.#calls.close(this.fd))();
    return this.#closing;
  }

  /**
   * The bytes of the body, in memory that the consumer may keep. Only once, because it closes.
   * @throws FileTruncatedError The file has become shorter: the answer cannot be completed.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    try {
      for (const piece of this.pieces) {
        if (Buffer.isBuffer(piece)) yield piece;
        else yield* this.#read(piece.first, lengthOf(piece));
      }
    } finally {
      await this.close();
    }
  }

  async *#read(first: number, length: number): AsyncGenerator<Buffer, void, void> {
    let position = first;
    const end = first + length;
    while (position < end) {
      const size = Math.min(CHUNK_BYTES, end - position);
      const buffer = Buffer.allocUnsafeSlow(size);
      const bytesRead = await this.#calls.read(this.fd, buffer, position);
      if (bytesRead === 0) throw new FileTruncatedError(position);
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}
