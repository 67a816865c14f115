/**
 * The states of a stream connection and the ways in which it ends. `StreamTransport` adds the rest. This is a base class rather than
 * a part of it, because an object for each connection costs memory.
 *
 *     open --loseConnection--> closing --flushed, peer silent--> closed
 *       |                         |                                ^
 *       +-----abortConnection-----+---> aborting ------------------+   (next turn)
 *       +-----detach------> detaching -----------------------------+   (next turn; back to open with bytes unsent)
 *       +-----socket ended, reset, failed--------------------------+
 *       +-----shutDown, with nothing unsent------------------------+   (else it is closing until all is sent)
 *
 * Only {@link ClosableStream.finish} enters `closed`, so `connectionLost` runs exactly once.
 */
import { RemoteProtocolError, withoutStack } from '../../core/errors/base.js';
import {
  CONNECTION_DONE,
  ConnectionAborted,
  ConnectionLost,
} from '../../core/errors/connection.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import { isInstance, toError } from '../../core/text-of.js';
import type { RegisteredProducer } from './registered-producer.js';
import { SocketSide } from './socket-side.js';
import type { StreamOwner } from './stream-owner.js';

type StreamState = 'open' | 'closing' | 'aborting' | 'detaching' | 'closed';

/** `resuming`: bytes that came while paused are delivered first. `ended`: the peer has finished sending. */
type ReadingState = 'on' | 'paused' | 'resuming' | 'ended';

type WritingState = 'open' | 'shutting' | 'shut';

/** The reasons of connections that the reactor's shutdown ends. Rare, so that they have no field. */
const shutDownReasons = new WeakMap<ClosableStream, Error>();

/** Has all fields of a stream transport: a subclass without fields and constructor adds no work for each connection. */
export abstract class ClosableStream extends SocketSide {
  /** @internal */
  protocol: StreamProtocol | undefined = undefined;
  /** @internal */
  readonly owner: StreamOwner;
  protected state: StreamState = 'open';
  protected reading: ReadingState = 'on';
  protected writing: WritingState = 'open';
  protected producer: RegisteredProducer | undefined = undefined;

  constructor(owner: StreamOwner) {
    super();
    this.owner = owner;
  }

  get connected(): boolean {
    return this.state === 'open' || this.state === 'closing' || this.state === 'detaching';
  }

  get disconnecting(): boolean {
    return this.state === 'closing' || this.state === 'aborting';
  }

  loseConnection(): void {
    if (this.state !== 'open') return;
    this.state = 'closing';
    this.setReading(false);
    if (this.producer === undefined) this.closeFlushed();
  }

  loseWriteConnection(): void {
    if (this.state !== 'open' || this.writing !== 'open') return;
    this.writing = 'shutting';
    if (this.producer === undefined) this.shutdownWriting();
  }

  abortConnection(): void {
    this.terminate(true, () => new ConnectionAborted());
  }

  /** @internal Closes a connection that has no protocol. */
  discard(): void {
    this.state = 'closed';
    this.closeNow(false);
  }

  /** @internal The reactor shuts down: ends the connection once it has neither unsent bytes nor a producer with more. */
  shutDown(reason: Error): void {
    if (this.state === 'aborting' || this.state === 'closed') return;
    const closing = this.state === 'closing';
    shutDownReasons.set(this, closing ? CONNECTION_DONE : reason);
    if (this.bufferedBytes === 0 && !this.producing) {
      this.endShutDown(false);
      return;
    }
    this.state = 'closing';
    if (!closing) this.setReading(false);
    if (this.producing) return;
    if (closing && this.producer === undefined) this.keepOpen();
    this.watchDrain();
  }

  /** @internal The reactor's shutdown stops waiting: unsent bytes are dropped, which the peer sees as a reset. */
  cutOff(reason: Error): void {
    if (this.state === 'aborting' || this.state === 'closed') return;
    const unfinished = this.producer !== undefined || this.bufferedBytes > 0;
    if (unfinished) shutDownReasons.set(this, reason);
    this.endShutDown(unfinished);
  }

  /** Whether the reactor's shutdown ends the connection once it has neither unsent bytes nor a producer with more. */
  protected get shuttingDown(): boolean {
    return shutDownReasons.has(this);
  }

  protected endShutDown(reset: boolean): void {
    this.closeNow(reset);
    this.finish(shutDownReasons.get(this) ?? CONNECTION_DONE);
  }

  /** Whether a producer has more to send. A push producer that is not paused has sent what it had. */
  protected get producing(): boolean {
    const registered = this.producer;
    return registered !== undefined && (!registered.streaming || registered.waiting);
  }

  /** Whether `write` accepts data. */
  protected get writable(): boolean {
    if (this.state !== 'open' && this.state !== 'closing') return false;
    return this.writing === 'open' || (this.writing === 'shutting' && this.producer !== undefined);
  }

  /** @internal The socket is gone; with `cause`, not cleanly. */
  protected lost(cause: Error | undefined): void {
    if (this.state === 'aborting') return;
    this.finish(
      cause === undefined
        ? (shutDownReasons.get(this) ?? CONNECTION_DONE)
        : withoutStack(
            () => new ConnectionLost(`the connection was lost: ${cause.message}`, { cause }),
          ),
    );
  }

  /**
   * @internal Application code threw: the error is reported, and the connection ends with it in the next turn. Protocol
   * violations by the peer are not reported: they are common, and anybody could fill a log with them.
   */
  fail(error: unknown, where: string): void {
    this.report(error, where);
    this.terminate(false, () => toError(error));
  }

  /** @internal Ends the connection in the next turn, without a report. Unsent bytes are sent as far as the system takes them. */
  endWith(reason: Error): void {
    this.terminate(false, () => reason);
  }

  protected report(error: unknown, where: string): void {
    if (!isInstance(error, RemoteProtocolError)) this.reactor.report(error, where, this.getPeer());
  }

  private terminate(reset: boolean, reason: () => Error): void {
    if (this.state === 'aborting' || this.state === 'closed') return;
    this.state = 'aborting';
    this.closeNow(reset);
    this.reactor.soon(() => this.finish(reason()));
  }

  /** The only way into `closed`. */
  protected abstract finish(reason: Error): void;
}
