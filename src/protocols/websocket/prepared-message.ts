/** A message for many connections: its frame is made once, and compressed once for each window. */
import { checkData } from '../../internal/check.js';
import type { MessageDeflater } from './deflate.js';
import { BINARY, FIN, RSV1, TEXT } from './opcodes.js';
import { frameOfBytes, frameOfText } from './serializer.js';

export const SERIALIZE_HINT = 'serialize objects, such as by JSON.stringify';

/** Pass it to `sendPrepared` of each connection. */
export class PreparedMessage {
  /** The text, or a copy of the bytes. */
  readonly content: string | Uint8Array;
  #frame: Buffer | undefined = undefined;
  readonly #compressed: Map<number, Buffer> = new Map();

  /** @throws InvalidArgumentTypeError */
  constructor(content: string | Uint8Array) {
    checkData(content, 'message', SERIALIZE_HINT);
    this.content = typeof content === 'string' ? content : new Uint8Array(content);
  }

  /** @internal The frame of a server. */
  frame(): Buffer {
    const { content } = this;
    this.#frame ??=
      typeof content === 'string'
        ? frameOfText(FIN | TEXT, content)
        : frameOfBytes(FIN | BINARY, content);
    return this.#frame;
  }

  /** @internal The compressed frame of a server without context takeover; the frame if it is not longer. */
  compressedFrame(deflater: MessageDeflater): Buffer {
    const key = deflater.windowBits * 16 + deflater.level;
    let frame = this.#compressed.get(key);
    if (frame === undefined) {
      const { content } = this;
      const isText = typeof content === 'string';
      const payload = deflater.compress(isText ? Buffer.from(content) : content);
      frame =
        payload === undefined
          ? this.frame()
          : frameOfBytes(FIN | RSV1 | (isText ? TEXT : BINARY), payload);
      this.#compressed.set(key, frame);
    }
    return frame;
  }
}
