// Frames of HTTP/2 that a peer sends, for the benches.

import { HPACKEncoder } from '../../../src/protocols/http2/hpack/encoder.js';

export type Fields = readonly (readonly [name: string, value: string])[];

const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const DATA = 0;
const HEADERS = 1;
const SETTINGS = 4;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const MAX_WINDOW = 2 ** 31 - 1;
const INITIAL_WINDOW = 65_535;

export function frameOf(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = new Uint8Array(0),
): Buffer {
  const frame = Buffer.alloc(9 + payload.length);
  frame.writeUIntBE(payload.length, 0, 3);
  frame[3] = type;
  frame[4] = flags;
  frame.writeUInt32BE(streamId, 5);
  frame.set(payload, 9);
  return frame;
}

/** A frame whose payload is a number of 32 bits. */
export function numberFrame(type: number, streamId: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return frameOf(type, 0, streamId, payload);
}

const SETTLING: Buffer = Buffer.concat([frameOf(SETTINGS, 0, 0), frameOf(SETTINGS, ACK, 0)]);

/** What a client sends first. */
export const SETTLING_CLIENT: Buffer = Buffer.concat([PREFACE, SETTLING]);

const LARGE_WINDOW: Buffer = numberFrame(WINDOW_UPDATE, 0, MAX_WINDOW - INITIAL_WINDOW);

/** What the peer of a server or client sends first. Its connection window is as large as possible. */
export const OPENING: Readonly<Record<'server' | 'client', Buffer>> = {
  server: Buffer.concat([SETTLING_CLIENT, LARGE_WINDOW]),
  client: Buffer.concat([SETTLING, LARGE_WINDOW]),
};

/** The blocks of messages with these fields: the first one fills the tables, the others consist of indexes. */
export function blocksOf(fields: Fields): readonly [first: Buffer, later: Buffer] {
  const encoder = new HPACKEncoder();
  const encode = (): Buffer => {
    encoder.begin();
    for (const [name, value] of fields) encoder.field(name, value);
    return Buffer.from(encoder.finish());
  };
  return [encode(), encode()];
}

/** Messages of a peer, each on a stream of its own, in one chunk. Each chunk has the next streams. */
export class MessageBatch {
  readonly count: number;
  private readonly firstChunk: Buffer;
  private readonly chunk: Buffer;
  private readonly messageBytes: number;
  private readonly dataAt: number;
  private nextId = 1;

  /** @param content Default none. @param ends Whether the messages end. Default true. */
  constructor(count: number, fields: Fields, content?: Uint8Array, ends = true) {
    this.count = count;
    const [first, later] = blocksOf(fields);
    const flags = END_HEADERS | (content === undefined && ends ? END_STREAM : 0);
    const data = content === undefined ? [] : [frameOf(DATA, END_STREAM, 0, content)];
    const message = Buffer.concat([frameOf(HEADERS, flags, 0, later), ...data]);
    this.messageBytes = message.length;
    this.dataAt = content === undefined ? 0 : 9 + later.length;
    this.chunk = Buffer.concat(Array.from({ length: count }, () => message));
    this.firstChunk = Buffer.concat([frameOf(HEADERS, flags, 1, first), ...data]);
    if (this.dataAt > 0) this.firstChunk.writeUInt32BE(1, 9 + first.length + 5);
  }

  /** The first message of a connection, on stream 1. */
  first(): Buffer {
    this.nextId = 3;
    return this.firstChunk;
  }

  take(): Buffer {
    const { chunk, messageBytes, dataAt } = this;
    for (let at = 0; at < chunk.length; at += messageBytes) {
      chunk.writeUInt32BE(this.nextId, at + 5);
      if (dataAt > 0) chunk.writeUInt32BE(this.nextId, at + dataAt + 5);
      this.nextId += 2;
    }
    return chunk;
  }
}
