/**
 * Binds an HTTP/2 connection to a transport: the part that servers and clients share.
 *
 *     bytes --> HTTP2Connection --> events --> eventReceived        calls --> frames, gathered in a turn --> transport
 *
 * Streams stop writing while the transport has much unsent ({@link HTTP2Link.isFull}). A fault of the peer ends the connection behind a
 * GOAWAY, and is the reason for its streams; it is not reported. Intervals of the limits belong to {@link HTTP2Intervals}, so an idle
 * connection has no timer of its own.
 *
 * One exists for each connection, so private fields are TypeScript's: see StreamTransport.
 */
import type { StreamProtocol } from '../../core/stream-protocol.js';
import type { Transport } from '../../core/transport.js';
import { failConnection } from '../../defer/callback-result.js';
import { HTTP2Connection } from '../../protocols/http2/connection.js';
import { NO_ERROR, SETTINGS_TIMEOUT } from '../../protocols/http2/error-codes.js';
import { HTTP2Error } from '../../protocols/http2/errors.js';
import type { HTTP2Event } from '../../protocols/http2/events.js';
import type { HTTP2Output } from '../../protocols/http2/frame-serializer.js';
import type { HTTP2Options } from '../../protocols/http2/limits.js';
import { ConnectionWriter, FIRST_FREE_FLAG, PARSING } from '../connection-writer.js';
import { HTTP2SettingsTimeoutError } from './errors.js';
import type { HTTP2Intervals, IntervalListener } from './intervals.js';

const CLOSING = FIRST_FREE_FLAG;
const INPUT_ENDED = 2 * FIRST_FREE_FLAG;
/** The first flag that subclasses may define. */
export const FIRST_FREE_LINK_FLAG: number = 4 * FIRST_FREE_FLAG;

/** Its `then` is a microtask without the context that `queueMicrotask` makes. */
const SETTLED: Promise<void> = Promise.resolve();

export abstract class HTTP2Link
  extends ConnectionWriter
  implements StreamProtocol, IntervalListener, HTTP2Output
{
  /** @internal */
  readonly connection: HTTP2Connection;
  protected readonly intervals: HTTP2Intervals;
  /** Set by `intervals`. */
  isWatched = false;
  /** The reason for the end of the connection, if it is not that of the transport. */
  protected failure: Error | undefined = undefined;

  /** @param options Frozen, because connections share them. */
  constructor(options: HTTP2Options, intervals: HTTP2Intervals) {
    super();
    this.intervals = intervals;
    this.connection = new HTTP2Connection(options, this);
  }

  get acceptsLentBytes(): boolean {
    return true;
  }

  /** Whether the connection is closing: nothing is received any more. */
  get isClosing(): boolean {
    return (this.flags & CLOSING) !== 0;
  }

  /** Whether the peer has finished sending. */
  get hasInputEnded(): boolean {
    return (this.flags & INPUT_ENDED) !== 0;
  }

  makeConnection(transport: Transport): unknown {
    this.transport = transport;
    this.intervals.watch(this, true);
    this.gather(() => this.connection.start());
    return undefined;
  }

  dataReceived(data: Buffer): unknown {
    if ((this.flags & CLOSING) !== 0) return undefined;
    if (!this.isWatched) this.intervals.watch(this, false);
    this.connection.receive(data);
    this.advance();
    this.connection.keepRest();
    return undefined;
  }

  readConnectionLost(): unknown {
    this.flags |= INPUT_ENDED;
    if ((this.flags & CLOSING) === 0) this.gather(() => this.inputEnded());
    return undefined;
  }

  connectionLost(reason: Error): unknown {
    this.flags |= CLOSING;
    this.intervals.forget(this);
    this.connection.connectionLost();
    this.lost(this.failure ?? reason);
    return undefined;
  }

  override write(data: Uint8Array): void {
    this.send(data);
  }

  /** {@link HTTP2Output.framesGathered}: outside of a turn of this connection, frames are written when the code that runs has ended. */
  framesGathered(): void {
    if ((this.flags & PARSING) === 0) void SETTLED.then(() => this.flush());
  }

  /** Runs calls of the connection, and then takes the events that follow from them. Their frames are gathered. */
  gather(run: () => void): void {
    if ((this.flags & PARSING) !== 0) {
      run();
      return;
    }
    this.flags |= PARSING;
    try {
      run();
    } finally {
      this.flags &= ~PARSING;
      this.advance();
    }
  }

  /** Takes events until there are none. Within an event, it does nothing: the outer call continues. */
  advance(): void {
    if ((this.flags & PARSING) !== 0) return;
    this.flags |= PARSING;
    try {
      this.takeEvents();
    } finally {
      this.flags &= ~PARSING;
      this.flush();
    }
    if ((this.flags & CLOSING) === 0) this.settled();
  }

  /** No new streams; the connection is closed when the last one has ended. Without effect if it is closing. */
  goAway(): void {
    if ((this.flags & CLOSING) !== 0 || this.transport === undefined) return;
    this.gather(() => this.connection.goAway());
    if ((this.flags & CLOSING) === 0 && !this.isWatched) this.intervals.watch(this, false);
  }

  /**
   * Ends the connection: GOAWAY with this code, then the end of the transport when everything was sent. Streams that are open
   * are lost.
   */
  close(errorCode: number = NO_ERROR, reason?: Error): void {
    if ((this.flags & CLOSING) !== 0) return;
    this.failure ??= reason;
    this.connection.abort(errorCode);
    this.leave();
  }

  /** Resets the transport. */
  abort(): void {
    this.transport?.abortConnection();
  }

  intervalEnded(isLate: boolean): boolean {
    const { connection } = this;
    if ((this.flags & CLOSING) !== 0) return false;
    if (isLate && !connection.isAcknowledged) {
      const { settingsTimeoutMs } = this.intervals;
      this.close(SETTINGS_TIMEOUT, new HTTP2SettingsTimeoutError(settingsTimeoutMs));
      return false;
    }
    try {
      connection.passInterval();
      this.advance();
    } catch (error) {
      failConnection(this.open, error, 'the end of an HTTP/2 interval');
      return false;
    }
    const isQuiet = !connection.isEnding && connection.streamCount === 0;
    return !isQuiet || !connection.isAcknowledged;
  }

  /** Whether no more events are taken for now: subclasses call `advance` when it ends. */
  protected get isHeld(): boolean {
    return false;
  }

  /** An event of the connection, except `drained`. Data are valid until this returns. */
  protected abstract eventReceived(event: HTTP2Event): void;

  /** All events were taken: called at the end of each turn in which something happened, while the connection is open. */
  protected abstract settled(): void;

  /** The peer has finished sending. */
  protected abstract inputEnded(): void;

  /** The connection has ended, or its streams have: `connection.streams` are those that were cut off. Called once or twice. */
  protected abstract lost(reason: Error): void;

  protected override flush(): void {
    this.connection.flush();
  }

  private takeEvents(): void {
    const { connection } = this;
    try {
      while (!this.isHeld) {
        const event = connection.next();
        if (event === undefined) return;
        if (event.type !== 'drained') this.eventReceived(event);
        else this.leave();
        if ((this.flags & CLOSING) !== 0) return;
      }
    } catch (error) {
      if (!(error instanceof HTTP2Error) || connection.phase !== 'closed') throw error;
      this.failure ??= error;
      this.leave();
    }
  }

  /** Closes the transport behind everything that was written. */
  private leave(): void {
    this.flags |= CLOSING;
    this.flush();
    this.stopRegulating();
    this.intervals.forget(this);
    this.connection.connectionLost();
    if (this.failure !== undefined) this.lost(this.failure);
    this.leaving();
    this.open.loseConnection();
  }

  /** The transport is about to be closed. */
  protected abstract leaving(): void;
}
