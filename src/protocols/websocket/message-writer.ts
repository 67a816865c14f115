/** Writes whole messages, with compression if that was agreed. It does not know whether it may. */
import type { MessageDeflater } from './deflate.js';
import { BINARY, FIN, RSV1, TEXT } from './opcodes.js';
import type { PreparedMessage } from './prepared-message.js';
import type { ByteSink, FrameSerializer } from './serializer.js';

/** Serves any number of connections, unless its deflater refers to earlier messages. The methods return the number of bytes written. */
export class MessageWriter {
  readonly serializer: FrameSerializer;
  readonly #isServer: boolean;
  readonly #deflater: MessageDeflater | undefined;
  readonly #threshold: number;

  /** @param threshold The shortest message to compress, in bytes. */
  constructor(
    serializer: FrameSerializer,
    isServer: boolean,
    deflater: MessageDeflater | undefined,
    threshold: number,
  ) {
    this.serializer = serializer;
    this.#isServer = isServer;
    this.#deflater = deflater;
    this.#threshold = threshold;
  }

  text(sink: ByteSink, text: string): number {
    const deflater = this.#deflater;
    if (deflater !== undefined && this.#isLong(text)) {
      return this.#compressed(sink, deflater, TEXT, Buffer.from(text));
    }
    return this.serializer.writeText(sink, FIN | TEXT, text);
  }

  binary(sink: ByteSink, bytes: Uint8Array): number {
    const deflater = this.#deflater;
    if (deflater !== undefined && bytes.length >= this.#threshold) {
      return this.#compressed(sink, deflater, BINARY, bytes);
    }
    return this.serializer.writeBytes(sink, FIN | BINARY, bytes);
  }

  prepared(sink: ByteSink, message: PreparedMessage): number {
    const { content } = message;
    const deflater = this.#deflater;
    // Masked frames, and those that depend on earlier messages, differ between connections.
    if (!this.#isServer || deflater?.takeover === true) {
      return typeof content === 'string' ? this.text(sink, content) : this.binary(sink, content);
    }
    const compresses =
      deflater !== undefined &&
      (typeof content === 'string' ? this.#isLong(content) : content.length >= this.#threshold);
    const frame = compresses ? message.compressedFrame(deflater) : message.frame();
    sink.write(frame);
    return frame.length;
  }

  #compressed(
    sink: ByteSink,
    deflater: MessageDeflater,
    type: number,
    content: Uint8Array,
  ): number {
    const payload = deflater.compress(content);
    return payload === undefined
      ? this.serializer.writeBytes(sink, FIN | type, content)
      : this.serializer.writeBytes(sink, FIN | RSV1 | type, payload);
  }

  /** Whether a text has at least as many bytes as the threshold. */
  #isLong(text: string): boolean {
    if (text.length >= this.#threshold) return true;
    return text.length * 3 >= this.#threshold && Buffer.byteLength(text) >= this.#threshold;
  }
}
