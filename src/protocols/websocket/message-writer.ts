/** Writes messages: whole, prepared and in fragments, with compression if that was agreed. It does not know whether it may. */
import type { MessageDeflater } from './deflate.js';
import { WebSocketFragmentError } from './errors.js';
import { BINARY, CONTINUATION, FIN, RSV1, TEXT } from './opcodes.js';
import type { PreparedMessage } from './prepared-message.js';
import type { FrameSerializer } from './serializer.js';

export class MessageWriter {
  readonly #serializer: FrameSerializer;
  readonly #isServer: boolean;
  readonly #deflater: MessageDeflater | undefined;
  readonly #threshold: number;
  /** The type of the message whose fragments are being sent; 0 if there is none. */
  #fragmented = 0;
  /** The first half of a character that the next fragment of text completes. */
  #surrogate = '';

  /** @param threshold The shortest message to compress, in bytes. */
  constructor(
    serializer: FrameSerializer,
    isServer: boolean,
    deflater: MessageDeflater | undefined,
    threshold: number,
  ) {
    this.#serializer = serializer;
    this.#isServer = isServer;
    this.#deflater = deflater;
    this.#threshold = threshold;
  }

  /** @throws WebSocketFragmentError */
  text(text: string): void {
    this.#checkWhole();
    const deflater = this.#deflater;
    if (deflater !== undefined && this.#isLong(text)) {
      this.#compressed(deflater, TEXT, Buffer.from(text));
    } else {
      this.#serializer.writeText(FIN | TEXT, text);
    }
  }

  /** @throws WebSocketFragmentError */
  binary(bytes: Uint8Array): void {
    this.#checkWhole();
    const deflater = this.#deflater;
    if (deflater !== undefined && bytes.length >= this.#threshold) {
      this.#compressed(deflater, BINARY, bytes);
    } else {
      this.#serializer.writeBytes(FIN | BINARY, bytes);
    }
  }

  /** @throws WebSocketFragmentError */
  prepared(message: PreparedMessage): void {
    const { content } = message;
    const deflater = this.#deflater;
    // Masked frames, and those that depend on earlier messages, differ between connections.
    if (!this.#isServer || deflater?.takeover === true) {
      if (typeof content === 'string') this.text(content);
      else this.binary(content);
      return;
    }
    this.#checkWhole();
    const compresses =
      deflater !== undefined &&
      (typeof content === 'string' ? this.#isLong(content) : content.length >= this.#threshold);
    this.#serializer.writeFrames(compresses ? message.compressedFrame(deflater) : message.frame());
  }

  /** @throws WebSocketFragmentError */
  fragment(data: string | Uint8Array, final: boolean): void {
    const type = typeof data === 'string' ? TEXT : BINARY;
    if (this.#fragmented !== 0 && this.#fragmented !== type) {
      throw new WebSocketFragmentError('the fragments of a message are all text, or all bytes');
    }
    const first = (final ? FIN : 0) | (this.#fragmented === 0 ? type : CONTINUATION);
    this.#fragmented = final ? 0 : type;
    if (typeof data === 'string') this.#serializer.writeText(first, this.#wholeText(data, final));
    else this.#serializer.writeBytes(first, data);
  }

  #compressed(deflater: MessageDeflater, type: number, content: Uint8Array): void {
    const payload = deflater.compress(content);
    if (payload === undefined) this.#serializer.writeBytes(FIN | type, content);
    else this.#serializer.writeBytes(FIN | RSV1 | type, payload);
  }

  /** Whether a text has at least as many bytes as the threshold. */
  #isLong(text: string): boolean {
    if (text.length >= this.#threshold) return true;
    return text.length * 3 >= this.#threshold && Buffer.byteLength(text) >= this.#threshold;
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

  #checkWhole(): void {
    if (this.#fragmented === 0) return;
    throw new WebSocketFragmentError('a message cannot be sent between the fragments of another');
  }
}
