/** Reads and checks the headers of frames (RFC 6455 section 5.2), also if they arrive in pieces. */
import { withoutStack } from '../../core/errors/base.js';
import { WebSocketFrameError, WebSocketMessageTooLongError } from './errors.js';
import {
  CLOSE,
  CONTINUATION,
  FIN,
  MASK,
  MAX_CONTROL_BYTES,
  MAX_HEADER_BYTES,
  PONG,
  RSV1,
} from './opcodes.js';

export class FrameHeader {
  readonly #masked: boolean;
  readonly #allowsCompression: boolean;
  readonly #maxMessageBytes: number;
  /** The beginning of a header that arrived in pieces. */
  #pieces: Uint8Array | undefined = undefined;
  #pieceBytes = 0;

  /** The fields of the last header that was read completely. */
  opcode = 0;
  fin = false;
  /** RSV1. */
  compressed = false;
  /** The length of the payload in bytes. */
  length = 0;
  /** The masking key, with its first byte in the low 8 bits; 0 for unmasked frames. */
  key = 0;

  /**
   * @param masked Whether frames must be masked; otherwise they must not.
   * @param allowsCompression Whether RSV1 may be set in the first frame of a message.
   */
  constructor(masked: boolean, allowsCompression: boolean, maxMessageBytes: number) {
    this.#masked = masked;
    this.#allowsCompression = allowsCompression;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** The number of bytes of an incomplete header. */
  get bufferedBytes(): number {
    return this.#pieceBytes;
  }

  /** Forgets an incomplete header. */
  reset(): void {
    this.#pieces = undefined;
    this.#pieceBytes = 0;
  }

  /**
   * Reads a header, or a piece of it.
   * @param message The opcode of the unfinished message, 0 if there is none.
   * @param messageBytes The number of its bytes in earlier frames.
   * @returns The position behind the header; -1 if it needs more bytes than the chunk has. Then all of them have been read.
   * @throws WebSocketFrameError, WebSocketMessageTooLongError
   */
  read(chunk: Uint8Array, at: number, message: number, messageBytes: number): number {
    const available = chunk.length - at;
    if (this.#pieceBytes > 0 || available < 2) {
      return this.#collect(chunk, at, message, messageBytes);
    }
    const size = headerSize(chunk[at + 1] as number);
    if (available < size) return this.#collect(chunk, at, message, messageBytes);
    this.#checkStart(chunk[at] as number, chunk[at + 1] as number, message);
    this.#parse(chunk, at, messageBytes);
    return at + size;
  }

  #collect(chunk: Uint8Array, from: number, message: number, messageBytes: number): number {
    this.#pieces ??= new Uint8Array(MAX_HEADER_BYTES);
    const header = this.#pieces;
    for (let at = from; at < chunk.length; at++) {
      header[this.#pieceBytes++] = chunk[at] as number;
      if (this.#pieceBytes < 2) continue;
      const second = header[1] as number;
      if (this.#pieceBytes === 2) this.#checkStart(header[0] as number, second, message);
      const size = headerSize(second);
      // A length that is not allowed is refused before the masking key arrives.
      if (this.#pieceBytes === size - (this.#masked ? 4 : 0))
        this.#readLength(header, 0, messageBytes);
      if (this.#pieceBytes < size) continue;
      this.#parse(header, 0, messageBytes);
      this.reset();
      return at + 1;
    }
    return -1;
  }

  /** Checks the first two bytes of a frame. */
  #checkStart(first: number, second: number, message: number): void {
    const opcode = first & 0x0f;
    if (((second & MASK) !== 0) !== this.#masked) {
      throw invalid(this.#masked ? 'a client must mask it' : 'a server must not mask it');
    }
    if ((first & 0x30) !== 0) throw invalid('RSV2 or RSV3 is set');
    if ((first & RSV1) !== 0) {
      if (!this.#allowsCompression) throw invalid('RSV1 is set without an extension');
      if (opcode === CONTINUATION || opcode >= CLOSE) {
        throw invalid('RSV1 is set in a frame that does not begin a message');
      }
    }
    if (opcode >= CLOSE) {
      if (opcode > PONG) throw invalid(`reserved opcode ${opcode}`);
      if ((first & FIN) === 0) throw invalid('a control frame is fragmented');
      const length = second & 0x7f;
      if (length > MAX_CONTROL_BYTES) throw invalid('a control frame of more than 125 bytes');
      if (opcode === CLOSE && length === 1) throw invalid('a close frame with half a code');
    } else if (opcode === CONTINUATION) {
      if (message === 0) throw invalid('a continuation of no message');
    } else {
      if (opcode > 2) throw invalid(`reserved opcode ${opcode}`);
      if (message !== 0) throw invalid('a new message before the end of another one');
    }
  }

  /** @param header The whole header, at `at`, with valid first bytes. */
  #parse(header: Uint8Array, at: number, messageBytes: number): void {
    const first = header[at] as number;
    this.length = this.#readLength(header, at, messageBytes);
    this.opcode = first & 0x0f;
    this.fin = (first & FIN) !== 0;
    this.compressed = (first & RSV1) !== 0;
    this.key = 0;
    if (!this.#masked) return;
    const end = at + headerSize(header[at + 1] as number) - 4;
    this.key =
      (header[end] as number) |
      ((header[end + 1] as number) << 8) |
      ((header[end + 2] as number) << 16) |
      ((header[end + 3] as number) << 24);
  }

  /** The length of the payload, which must be in the shortest form and within the limit. */
  #readLength(header: Uint8Array, at: number, messageBytes: number): number {
    const short = (header[at + 1] as number) & 0x7f;
    const length =
      short <= MAX_CONTROL_BYTES ? short : extendedLength(header, at + 2, short === 126 ? 2 : 8);
    const opcode = (header[at] as number) & 0x0f;
    const before = opcode === CONTINUATION ? messageBytes : 0;
    if (opcode < CLOSE && before + length > this.#maxMessageBytes) {
      throw withoutStack(() => new WebSocketMessageTooLongError(this.#maxMessageBytes));
    }
    return length;
  }
}

/** The size of a header with this second byte. */
function headerSize(second: number): number {
  const length = second & 0x7f;
  return 2 + (length < 126 ? 0 : length === 126 ? 2 : 8) + ((second & MASK) === 0 ? 0 : 4);
}

/** Inexact from 2^53 on. */
function extendedLength(header: Uint8Array, at: number, size: number): number {
  if (size === 8 && (header[at] as number) >= 0x80) throw invalid('a length of 2^63 or more');
  let length = 0;
  for (let i = 0; i < size; i++) length = length * 256 + (header[at + i] as number);
  if (length <= (size === 2 ? MAX_CONTROL_BYTES : 0xffff)) {
    throw invalid('its length is not in the shortest form');
  }
  return length;
}

/** An error of a frame that RFC 6455 does not allow. */
export function invalid(problem: string): WebSocketFrameError {
  return withoutStack(() => new WebSocketFrameError(problem));
}
