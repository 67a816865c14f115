/** The calls of the application: the frames that they send, and the order in which they are legal. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { checkInteger } from '../../internal/check.js';
import { HTTPContentLengthError } from '../http/errors.js';
import type { FieldBlock, HTTPFields } from '../http/field-block.js';
import { contentBytes, type HTTPContent } from '../http/message-serializer.js';
import { isTunnel, mayHaveContent } from '../http/response-framing.js';
import type { ConnectionState } from './connection-state.js';
import { type HTTP2Error, HTTP2SequenceError } from './errors.js';
import { COPIED_BYTES } from './frame-serializer.js';
import {
  announcedLength,
  checkHost,
  type HTTP2OutputFields,
  type OutputFields,
  outputFields,
  outputTrailers,
} from './output-fields.js';
import type { HTTP2Stream, StreamCommands } from './stream.js';

const EMPTY: Uint8Array = new Uint8Array(0);

/** A DATA frame that the windows cut to less than this costs more than it carries. */
const TINY_BYTES = 256;

export class SendingSide implements StreamCommands {
  private readonly state: ConnectionState;

  constructor(state: ConnectionState) {
    this.state = state;
  }

  informational(stream: HTTP2Stream, status: number, fields: HTTP2OutputFields): void {
    this.checkServer('sendInformational');
    this.checkPhase(stream, 'head', 'an informational response');
    checkInteger('status', status, 100, 199);
    if (status === 101) throw new HTTP2SequenceError('HTTP/2 has no response with 101');
    this.beginResponse(status, outputFields(fields));
    this.state.frames.endHeaders(stream.id, false);
  }

  head(stream: HTTP2Stream, status: number, fields: HTTP2OutputFields, endStream: boolean): void {
    this.checkResponse(stream, status);
    const list = outputFields(fields);
    const announced = responseLength(stream, status, list);
    const hasContent = mayHaveContent(status) && stream.method !== 'HEAD';
    if (endStream && hasContent && announced > 0) throw new HTTPContentLengthError(announced, 0);
    const ends = endStream || !hasContent;
    this.beginResponse(status, list);
    this.state.frames.endHeaders(stream.id, ends);
    stream.announcedBytes = announced;
    stream.sending = 'content';
    stream.isTunnel = isTunnel(stream, status);
    if (!ends) return;
    if (endStream || stream.method !== 'HEAD') this.finish(stream);
    else {
      stream.sending = 'dropped';
      this.state.closeIfDone(stream);
    }
  }

  respond(
    stream: HTTP2Stream,
    status: number,
    fields: HTTP2OutputFields,
    content: HTTPContent,
  ): number {
    this.checkResponse(stream, status);
    const length = contentBytes(content);
    const mayContain = mayHaveContent(status) && !isTunnel(stream, status);
    if (!mayContain && length > 0) throw noContent(status);
    const list = outputFields(fields);
    const announced = responseLength(stream, status, list);
    // The length is that of the content in answer to GET (RFC 9110 section 8.6).
    const isOfGET = length === 0 && (status === 304 || stream.method === 'HEAD');
    if (announced !== -1 && announced !== length && !isOfGET) {
      throw new HTTPContentLengthError(announced, length);
    }
    const { frames, encoder } = this.state;
    this.beginResponse(status, list);
    if (announced === -1 && mayContain) encoder.field('content-length', String(length));
    if (length === 0 || stream.method === 'HEAD') {
      frames.endHeaders(stream.id, true);
      this.finish(stream);
      return length;
    }
    stream.announcedBytes = length;
    stream.sending = 'content';
    if (length <= COPIED_BYTES && length <= this.sendable(stream)) {
      frames.endMessage(stream.id, content, length);
      this.sent(stream, length);
      this.finish(stream);
      return length;
    }
    frames.endHeaders(stream.id, false);
    return this.write(stream, typeof content === 'string' ? Buffer.from(content) : content, true);
  }

  /** @returns The stream, whose head has been sent. */
  request(
    stream: HTTP2Stream,
    pseudo: OutputFields,
    fields: HTTP2OutputFields,
    ends: boolean,
  ): void {
    const list = outputFields(fields);
    checkHost(list, pseudo);
    const announced = announcedLength(list);
    if (ends && announced > 0) throw new HTTPContentLengthError(announced, 0);
    stream.announcedBytes = announced;
    this.beginBlock();
    this.encode(pseudo);
    this.encode(list);
    this.state.frames.endHeaders(stream.id, ends);
    stream.sending = ends ? 'done' : 'content';
  }

  write(stream: HTTP2Stream, data: Uint8Array, endStream: boolean): number {
    if (!(data instanceof Uint8Array)) {
      throw new InvalidArgumentTypeError('data', 'a Uint8Array', data);
    }
    if (this.dropped(stream, endStream)) return data.length;
    this.checkPhase(stream, 'content', 'content');
    this.checkLength(stream, data.length, endStream);
    const { maxFrameBytes } = this.state.peer;
    const size = Math.min(data.length, Math.max(0, this.sendable(stream)));
    const isWhole = size === data.length;
    for (let at = 0; at < size; at += maxFrameBytes) {
      const to = Math.min(size, at + maxFrameBytes);
      const piece = at === 0 && to === data.length ? data : data.subarray(at, to);
      this.state.frames.data(stream.id, piece, endStream && isWhole && to === size);
      this.sent(stream, to - at);
    }
    if (data.length === 0 && endStream) this.state.frames.data(stream.id, EMPTY, true);
    if (isWhole && endStream) this.finish(stream);
    if (!isWhole) this.waitForWindow(stream, size);
    else if (size > 0) this.state.unblock(stream);
    return size;
  }

  trailers(stream: HTTP2Stream, fields: Exclude<HTTPFields, FieldBlock>): void {
    const list = outputTrailers(fields);
    if (this.dropped(stream, true)) return;
    this.checkPhase(stream, 'content', 'a trailer section');
    if (stream.isTunnel)
      throw new HTTP2SequenceError('the tunnel of CONNECT has no trailer section');
    this.checkLength(stream, 0, true);
    this.beginBlock();
    this.encode(list);
    this.state.frames.endHeaders(stream.id, true);
    this.finish(stream);
  }

  reset(stream: HTTP2Stream, errorCode: number): void {
    if (stream.isClosed || this.state.phase === 'closed') return;
    this.state.reset(stream, errorCode);
    this.state.dropEvents(stream);
  }

  consume(stream: HTTP2Stream, bytes: number): void {
    checkInteger('bytes', bytes, 0, Number.MAX_SAFE_INTEGER);
    if (stream.isReset) return;
    if (bytes > stream.unconsumed) {
      const expected = `at most ${stream.unconsumed}, which were received`;
      throw new InvalidArgumentValueError('bytes', expected, bytes);
    }
    stream.unconsumed -= bytes;
    this.state.credit(bytes);
    this.creditStream(stream, bytes);
  }

  /** Opens the window of a stream, unless its content has ended. */
  creditStream(stream: HTTP2Stream, bytes: number): void {
    if (stream.receiving === 'done') return;
    const increment = stream.receiveWindow.consume(bytes);
    if (increment > 0) this.state.frames.windowUpdate(stream.id, increment);
  }

  sendable(stream: HTTP2Stream): number {
    return Math.max(0, Math.min(stream.sendWindow, this.state.sendWindow));
  }

  /** Answers a request that the application does not get. */
  refuse(streamId: number, status: number): void {
    this.beginResponse(status, ['content-length', '0']);
    this.state.frames.endHeaders(streamId, true);
  }

  private waitForWindow(stream: HTTP2Stream, size: number): void {
    this.state.block(stream);
    if (size === 0 || size >= TINY_BYTES) return;
    try {
      this.state.counts.count('maxTinyFrames');
    } catch (error) {
      // The fault of the peer, not of the caller.
      this.state.failure = error as HTTP2Error;
    }
  }

  private sent(stream: HTTP2Stream, bytes: number): void {
    stream.sendWindow -= bytes;
    this.state.sendWindow -= bytes;
    stream.sentBytes += bytes;
    stream.intervalBytes += bytes;
    this.state.intervalBytes += bytes;
    this.state.counts.expectWindowUpdates();
  }

  private finish(stream: HTTP2Stream): void {
    stream.sending = 'done';
    this.state.unblock(stream);
    this.state.closeIfDone(stream);
  }

  /** Content of a response to HEAD is not sent. */
  private dropped(stream: HTTP2Stream, endStream: boolean): boolean {
    if (stream.sending !== 'dropped' || stream.isReset || this.state.phase === 'closed') {
      return false;
    }
    if (endStream) this.finish(stream);
    return true;
  }

  private checkServer(call: string): void {
    if (!this.state.isServer) throw new HTTP2SequenceError(`${call} is for servers`);
  }

  private checkResponse(stream: HTTP2Stream, status: number): void {
    this.checkServer('a response');
    this.checkPhase(stream, 'head', 'a response');
    checkInteger('status', status, 200, 999);
  }

  private checkPhase(stream: HTTP2Stream, phase: 'head' | 'content', what: string): void {
    if (stream.isReset || this.state.phase === 'closed') {
      throw new HTTP2SequenceError(`${what} on HTTP/2 stream ${stream.id}, which was closed early`);
    }
    if (stream.sending !== phase) {
      const position =
        stream.sending === 'head' ? 'in front of the head' : 'behind the end or head';
      throw new HTTP2SequenceError(`${what} on HTTP/2 stream ${stream.id} ${position}`);
    }
  }

  private checkLength(stream: HTTP2Stream, more: number, endStream: boolean): void {
    const { announcedBytes } = stream;
    if (announcedBytes === -1) return;
    const total = stream.sentBytes + more;
    if (total > announcedBytes || (endStream && total !== announcedBytes)) {
      throw new HTTPContentLengthError(announcedBytes, total);
    }
  }

  private beginResponse(status: number, fields: OutputFields): void {
    this.beginBlock();
    this.state.encoder.status(status);
    this.encode(fields);
  }

  private beginBlock(): void {
    const { frames, encoder } = this.state;
    frames.beginHeaders();
    encoder.begin();
  }

  private encode(list: OutputFields): void {
    const { encoder } = this.state;
    for (let i = 0; i < list.length; i += 2) {
      encoder.field(list[i] as string, list[i + 1] as string);
    }
  }
}

/** The value of Content-Length; -1 if there is none. @throws HTTP2SequenceError It is forbidden (RFC 9110 section 8.6). */
function responseLength(stream: HTTP2Stream, status: number, fields: OutputFields): number {
  const announced = announcedLength(fields);
  if (announced !== -1 && (status === 204 || isTunnel(stream, status))) throw noContent(status);
  return announced;
}

function noContent(status: number): HTTP2SequenceError {
  return new HTTP2SequenceError(`a response with ${status} has no content, and no Content-Length`);
}
