/**
 * One HTTP/2 connection of a server: requests of many streams at once, each an {@link HTTP2Exchange}, for the same handler as those of
 * HTTP/1.
 *
 * Time limits: of the connection while it has no streams, of a frame or head that does not become complete, and of a client that does
 * not read. That of content belongs to exchanges. One connection exists for each client, so private fields are TypeScript's.
 */
import type { Address } from '../../core/address.js';
import type { Transport } from '../../core/transport.js';
import { expectInput } from '../../internal/expects-input.js';
import type { TimeoutEntry } from '../../policies/idle-timeouts.js';
import { ENHANCE_YOUR_CALM } from '../../protocols/http2/error-codes.js';
import { HTTP2LimitError } from '../../protocols/http2/errors.js';
import type { HTTP2Event } from '../../protocols/http2/events.js';
import type { HTTP2RequestHead } from '../../protocols/http2/heads.js';
import type { HTTP2Stream } from '../../protocols/http2/stream.js';
import { WRITING_PAUSED } from '../connection-writer.js';
import { HTTPTimeoutError } from '../errors.js';
import type { HTTPService, ServedProtocol } from '../http-service.js';
import { titleOf } from '../request-title.js';
import type { ConnectionRegistry } from '../served-connection.js';
import { HEAD, IDLE, timeLimitOf, WRITE } from '../time-limits.js';
import { HTTP2StreamResetError } from './errors.js';
import { HTTP2Exchange } from './exchange.js';
import { HTTP2Link } from './link.js';
import { HTTP2ReceivedHead } from './request-head.js';
import type { HTTP2Service } from './server-settings.js';

/** Requests are in progress: their handlers have as much time as they want. */
const BUSY = -1;

export class HTTP2ServerConnection extends HTTP2Link implements ServedProtocol, TimeoutEntry {
  previous: TimeoutEntry = this;
  next: TimeoutEntry = this;
  stamp = 0;
  ticks = 0;
  readonly service: HTTPService;
  readonly http2: HTTP2Service;
  private phase = BUSY;
  private requests = 0;
  /** The requests before the last turn, and the tick in which there was one in progress. */
  private knownRequests = 0;
  private activeTick = 0;
  private isReadingPaused = false;

  constructor(service: HTTPService, http2: HTTP2Service) {
    super(http2.options, http2.intervals);
    this.service = service;
    this.http2 = http2;
  }

  get description(): string {
    const { streamCount } = this.connection;
    if (streamCount === 0) return 'HTTP/2: idle';
    for (const { context } of this.connection.streams) {
      if (!(context instanceof HTTP2Exchange)) continue;
      const title = titleOf(context.request);
      return streamCount === 1
        ? `HTTP/2: ${title}`
        : `HTTP/2: ${title} and ${streamCount - 1} more`;
    }
    return `HTTP/2: ${streamCount} streams`;
  }

  get peer(): Address {
    return this.open.getPeer();
  }

  get currentTransport(): Transport {
    return this.open;
  }

  get secure(): boolean {
    return this.open.tls !== undefined;
  }

  /** The service itself keeps it among its connections. */
  countedBy(_registry: ConnectionRegistry): void {}

  override makeConnection(transport: Transport): unknown {
    this.transport = transport;
    this.service.connections.add(this);
    this.activeTick = this.service.timeouts.tick;
    super.makeConnection(transport);
    if (this.service.draining) this.goAway();
    return undefined;
  }

  override dataReceived(data: Buffer): unknown {
    const { connection } = this;
    const expected = connection.bufferedBytes + data.length;
    super.dataReceived(data);
    // Some frame was complete, and it was not one of those that keep an idle connection open.
    const isProgress = connection.bufferedBytes !== expected && this.idleTicks === 0;
    if (isProgress && this.phase === HEAD) this.stamp = this.service.timeouts.tick;
    if (this.isHeld) this.pauseReading();
    return undefined;
  }

  override connectionLost(reason: Error): unknown {
    super.connectionLost(reason);
    this.service.timeouts.remove(this);
    this.service.remove(this);
    return undefined;
  }

  expired(): void {
    const { settings } = this.service;
    switch (this.phase) {
      case IDLE:
        this.close();
        return;
      case HEAD:
        this.close(
          ENHANCE_YOUR_CALM,
          new HTTPTimeoutError('headTimeoutMs', settings.headTimeoutMs),
        );
        return;
      default:
        if (this.hasProgressed()) this.file(WRITE);
        else if (this.unsentBytes > 0) this.abort();
    }
  }

  /** Ends the connection when its requests were answered: new ones are refused, as soon as the client can know. */
  drain(): void {
    for (const exchange of this.exchanges()) exchange.tunnel?.drain();
    this.goAway();
  }

  /** The transport counts only when the upper limit `unsentBytes` exceeds the option. */
  protected override get isHeld(): boolean {
    const { maxUnsentBytes } = this.http2;
    if (!this.isFull || this.unsentBytes <= maxUnsentBytes || this.isClosing) return false;
    return this.open.bufferedBytes > maxUnsentBytes;
  }

  protected override eventReceived(event: HTTP2Event): void {
    switch (event.type) {
      case 'request':
        this.begin(event.stream, event.head, event.endStream);
        break;
      case 'data':
        if (exchangeOf(event.stream) === undefined) event.stream.consume(event.data.length);
        else exchangeOf(event.stream)?.contentReceived(event.data);
        break;
      case 'trailers':
        exchangeOf(event.stream)?.trailersReceived(event.fields);
        break;
      case 'end':
        exchangeOf(event.stream)?.inputReceived();
        break;
      case 'writable':
        exchangeOf(event.stream)?.resume();
        break;
      case 'reset':
        exchangeOf(event.stream)?.lost(event.error ?? new HTTP2StreamResetError(event.errorCode));
        break;
      case 'refused':
        this.service.logs?.refused(
          this.peer,
          event.error instanceof HTTP2LimitError ? 431 : 400,
          0,
        );
        break;
      default:
    }
  }

  protected override settled(): void {
    const { connection, flags, service } = this;
    const isIdle = connection.streamCount === 0;
    if (!isIdle || this.requests !== this.knownRequests) this.activeTick = service.timeouts.tick;
    this.knownRequests = this.requests;
    if (isIdle && !this.isHeld && (this.hasInputEnded || this.idleMs <= 0)) {
      this.close();
      return;
    }
    let phase = BUSY;
    if ((flags & WRITING_PAUSED) !== 0) phase = WRITE;
    else if (connection.bufferedBytes > 0) phase = HEAD;
    else if (isIdle) phase = IDLE;
    if (phase !== this.phase) this.file(phase);
  }

  protected override inputEnded(): void {
    for (const exchange of this.exchanges()) exchange.connectionInputEnded();
  }

  protected override lost(reason: Error): void {
    for (const exchange of this.exchanges()) exchange.lost(reason);
  }

  protected override leaving(): void {
    if (this.failure !== undefined) expectInput(this.open);
    this.resumeReading();
    this.unsentBytes = this.open.bufferedBytes;
    this.file(WRITE);
  }

  protected override writingPaused(): void {
    this.unsentBytes = this.open.bufferedBytes;
    this.file(WRITE);
  }

  /** More urgent streams come first (RFC 9218). */
  protected override writingResumed(): void {
    if (this.isClosing) return;
    const exchanges = this.exchanges();
    exchanges.sort((a, b) => a.stream.priority.urgency - b.stream.priority.urgency);
    this.gather(() => {
      for (const exchange of exchanges) exchange.resume();
    });
    // The frames that were held have been read by now.
    if (!this.isHeld) this.resumeReading();
  }

  private exchanges(): HTTP2Exchange[] {
    const exchanges: HTTP2Exchange[] = [];
    for (const stream of this.connection.streams) {
      const exchange = exchangeOf(stream);
      if (exchange !== undefined) exchanges.push(exchange);
    }
    return exchanges;
  }

  private begin(stream: HTTP2Stream, head: HTTP2RequestHead, endStream: boolean): void {
    this.requests += 1;
    if (this.requests === this.service.settings.maxRequestsPerConnection) this.goAway();
    const exchange = new HTTP2Exchange(this, stream, new HTTP2ReceivedHead(head, !endStream));
    stream.context = exchange;
    exchange.begin();
  }

  private file(phase: number): void {
    const { timeouts, settings } = this.service;
    timeouts.remove(this);
    this.phase = phase;
    if (phase === BUSY) return;
    timeouts.add(this, phase === IDLE ? this.idleMs : timeLimitOf(phase, settings));
  }

  /** Since the last request. */
  private get idleTicks(): number {
    return this.service.timeouts.tick - this.activeTick;
  }

  /** The rest of the time that the connection may wait for a request: other frames do not extend it. */
  private get idleMs(): number {
    const { timeouts, settings } = this.service;
    return settings.idleTimeoutMs - this.idleTicks * timeouts.tickMs;
  }

  private pauseReading(): void {
    if (this.isReadingPaused || this.isClosing) return;
    this.isReadingPaused = true;
    this.open.pauseProducing();
  }

  private resumeReading(): void {
    if (!this.isReadingPaused) return;
    this.isReadingPaused = false;
    this.open.resumeProducing();
  }
}

function exchangeOf({ context }: HTTP2Stream): HTTP2Exchange | undefined {
  return context as HTTP2Exchange | undefined;
}
