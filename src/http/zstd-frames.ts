/** Whether bytes are complete frames of Zstandard (RFC 8878 section 3.1): node:zlib does not report truncated ones. */

/** The length of each field in bytes; all are little-endian. */
const FIELD_BYTES = { magic: 4, size: 4, descriptor: 1, block: 3 } as const;

/** Of skippable frames, without the lowest four bits. */
const SKIPPABLE_MAGIC = 0x184d2a5;
const RLE_BLOCK = 1;
const CHECKSUM_BYTES = 4;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;

/**
 * Follows the lengths of frames and blocks. Everything else is left to the decompressor.
 *
 * ```
 * magic | descriptor | window, dictionary, content size | block ... | checksum     a frame
 * magic | size | content                                                           a skippable frame
 * ```
 */
export class ZstdFrames {
  #field: keyof typeof FIELD_BYTES = 'magic';
  #value = 0;
  #bytesRead = 0;
  /** Bytes before the next field. */
  #skipped = 0;
  #hasChecksum = false;
  #isEmpty = true;

  receive(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      this.#isEmpty = false;
      if (this.#skipped > 0) {
        const length = Math.min(this.#skipped, chunk.length - at);
        this.#skipped -= length;
        at += length;
      } else {
        this.#value += (chunk[at] as number) * 256 ** this.#bytesRead;
        at += 1;
        if (++this.#bytesRead === FIELD_BYTES[this.#field]) this.#fieldRead();
      }
    }
  }

  /** Whether at least one frame, and no part of another, was received. */
  get isComplete(): boolean {
    return (
      !this.#isEmpty && this.#field === 'magic' && this.#bytesRead === 0 && this.#skipped === 0
    );
  }

  #fieldRead(): void {
    const value = this.#value;
    this.#value = 0;
    this.#bytesRead = 0;
    switch (this.#field) {
      case 'magic':
        this.#field = value >>> 4 === SKIPPABLE_MAGIC ? 'size' : 'descriptor';
        return;
      case 'size':
        this.#skipped = value;
        this.#field = 'magic';
        return;
      case 'descriptor':
        this.#headerBegun(value);
        return;
      default:
        this.#blockBegun(value);
    }
  }

  #headerBegun(descriptor: number): void {
    this.#hasChecksum = (descriptor & 0x04) !== 0;
    const isSingleSegment = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >> 6;
    const dictionaryId = DICTIONARY_ID_BYTES[descriptor & 0x03] ?? 0;
    const window = isSingleSegment ? 0 : 1;
    const contentSize = sizeFlag === 0 ? 1 - window : 2 ** sizeFlag;
    this.#skipped = window + dictionaryId + contentSize;
    this.#field = 'block';
  }

  #blockBegun(header: number): void {
    const isLast = (header & 1) !== 0;
    const type = (header >> 1) & 3;
    this.#skipped = type === RLE_BLOCK ? 1 : header >> 3;
    if (!isLast) return;
    if (this.#hasChecksum) this.#skipped += CHECKSUM_BYTES;
    this.#field = 'magic';
  }
}
