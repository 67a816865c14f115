/**
 * Splits received bytes into frames (RFC 9113 section 4). A frame:
 *
 *     0   3  length of the payload
 *     3   1  type
 *     4   1  flags
 *     5   4  stream identifier, 31 bits
 *     9      payload
 *
 * DATA is passed on in views of the received chunks, as it arrives. Other payload is passed on whole: it is copied only if it arrives in
 * several chunks. That of unknown types is skipped. An idle connection holds no buffer.
 */
import { Buffer } from 'node:buffer';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { givenCopy } from '../../internal/lent-bytes.js';
import { type HTTP2Error, protocolError } from './errors.js';
import { checkFrameHeader } from './frame-rules.js';
import {
  CONTINUATION,
  DATA,
  HEADER_BYTES,
  HEADERS,
  MIN_MAX_FRAME_BYTES,
  PADDED,
  PRIORITY_FLAG,
  PRIORITY_UPDATE,
  PUSH_PROMISE,
} from './frame-types.js';
import { Preface } from './preface.js';

/** `data`: a piece of a DATA frame. `frame`: another frame, of which `type` says the kind. */
export type FrameEvent = 'data' | 'frame';

const EMPTY: Buffer = Buffer.alloc(0);

const IN_HEADER = 0;
const IN_DATA = 1;
const IN_PAYLOAD = 2;
const IN_SKIPPED = 3;

/**
 * Call {@link receive} with each chunk, then {@link next} until it returns `undefined`; to pause, stop calling `next` and call
 * {@link keepRest}. After an error `receive` and `next` throw the same error again.
 */
export class FrameParser {
  /** Of the frame of the last event. */
  type = 0;
  flags = 0;
  streamId = 0;
  /** The length of the whole payload in bytes. */
  length = 0;
  /** After `data`: the piece, which may be empty. A view of the chunk, valid until the next call of a method. */
  data: Buffer = EMPTY;
  /** After `data`: the bytes that flow control counts, padding included. */
  flowBytes = 0;
  /** After `data`: the content of the whole frame, in bytes. */
  contentBytes = 0;
  /** After `data`: whether it is the first and the last piece of its frame. */
  isFirst = false;
  isLast = false;
  /**
   * After `frame`: the payload, without padding and the priority of HEADERS, is `bytes` from `from` to `to`; empty for unknown
   * types. Valid until the next call of a method.
   */
  bytes: Buffer = EMPTY;
  from = 0;
  to = 0;

  private readonly maxFrameBytes: number;
  private preface: Preface | undefined;
  private state = IN_HEADER;
  private chunk: Buffer = EMPTY;
  private at = 0;
  /** Bytes of a header that were read before this chunk. */
  private collected = 0;
  /** A header that arrives in several chunks. */
  private header: Buffer | undefined = undefined;
  /** Payload that arrives in several chunks. */
  private payload: Buffer | undefined = undefined;
  /** Bytes of the content of DATA, or of other payload, that have not arrived. */
  private left = 0;
  private paddingLeft = 0;
  private needsPadLength = false;
  /** Whether a piece of the frame was returned that is not the last. */
  private wasReported = false;
  private failure: HTTP2Error | undefined = undefined;

  /**
   * @param expectsPreface Whether the peer is a client, which sends a preface.
   * @param maxFrameBytes The value of SETTINGS_MAX_FRAME_SIZE that was sent, in bytes. Default 16,384.
   */
  constructor(expectsPreface: boolean, maxFrameBytes: number = MIN_MAX_FRAME_BYTES) {
    this.preface = expectsPreface ? new Preface() : undefined;
    this.maxFrameBytes = maxFrameBytes;
  }

  /** The bytes in memory: received and not read, and of unfinished headers and payload. */
  get bufferedBytes(): number {
    const payload = this.payload === undefined ? 0 : this.payload.length - this.left;
    return this.chunk.length - this.at + this.collected + payload;
  }

  /**
   * Adds received bytes, of which the parser keeps a view until `next` has returned `undefined` or `keepRest` is called.
   * @throws InvalidArgumentTypeError `chunk` is not a Buffer.
   * @throws HTTP2Error the error that `next` threw before.
   */
  receive(chunk: Buffer): void {
    if (this.failure !== undefined) throw this.failure;
    if (!Buffer.isBuffer(chunk)) throw new InvalidArgumentTypeError('chunk', 'a Buffer', chunk);
    if (this.at === this.chunk.length) this.chunk = chunk;
    else this.chunk = Buffer.concat([this.chunk.subarray(this.at), chunk]);
    this.at = 0;
  }

  /** Copies bytes that `next` has not read out of the received chunk. Ends the validity of views. */
  keepRest(): void {
    const { chunk, at } = this;
    const rest = chunk.length - at;
    this.chunk = rest === 0 ? EMPTY : givenCopy(chunk, at, rest);
    this.at = 0;
    this.data = EMPTY;
    this.bytes = EMPTY;
  }

  /**
   * The next frame or piece, or `undefined` if more bytes are needed.
   * @throws HTTP2ProtocolError All frames before the fault have been returned.
   */
  next(): FrameEvent | undefined {
    if (this.failure !== undefined) throw this.failure;
    try {
      const event = this.advance();
      if (event !== undefined) return event;
      this.data = EMPTY;
      this.bytes = EMPTY;
      return undefined;
    } catch (error) {
      this.failure = error as HTTP2Error;
      this.payload = undefined;
      this.at = this.chunk.length;
      throw error;
    } finally {
      // An idle connection holds no chunk.
      if (this.at === this.chunk.length) {
        this.chunk = EMPTY;
        this.at = 0;
      }
    }
  }

  private advance(): FrameEvent | undefined {
    if (this.preface !== undefined) {
      this.at = this.preface.read(this.chunk, this.at);
      if (!this.preface.isComplete) return undefined;
      this.preface = undefined;
    }
    for (;;) {
      switch (this.state) {
        case IN_DATA:
          return this.readData() ? 'data' : undefined;
        case IN_PAYLOAD:
          return this.readPayload() ? 'frame' : undefined;
        case IN_SKIPPED:
          if (!this.skip()) return undefined;
          break;
        default:
          if (!this.readHeader()) return undefined;
          // Reported before its payload arrives, because that does not matter.
          if (this.state === IN_SKIPPED) return 'frame';
      }
    }
  }

  private readHeader(): boolean {
    const { chunk, at } = this;
    if (this.collected === 0 && chunk.length - at >= HEADER_BYTES) {
      this.at = at + HEADER_BYTES;
      this.beginFrame(chunk, at);
      return true;
    }
    if (at === chunk.length) return false;
    this.header ??= Buffer.allocUnsafe(HEADER_BYTES);
    const size = chunk.copy(this.header, this.collected, at);
    this.at = at + size;
    this.collected += size;
    if (this.collected < HEADER_BYTES) return false;
    this.collected = 0;
    this.beginFrame(this.header, 0);
    return true;
  }

  private beginFrame(bytes: Buffer, at: number): void {
    const length = (octet(bytes, at) << 16) | (octet(bytes, at + 1) << 8) | octet(bytes, at + 2);
    const type = octet(bytes, at + 3);
    const flags = octet(bytes, at + 4);
    const streamId =
      ((octet(bytes, at + 5) & 0x7f) << 24) |
      (octet(bytes, at + 6) << 16) |
      (octet(bytes, at + 7) << 8) |
      octet(bytes, at + 8);
    checkFrameHeader(type, flags, streamId, length, this.maxFrameBytes);
    this.type = type;
    this.flags = flags;
    this.streamId = streamId;
    this.length = length;
    this.left = length;
    if (type === DATA) {
      this.state = IN_DATA;
      this.needsPadLength = (flags & PADDED) !== 0;
      this.paddingLeft = 0;
      this.flowBytes = 0;
      this.contentBytes = length;
      this.isFirst = true;
      this.isLast = false;
      return;
    }
    this.bytes = EMPTY;
    this.from = this.to = 0;
    const isKnown = type <= CONTINUATION || type === PRIORITY_UPDATE;
    this.state = isKnown ? IN_PAYLOAD : IN_SKIPPED;
  }

  /** @returns Whether there is a piece. */
  private readData(): boolean {
    const { chunk } = this;
    if (this.wasReported) {
      this.wasReported = false;
      this.isFirst = false;
      this.flowBytes = 0;
    }
    if (this.needsPadLength) {
      if (this.at === chunk.length) return false;
      this.paddingLeft = octet(chunk, this.at++);
      this.flowBytes = 1;
      this.needsPadLength = false;
      this.left -= 1 + this.paddingLeft;
      if (this.left < 0) throw protocolError('padding');
      this.contentBytes = this.left;
    }
    const from = this.at;
    const to = Math.min(chunk.length, from + this.left);
    const padding = to - from === this.left ? Math.min(chunk.length - to, this.paddingLeft) : 0;
    this.left -= to - from;
    this.paddingLeft -= padding;
    this.at = to + padding;
    this.flowBytes += to - from + padding;
    this.isLast = this.left === 0 && this.paddingLeft === 0;
    if (this.isLast) this.state = IN_HEADER;
    if (from === to && !this.isLast) return false;
    this.wasReported = !this.isLast;
    this.data = from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to);
    return true;
  }

  /** @returns Whether the payload is complete. */
  private readPayload(): boolean {
    const { chunk, at, length } = this;
    if (this.payload === undefined && chunk.length - at >= length) {
      this.bytes = chunk;
      this.from = at;
      this.to = at + length;
      this.at = at + length;
    } else {
      if (at === chunk.length) return false;
      this.payload ??= Buffer.allocUnsafeSlow(length);
      const size = Math.min(this.left, chunk.length - at);
      chunk.copy(this.payload, length - this.left, at, at + size);
      this.at = at + size;
      this.left -= size;
      if (this.left > 0) return false;
      this.bytes = this.payload;
      this.payload = undefined;
      this.from = 0;
      this.to = length;
    }
    this.state = IN_HEADER;
    if (this.type === HEADERS || this.type === PUSH_PROMISE) this.unpad();
    return true;
  }

  /** RFC 9113 section 6.2. */
  private unpad(): void {
    if ((this.flags & PADDED) !== 0) this.to -= octet(this.bytes, this.from++);
    // The priority of RFC 7540, which RFC 9113 section 5.3.2 tells recipients to ignore.
    if (this.type === HEADERS && (this.flags & PRIORITY_FLAG) !== 0) this.from += 5;
    const promised = this.type === PUSH_PROMISE ? 4 : 0;
    if (this.to < this.from + promised) throw protocolError('padding');
  }

  /** @returns Whether all of the payload has arrived. */
  private skip(): boolean {
    const size = Math.min(this.left, this.chunk.length - this.at);
    this.at += size;
    this.left -= size;
    if (this.left === 0) this.state = IN_HEADER;
    return this.left === 0;
  }
}

function octet(bytes: Buffer, at: number): number {
  return bytes[at] as number;
}
