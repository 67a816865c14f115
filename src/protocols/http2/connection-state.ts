/** The state that both directions of an HTTP/2 connection share. */
import { INTERNAL_ERROR } from './error-codes.js';
import { HTTP2Error, protocolError } from './errors.js';
import type { HTTP2Event } from './events.js';
import { FloodCounts } from './flood-counts.js';
import { FrameSerializer, type HTTP2Output } from './frame-serializer.js';
import { HPACKDecoder } from './hpack/decoder.js';
import { HPACKEncoder } from './hpack/encoder.js';
import type { HTTP2Settings } from './limits.js';
import { ReceiveWindow } from './receive-window.js';
import { INITIAL_WINDOW_BYTES, PeerSettings } from './settings.js';
import type { HTTP2Stream } from './stream.js';

/** `draining`: no new streams. */
export type ConnectionPhase = 'open' | 'draining' | 'closed';

/** Streams that this end has reset, and on which frames may still arrive. */
const MAX_REMEMBERED = 1000;

export class ConnectionState {
  readonly settings: HTTP2Settings;
  readonly isServer: boolean;
  readonly peer: PeerSettings = new PeerSettings();
  readonly frames: FrameSerializer;
  readonly encoder: HPACKEncoder;
  readonly decoder: HPACKDecoder = new HPACKDecoder();
  readonly counts: FloodCounts;
  readonly events: HTTP2Event[] = [];
  readonly streams: Map<number, HTTP2Stream> = new Map();
  /** Streams whose `write` did not send all, in the order in which that happened; once there was one. */
  private blocked: Set<HTTP2Stream> | undefined = undefined;
  readonly window: ReceiveWindow;
  sendWindow: number = INITIAL_WINDOW_BYTES;
  phase: ConnectionPhase = 'open';
  /** The highest stream of each end. */
  lastPeerId = 0;
  /** The one before: those between were skipped, and must not be opened any more. */
  priorPeerId = 0;
  lastOwnId = 0;
  /** That of the last GOAWAY: none may have a higher one, whatever was refused since then. */
  finalId: number | undefined = undefined;
  /** Thrown by the next `next`: the peer made a call of the application exceed a limit. */
  failure: HTTP2Error | undefined = undefined;
  /** Content that was sent in this interval. */
  intervalBytes = 0;
  /** With the number of sections that may follow without ending the stream; once there was one. */
  private remembered: Map<number, number> | undefined = undefined;
  private isDrained = false;

  constructor(settings: HTTP2Settings, output: HTTP2Output) {
    this.settings = settings;
    this.isServer = settings.role === 'server';
    this.frames = new FrameSerializer(output);
    this.encoder = new HPACKEncoder(settings.encoderTableBytes);
    this.counts = new FloodCounts(settings);
    this.window = new ReceiveWindow(settings.connectionWindowBytes);
  }

  /** Whether nobody has opened the stream. */
  isIdle(streamId: number): boolean {
    const isOfClient = (streamId & 1) === 1;
    // This end pushes nothing and refuses pushes, so streams of a server do not exist.
    if (!isOfClient) return true;
    return streamId > (this.isServer ? this.lastPeerId : this.lastOwnId);
  }

  /** Whether frames that the peer sent before it knew of a reset by this end may arrive. */
  isRemembered(streamId: number): boolean {
    return this.remembered?.has(streamId) === true;
  }

  remember(streamId: number): void {
    this.remembered ??= new Map();
    if (this.remembered.size === MAX_REMEMBERED) {
      for (const oldest of this.remembered.keys()) {
        this.remembered.delete(oldest);
        break;
      }
    }
    // Behind the head of a request there are only trailers.
    this.remembered.set(streamId, this.isServer ? 0 : this.settings.maxInformational + 1);
  }

  /** The peer has ended the stream. */
  forget(streamId: number): void {
    this.remembered?.delete(streamId);
  }

  /** A field section that nobody reads. @throws HTTP2ProtocolError The peer cannot have sent it before it knew of a reset. */
  lateSection(streamId: number, endsStream: boolean): void {
    const left = this.remembered?.get(streamId);
    if (left === undefined || (left === 0 && !endsStream)) throw protocolError('closed-stream');
    this.remembered?.set(streamId, left - 1);
  }

  /** Opens the window of the connection for content that nobody will consume. */
  credit(bytes: number): void {
    if (this.phase === 'closed') return;
    const increment = this.window.consume(bytes);
    if (increment > 0) this.frames.windowUpdate(0, increment);
  }

  /** The stream waits for its window. */
  block(stream: HTTP2Stream): void {
    this.blocked ??= new Set();
    this.blocked.add(stream);
  }

  unblock(stream: HTTP2Stream): void {
    this.blocked?.delete(stream);
  }

  isBlocked(stream: HTTP2Stream): boolean {
    return this.blocked?.has(stream) === true;
  }

  /** Removes a stream whose directions have both ended. */
  closeIfDone(stream: HTTP2Stream): void {
    if (!stream.isClosed) return;
    this.streams.delete(stream.id);
    this.unblock(stream);
  }

  /** Ends a stream early, without a frame. */
  abandon(stream: HTTP2Stream): void {
    stream.isReset = true;
    this.closeIfDone(stream);
    if (stream.unconsumed > 0) this.credit(stream.unconsumed);
    stream.unconsumed = 0;
  }

  /** This end resets a stream. */
  reset(stream: HTTP2Stream, errorCode: number): void {
    this.frames.rstStream(stream.id, errorCode);
    if (stream.receiving !== 'done') this.remember(stream.id);
    this.abandon(stream);
  }

  /** Removes the events that the application has not read. */
  dropEvents(stream: HTTP2Stream): void {
    const { events } = this;
    for (let i = events.length - 1; i >= 0; i--) {
      const event = events[i] as HTTP2Event;
      if ('stream' in event && event.stream === stream) events.splice(i, 1);
    }
  }

  /** The peer broke a rule on one stream. @throws HTTP2LimitError */
  faultOf(stream: HTTP2Stream, error: HTTP2Error): void {
    // First, so that the stream remains among those that the connection cuts off.
    this.counts.count('maxResets');
    this.reset(stream, error.errorCode);
    this.events.push({ type: 'reset', stream, errorCode: error.errorCode, error });
  }

  /** The stream that may send next; `undefined` if none may. It is no longer blocked. */
  takeWritable(): HTTP2Stream | undefined {
    const { blocked } = this;
    if (blocked === undefined || blocked.size === 0 || this.sendWindow <= 0) return undefined;
    let next: HTTP2Stream | undefined;
    for (const stream of blocked) {
      if (stream.sendWindow <= 0) continue;
      if (next === undefined || stream.priority.urgency < next.priority.urgency) next = stream;
    }
    if (next !== undefined) blocked.delete(next);
    return next;
  }

  /** The event that all streams have ended, once. */
  takeDrained(): HTTP2Event | undefined {
    if (this.phase !== 'draining' || this.isDrained || this.streams.size > 0) return undefined;
    this.isDrained = true;
    return { type: 'drained' };
  }

  /** No bytes are sent or received from now on. */
  close(): void {
    this.phase = 'closed';
    for (const stream of this.streams.values()) stream.isReset = true;
    this.blocked = undefined;
  }

  /** The connection ends by a fault of the peer. */
  fail(error: unknown): void {
    if (this.phase === 'closed') return;
    const isOfPeer = error instanceof HTTP2Error;
    const text = isOfPeer ? error.message : '';
    this.frames.goAway(
      this.finalId ?? this.lastPeerId,
      isOfPeer ? error.errorCode : INTERNAL_ERROR,
      text,
    );
    this.frames.flush();
    this.close();
  }
}
