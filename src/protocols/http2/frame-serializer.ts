/** Writes frames (RFC 9113 section 6). Arguments are not checked: the connection does that. */
import type { HTTPOutput } from '../http/message-serializer.js';
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

/** Content of up to this size is copied behind its header, so that a frame needs one write. */
const COPIED_BYTES = 4096;
const SETTING_BYTES = 6;

/** Each frame is passed to the output in one write, except DATA of more than 4 KiB, whose bytes are passed on as they are. */
export class FrameSerializer {
  /** The peer's SETTINGS_MAX_FRAME_SIZE, in bytes. Longer header blocks are split. */
  maxFrameBytes: number = MIN_MAX_FRAME_BYTES;
  private readonly output: HTTPOutput;

  constructor(output: HTTPOutput) {
    this.output = output;
  }

  /** The preface of a client. */
  preface(): void {
    this.output.write(PREFACE);
  }

  /** @param data At most {@link maxFrameBytes}. Not copied if it is long: do not write to it. */
  data(streamId: number, data: Uint8Array, endStream: boolean): void {
    const flags = endStream ? END_STREAM : 0;
    if (data.length > COPIED_BYTES) {
      this.output.write(header(DATA, flags, streamId, data.length, 0));
      this.output.write(data);
      return;
    }
    const frame = header(DATA, flags, streamId, data.length, data.length);
    frame.set(data, HEADER_BYTES);
    this.output.write(frame);
  }

  /** A header block, which is copied. */
  headers(streamId: number, block: Uint8Array, endStream: boolean): void {
    this.output.write(this.headerFrames(streamId, block, endStream, 0));
  }

  /** A header block, and content of at most 4 KiB that ends the stream, in one write. */
  message(streamId: number, block: Uint8Array, data: Uint8Array): void {
    const frames = this.headerFrames(streamId, block, false, HEADER_BYTES + data.length);
    const at = frames.length - HEADER_BYTES - data.length;
    writeHeader(frames, at, DATA, END_STREAM, streamId, data.length);
    frames.set(data, at + HEADER_BYTES);
    this.output.write(frames);
  }

  rstStream(streamId: number, errorCode: number): void {
    this.output.write(numberFrame(RST_STREAM, streamId, errorCode));
  }

  /** @param values Identifiers and values. */
  settings(values: readonly (readonly [identifier: number, value: number])[]): void {
    const length = values.length * SETTING_BYTES;
    const frame = header(SETTINGS, 0, 0, length, length);
    values.forEach(([identifier, value], i) => {
      const at = frame.writeUInt16BE(identifier, HEADER_BYTES + i * SETTING_BYTES);
      frame.writeUInt32BE(value, at);
    });
    this.output.write(frame);
  }

  settingsAcknowledgement(): void {
    this.output.write(header(SETTINGS, ACK, 0, 0, 0));
  }

  /** @param payload Eight bytes. */
  ping(payload: Uint8Array, isAnswer: boolean): void {
    const frame = header(PING, isAnswer ? ACK : 0, 0, payload.length, payload.length);
    frame.set(payload, HEADER_BYTES);
    this.output.write(frame);
  }

  /** @param debugText Sent in Latin-1. */
  goAway(lastStreamId: number, errorCode: number, debugText = ''): void {
    const length = 8 + debugText.length;
    const frame = header(GOAWAY, 0, 0, length, length);
    const at = frame.writeUInt32BE(lastStreamId, HEADER_BYTES);
    frame.write(debugText, frame.writeUInt32BE(errorCode, at), 'latin1');
    this.output.write(frame);
  }

  /** @param streamId 0 for the connection. */
  windowUpdate(streamId: number, increment: number): void {
    this.output.write(numberFrame(WINDOW_UPDATE, streamId, increment));
  }

  /** RFC 9218 section 7.1. @param value The value of a Priority field: ASCII. */
  priorityUpdate(streamId: number, value: string): void {
    const length = 4 + value.length;
    const frame = header(PRIORITY_UPDATE, 0, 0, length, length);
    frame.write(value, frame.writeUInt32BE(streamId, HEADER_BYTES), 'latin1');
    this.output.write(frame);
  }

  /** HEADERS and CONTINUATION frames, with room behind them. */
  private headerFrames(
    streamId: number,
    block: Uint8Array,
    endStream: boolean,
    room: number,
  ): Buffer {
    const { maxFrameBytes } = this;
    const { length } = block;
    const count = Math.max(1, Math.ceil(length / maxFrameBytes));
    const frames = Buffer.allocUnsafe(length + count * HEADER_BYTES + room);
    let at = 0;
    for (let i = 0; i < count; i++) {
      const from = i * maxFrameBytes;
      const size = Math.min(maxFrameBytes, length - from);
      const last = i === count - 1 ? END_HEADERS : 0;
      const flags = i === 0 && endStream ? END_STREAM | last : last;
      writeHeader(frames, at, i === 0 ? HEADERS : CONTINUATION, flags, streamId, size);
      frames.set(count === 1 ? block : block.subarray(from, from + size), at + HEADER_BYTES);
      at += HEADER_BYTES + size;
    }
    return frames;
  }
}

/** A frame whose payload is one number of 32 bits. */
function numberFrame(type: number, streamId: number, value: number): Buffer {
  const frame = header(type, 0, streamId, 4, 4);
  frame.writeUInt32BE(value, HEADER_BYTES);
  return frame;
}

/** A frame header, with room for payload. */
function header(
  type: number,
  flags: number,
  streamId: number,
  length: number,
  room: number,
): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + room);
  writeHeader(frame, 0, type, flags, streamId, length);
  return frame;
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
