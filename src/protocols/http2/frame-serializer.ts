/** Writes frames (RFC 9113 section 6). Arguments are not checked: the connection does that. */
import type { HTTPContent, HTTPOutput } from '../http/message-serializer.js';
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  GOAWAY,
  HEADER_BYTES,
  HEADERS,
  MIN_MAX_FRAME_BYTES,
  PING,
  PREFACE,
  PRIORITY_UPDATE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from './frame-types.js';
import { memory } from './output-memory.js';

/** Takes the bytes of a connection. Those of up to 4 KiB that the application passes are copied, longer ones are passed on. */
export interface HTTP2Output extends HTTPOutput {
  /**
   * Frames are gathered if this is given: it is called when the first one waits, and `flush` of the connection writes them, in bytes
   * that are lent to `write`. Without it, each frame is written at once, in memory of its own.
   */
  framesGathered?(): void;
}

/** Content of up to this size is copied behind its header, so that a frame needs one write. */
export const COPIED_BYTES = 4096;
const SETTING_BYTES = 6;

/** Room for a usual head, so that gathered frames are written before the memory has to grow. */
const HEADERS_ROOM = 16_384;

/** Texts of up to this length are written faster by a loop. */
const SHORT_TEXT = 32;

/** The one whose frames are in the memory. */
let holder: FrameSerializer | undefined;

/** Each frame is passed to the output in one write, or gathered, except DATA of more than 4 KiB, whose bytes are passed on as they are. */
export class FrameSerializer {
  /** The peer's SETTINGS_MAX_FRAME_SIZE, in bytes. Longer header blocks are split. */
  maxFrameBytes: number = MIN_MAX_FRAME_BYTES;
  private readonly output: HTTP2Output;
  /** The position of the HEADERS frame that is being written. */
  private headersAt = 0;
  /** Whether the output knows that frames wait. */
  private isGathering = false;

  constructor(output: HTTP2Output) {
    this.output = output;
  }

  /** Writes the gathered frames. */
  flush(): void {
    this.isGathering = false;
    if (holder !== this) return;
    holder = undefined;
    if (memory.end > 0) memory.pass(this.output);
  }

  /** Forgets the gathered frames. */
  drop(): void {
    this.isGathering = false;
    if (holder !== this) return;
    holder = undefined;
    memory.end = 0;
  }

  /** The preface of a client. */
  preface(): void {
    this.claim(PREFACE.length);
    memory.bytes.set(PREFACE, memory.end);
    memory.end += PREFACE.length;
    this.wrote();
  }

  /** @param data At most {@link maxFrameBytes}. Not copied if it is long: do not write to it. */
  data(streamId: number, data: Uint8Array, endStream: boolean): void {
    const flags = endStream ? END_STREAM : 0;
    const { length } = data;
    if (length > COPIED_BYTES) {
      this.header(DATA, flags, streamId, length, 0);
      this.wrote();
      this.flush();
      this.output.write(data);
      return;
    }
    this.header(DATA, flags, streamId, length, length);
    memory.bytes.set(data, memory.end);
    memory.end += length;
    this.wrote();
  }

  /** Begins HEADERS: the header block is to be written behind the end of the memory, then {@link endHeaders} called. */
  beginHeaders(): void {
    this.claim(HEADERS_ROOM);
    this.headersAt = memory.end;
    memory.end += HEADER_BYTES;
  }

  endHeaders(streamId: number, endStream: boolean): void {
    this.frameBlock(streamId, endStream ? END_STREAM : 0);
    this.wrote();
  }

  /** As {@link endHeaders}, with content that ends the stream, in one write. @param length That of the content: at most 4 KiB. */
  endMessage(streamId: number, content: HTTPContent, length: number): void {
    this.frameBlock(streamId, 0);
    memory.reserve(HEADER_BYTES + length);
    const { bytes, end } = memory;
    writeHeader(bytes, end, DATA, END_STREAM, streamId, length);
    const at = end + HEADER_BYTES;
    if (typeof content !== 'string') bytes.set(content, at);
    else if (length === content.length && length <= SHORT_TEXT) writeASCII(content, bytes, at);
    else bytes.write(content, at, length, 'utf8');
    memory.end = at + length;
    this.wrote();
  }

  rstStream(streamId: number, errorCode: number): void {
    this.number(RST_STREAM, streamId, errorCode);
  }

  /** @param values Identifiers and values. */
  settings(values: readonly (readonly [identifier: number, value: number])[]): void {
    const length = values.length * SETTING_BYTES;
    this.header(SETTINGS, 0, 0, length, length);
    for (const [identifier, value] of values) {
      const at = memory.bytes.writeUInt16BE(identifier, memory.end);
      memory.end = memory.bytes.writeUInt32BE(value, at);
    }
    this.wrote();
  }

  settingsAcknowledgement(): void {
    this.header(SETTINGS, ACK, 0, 0, 0);
    this.wrote();
  }

  /** @param payload Eight bytes. */
  ping(payload: Uint8Array, isAnswer: boolean): void {
    this.header(PING, isAnswer ? ACK : 0, 0, payload.length, payload.length);
    memory.bytes.set(payload, memory.end);
    memory.end += payload.length;
    this.wrote();
  }

  /** @param debugText Sent in Latin-1. */
  goAway(lastStreamId: number, errorCode: number, debugText = ''): void {
    const length = 8 + debugText.length;
    this.header(GOAWAY, 0, 0, length, length);
    const { bytes, end } = memory;
    const at = bytes.writeUInt32BE(errorCode, bytes.writeUInt32BE(lastStreamId, end));
    bytes.write(debugText, at, 'latin1');
    memory.end = end + length;
    this.wrote();
  }

  /** @param streamId 0 for the connection. */
  windowUpdate(streamId: number, increment: number): void {
    this.number(WINDOW_UPDATE, streamId, increment);
  }

  /** RFC 9218 section 7.1. @param value The value of a Priority field: ASCII. */
  priorityUpdate(streamId: number, value: string): void {
    const length = 4 + value.length;
    this.header(PRIORITY_UPDATE, 0, 0, length, length);
    const { bytes, end } = memory;
    bytes.write(value, bytes.writeUInt32BE(streamId, end), 'latin1');
    memory.end = end + length;
    this.wrote();
  }

  /** Writes the header of the HEADERS frame that was begun, and splits it if it is too long. */
  private frameBlock(streamId: number, flags: number): void {
    const { headersAt, maxFrameBytes } = this;
    const length = memory.end - headersAt - HEADER_BYTES;
    if (length <= maxFrameBytes) {
      writeHeader(memory.bytes, headersAt, HEADERS, flags | END_HEADERS, streamId, length);
      return;
    }
    const more = Math.ceil(length / maxFrameBytes) - 1;
    memory.reserve(more * HEADER_BYTES);
    const { bytes, end } = memory;
    memory.end = end + more * HEADER_BYTES;
    let sectionEnd = end;
    for (let i = more; i > 0; i--) {
      const from = headersAt + HEADER_BYTES + i * maxFrameBytes;
      bytes.copyWithin(from + i * HEADER_BYTES, from, sectionEnd);
      const at = from + (i - 1) * HEADER_BYTES;
      const last = i === more ? END_HEADERS : 0;
      writeHeader(bytes, at, CONTINUATION, last, streamId, sectionEnd - from);
      sectionEnd = from;
    }
    writeHeader(bytes, headersAt, HEADERS, flags, streamId, maxFrameBytes);
  }

  /** A frame whose payload is one number of 32 bits. */
  private number(type: number, streamId: number, value: number): void {
    this.header(type, 0, streamId, 4, 4);
    memory.end = memory.bytes.writeUInt32BE(value, memory.end);
    this.wrote();
  }

  /** A frame header, with room for payload. */
  private header(
    type: number,
    flags: number,
    streamId: number,
    length: number,
    room: number,
  ): void {
    this.claim(HEADER_BYTES + room);
    writeHeader(memory.bytes, memory.end, type, flags, streamId, length);
    memory.end += HEADER_BYTES;
  }

  /** Makes the memory one of this connection, with room for a frame. */
  private claim(room: number): void {
    if (holder === this && !memory.hasRoom(room)) this.flush();
    // Writing may call code that writes frames of another connection.
    while (holder !== undefined && holder !== this) holder.flush();
    holder = this;
    memory.reserve(room);
  }

  /** A frame is complete. */
  private wrote(): void {
    const { output } = this;
    if (output.framesGathered === undefined) {
      const bytes = Buffer.from(memory.bytes.subarray(0, memory.end));
      this.drop();
      output.write(bytes);
    } else if (!this.isGathering) {
      this.isGathering = true;
      output.framesGathered();
    }
  }
}

function writeASCII(text: string, bytes: Buffer, at: number): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}

function writeHeader(
  bytes: Buffer,
  at: number,
  type: number,
  flags: number,
  streamId: number,
  length: number,
): void {
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  bytes[at + 5] = streamId >>> 24;
  bytes[at + 6] = streamId >>> 16;
  bytes[at + 7] = streamId >>> 8;
  bytes[at + 8] = streamId;
}
