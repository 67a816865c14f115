/** Answers that end with the connection: all bytes until then, within a limit. */
import type { AnswerReader } from './ask.js';
import { AnswerTooLongError } from './errors.js';

export class BytesUntilClose implements AnswerReader<Buffer> {
  readonly #maxBytes: number;
  readonly #option: string | undefined;
  readonly #chunks: Buffer[] = [];
  #length = 0;

  /** @param option The option that sets `maxBytes`. */
  constructor(maxBytes: number, option?: string) {
    this.#maxBytes = maxBytes;
    this.#option = option;
  }

  /** @throws AnswerTooLongError */
  receive(chunk: Buffer): boolean {
    this.#length += chunk.length;
    if (this.#length > this.#maxBytes) {
      throw new AnswerTooLongError(this.#maxBytes, this.#option);
    }
    this.#chunks.push(Buffer.copyBytesFrom(chunk));
    return false;
  }

  finish(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
