/** The payload of a message that arrives in pieces, in one growing buffer. Text is checked as it arrives. */
import { ownBytes } from '../../internal/lent-bytes.js';
import { Utf8Validator } from './utf8.js';

const EMPTY: Buffer = Buffer.alloc(0);
const MIN_BYTES = 128;

export class MessageBuffer {
  readonly #validator: Utf8Validator | undefined;
  readonly #maxBytes: number;
  #memory: Buffer = EMPTY;
  /** The number of bytes received. */
  length = 0;
  /** Whether all of them are known to be ASCII. */
  ascii = true;

  /** @param maxBytes The most bytes that will be appended. */
  constructor(text: boolean, maxBytes: number) {
    this.#validator = text ? new Utf8Validator() : undefined;
    this.#maxBytes = maxBytes;
  }

  /** Whether text ends with a whole character. */
  get complete(): boolean {
    return this.#validator?.complete ?? true;
  }

  /** A view of the content. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.length);
  }

  /** The content in memory of its own, at most twice as long; nothing may be appended later. */
  given(): Buffer {
    const { length } = this;
    if (2 * length >= this.#memory.length) return this.bytes;
    const given = ownBytes(length);
    this.#memory.copy(given, 0, 0, length);
    return given;
  }

  /**
   * @param wanted The number of bytes from `from` on until the end of the message; 0 if that is unknown.
   * @param ascii Whether the bytes are known to be ASCII.
   * @returns False if the text is not UTF-8.
   */
  append(source: Buffer, from: number, to: number, wanted: number, ascii: boolean): boolean {
    const end = this.length + to - from;
    if (end > this.#memory.length) this.#grow(end, this.length + wanted);
    source.copy(this.#memory, this.length, from, to);
    this.length = end;
    if (this.#validator === undefined) return true;
    if (ascii && this.#validator.complete) return true;
    this.ascii = false;
    return this.#validator.accepts(source.subarray(from, to));
  }

  #grow(needed: number, wanted: number): void {
    // Room for a whole frame is allocated once a quarter of it has arrived: a mere announcement is not enough.
    const capacity =
      wanted >= needed && wanted <= 4 * needed ? wanted : Math.max(MIN_BYTES, 2 * needed);
    const grown = ownBytes(Math.max(needed, Math.min(capacity, this.#maxBytes)));
    this.#memory.copy(grown, 0, 0, this.length);
    this.#memory = grown;
  }
}
