/**
 * Validates UTF-8 that arrives in pieces and rejects it at the first byte that no valid text has there (RFC 3629). The body of
 * each piece is checked by Node's vectorised `isUtf8`; only characters that are cut in two are followed byte by byte.
 */
import { isUtf8 } from 'node:buffer';

export class Utf8Validator {
  /** The number of bytes that the unfinished character lacks. */
  #missing = 0;
  /** The range of its next byte. */
  #low = 0x80;
  #high = 0xbf;

  /** Whether the text received so far ends with a whole character. */
  get complete(): boolean {
    return this.#missing === 0;
  }

  /** Adds a piece. @returns Whether the text so far is valid, except for an unfinished character at its end. */
  accepts(piece: Uint8Array): boolean {
    let at = 0;
    while (this.#missing > 0 && at < piece.length) {
      if (!this.#step(piece[at++] as number)) return false;
    }
    const end = lastBoundary(piece, at);
    if (at < end && !isUtf8(at === 0 && end === piece.length ? piece : piece.subarray(at, end))) {
      return false;
    }
    for (at = end; at < piece.length; at++) {
      if (!this.#step(piece[at] as number)) return false;
    }
    return true;
  }

  /** Forgets the text. */
  reset(): void {
    this.#missing = 0;
  }

  #step(byte: number): boolean {
    if (this.#missing === 0) return this.#lead(byte);
    if (byte < this.#low || byte > this.#high) return false;
    this.#missing -= 1;
    this.#low = 0x80;
    this.#high = 0xbf;
    return true;
  }

  /** The first byte of a character, which limits the second (RFC 3629 section 4). */
  #lead(byte: number): boolean {
    if (byte < 0xc2 || byte > 0xf4) return false;
    this.#missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    this.#low = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    this.#high = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
    return true;
  }
}

/** The end of the bytes from `from` on without an unfinished character at the end. */
function lastBoundary(piece: Uint8Array, from: number): number {
  const { length } = piece;
  for (let back = 1; back <= 3 && length - back >= from; back++) {
    const byte = piece[length - back] as number;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const size = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return size > back ? length - back : length;
  }
  return length;
}
