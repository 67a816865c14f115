// Checks a decoder against the contract of decoders: `node --import tsx --test examples/testing-contracts.ts`.
import { describe, it } from 'node:test';
import { FrameTooLongError } from 'ropewalk';
import { decoderContract } from 'ropewalk/testing';

const MAX_WORD_BYTES = 20;

/** Splits a text into words, each of which ends in one space. */
class WordDecoder {
  #kept: Buffer = Buffer.alloc(0);
  #error: FrameTooLongError | undefined = undefined;

  get bufferedBytes(): number {
    return this.#kept.length;
  }

  receive(chunk: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, chunk]);
  }

  next(): string | undefined {
    if (this.#error !== undefined) throw this.#error;
    const end = this.#kept.indexOf(' ');
    if ((end < 0 ? this.#kept.length : end) > MAX_WORD_BYTES) {
      this.#error = new FrameTooLongError(MAX_WORD_BYTES);
      throw this.#error;
    }
    if (end < 0) return undefined;
    const word = this.#kept.toString('utf8', 0, end);
    this.#kept = this.#kept.subarray(end + 1);
    return word;
  }
}

const LONG = 'a-word-of-21-bytes-xx';

describe('WordDecoder', () => {
  const contract = decoderContract({
    make: () => new WordDecoder(),
    wire: Buffer.from('every  wörd '),
    frames: ['every', '', 'wörd'],
    refused: [
      {
        name: 'a long word',
        wire: Buffer.from(`a ${LONG} `),
        frames: ['a'],
        error: FrameTooLongError,
      },
    ],
    unending: { bytes: Buffer.from('x'), maxBufferedBytes: 21, error: FrameTooLongError },
  });
  for (const { name, run } of contract) it(name, run);
});
