/** Frames about the connection or about streams as a whole (RFC 9113 sections 6.3 to 6.9, RFC 9218 section 7.1). */
import type { ConnectionState } from './connection-state.js';
import { NO_ERROR } from './error-codes.js';
import { type HTTP2Rule, protocolError } from './errors.js';
import type { FrameParser } from './frame-parser.js';
import {
  ACK,
  GOAWAY,
  MAX_STREAM_ID,
  PING,
  PRIORITY,
  PRIORITY_UPDATE,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from './frame-types.js';
import { parsePriority } from './priority.js';
import { MAX_WINDOW_BYTES } from './settings.js';
import type { HTTP2Stream } from './stream.js';

const SETTING_BYTES = 6;
const MAX_DEBUG_BYTES = 256;

/** The ends of intervals, of which the first may follow at once. */
const DRAIN_INTERVALS = 2;

export class ControlFrames {
  private readonly state: ConnectionState;
  /** Whether the first frame of the peer has arrived. */
  /** Whether the first frame of the peer has arrived. */
  hasSettings = false;
  /** SETTINGS frames of this end without an acknowledgement. */
  unacknowledged = 0;
  private lastGoAwayId = MAX_STREAM_ID;
  /** The payload of the PING behind the first GOAWAY, once that was sent. */
  drainPing: Buffer | undefined = undefined;
  private drainIntervals = 0;

  constructor(state: ConnectionState) {
    this.state = state;
  }

  /** RFC 9113 section 3.4. @throws HTTP2ProtocolError */
  checkFirst(type: number, flags: number): void {
    if (this.hasSettings) return;
    if (type !== SETTINGS || (flags & ACK) !== 0) throw protocolError('settings-missing');
    this.hasSettings = true;
    this.state.peer.begin();
  }

  /** An interval ends. The client has had all of one to answer `drainPing`. */
  passInterval(): void {
    if (this.drainPing === undefined) return;
    this.drainIntervals += 1;
    if (this.drainIntervals === DRAIN_INTERVALS) this.sendLastId();
  }

  /** @throws HTTP2Error The connection ends. */
  receive(parser: FrameParser): void {
    switch (parser.type) {
      case SETTINGS:
        this.settings(parser);
        break;
      case PING:
        this.ping(parser);
        break;
      case WINDOW_UPDATE:
        this.windowUpdate(parser);
        break;
      case RST_STREAM:
        this.rstStream(parser);
        break;
      case PRIORITY:
        this.state.counts.count('maxPriorities');
        break;
      case PRIORITY_UPDATE:
        this.priorityUpdate(parser);
        break;
      case GOAWAY:
        this.goAway(parser);
        break;
      case PUSH_PROMISE:
        throw protocolError('push');
      default:
        this.state.counts.count('maxUnknownFrames');
    }
  }

  private settings({ flags, bytes, from, to }: FrameParser): void {
    const { state } = this;
    state.counts.count('maxSettings');
    if ((flags & ACK) !== 0) {
      if (this.unacknowledged === 0) throw protocolError('settings-acknowledgement');
      this.unacknowledged -= 1;
      state.decoder.acknowledged(state.settings.headerTableBytes);
      state.events.push({ type: 'settings-acknowledged' });
      return;
    }
    const { peer } = state;
    const before = peer.initialWindowBytes;
    const tableBefore = peer.headerTableBytes;
    for (let at = from; at < to; at += SETTING_BYTES) {
      peer.apply(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2), !state.isServer);
      // A lower table size must be announced even if a higher one follows in the same frame (RFC 7541 section 4.2).
      if (peer.headerTableBytes !== tableBefore)
        state.encoder.peerTableBytes(peer.headerTableBytes);
    }
    state.encoder.peerTableBytes(peer.headerTableBytes);
    state.frames.maxFrameBytes = peer.maxFrameBytes;
    this.moveWindows(peer.initialWindowBytes - before);
    state.frames.settingsAcknowledgement();
    state.events.push({ type: 'settings' });
  }

  /** RFC 9113 section 6.9.2: windows may become negative. */
  private moveWindows(change: number): void {
    if (change === 0) return;
    for (const stream of this.state.streams.values()) {
      stream.sendWindow += change;
      if (stream.sendWindow > MAX_WINDOW_BYTES) throw protocolError('window-overflow');
    }
  }

  private ping({ flags, bytes, from, to }: FrameParser): void {
    const { state } = this;
    state.counts.count('maxPings');
    const payload = Buffer.from(bytes.subarray(from, to));
    if ((flags & ACK) === 0) {
      state.frames.ping(payload, true);
    } else if (this.drainPing?.equals(payload) === true) {
      this.sendLastId();
    } else {
      state.events.push({ type: 'ping-acknowledged', payload });
    }
  }

  /** New streams are refused from now on. */
  private sendLastId(): void {
    const { state } = this;
    if (state.finalId !== undefined) return;
    state.finalId = state.lastPeerId;
    state.frames.goAway(state.lastPeerId, NO_ERROR);
    state.phase = 'draining';
  }

  private windowUpdate({ streamId, bytes, from }: FrameParser): void {
    const { state } = this;
    state.counts.count('maxWindowUpdates');
    const increment = bytes.readUInt32BE(from) & MAX_WINDOW_BYTES;
    if (streamId === 0) {
      if (increment === 0) throw protocolError('window-increment');
      state.sendWindow += increment;
      if (state.sendWindow > MAX_WINDOW_BYTES) throw protocolError('window-overflow');
      return;
    }
    const stream = this.streamOf(streamId);
    if (stream === undefined) return;
    stream.sendWindow += increment;
    let rule: HTTP2Rule | undefined;
    if (increment === 0) rule = 'window-increment';
    else if (stream.sendWindow > MAX_WINDOW_BYTES) rule = 'window-overflow';
    if (rule !== undefined) state.faultOf(stream, protocolError(rule, streamId));
  }

  private rstStream({ streamId, bytes, from }: FrameParser): void {
    const { state } = this;
    const stream = this.streamOf(streamId);
    // A client is not attacked by the end of its own requests.
    if (stream === undefined || state.isServer) state.counts.count('maxResets');
    if (stream === undefined) return;
    state.abandon(stream);
    const errorCode = bytes.readUInt32BE(from);
    state.events.push({ type: 'reset', stream, errorCode, error: undefined });
  }

  private priorityUpdate({ bytes, from, to }: FrameParser): void {
    const { state } = this;
    state.counts.count('maxPriorities');
    const streamId = bytes.readUInt32BE(from) & MAX_STREAM_ID;
    if (!state.isServer || (streamId & 1) === 0) throw protocolError('priority-update');
    const priority = parsePriority(bytes.toString('latin1', from + 4, to));
    const stream = state.streams.get(streamId);
    if (stream !== undefined) stream.priority = priority;
    else if (!state.isIdle(streamId)) return;
    state.events.push({ type: 'priority', streamId, stream, priority });
  }

  private goAway({ bytes, from, to }: FrameParser): void {
    const { state } = this;
    const lastStreamId = bytes.readUInt32BE(from) & MAX_STREAM_ID;
    if (lastStreamId > this.lastGoAwayId) throw protocolError('goaway-order');
    state.counts.count('maxSettings');
    this.lastGoAwayId = lastStreamId;
    state.phase = 'draining';
    const debugText = bytes.toString('latin1', from + 8, Math.min(to, from + 8 + MAX_DEBUG_BYTES));
    const errorCode = bytes.readUInt32BE(from + 4);
    state.events.push({ type: 'goaway', lastStreamId, errorCode, debugText });
    if (state.isServer) return;
    for (const stream of [...state.streams.values()]) {
      if (stream.id <= lastStreamId) continue;
      state.abandon(stream);
      state.events.push({ type: 'unprocessed', stream });
    }
  }

  /** @returns `undefined` if the stream is closed. @throws HTTP2ProtocolError It is idle. */
  private streamOf(streamId: number): HTTP2Stream | undefined {
    const stream = this.state.streams.get(streamId);
    if (stream === undefined && this.state.isIdle(streamId)) throw protocolError('idle-stream');
    return stream;
  }
}
