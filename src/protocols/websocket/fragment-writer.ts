/** Writes one message in fragments. */
import { WebSocketFragmentError } from './errors.js';
import { BINARY, CONTINUATION, FIN, TEXT } from './opcodes.js';
import type { ByteSink, FrameSerializer } from './serializer.js';

export class FragmentWriter {
  readonly #serializer: FrameSerializer;
  readonly #type: number;
  #begun = false;
  /** The first half of a character that the next fragment of text completes. */
  #surrogate = '';

  constructor(serializer: FrameSerializer, data: string | Uint8Array) {
    this.#serializer = serializer;
    this.#type = typeOf(data);
  }

  /**
   * @returns The number of bytes written.
   * @throws WebSocketFragmentError
   */
  write(sink: ByteSink, data: string | Uint8Array, final: boolean): number {
    if (typeOf(data) !== this.#type) {
      throw new WebSocketFragmentError('the fragments of a message are all text, or all bytes');
    }
    const first = (final ? FIN : 0) | (this.#begun ? CONTINUATION : this.#type);
    this.#begun = true;
    return typeof data === 'string'
      ? this.#serializer.writeText(sink, first, this.#wholeText(data, final))
      : this.#serializer.writeBytes(sink, first, data);
  }

  /** A character may be cut in two at the end of a fragment's string. */
  #wholeText(data: string, final: boolean): string {
    const text = this.#surrogate + data;
    this.#surrogate = '';
    const last = text.charCodeAt(text.length - 1);
    if (final || !(last >= 0xd800 && last <= 0xdbff)) return text;
    this.#surrogate = text.slice(-1);
    return text.slice(0, -1);
  }
}

function typeOf(data: string | Uint8Array): number {
  return typeof data === 'string' ? TEXT : BINARY;
}
