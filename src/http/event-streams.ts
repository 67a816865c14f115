/** Server-sent events: streams of events to the clients of a server. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { ROOT_CONTEXT } from '../internal/async-context.js';
import { checkClock, checkInteger, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { EventStream, type EventStreamOwner } from './event-stream.js';
import type { HTTPRequest } from './http-request.js';
import type { HTTPResponse } from './http-response.js';
import { HEARTBEAT, retryLine, type ServerSentEvent, serializeEvent } from './server-sent-event.js';

export interface EventStreamsOptions {
  /**
   * A stream on which nothing was sent for this time, and at most twice as long, gets a comment, so that proxies do not close it and
   * clients that are gone are noticed. In milliseconds; 0: never. Default 15,000.
   */
  readonly heartbeatMs?: number;
  /**
   * Unsent bytes of a stream, 1 to 2^31: a client that reads so slowly that there are more is disconnected. Browsers connect again
   * and send Last-Event-ID. Default 1 MiB.
   */
  readonly maxUnsentBytes?: number;
  /** Time after which clients connect again, in milliseconds: 0 to 2^31 - 1. Default: the client's own, some seconds. */
  readonly retryMs?: number;
}

const NAMES: OptionNames<EventStreamsOptions> = {
  heartbeatMs: true,
  maxUnsentBytes: true,
  retryMs: true,
};

const DEFAULT_HEARTBEAT_MS = 15_000;
const DEFAULT_MAX_UNSENT_BYTES = 1024 * 1024;
const MAX_BYTES = 2 ** 31;

/**
 * The streams of one source of events. They share one delayed call for their heartbeats.
 *
 * @example
 * const streams = new EventStreams(reactor);
 * await serveHttp(reactor, endpoint, (request, response) => void streams.open(request, response));
 * streams.publish({ event: 'price', data: '42' });
 */
export class EventStreams implements EventStreamOwner {
  readonly maxUnsentBytes: number;
  readonly #clock: Clock;
  readonly #heartbeatMs: number;
  readonly #greeting: string;
  readonly #streams: Set<EventStream> = new Set();
  #heartbeat: DelayedCall | undefined;
  #suspects: Set<EventStream> = new Set();
  #judgement: DelayedCall | undefined;

  /**
   * @param clock The reactor, or the manual clock of a test.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(clock: Clock, options: EventStreamsOptions = {}) {
    checkClock('clock', clock);
    checkOptions('EventStreams', options, NAMES);
    const { heartbeatMs = DEFAULT_HEARTBEAT_MS, maxUnsentBytes = DEFAULT_MAX_UNSENT_BYTES } =
      options;
    this.#clock = clock;
    this.#heartbeatMs = checkMilliseconds('heartbeatMs', heartbeatMs);
    this.maxUnsentBytes = checkInteger('maxUnsentBytes', maxUnsentBytes, 1, MAX_BYTES);
    this.#greeting = options.retryMs === undefined ? '' : `${retryLine(options.retryMs)}\n`;
  }

  /** The number of open streams. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Answers a request with a stream. Fields that were set in the response are sent, with `Content-Type: text/event-stream`, and with
   * `Cache-Control: no-store` and `X-Accel-Buffering: no` (for nginx) unless these were set. The answer to HEAD has no stream: the
   * returned one is closed.
   *
   * The stream ends when the client goes, when it is closed, and when the server drains.
   *
   * To prevent clients from connecting again, answer with 204 instead.
   * @throws HTTPSequenceError the head of the response was sent.
   */
  open(request: HTTPRequest, response: HTTPResponse): EventStream {
    const isHead = request.method === 'HEAD';
    response.setField('Content-Type', 'text/event-stream');
    setDefault(response, 'Cache-Control', 'no-store');
    setDefault(response, 'X-Accel-Buffering', 'no');
    const stream = new EventStream(request, response, this);
    this.#streams.add(stream);
    stream.begin(this.#greeting);
    if (isHead) stream.close();
    if (this.#streams.size > 0 && this.#heartbeat === undefined) this.#arm();
    return stream;
  }

  /**
   * Sends an event to all clients; text is the data of an event of type `message`. It is serialized once.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  publish(event: ServerSentEvent | string): void {
    const text = serializeEvent(event);
    for (const stream of this.#streams) stream.write(text);
  }

  /** Ends all streams. Clients connect again, unless the server refuses them. */
  close(): void {
    for (const stream of this.#streams) stream.close();
  }

  /** @internal */
  ended(stream: EventStream): void {
    this.#streams.delete(stream);
    this.#suspects.delete(stream);
    if (this.#streams.size > 0) return;
    this.#heartbeat?.cancel();
    this.#heartbeat = undefined;
    this.#judgement?.cancel();
    this.#judgement = undefined;
  }

  /** @internal */
  suspect(stream: EventStream): void {
    this.#suspects.add(stream);
    this.#judgement ??= this.#later(0, this.#judge);
  }

  #arm(): void {
    if (this.#heartbeatMs > 0) this.#heartbeat = this.#later(this.#heartbeatMs, this.#beat);
  }

  /** Calls serve all streams, so they are made in the root context. */
  #later(ms: number, callback: () => void): DelayedCall {
    return ROOT_CONTEXT.runInAsyncScope(() => {
      const call = this.#clock.callLater(ms, callback);
      call.whenDropped(this.#dropped);
      return call;
    });
  }

  /** The reactor was stopped. */
  readonly #dropped = (): void => {
    this.#heartbeat = undefined;
    this.#judgement = undefined;
  };

  readonly #beat = (): void => {
    this.#heartbeat = undefined;
    for (const stream of this.#streams) stream.beat(HEARTBEAT);
    if (this.#streams.size > 0) this.#arm();
  };

  readonly #judge = (): void => {
    this.#judgement = undefined;
    const suspects = this.#suspects;
    this.#suspects = new Set();
    for (const stream of suspects) stream.judge();
  };
}

function setDefault(response: HTTPResponse, name: string, value: string): void {
  if (response.fields(name).length === 0) response.setField(name, value);
}
