/**
 * One connection of HTTP/2 to a server, shared by any number of requests at a time: see {@link HTTP2Exchange}.
 *
 *     open --silent--> checking --PING answered--> open
 *        '--retire, GOAWAY, last request--> draining --streams have ended--> closed
 */
import type { IdleTimeouts, TimeoutEntry } from '../../policies/idle-timeouts.js';
import type { HTTPFields } from '../../protocols/http/field-block.js';
import { NO_ERROR } from '../../protocols/http2/error-codes.js';
import type { HTTP2Event } from '../../protocols/http2/events.js';
import type { RequestTarget } from '../../protocols/http2/heads.js';
import type { HTTP2Stream } from '../../protocols/http2/stream.js';
import type { HTTP2Intervals } from '../http2/intervals.js';
import { HTTP2Link } from '../http2/link.js';
import { type ExchangeConnection, HTTP2Exchange } from './http2-exchange.js';
import type { PoolSettings } from './settings.js';

/** The owner of connections: a pool. */
export interface HTTP2ConnectionOwner {
  readonly settings: PoolSettings;
  readonly timeouts: IdleTimeouts;
  readonly intervals: HTTP2Intervals;
  /** Streams have ended, or the server accepts more, or takes no further ones. */
  roomMade(connection: HTTP2ClientConnection): void;
  /** The connection has ended. */
  gone(connection: HTTP2ClientConnection): void;
}

type State = 'open' | 'checking' | 'draining';

const CHECK: Buffer = Buffer.from('ropewalk', 'latin1');

export class HTTP2ClientConnection extends HTTP2Link implements ExchangeConnection, TimeoutEntry {
  previous: TimeoutEntry = this;
  next: TimeoutEntry = this;
  stamp = 0;
  ticks = 0;
  hasServed = false;
  goAwayCode: number = NO_ERROR;
  private readonly owner: HTTP2ConnectionOwner;
  private requests = 0;
  private state: State = 'open';
  /** The tick at which something was received last. */
  private receivedTick = 0;
  /** The tick at which the last stream ended, or the check began. */
  private since = 0;
  /** The streams at the last look. */
  private knownStreams = 0;
  /** Exchanges that wait for the transport. */
  private waiting: Set<HTTP2Exchange> | undefined = undefined;

  constructor(owner: HTTP2ConnectionOwner) {
    super(owner.settings.http2.core, owner.intervals);
    this.owner = owner;
  }

  get description(): string {
    const { streamCount } = this;
    return `HTTP/2 client: ${streamCount === 0 ? 'idle' : `${streamCount} requests`}`;
  }

  get timeouts(): IdleTimeouts {
    return this.owner.timeouts;
  }

  get shortestMs(): number {
    return this.owner.settings.shortestMs;
  }

  get scheme(): string {
    return this.transport?.tls === undefined ? 'http' : 'https';
  }

  get streamCount(): number {
    return this.connection.streamCount;
  }

  get isIdle(): boolean {
    return this.state === 'open' && this.streamCount === 0 && !this.isClosing;
  }

  /** Whether it waits for the answer to a PING. */
  get isChecking(): boolean {
    return this.state === 'checking' && !this.isClosing;
  }

  /** Whether it can have requests, now or later. */
  get isUsable(): boolean {
    return !this.isClosing && this.transport?.connected === true && !this.transport.disconnecting;
  }

  /** Begins to watch the time limits: the connection was made. */
  watch(): void {
    const { tick } = this.timeouts;
    this.receivedTick = tick;
    this.since = tick;
    this.timeouts.add(this, this.shortestMs);
  }

  /** Whether a request can be sent now. A connection that was silent is checked first. */
  hasRoom(): boolean {
    if (this.state !== 'open' || !this.isUsable) return false;
    const { maxStreamsPerConnection, pingAfterMs } = this.owner.settings.http2;
    if (this.streamCount >= maxStreamsPerConnection || this.connection.availableStreams === 0) {
      return false;
    }
    const { tick, tickMs } = this.timeouts;
    if ((tick - this.receivedTick) * tickMs <= pingAfterMs) return true;
    this.state = 'checking';
    this.since = tick;
    this.connection.ping(CHECK);
    return false;
  }

  /** A stream for a request. Call it only if there is room. */
  openExchange(): HTTP2Exchange {
    return new HTTP2Exchange(this, this.owner.settings.maxContentBytes);
  }

  request(target: RequestTarget, fields: HTTPFields, endStream: boolean): HTTP2Stream {
    const stream = this.connection.request(target, fields, endStream);
    this.knownStreams = this.streamCount;
    this.requests += 1;
    if (this.requests >= this.owner.settings.maxRequestsPerConnection) this.retire();
    return stream;
  }

  waitForTransport(exchange: HTTP2Exchange): void {
    this.waiting ??= new Set();
    this.waiting.add(exchange);
  }

  stopWaiting(exchange: HTTP2Exchange): void {
    this.waiting?.delete(exchange);
  }

  retire(): void {
    if (this.state === 'draining') return;
    this.state = 'draining';
    this.goAway();
  }

  override dataReceived(data: Buffer): unknown {
    this.receivedTick = this.timeouts.tick;
    return super.dataReceived(data);
  }

  override connectionLost(reason: Error): unknown {
    this.timeouts.remove(this);
    super.connectionLost(reason);
    this.owner.gone(this);
    return undefined;
  }

  /** A time limit may be over: of the end of the connection, of the answer to a PING, or of an idle connection. */
  expired(): void {
    const { timeouts, limitMs } = this;
    const left = limitMs + timeouts.tickMs - (timeouts.tick - this.since) * timeouts.tickMs;
    if (left > 0) timeouts.add(this, Math.min(left, this.shortestMs));
    else if (this.isIdle) {
      this.since = timeouts.tick;
      timeouts.add(this, this.shortestMs);
      this.retire();
    } else this.abort();
  }

  private get limitMs(): number {
    const { writeTimeoutMs, http2 } = this.owner.settings;
    // A server that does not read keeps a connection from closing.
    if (this.isClosing) return writeTimeoutMs;
    if (this.state === 'checking') return http2.pingTimeoutMs;
    return this.isIdle ? http2.idleTimeoutMs : Number.POSITIVE_INFINITY;
  }

  protected override eventReceived(event: HTTP2Event): void {
    if ('stream' in event) {
      if (event.type === 'response') this.hasServed = true;
      (event.stream?.context as HTTP2Exchange | undefined)?.happened(event);
    } else if (event.type === 'ping-acknowledged') {
      if (this.state === 'checking') this.state = 'open';
      this.since = this.timeouts.tick;
    } else if (event.type === 'goaway') {
      this.goAwayCode = event.errorCode;
      this.state = 'draining';
    }
  }

  protected override settled(): void {
    if (this.streamCount === 0 && this.knownStreams > 0) this.since = this.timeouts.tick;
    this.knownStreams = this.streamCount;
    this.owner.roomMade(this);
  }

  protected override writingPaused(): void {}

  protected override writingResumed(): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting !== undefined) for (const exchange of waiting) exchange.flush();
  }

  /** No response can follow. */
  protected override inputEnded(): void {
    this.close();
  }

  protected override lost(reason: Error): void {
    const isFaultOfPeer = this.failure !== undefined;
    for (const { context } of [...this.connection.streams]) {
      (context as HTTP2Exchange | undefined)?.connectionLost(reason, isFaultOfPeer);
    }
  }

  /** Requests that wait for this connection need another. */
  protected override leaving(): void {
    this.since = this.timeouts.tick;
    this.owner.roomMade(this);
  }
}
