/**
 * One end of an HTTP/2 connection, without I/O: bytes in, events out; calls in, bytes out. Transports and clocks belong to the layer
 * above.
 *
 *     open --goAway, GOAWAY of the peer--> draining --last stream ends--> `drained`
 *       \--fault of the peer, connectionLost--> closed <--'
 *
 * A fault of the peer on one stream is an event, and the connection continues. One on the connection is thrown by `next`, after GOAWAY
 * was sent. Content is bounded by the windows that this end announces, and never buffered here. Limits of repeated
 * frames count by interval: the layer above calls `passInterval` regularly, such as every ten seconds.
 */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { type ConnectionPhase, ConnectionState } from './connection-state.js';
import { ControlFrames } from './control-frames.js';
import { NO_ERROR } from './error-codes.js';
import {
  HTTP2Error,
  HTTP2ProtocolError,
  HTTP2SequenceError,
  limitExceeded,
  protocolError,
} from './errors.js';
import type { HTTP2Event } from './events.js';
import { type FrameEvent, FrameParser } from './frame-parser.js';
import type { HTTP2Output } from './frame-serializer.js';
import { CONTINUATION, DATA, HEADERS, MAX_STREAM_ID } from './frame-types.js';
import { HeaderBlocks } from './header-blocks.js';
import type { RequestTarget } from './heads.js';
import { checkSettings, type HTTP2Options } from './limits.js';
import type { HTTP2OutputFields } from './output-fields.js';
import { type HTTP2Priority, priorityText } from './priority.js';
import { ReceivingSide } from './receiving-side.js';
import { requestPseudoFields } from './request-target.js';
import { SendingSide } from './sending-side.js';
import { INITIAL_WINDOW_BYTES, initialSettings, type PeerSettings } from './settings.js';
import { HTTP2Stream } from './stream.js';

const DRAIN_PING: Buffer = Buffer.from('draining', 'latin1');

export class HTTP2Connection {
  private readonly state: ConnectionState;
  private readonly parser: FrameParser;
  private readonly blocks: HeaderBlocks;
  private readonly control: ControlFrames;
  private readonly sending: SendingSide;
  private readonly receiving: ReceivingSide;
  private hasStarted = false;
  private failure: HTTP2Error | undefined = undefined;

  /**
   * @param options Freeze options that many connections share: they are checked once.
   * @param output Takes the bytes to send.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(options: HTTP2Options, output: HTTP2Output) {
    const settings = checkSettings(options);
    this.state = new ConnectionState(settings, output);
    this.parser = new FrameParser(this.state.isServer, settings.maxFrameBytes);
    this.blocks = new HeaderBlocks(settings);
    this.control = new ControlFrames(this.state);
    this.sending = new SendingSide(this.state);
    this.receiving = new ReceivingSide(this.state, this.sending);
  }

  get phase(): ConnectionPhase {
    return this.state.phase;
  }

  /** Whether the end was announced, by this end or the peer. */
  get isEnding(): boolean {
    return this.state.phase !== 'open' || this.control.drainPing !== undefined;
  }

  /** The settings that the peer has announced. */
  get peerSettings(): Readonly<PeerSettings> {
    return this.state.peer;
  }

  /** Whether the peer has applied all settings of this end. */
  get isAcknowledged(): boolean {
    return this.hasStarted && this.control.unacknowledged === 0;
  }

  /** The streams that have not ended, in the order in which they were opened; when the connection is closed, those that it cut off. */
  get streams(): Iterable<HTTP2Stream> {
    return this.state.streams.values();
  }

  get streamCount(): number {
    return this.state.streams.size;
  }

  /** Client: the requests that may be sent now. */
  get availableStreams(): number {
    const { state } = this;
    if (state.isServer || state.phase !== 'open' || this.nextId > MAX_STREAM_ID) return 0;
    return Math.max(0, state.peer.maxConcurrentStreams - state.streams.size);
  }

  /** The bytes in memory that were received and not read. */
  get bufferedBytes(): number {
    return this.parser.bufferedBytes + (this.blocks.pendingId === 0 ? 0 : this.blocks.to);
  }

  /** Sends the preface of a client, and the settings. Call it once, when the transport is connected. */
  start(): void {
    const { state, hasStarted } = this;
    if (hasStarted) throw new HTTP2SequenceError('start was called before');
    this.hasStarted = true;
    if (!state.isServer) state.frames.preface();
    state.frames.settings(initialSettings(state.settings));
    this.control.unacknowledged += 1;
    const more = state.settings.connectionWindowBytes - INITIAL_WINDOW_BYTES;
    if (more > 0) state.frames.windowUpdate(0, more);
  }

  /**
   * Adds received bytes, of which views are kept until `next` has returned `undefined` or `keepRest` is called. Bytes that arrive when
   * the connection is closed are dropped.
   * @throws InvalidArgumentTypeError `chunk` is not a Buffer.
   */
  receive(chunk: Buffer): void {
    if (this.state.phase !== 'closed') this.parser.receive(chunk);
  }

  /** Writes the frames that an output with `framesGathered` has gathered. */
  flush(): void {
    this.state.frames.flush();
  }

  /** Copies bytes that `next` has not read out of the received chunk. */
  keepRest(): void {
    this.parser.keepRest();
  }

  /**
   * The next event, or `undefined` if more bytes are needed.
   * @throws HTTP2Error The peer broke a rule of the connection. GOAWAY was sent: close the transport. The same error is thrown again.
   */
  next(): HTTP2Event | undefined {
    if (this.failure !== undefined) throw this.failure;
    const { state } = this;
    try {
      for (;;) {
        const event = state.events.shift();
        if (event !== undefined) return event;
        if (state.failure !== undefined) throw state.failure;
        if (state.phase === 'closed') return undefined;
        if (!this.readFrame()) break;
      }
    } catch (error) {
      this.failure = error as HTTP2Error;
      state.fail(this.failure);
      throw error;
    }
    const stream = state.takeWritable();
    if (stream !== undefined) return { type: 'writable', stream };
    return state.takeDrained();
  }

  /**
   * An interval of the counted limits ends. Streams that could send hardly anything for `maxStalledIntervals` are reset: read the
   * events with `next`. At the second call after `goAway` a server stops to wait for the answer of the client.
   */
  passInterval(): void {
    const { state } = this;
    if (state.phase === 'closed') return;
    state.counts.reset();
    this.control.passInterval();
    try {
      this.resetStalled();
    } catch (error) {
      if (!(error instanceof HTTP2Error)) throw error;
      // The fault of the peer, not of the caller.
      state.failure = error;
    }
  }

  /**
   * Client: opens a stream with a request.
   * @param target `scheme` and `path` are ignored for CONNECT without a protocol.
   * @param endStream Whether the request has no content. Default true.
   * @throws HTTP2SequenceError There are no {@link availableStreams}, or the server does not accept extended CONNECT.
   * @throws InvalidHTTPOutputError, InvalidArgumentTypeError
   */
  request(target: RequestTarget, fields: HTTP2OutputFields = [], endStream = true): HTTP2Stream {
    const { state } = this;
    if (!this.hasStarted || this.availableStreams === 0) {
      throw new HTTP2SequenceError('this HTTP/2 connection accepts no request now');
    }
    if (target.protocol !== undefined && !state.peer.enablesConnectProtocol) {
      throw new HTTP2SequenceError('the server does not accept extended CONNECT');
    }
    const pseudo = requestPseudoFields(target);
    const { initialWindowBytes } = state.peer;
    const { streamWindowBytes } = state.settings;
    const { method } = target;
    const id = this.nextId;
    const stream = new HTTP2Stream(id, method, this.sending, initialWindowBytes, streamWindowBytes);
    this.sending.request(stream, pseudo, fields, endStream);
    state.lastOwnId = id;
    state.streams.set(id, stream);
    state.counts.expectWindowUpdates();
    return stream;
  }

  /** Client: changes the priority of a request (RFC 9218 section 7.1). Without effect if the stream is closed. */
  prioritize(stream: HTTP2Stream, priority: HTTP2Priority): void {
    if (this.state.isServer) throw new HTTP2SequenceError('prioritize is for clients');
    const text = priorityText(priority);
    if (stream.isClosed || this.state.phase === 'closed') return;
    stream.priority = priority;
    this.state.frames.priorityUpdate(stream.id, text);
  }

  /**
   * Sends a PING; its answer is the event `ping-acknowledged`.
   * @param payload Eight bytes.
   * @throws InvalidArgumentValueError, HTTP2SequenceError
   */
  ping(payload: Uint8Array): void {
    if (!(payload instanceof Uint8Array) || payload.length !== 8 || DRAIN_PING.equals(payload)) {
      throw new InvalidArgumentValueError('payload', 'eight bytes, not "draining"', payload);
    }
    this.checkOpen('ping');
    this.state.frames.ping(payload, false);
  }

  /**
   * Ends the connection gracefully: no new streams, and `drained` when the last one has ended. A server still accepts requests that are in progress:
   * it announces the end, and refuses new ones from when the client has answered a PING that followed (RFC 9113 section 6.8), or two
   * intervals have passed.
   */
  goAway(): void {
    this.checkOpen('goAway');
    const { state } = this;
    if (state.phase === 'draining' || this.control.drainPing !== undefined) return;
    if (!state.isServer) {
      state.frames.goAway(0, NO_ERROR);
      state.phase = 'draining';
      return;
    }
    state.frames.goAway(MAX_STREAM_ID, NO_ERROR);
    this.control.drainPing = DRAIN_PING;
    state.frames.ping(DRAIN_PING, false);
  }

  /**
   * Ends the connection at once, by GOAWAY with this code. Close the transport. Open streams end without events.
   * @param errorCode RFC 9113 section 7. Default NO_ERROR.
   */
  abort(errorCode: number = NO_ERROR): void {
    const { state } = this;
    if (state.phase === 'closed') return;
    if (this.hasStarted) state.frames.goAway(state.finalId ?? state.lastPeerId, errorCode);
    state.frames.flush();
    state.close();
  }

  /** The transport is closed: nothing is sent or received from now on. */
  connectionLost(): void {
    this.state.frames.drop();
    this.state.close();
  }

  private get nextId(): number {
    const { lastOwnId } = this.state;
    return lastOwnId === 0 ? 1 : lastOwnId + 2;
  }

  /** @throws HTTP2LimitError */
  private resetStalled(): void {
    const { state } = this;
    const { maxStalledIntervals, minIntervalBytes } = state.settings;
    const hasProgress = state.intervalBytes >= minIntervalBytes;
    state.intervalBytes = 0;
    for (const stream of [...state.streams.values()]) {
      const { intervalBytes } = stream;
      stream.intervalBytes = 0;
      if (intervalBytes >= minIntervalBytes || !state.isBlocked(stream)) {
        stream.stalledIntervals = 0;
        continue;
      }
      // It waits for more urgent streams.
      if (hasProgress && stream.sendWindow > 0) continue;
      if (++stream.stalledIntervals <= maxStalledIntervals) continue;
      state.faultOf(stream, limitExceeded('maxStalledIntervals', maxStalledIntervals, stream.id));
    }
  }

  /** @returns Whether there was a frame, or a piece of one. */
  private readFrame(): boolean {
    const { parser, state, blocks } = this;
    const event = this.control.hasSettings ? parser.next() : this.firstFrame();
    if (event === undefined) return false;
    const { type, flags, streamId } = parser;
    this.control.checkFirst(type, flags);
    blocks.checkFrame(type, streamId);
    if (type === DATA) this.receiving.data(parser);
    else if (type !== HEADERS && type !== CONTINUATION) this.control.receive(parser);
    else if (type === HEADERS ? blocks.headers(parser) : blocks.continuation(parser)) {
      const { maxHeaderListBytes, maxFields } = state.settings;
      const { bytes, from, to } = blocks;
      const list = state.decoder.decode(bytes, from, to, maxHeaderListBytes, maxFields);
      blocks.release();
      this.receiving.section(blocks.streamId, list, blocks.endsStream);
    }
    return true;
  }

  /** Text of another protocol looks like a frame with a wrong header, which would not explain the mistake. */
  private firstFrame(): FrameEvent | undefined {
    try {
      return this.parser.next();
    } catch (error) {
      const isOther = error instanceof HTTP2ProtocolError && error.rule === 'frame-too-long';
      throw isOther ? protocolError('settings-missing') : error;
    }
  }

  private checkOpen(call: string): void {
    if (!this.hasStarted || this.state.phase === 'closed') {
      throw new HTTP2SequenceError(`${call} on an HTTP/2 connection that is not open`);
    }
  }
}
