/**
 * Writes frames (RFC 6455 section 5). Short frames are made in memory that the thread shares; a server's long payload is passed on
 * as it is, behind its header.
 */
import { LARGE_WRITE_BYTES } from '../../core/transport.js';
import { ownBytes } from '../../internal/lent-bytes.js';
import type { MasksInPlace } from '../../internal/masks-in-place.js';
import { headerSize, writeHeader } from './header-writer.js';
import { MAX_SCRATCH_PAYLOAD, maskScratch, maskToScratch, PAYLOAD_AT, scratch } from './masking.js';
import { MASK } from './opcodes.js';
import { receivedPayload } from './received-payload.js';

/** A transport, or another taker of the bytes of frames. */
export interface ByteSink extends Partial<MasksInPlace> {
  /**
   * Takes bytes in order, like `Transport.write`: fewer than {@link LARGE_WRITE_BYTES} are copied before it returns, more are sent as
   * they are, unless they are lent. A frame may come in two parts.
   */
  write(bytes: Uint8Array): void;
}

/**
 * Returns 32 bits for the next frame of a client. They must not be predictable (RFC 6455 section 10.3).
 */
export type MaskingKeySource = () => number;

/** Longer payload of others is passed on as it is. */
const MAX_COPIED_PAYLOAD = LARGE_WRITE_BYTES - PAYLOAD_AT;

/** The headers of long frames: the shared memory may contain their payload. */
const longHeader = new Uint8Array(PAYLOAD_AT);

/** Serves any number of connections. The methods return the number of bytes that they have written. */
export class FrameSerializer {
  readonly #maskingKey: MaskingKeySource | undefined;

  /** @param maskingKey Of a client; undefined for a server, which does not mask. */
  constructor(maskingKey: MaskingKeySource | undefined) {
    this.#maskingKey = maskingKey;
  }

  /** @param first The first byte: FIN, RSV1 and opcode. A server's payload of nearly {@link LARGE_WRITE_BYTES} or more is not copied. */
  writeBytes(sink: ByteSink, first: number, payload: Uint8Array): number {
    const { length } = payload;
    if (this.#maskingKey === undefined) {
      const frame = receivedPayload.frame(payload, first);
      if (frame !== undefined) {
        sink.write(frame);
        return frame.length;
      }
    }
    // A received message that is sent back is there already.
    const isInPlace = payload.byteOffset === PAYLOAD_AT && payload.buffer === scratch.buffer;
    if (isInPlace || length <= MAX_COPIED_PAYLOAD) {
      if (!isInPlace) scratch.set(payload, PAYLOAD_AT);
      return this.#writeShort(sink, first, length);
    }
    if (this.#maskingKey !== undefined) {
      return this.#writeMasked(sink, first, payload, this.#maskingKey() | 0);
    }
    const size = writeHeader(longHeader, 0, first, length);
    sink.write(longHeader.subarray(0, size));
    sink.write(payload);
    return size + length;
  }

  /** Writes text as UTF-8. Lone surrogates become U+FFFD. */
  writeText(sink: ByteSink, first: number, text: string): number {
    if (this.#maskingKey === undefined) {
      const frame = receivedPayload.frame(text, first);
      if (frame !== undefined) {
        sink.write(frame);
        return frame.length;
      }
    }
    const worst = text.length * 3;
    if (worst <= MAX_SCRATCH_PAYLOAD || Buffer.byteLength(text) <= MAX_SCRATCH_PAYLOAD) {
      return this.#writeShort(sink, first, scratch.write(text, PAYLOAD_AT));
    }
    if (this.#maskingKey !== undefined) {
      return this.#writeMasked(sink, first, Buffer.from(text), this.#maskingKey() | 0);
    }
    const frame = frameOfText(first, text);
    sink.write(frame);
    return frame.length;
  }

  /** The payload is in the shared memory. */
  #writeShort(sink: ByteSink, first: number, length: number): number {
    const key = this.#maskingKey === undefined ? undefined : this.#maskingKey() | 0;
    let at = PAYLOAD_AT;
    if (key !== undefined) {
      maskScratch(PAYLOAD_AT, length, key);
      at -= 4;
      writeKey(scratch, at, key);
    }
    at -= headerSize(length);
    writeHeader(scratch, at, first, length);
    if (key !== undefined) scratch[at + 1] = (scratch[at + 1] as number) | MASK;
    const end = PAYLOAD_AT + length;
    sink.write(scratch.subarray(at, end));
    return end - at;
  }

  #writeMasked(sink: ByteSink, first: number, payload: Uint8Array, key: number): number {
    const { length } = payload;
    const size = headerSize(length);
    const frame = ownBytes(size + 4 + length);
    // Each piece but the last has a length that is a multiple of the key's.
    for (let at = 0; at < length; at += MAX_SCRATCH_PAYLOAD) {
      const piece = Math.min(MAX_SCRATCH_PAYLOAD, length - at);
      maskToScratch(payload, at, piece, key);
      scratch.copy(frame, size + 4 + at, PAYLOAD_AT, PAYLOAD_AT + piece);
    }
    writeHeader(frame, 0, first, length);
    frame[1] = (frame[1] as number) | MASK;
    writeKey(frame, size, key);
    sink.write(frame);
    return frame.length;
  }
}

/** An unmasked frame with memory of its own. */
export function frameOfBytes(first: number, payload: Uint8Array): Buffer {
  const size = headerSize(payload.length);
  const frame = ownBytes(size + payload.length);
  writeHeader(frame, 0, first, payload.length);
  frame.set(payload, size);
  return frame;
}

/** An unmasked frame with memory of its own. */
export function frameOfText(first: number, text: string): Buffer {
  const length = Buffer.byteLength(text);
  const size = headerSize(length);
  const frame = ownBytes(size + length);
  writeHeader(frame, 0, first, length);
  frame.write(text, size);
  return frame;
}

function writeKey(target: Uint8Array, at: number, key: number): void {
  target[at] = key;
  target[at + 1] = key >>> 8;
  target[at + 2] = key >>> 16;
  target[at + 3] = key >>> 24;
}
