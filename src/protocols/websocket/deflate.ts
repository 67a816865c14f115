/**
 * Compresses and decompresses messages (RFC 7692 section 7.2) in the calling thread. Nothing is kept between messages except, with
 * context takeover, the last 32 KiB or less, which precede the next message.
 */
import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { withoutStack } from '../../core/errors/base.js';
import { givenCopyOf } from '../../internal/lent-bytes.js';
import { WebSocketCompressionError, WebSocketMessageTooLongError } from './errors.js';
import type { MessageDecompressor } from './events.js';

/**
 * The end of the empty block that senders omit, and a final empty block: zlib then reports data that does not end at the end
 * of the message.
 */
const END: Buffer = Buffer.from([0x00, 0x00, 0xff, 0xff, 0x03, 0x00]);
const OMITTED_BYTES = 4;

const MAX_WINDOW_BYTES = 2 ** 15;
const MAX_CHUNK_BYTES = 65_536;

/** The smallest window that zlib writes raw data with. */
const MIN_WINDOW_BITS = 9;

export class MessageInflater implements MessageDecompressor {
  readonly #takeover: boolean;
  #window: Buffer | undefined = undefined;

  /** @param takeover Whether the peer may refer to earlier messages. */
  constructor(takeover: boolean) {
    this.#takeover = takeover;
  }

  /**
   * The content of a message.
   * @throws WebSocketMessageTooLongError as soon as more than `maxBytes` are decompressed.
   * @throws WebSocketCompressionError
   */
  decompress(payload: Uint8Array, maxBytes: number): Buffer {
    const content = inflate(payload, maxBytes, this.#window);
    if (this.#takeover) this.#window = windowAfter(this.#window, content, MAX_WINDOW_BYTES);
    return content;
  }
}

/**
 * @param window The context: it is decompressed in front of the message, as a block without compression, because Deno's zlib ignores
 * dictionaries.
 */
function inflate(payload: Uint8Array, maxBytes: number, window: Buffer | undefined): Buffer {
  const parts = window === undefined ? [payload, END] : [stored(window), payload, END];
  const input = Buffer.concat(parts);
  const before = window?.length ?? 0;
  const options = {
    // Node returns the engine, which counts the consumed bytes.
    info: true,
    maxOutputLength: Math.max(1, before + maxBytes),
    chunkSize: Math.min(MAX_CHUNK_BYTES, Math.max(1024, before + 4 * payload.length)),
  };
  let result: InflateResult;
  try {
    result = inflateRawSync(input, options) as unknown as InflateResult;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLong(maxBytes);
    if (code !== 'Z_DATA_ERROR' && code !== 'Z_BUF_ERROR') throw error;
    throw withoutStack(
      () => new WebSocketCompressionError((error as Error).message, { cause: error }),
    );
  }
  if (result.buffer.length - before > maxBytes) throw tooLong(maxBytes);
  const rest = input.length - result.engine.bytesWritten;
  if (rest !== 0 && !endsWithFinalBlock(input, rest)) {
    throw withoutStack(() => new WebSocketCompressionError('data follows its final block'));
  }
  return result.buffer.subarray(before);
}

/** A block without compression (RFC 1951 section 3.2.4). @param content At most 65,535 bytes. */
function stored(content: Buffer): Buffer {
  const block = Buffer.allocUnsafe(5 + content.length);
  block[0] = 0;
  block.writeUInt16LE(content.length, 1);
  block.writeUInt16LE(0xffff - content.length, 3);
  content.copy(block, 5);
  return block;
}

interface InflateResult {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** A sender may set BFINAL in the last block and append a byte of zeros (RFC 7692 section 7.2.3.4). */
function endsWithFinalBlock(input: Buffer, rest: number): boolean {
  return rest === END.length || (rest === END.length + 1 && input[input.length - rest] === 0);
}

function tooLong(maxBytes: number): WebSocketMessageTooLongError {
  return withoutStack(() => new WebSocketMessageTooLongError(maxBytes));
}

export class MessageDeflater {
  /** Whether messages refer to earlier ones. Otherwise equal messages have equal results. */
  readonly takeover: boolean;
  /** The largest window: 9 to 15. */
  readonly windowBits: number;
  /** zlib's level: 1 to 9. */
  readonly level: number;
  #window: Buffer | undefined = undefined;

  constructor(windowBits: number, takeover: boolean, level: number) {
    this.windowBits = windowBits;
    this.takeover = takeover;
    this.level = level;
  }

  /** The payload of a compressed message with this content; undefined if it would not be shorter. */
  compress(content: Uint8Array): Buffer | undefined {
    const { length } = content;
    const bits = this.#window === undefined ? bitsFor(length, this.windowBits) : this.windowBits;
    const options: ZlibOptions = {
      level: this.level,
      windowBits: bits,
      memLevel: Math.min(8, bits - 6),
      finishFlush: constants.Z_SYNC_FLUSH,
      chunkSize: Math.min(MAX_CHUNK_BYTES, length + 64),
      ...(this.#window === undefined ? {} : { dictionary: this.#window }),
    };
    const output = deflateRawSync(content, options);
    // A message that is sent without compression is not part of the context.
    if (output.length - OMITTED_BYTES >= length) return undefined;
    if (this.takeover) this.#window = windowAfter(this.#window, content, 2 ** this.windowBits);
    return output.subarray(0, -OMITTED_BYTES);
  }
}

/**
 * A deflater for the agreed window; undefined for a window of 256 bytes, which zlib cannot keep to: an end that agreed to that sends
 * its messages without compression.
 */
export function deflaterOf(
  windowBits: number,
  takeover: boolean,
  level: number,
): MessageDeflater | undefined {
  if (windowBits < MIN_WINDOW_BITS) return undefined;
  return new MessageDeflater(windowBits, takeover, level);
}

/** The smallest window with room for a whole message: clearing unused memory would take longer than compressing 100 bytes. */
function bitsFor(length: number, maxBits: number): number {
  let bits = MIN_WINDOW_BITS;
  while (bits < maxBits && 2 ** bits < length) bits += 1;
  return bits;
}

/** The last `maxBytes` of `before` and `content`. */
function windowAfter(before: Buffer | undefined, content: Uint8Array, maxBytes: number): Buffer {
  if (before === undefined || content.length >= maxBytes) {
    return givenCopyOf(content.subarray(-maxBytes));
  }
  return Buffer.concat([before.subarray(-(maxBytes - content.length)), content]);
}
