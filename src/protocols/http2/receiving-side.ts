/** Heads, content and trailers that arrive on streams (RFC 9113 sections 5.1, 6.1, 6.2 and 8.1). */
import { isTunnel, mayHaveContent } from '../http/response-framing.js';
import type { ConnectionState } from './connection-state.js';
import { NO_ERROR, REFUSED_STREAM } from './error-codes.js';
import { HTTP2Error, limitExceeded, protocolError } from './errors.js';
import type { FrameParser } from './frame-parser.js';
import { END_STREAM } from './frame-types.js';
import { requestHead, responseHead, trailerSection } from './head-rules.js';
import type { HeaderField } from './hpack/header-field.js';
import type { SendingSide } from './sending-side.js';
import { HTTP2Stream } from './stream.js';

const FIELDS_TOO_LARGE = 431;

/** The fields of a section; `undefined` if it exceeds a limit. */
type Section = readonly HeaderField[] | undefined;

export class ReceivingSide {
  private readonly state: ConnectionState;
  private readonly sending: SendingSide;

  constructor(state: ConnectionState, sending: SendingSide) {
    this.state = state;
    this.sending = sending;
  }

  /** A field section, which has been decoded. @throws HTTP2Error The connection ends. */
  section(streamId: number, list: Section, endsStream: boolean): void {
    const { state } = this;
    const stream = state.streams.get(streamId);
    if (stream === undefined) this.withoutStream(streamId, list, endsStream);
    else {
      try {
        if (stream.receiving === 'done') throw protocolError('closed-stream', streamId);
        if (list === undefined) throw this.tooLarge(streamId);
        if (stream.receiving === 'head') this.response(stream, list, endsStream);
        else this.trailers(stream, list, endsStream);
      } catch (error) {
        this.fault(stream, error);
      }
    }
    if (endsStream) state.forget(streamId);
  }

  /** A piece of a DATA frame. @throws HTTP2Error The connection ends. */
  data(parser: FrameParser): void {
    const { streamId, flowBytes, isFirst, flags, isLast } = parser;
    const { state } = this;
    if (isFirst && parser.length > state.window.available) throw protocolError('window-exceeded');
    state.window.receive(flowBytes);
    const endsStream = (flags & END_STREAM) !== 0;
    if (isFirst && isLast && parser.data.length === 0 && !endsStream) {
      state.counts.count('maxEmptyData');
    }
    const stream = state.streams.get(streamId);
    if (stream === undefined) {
      if (state.isIdle(streamId)) throw protocolError('idle-stream');
      // The stream may have been reset by the first piece.
      if (isFirst && !state.isRemembered(streamId)) throw protocolError('closed-stream');
      state.credit(flowBytes);
    } else {
      stream.unconsumed += flowBytes;
      try {
        this.content(stream, parser);
      } catch (error) {
        this.fault(stream, error);
      }
    }
    if (endsStream && isLast) state.forget(streamId);
  }

  /** A fault of the peer ends the stream; other errors are thrown. */
  private fault(stream: HTTP2Stream, error: unknown): void {
    if (!(error instanceof HTTP2Error)) throw error;
    this.state.faultOf(stream, error);
  }

  private content(stream: HTTP2Stream, parser: FrameParser): void {
    const { data, flowBytes } = parser;
    const endsStream = (parser.flags & END_STREAM) !== 0;
    // All is checked before the first piece, so that the result does not depend on how the frame was cut.
    if (parser.isFirst) this.checkContent(stream, parser, endsStream);
    stream.receiveWindow.receive(flowBytes);
    const padding = flowBytes - data.length;
    if (padding > 0) {
      stream.unconsumed -= padding;
      this.state.credit(padding);
      this.sending.creditStream(stream, padding);
    }
    if (data.length > 0) this.state.events.push({ type: 'data', stream, data });
    if (endsStream && parser.isLast) this.end(stream);
  }

  private checkContent(stream: HTTP2Stream, parser: FrameParser, endsStream: boolean): void {
    const { id } = stream;
    const { length, contentBytes } = parser;
    if (stream.receiving === 'done') throw protocolError('closed-stream', id);
    if (stream.receiving === 'head') throw protocolError('data-before-head', id);
    if (length > stream.receiveWindow.available) throw protocolError('window-exceeded', id);
    if (stream.receiving === 'dropped' && contentBytes > 0) throw protocolError('no-content', id);
    stream.receivedBytes += contentBytes;
    if (stream.expectedBytes !== -1 && stream.receivedBytes > stream.expectedBytes) {
      throw protocolError('content-length-mismatch', id);
    }
    if (endsStream) this.checkEnd(stream);
  }

  private withoutStream(streamId: number, list: Section, endsStream: boolean): void {
    const { state } = this;
    if (!state.isIdle(streamId)) {
      const isSkipped = streamId > state.priorPeerId && streamId < state.lastPeerId;
      if (state.isServer && isSkipped) throw protocolError('stream-order');
      state.lateSection(streamId, endsStream);
      return;
    }
    if (!state.isServer) throw protocolError('idle-stream');
    if ((streamId & 1) === 0) throw protocolError('stream-order');
    state.priorPeerId = state.lastPeerId;
    state.lastPeerId = streamId;
    if (state.phase === 'draining' || state.streams.size >= state.settings.maxConcurrentStreams) {
      this.turnAway(streamId);
      return;
    }
    try {
      if (list === undefined) throw this.tooLarge(streamId);
      this.request(streamId, list, endsStream);
    } catch (error) {
      if (!(error instanceof HTTP2Error)) throw error;
      this.refuse(streamId, list === undefined, endsStream, error);
    }
  }

  /** A request that this end does not look at: the client may send it again. */
  private turnAway(streamId: number): void {
    const { state } = this;
    state.frames.rstStream(streamId, REFUSED_STREAM);
    state.remember(streamId);
    state.counts.count('maxResets');
  }

  private refuse(streamId: number, isTooLarge: boolean, ends: boolean, error: HTTP2Error): void {
    const { state } = this;
    if (isTooLarge) this.sending.refuse(streamId, FIELDS_TOO_LARGE);
    if (!isTooLarge || !ends) {
      state.frames.rstStream(streamId, isTooLarge ? NO_ERROR : error.errorCode);
    }
    state.remember(streamId);
    state.events.push({ type: 'refused', streamId, error });
    state.counts.count('maxResets');
  }

  private request(streamId: number, list: readonly HeaderField[], endsStream: boolean): void {
    const { state } = this;
    const head = requestHead(list, streamId, state.settings.enableConnectProtocol);
    if (endsStream && (head.contentLength ?? 0) > 0) {
      throw protocolError('content-length-mismatch', streamId);
    }
    const stream = new HTTP2Stream(
      streamId,
      head.method,
      this.sending,
      state.peer.initialWindowBytes,
      state.settings.streamWindowBytes,
    );
    stream.priority = head.priority;
    stream.receiving = 'content';
    stream.expectedBytes = head.contentLength ?? -1;
    state.streams.set(streamId, stream);
    state.counts.expectWindowUpdates();
    state.events.push({ type: 'request', stream, head, endStream: endsStream });
    if (endsStream) this.end(stream);
  }

  private response(stream: HTTP2Stream, list: readonly HeaderField[], endsStream: boolean): void {
    const { state } = this;
    const head = responseHead(list, stream.id);
    if (head.status < 200) {
      if (endsStream) throw protocolError('end-of-informational', stream.id);
      const { maxInformational } = state.settings;
      if (++stream.informational > maxInformational) {
        throw limitExceeded('maxInformational', maxInformational, stream.id);
      }
      state.events.push({ type: 'informational', stream, head });
      return;
    }
    const hasContent = mayHaveContent(head.status) && stream.method !== 'HEAD';
    stream.receiving = hasContent ? 'content' : 'dropped';
    stream.isTunnel = isTunnel(stream, head.status);
    const hasLength = hasContent && !stream.isTunnel;
    stream.expectedBytes = hasLength ? (head.contentLength ?? -1) : -1;
    if (endsStream) this.checkEnd(stream);
    state.events.push({ type: 'response', stream, head, endStream: endsStream });
    if (endsStream) this.end(stream);
  }

  private trailers(stream: HTTP2Stream, list: readonly HeaderField[], endsStream: boolean): void {
    if (stream.isTunnel) throw protocolError('tunnel', stream.id);
    if (!endsStream) throw protocolError('trailers-not-last', stream.id);
    const fields = trailerSection(list, stream.id);
    this.checkEnd(stream);
    this.state.events.push({ type: 'trailers', stream, fields });
    this.end(stream);
  }

  private checkEnd(stream: HTTP2Stream): void {
    if (stream.expectedBytes !== -1 && stream.receivedBytes !== stream.expectedBytes) {
      throw protocolError('content-length-mismatch', stream.id);
    }
  }

  private end(stream: HTTP2Stream): void {
    stream.receiving = 'done';
    this.state.events.push({ type: 'end', stream });
    this.state.closeIfDone(stream);
  }

  private tooLarge(streamId: number): HTTP2Error {
    const { maxFields, maxHeaderListBytes } = this.state.settings;
    return this.state.decoder.listBytes > maxHeaderListBytes
      ? limitExceeded('maxHeaderListBytes', maxHeaderListBytes, streamId)
      : limitExceeded('maxFields', maxFields, streamId);
  }
}
