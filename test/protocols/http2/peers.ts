/** Connections of HTTP/2 in memory, for tests. */
import { HTTP2Connection } from '../../../src/protocols/http2/connection.js';
import { HTTP2Error } from '../../../src/protocols/http2/errors.js';
import type { HTTP2Event } from '../../../src/protocols/http2/events.js';
import type { HTTP2RequestHead } from '../../../src/protocols/http2/heads.js';
import { HPACKEncoder } from '../../../src/protocols/http2/hpack/encoder.js';
import type { HTTP2Options } from '../../../src/protocols/http2/limits.js';
import type { HTTP2Stream } from '../../../src/protocols/http2/stream.js';
import { frame } from './node-peer.js';

export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const NO_SETTINGS: Buffer = frame(4, 0, 0, Buffer.alloc(0));

/** What the requests of these tests are sent to. */
export const TARGET = {
  method: 'GET',
  scheme: 'https',
  authority: 'a',
  path: '/',
  protocol: undefined,
} as const;

/** One connection with what it has written. */
export class Peer {
  readonly connection: HTTP2Connection;
  private written: Uint8Array[] = [];

  constructor(options: HTTP2Options) {
    this.connection = new HTTP2Connection(options, {
      write: (data) => void this.written.push(Buffer.from(data as Uint8Array)),
    });
    this.connection.start();
  }

  /** The number of writes since `take` was called. */
  get writes(): number {
    return this.written.length;
  }

  /** Takes what was written since the last call. */
  take(): Buffer {
    const bytes = Buffer.concat(this.written);
    this.written = [];
    return bytes;
  }

  /** The frames that were written since the last call: `type flags stream payload`. */
  frames(): string[] {
    const bytes = this.take();
    const frames: string[] = [];
    let at = bytes.subarray(0, PREFACE.length).equals(PREFACE) ? PREFACE.length : 0;
    while (at < bytes.length) {
      const end = at + 9 + bytes.readUIntBE(at, 3);
      const [type, flags] = bytes.subarray(at + 3, at + 5);
      const payload = bytes.toString('hex', at + 9, Math.min(end, at + 9 + 12));
      frames.push(`${type} ${flags} ${bytes.readUInt32BE(at + 5)} ${payload}`.trim());
      at = end;
    }
    return frames;
  }

  /** Reads bytes and returns the events. */
  read(bytes: Buffer): HTTP2Event[] {
    this.connection.receive(bytes);
    return this.events();
  }

  events(): HTTP2Event[] {
    const events: HTTP2Event[] = [];
    for (let event = this.connection.next(); event !== undefined; event = this.connection.next()) {
      events.push(event.type === 'data' ? { ...event, data: Buffer.from(event.data) } : event);
    }
    return events;
  }

  /** The kinds of the events of bytes. */
  types(bytes: Buffer): string[] {
    return this.read(bytes).map(({ type }) => type);
  }
}

/** A server behind the preface and settings of its client, and its acknowledgement. */
export function openServer(options: Omit<HTTP2Options, 'role'> = {}): Peer {
  const peer = new Peer({ role: 'server', ...options });
  peer.read(Buffer.concat([PREFACE, NO_SETTINGS, frame(4, 1, 0, Buffer.alloc(0))]));
  peer.take();
  return peer;
}

/** A client behind the settings of its server, and its acknowledgement. */
export function openClient(options: Omit<HTTP2Options, 'role'> = {}): Peer {
  const peer = new Peer({ role: 'client', ...options });
  peer.read(Buffer.concat([NO_SETTINGS, frame(4, 1, 0, Buffer.alloc(0))]));
  peer.take();
  return peer;
}

type Pairs = readonly (readonly [name: string, value: string])[];

/** A header block that needs no state. */
export function block(fields: Pairs): Buffer {
  const encoder = new HPACKEncoder(0);
  encoder.begin();
  encoder.finish();
  encoder.begin();
  for (const [name, value] of fields) encoder.field(name, value);
  return Buffer.from(encoder.finish());
}

export const GET: Pairs = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'a'],
  [':path', '/'],
];
export const POST: Pairs = [[':method', 'POST'], ...GET.slice(1)];

/** HEADERS in one frame. */
export function headers(id: number, fields: Pairs, endStream = true): Buffer {
  return frame(1, endStream ? 5 : 4, id, block(fields));
}

export function data(id: number, content: string | Buffer, endStream = false): Buffer {
  return frame(0, endStream ? 1 : 0, id, Buffer.from(content as string));
}

export function number(type: number, id: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return frame(type, 0, id, payload);
}

export function settings(...values: [identifier: number, value: number][]): Buffer {
  const payload = Buffer.alloc(values.length * 6);
  values.forEach(([identifier, value], i) => {
    payload.writeUInt16BE(identifier, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return frame(4, 0, 0, payload);
}

/** Passes what both have written until neither writes. @param act Called with each event and its peer. */
export function exchange(
  a: Peer,
  b: Peer,
  act: (event: HTTP2Event, peer: Peer) => void = () => {},
): void {
  for (;;) {
    const toB = a.take();
    const toA = b.take();
    if (toA.length + toB.length === 0) return;
    for (const [peer, bytes] of [
      [b, toB],
      [a, toA],
    ] as const) {
      peer.connection.receive(bytes);
      for (let event = peer.connection.next(); event; event = peer.connection.next()) {
        act(event, peer);
      }
    }
  }
}

/** What an event says, as text; content is joined across pieces. */
export function eventText(event: HTTP2Event): string {
  const { type } = event;
  const id = 'stream' in event && event.stream !== undefined ? ` ${event.stream.id}` : '';
  switch (event.type) {
    case 'request':
    case 'response':
    case 'informational':
      return `${type}${id} ${JSON.stringify([...event.head.rawFields()])}`;
    case 'trailers':
      return `${type}${id} ${JSON.stringify([...event.fields.rawFields()])}`;
    case 'data':
      return `${type}${id} ${event.data.toString('hex')}`;
    case 'reset':
      return `${type}${id} ${event.errorCode} ${event.error?.message}`;
    case 'refused':
      return `${type} ${event.streamId} ${event.error.message}`;
    case 'priority':
      return `${type} ${event.streamId} ${JSON.stringify(event.priority)}`;
    case 'goaway':
      return `${type} ${event.lastStreamId} ${event.errorCode} ${event.debugText}`;
    default:
      return type + id;
  }
}

/** All events of chunks, whose memory is overwritten afterwards, then what was written. Content is not consumed. */
export function logOf(peer: Peer, chunks: readonly Buffer[]): string[] {
  const log: string[] = [];
  try {
    for (const chunk of chunks) {
      peer.connection.receive(chunk);
      for (let event = peer.connection.next(); event; event = peer.connection.next()) {
        // These two come when all received bytes have been read, and so depend on the cuts.
        if (event.type === 'drained' || event.type === 'writable') continue;
        const line = eventText(event);
        const last = log.at(-1) ?? '';
        const prefix = event.type === 'data' ? `data ${event.stream.id} ` : undefined;
        if (prefix !== undefined && last.startsWith(prefix)) {
          log[log.length - 1] = last + line.slice(prefix.length);
        } else log.push(line);
      }
      chunk.fill(0xdb);
    }
  } catch (error) {
    if (!(error instanceof HTTP2Error)) throw error;
    log.push(`fault: ${error.message}`);
  }
  log.push(peer.take().toString('hex'));
  return log;
}

/** The request that a server reads from `bytes`. */
export function requestOf(
  peer: Peer,
  bytes: Buffer,
): { stream: HTTP2Stream; head: HTTP2RequestHead } {
  const event = peer.read(bytes).find(({ type }) => type === 'request');
  if (event?.type !== 'request') throw new Error('no request');
  return event;
}
