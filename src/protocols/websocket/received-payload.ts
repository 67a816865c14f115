/**
 * The payload of the message that is being delivered, if it was unmasked in the memory where it arrived. Sent back, it is not copied:
 * the header of the answer takes the place of the received one, which is longer, so that both are one piece of memory.
 */
import { headerSize, writeHeader } from './header-writer.js';

/** Serves all connections of the thread, as messages are delivered one after the other. */
class ReceivedPayload {
  #content: Uint8Array | string | undefined = undefined;
  #chunk: Buffer | undefined = undefined;
  #at = 0;
  #length = 0;
  /** The first byte of the header that was written; -1 if there is none. */
  #first = -1;

  /**
   * @param content The message as it is delivered.
   * @param chunk Lent until {@link release} is called; contains the payload, from `at` on, behind its header or a part of that.
   */
  hold(content: Uint8Array | string, chunk: Buffer, at: number, length: number): void {
    this.#content = content;
    this.#chunk = chunk;
    this.#at = at;
    this.#length = length;
    this.#first = -1;
  }

  /** Must be called before the memory is used again. */
  release(): void {
    this.#content = undefined;
    this.#chunk = undefined;
  }

  /**
   * @param first The first byte of the frame.
   * @returns The unmasked frame of `content`, lent; undefined if that is other content, or there is no room for the header.
   */
  frame(content: Uint8Array | string, first: number): Buffer | undefined {
    const chunk = this.#chunk;
    if (chunk === undefined || content !== this.#content) return undefined;
    const size = headerSize(this.#length);
    // Another frame around the same payload may not have been sent yet.
    if (this.#at < size || (this.#first !== -1 && this.#first !== first)) return undefined;
    const from = this.#at - size;
    if (this.#first === -1) writeHeader(chunk, from, first, this.#length);
    this.#first = first;
    return chunk.subarray(from, this.#at + this.#length);
  }
}

export const receivedPayload: ReceivedPayload = new ReceivedPayload();
