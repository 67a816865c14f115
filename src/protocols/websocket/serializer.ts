/**
 * Writes frames (RFC 6455 section 5). Short frames are made in memory that the thread shares; a server's long payload is passed on
 * as it is, behind its header.
 */
import { LARGE_WRITE_BYTES } from '../../core/transport.js';
import { ownBytes } from '../../internal/lent-bytes.js';
import { maskScratch, maskToScratch, SCRATCH_BYTES, scratch } from './masking.js';
import { MASK, MAX_CONTROL_BYTES } from './opcodes.js';

/**
 * Takes the bytes of frames in order, like `Transport.write`: fewer than {@link LARGE_WRITE_BYTES} are copied before it returns,
 * more are sent as they are, unless they are lent. A frame may come in two parts.
 */
export type ByteSink = (bytes: Uint8Array) => void;

/**
 * Returns 32 bits for the next frame of a client. They must not be predictable (RFC 6455 section 10.3).
 */
export type MaskingKeySource = () => number;

/** Where a payload begins in the shared memory: aligned, and behind room for the longest header. */
const PAYLOAD_AT = 16;

/** Frames that fit are made in the shared memory; all of them are copied by the sink. */
const MAX_SHORT_PAYLOAD = LARGE_WRITE_BYTES - PAYLOAD_AT;

/** The headers of long frames: the shared memory may contain their payload. */
const longHeader = new Uint8Array(PAYLOAD_AT);

export class FrameSerializer {
  readonly #sink: ByteSink;
  readonly #maskingKey: MaskingKeySource | undefined;

  /** @param maskingKey Of a client; undefined for a server, which does not mask. */
  constructor(sink: ByteSink, maskingKey: MaskingKeySource | undefined) {
    this.#sink = sink;
    this.#maskingKey = maskingKey;
  }

  /** @param first The first byte: FIN, RSV1 and opcode. A server's payload of nearly {@link LARGE_WRITE_BYTES} or more is not copied. */
  writeBytes(first: number, payload: Uint8Array): void {
    const { length } = payload;
    if (length <= MAX_SHORT_PAYLOAD) {
      // The payload may be in the shared memory itself.
      scratch.set(payload, PAYLOAD_AT);
      this.#writeShort(first, length);
    } else if (this.#maskingKey === undefined) {
      const size = writeHeader(longHeader, 0, first, length);
      this.#sink(longHeader.subarray(0, size));
      this.#sink(payload);
    } else {
      this.#writeMasked(first, payload, this.#maskingKey() | 0);
    }
  }

  /** Writes text as UTF-8. Lone surrogates become U+FFFD. */
  writeText(first: number, text: string): void {
    const worst = text.length * 3;
    if (worst <= MAX_SHORT_PAYLOAD || Buffer.byteLength(text) <= MAX_SHORT_PAYLOAD) {
      this.#writeShort(first, scratch.write(text, PAYLOAD_AT));
    } else if (this.#maskingKey === undefined) {
      this.#sink(frameOfText(first, text));
    } else {
      this.#writeMasked(first, Buffer.from(text), this.#maskingKey() | 0);
    }
  }

  /** Writes bytes that are frames already. */
  writeFrames(frames: Uint8Array): void {
    this.#sink(frames);
  }

  /** The payload is in the shared memory. */
  #writeShort(first: number, length: number): void {
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
    this.#sink(scratch.subarray(at, PAYLOAD_AT + length));
  }

  #writeMasked(first: number, payload: Uint8Array, key: number): void {
    const { length } = payload;
    const size = headerSize(length);
    const frame = ownBytes(size + 4 + length);
    // Each piece but the last has a length that is a multiple of the key's.
    for (let at = 0; at < length; at += SCRATCH_BYTES) {
      const piece = Math.min(SCRATCH_BYTES, length - at);
      maskToScratch(payload, at, piece, key);
      scratch.copy(frame, size + 4 + at, 0, piece);
    }
    writeHeader(frame, 0, first, length);
    frame[1] = (frame[1] as number) | MASK;
    writeKey(frame, size, key);
    this.#sink(frame);
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

/** Without the masking key. */
function headerSize(length: number): number {
  return length <= MAX_CONTROL_BYTES ? 2 : length <= 0xffff ? 4 : 10;
}

/** @returns The size of the header. */
function writeHeader(target: Uint8Array, at: number, first: number, length: number): number {
  target[at] = first;
  if (length <= MAX_CONTROL_BYTES) {
    target[at + 1] = length;
    return 2;
  }
  const bytes = length <= 0xffff ? 2 : 8;
  target[at + 1] = bytes === 2 ? 126 : 127;
  let rest = length;
  for (let i = at + 1 + bytes; i > at + 1; i--) {
    target[i] = rest;
    rest = Math.floor(rest / 256);
  }
  return 2 + bytes;
}

function writeKey(target: Uint8Array, at: number, key: number): void {
  target[at] = key;
  target[at + 1] = key >>> 8;
  target[at + 2] = key >>> 16;
  target[at + 3] = key >>> 24;
}
