/**
 * One connection to an HTTP server: sends one request at a time and passes its response to a receiver.
 *
 *     idle --start--> head --answered--> content --ended--> idle | closed
 *                        '--101, CONNECT 2xx--> switchTo: the connection is another protocol's
 *
 * It knows nothing of pools, retries or origins. Private fields are TypeScript's: see StreamTransport.
 */
import { ConnectionDone } from '../../core/errors/connection.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import type { Transport } from '../../core/transport.js';
import { givenCopyOf } from '../../internal/lent-bytes.js';
import type { IdleTimeouts, TimeoutEntry } from '../../policies/idle-timeouts.js';
import { HTTPMessageError, HTTPSequenceError } from '../../protocols/http/errors.js';
import type { FieldSection } from '../../protocols/http/field-section.js';
import { isTunnel } from '../../protocols/http/response-framing.js';
import { ResponseParser } from '../../protocols/http/response-parser.js';
import {
  ConnectionWriter,
  FIRST_FREE_FLAG,
  PARSING,
  WRITING_PAUSED,
} from '../connection-writer.js';
import { checkSwitchable } from '../upgrade.js';
import { HTTPResponseTimeoutError, NoHTTPResponseError } from './errors.js';
import type { RequestFacts, ResponseReceiver } from './response-receiver.js';
import type { HTTPRequestTimes, PoolSettings } from './settings.js';

/** Phases: each has a time limit of its own. */
const IDLE = 0;
const SENDING = 1;
const HEAD = 2;
const CONTENT = 3;
const WRITE = 4;

/** Flags. */
const READING_PAUSED = FIRST_FREE_FLAG;
const CLOSING = 2 * FIRST_FREE_FLAG;
/** The request was sent completely. */
const SENT = 4 * FIRST_FREE_FLAG;
/** The head of the final response has arrived. */
const ANSWERED = 8 * FIRST_FREE_FLAG;
/** The receiver has paused reading. */
const HELD = 16 * FIRST_FREE_FLAG;
/** The request announced that the connection ends behind it. */
const LAST = 32 * FIRST_FREE_FLAG;
/** The rest of the content is received only so that the connection can be used again. */
const DROPPING = 64 * FIRST_FREE_FLAG;

/** Unread content from which on reading pauses, in bytes. */
const MAX_UNREAD_BYTES = 65_536;

const EMPTY: Buffer = Buffer.alloc(0);

/** The owner of connections: a pool. */
export interface ConnectionOwner {
  readonly settings: PoolSettings;
  readonly timeouts: IdleTimeouts;
  /** The connection can be used for another request. */
  released(connection: HTTPClientConnection): void;
  /** An idle connection is no longer usable. */
  retired(connection: HTTPClientConnection): void;
  /** The connection has ended, or belongs to another protocol. */
  gone(connection: HTTPClientConnection): void;
}

export class HTTPClientConnection extends ConnectionWriter implements StreamProtocol, TimeoutEntry {
  previous: TimeoutEntry = this;
  next: TimeoutEntry = this;
  stamp = 0;
  ticks = 0;
  /** The number of requests that were begun. */
  requests = 0;
  private readonly owner: ConnectionOwner;
  private readonly parser: ResponseParser;
  private receiver: ResponseReceiver | undefined = undefined;
  private facts: RequestFacts | undefined = undefined;
  private phase = IDLE;
  /** The tick of the beginning of the phase, or of the last progress in it. */
  private since = 0;
  /** Why the connection has ended. */
  private lossReason: Error | undefined = undefined;
  private isGone = false;

  constructor(owner: ConnectionOwner) {
    super();
    this.owner = owner;
    this.parser = new ResponseParser(owner.settings.parserOptions);
  }

  get acceptsLentBytes(): boolean {
    return true;
  }

  get description(): string {
    return this.receiver === undefined
      ? 'HTTP client: idle'
      : `HTTP client: ${this.facts?.method ?? ''}`;
  }

  /** Whether a request can be sent. */
  get isUsable(): boolean {
    return (
      this.receiver === undefined &&
      (this.flags & CLOSING) === 0 &&
      this.transport?.connected === true &&
      !this.transport.disconnecting
    );
  }

  makeConnection(transport: Transport): void {
    this.transport = transport;
  }

  /**
   * Begins a request. The caller writes it by `write`, and then calls {@link requestEnded}.
   * @throws HTTPSequenceError the connection is in use, or has ended.
   */
  start(receiver: ResponseReceiver, facts: RequestFacts): void {
    if (!this.isUsable) throw new HTTPSequenceError('the HTTP connection cannot be used');
    this.parser.requestSent(facts.method, facts.hasUpgrade);
    this.receiver = receiver;
    this.facts = facts;
    this.requests += 1;
    this.flags &= ~(SENT | ANSWERED | DROPPING);
    this.enter(SENDING);
    const { headTimeoutMs, bodyIdleTimeoutMs, unreadTimeoutMs, writeTimeoutMs } = facts;
    const shortest = Math.min(headTimeoutMs, bodyIdleTimeoutMs, unreadTimeoutMs, writeTimeoutMs);
    const { timeouts, settings } = this.owner;
    if (shortest < settings.shortestMs) {
      timeouts.remove(this);
      timeouts.add(this, shortest);
    }
  }

  /** Begins to watch the time limits: the connection was made. */
  watch(): void {
    this.enter(IDLE);
    this.owner.timeouts.add(this, this.owner.settings.shortestMs);
  }

  /**
   * All of the request was written.
   * @param isLast Whether it announced that the connection ends behind it.
   */
  requestEnded(isLast: boolean): void {
    this.flags |= SENT;
    if (isLast) this.flags |= LAST;
    if ((this.flags & PARSING) === 0) this.settle();
  }

  /** The receiver wants content again. */
  resumeContent(): void {
    if (this.phase === CONTENT) this.since = this.owner.timeouts.tick;
    this.advance();
  }

  /** The receiver drops the rest of the content: its end must arrive within `bodyIdleTimeoutMs`. */
  dropContent(): void {
    // First: the end may have arrived, and the connection be used again at once.
    this.flags |= DROPPING;
    this.resumeContent();
  }

  /** The limit of the content of the response that was answered last, in bytes. */
  limitContent(maxBytes: number): void {
    this.parser.maxContentBytes = maxBytes;
  }

  /** Content that has been read by now is still passed to the receiver; further content stays in the system. */
  pauseReading(): void {
    this.flags |= HELD;
    this.regulateReading();
  }

  resumeReading(): void {
    this.flags &= ~HELD;
    this.regulateReading();
  }

  /** The receiver gives up: it is not called any more, and the connection is aborted. */
  abandon(): void {
    this.receiver = undefined;
    this.facts = undefined;
    this.abort();
  }

  /** Closes an idle connection. */
  close(): void {
    if ((this.flags & CLOSING) !== 0) return;
    this.flags |= CLOSING;
    this.owner.timeouts.remove(this);
    this.owner.retired(this);
    this.stopRegulating();
    this.transport?.loseConnection();
  }

  abort(): void {
    this.flags |= CLOSING;
    this.owner.timeouts.remove(this);
    this.transport?.abortConnection();
  }

  /**
   * Gives the connection to another protocol after 101, or 2xx to CONNECT, together with the bytes behind the response. The receiver
   *  is not called any more.
   * @throws ConnectionLost, UnsupportedError
   */
  switchTo(protocol: StreamProtocol): void {
    const transport = checkSwitchable(this.open, false);
    const { facts, parser } = this;
    if (facts === undefined || !isTunnel(facts, parser.head.status)) {
      throw new HTTPSequenceError('the response does not switch protocols');
    }
    // The end of the message, which has no content.
    if (!parser.isDone) parser.next();
    this.flush();
    this.receiver = undefined;
    this.facts = undefined;
    this.flags |= CLOSING;
    this.owner.timeouts.remove(this);
    this.stopRegulating();
    this.leave();
    if ((this.flags & READING_PAUSED) !== 0) transport.resumeProducing();
    const rest = parser.bufferedBytes === 0 ? EMPTY : givenCopyOf(parser.takeRest());
    transport.switchProtocol(protocol, rest);
  }

  dataReceived(data: Buffer): unknown {
    if ((this.flags & CLOSING) !== 0) return undefined;
    if (this.receiver === undefined) {
      // A response without a request: of a server that is confused, or hostile.
      this.abort();
      this.owner.retired(this);
      return undefined;
    }
    // Nobody reads otherwise, and that time continues.
    if (this.phase === CONTENT && (this.flags & DROPPING) === 0 && this.isReading) {
      this.since = this.owner.timeouts.tick;
    }
    this.parser.receive(data);
    this.advance();
    return undefined;
  }

  connectionLost(reason: Error): unknown {
    this.flags |= CLOSING;
    this.owner.timeouts.remove(this);
    this.lossReason = reason;
    this.stopProducing();
    if (this.receiver === undefined) this.owner.retired(this);
    else {
      if (reason instanceof ConnectionDone) this.parser.endOfInput();
      this.advance();
    }
    this.leave();
    return undefined;
  }

  /**
   * The connection is filed under the shortest of all times, and filed again if the time of its phase is not over: beginning a phase
   * costs one stored number.
   */
  expired(): void {
    const { timeouts, settings } = this.owner;
    const limit = this.limitMs;
    const left = limit + timeouts.tickMs - (timeouts.tick - this.since) * timeouts.tickMs;
    if (left > 0) timeouts.add(this, Math.min(left, limit, settings.shortestMs));
    else if (this.facts === undefined) this.close();
    else this.timedOut(this.facts);
  }

  protected override writingPaused(): void {
    this.unsentBytes = this.open.bufferedBytes;
    this.enter(WRITE);
  }

  protected override writingResumed(): void {
    this.receiver?.drained();
    this.settle();
  }

  private get isReading(): boolean {
    return (this.flags & (READING_PAUSED | HELD)) === 0 && this.receiver?.wantsContent === true;
  }

  private leave(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.owner.gone(this);
  }

  /** Parses as far as the receiver wants. */
  private advance(): void {
    if ((this.flags & PARSING) !== 0) return;
    this.flags |= PARSING;
    try {
      this.parse();
    } catch (error) {
      this.fail(error);
      if (!(error instanceof HTTPMessageError)) throw error;
    } finally {
      this.flags &= ~PARSING;
      if ((this.flags & CLOSING) === 0) this.flush();
    }
    if ((this.flags & CLOSING) === 0) this.settle();
  }

  private parse(): void {
    const { parser } = this;
    for (;;) {
      const { receiver } = this;
      if (receiver === undefined) return;
      if ((this.flags & ANSWERED) !== 0 && !receiver.wantsContent) return;
      const event = parser.next();
      if (event === 'data') receiver.received(parser.data);
      else if (event === 'end') this.finish(receiver, parser.trailers);
      else if (event === 'head') {
        this.flags |= ANSWERED;
        receiver.answered(parser.head);
      } else if (event === 'informational') {
        this.since = this.owner.timeouts.tick;
        receiver.informed(parser.head);
      } else {
        if (this.lossReason !== undefined) this.fail(this.lossError(this.lossReason));
        return;
      }
    }
  }

  private lossError(reason: Error): Error {
    const hasBegun = (this.flags & ANSWERED) !== 0 || this.parser.isInMessage;
    return hasBegun ? reason : new NoHTTPResponseError(this.requests > 1, reason);
  }

  /** The response is complete. */
  private finish(receiver: ResponseReceiver, trailers: FieldSection | undefined): void {
    const { parser } = this;
    this.receiver = undefined;
    this.facts = undefined;
    if ((this.flags & CLOSING) === 0) {
      if ((this.flags & SENT) === 0 || parser.bufferedBytes > 0) this.abort();
      else if (parser.isDone || (this.flags & LAST) !== 0) this.close();
      else if (this.requests >= this.owner.settings.maxRequestsPerConnection) this.close();
      else {
        this.flags &= ~HELD;
        this.regulateReading();
        this.owner.released(this);
      }
    }
    receiver.ended(trailers);
  }

  /** Called when nothing more can be parsed now. */
  private settle(): void {
    if (this.parser.bufferedBytes > 0) this.parser.keepRest();
    this.regulateReading();
    let phase = IDLE;
    if ((this.flags & WRITING_PAUSED) !== 0) phase = WRITE;
    else if (this.receiver === undefined) phase = IDLE;
    else if ((this.flags & ANSWERED) !== 0) phase = CONTENT;
    else phase = (this.flags & SENT) === 0 ? SENDING : HEAD;
    if (phase !== this.phase) this.enter(phase);
  }

  private regulateReading(): void {
    const isFull =
      (this.flags & HELD) !== 0 ||
      (this.parser.bufferedBytes >= MAX_UNREAD_BYTES && this.receiver?.wantsContent === false);
    if (isFull === ((this.flags & READING_PAUSED) !== 0)) return;
    if (this.lossReason !== undefined) return;
    this.flags ^= READING_PAUSED;
    if (isFull) this.open.pauseProducing();
    else {
      this.since = this.owner.timeouts.tick;
      this.open.resumeProducing();
    }
  }

  private enter(phase: number): void {
    this.phase = phase;
    this.since = this.owner.timeouts.tick;
  }

  /** Of the current phase. */
  private get limitMs(): number {
    const { facts } = this;
    if (facts === undefined) return this.owner.settings.idleTimeoutMs;
    if (this.phase === HEAD) return facts.headTimeoutMs;
    if (this.phase === CONTENT) {
      return this.isReading ? facts.bodyIdleTimeoutMs : facts.unreadTimeoutMs;
    }
    return this.phase === WRITE ? facts.writeTimeoutMs : Number.POSITIVE_INFINITY;
  }

  private timedOut(facts: RequestFacts): void {
    const limit = this.exceeded;
    if (limit === undefined) {
      this.enter(this.phase);
      this.owner.timeouts.add(this, this.owner.settings.shortestMs);
    } else this.fail(new HTTPResponseTimeoutError(limit, facts[limit]));
  }

  /** The limit of a phase that took too long; undefined if there is none, or there was progress. */
  private get exceeded(): (keyof HTTPRequestTimes & keyof RequestFacts) | undefined {
    if (this.phase === HEAD) return 'headTimeoutMs';
    if (this.phase === WRITE && !this.hasProgressed()) return 'writeTimeoutMs';
    if (this.phase !== CONTENT) return undefined;
    return this.isReading ? 'bodyIdleTimeoutMs' : 'unreadTimeoutMs';
  }

  /** The exchange cannot be completed. */
  private fail(error: unknown): void {
    const { receiver } = this;
    this.receiver = undefined;
    this.facts = undefined;
    if (this.lossReason === undefined) this.abort();
    receiver?.failed(error);
  }
}
